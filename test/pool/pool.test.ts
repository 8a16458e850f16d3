/** Leasing pool memory: what one gets, what is counted, and what is refused. */

import { describe, expect, test } from 'vitest';
import { LimitError, PoolExhaustedError, type Supervisor, TimeoutError } from '../../src/index.ts';
import { errorOf, eventually, turns, watched } from '../support/eventually.ts';
import { MIB } from '../support/segment.ts';
import { newSupervisor } from '../support/supervisors.ts';

const small = () => newSupervisor({ memory: 5 * MIB });

/** Leases the whole pool, in blocks of 64 KiB. */
function takeEverything({ pool }: Supervisor) {
  const held = [];
  for (let each = pool.tryLease(65_536); each; each = pool.tryLease(65_536)) held.push(each);
  return held;
}

describe('a lease', () => {
  test.each([0, 1, 63, 64, 65, 1000, 32_768, 32_769, 65_536, 65_537, 1_000_000])(
    'of %d bytes has so many, on a boundary of 64, that are its own',
    async (byteLength) => {
      await using supervisor = small();
      const { pool } = supervisor;
      using first = pool.leaseSync(byteLength);
      using second = await pool.lease(byteLength);
      using third = pool.tryLease(byteLength)!;
      const all = [first, second, third];
      for (const [index, each] of all.entries()) {
        expect([each.byteLength, each.bytes.length, each.buffer.length]).toEqual([byteLength, byteLength, byteLength]);
        expect(each.bytes.byteOffset % 64).toBe(0);
        each.bytes.fill(index + 1);
      }
      for (const [index, each] of all.entries()) expect(each.bytes.every((byte) => byte === index + 1)).toBe(true);
    },
  );

  test('has one memory behind its bytes and its buffer', async () => {
    await using supervisor = small();
    using held = supervisor.pool.leaseSync(16);
    held.buffer.write('hello');
    expect([...held.bytes.subarray(0, 5)]).toEqual([...Buffer.from('hello')]);
    expect(held.bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(held.buffer).toBeInstanceOf(Buffer);
  });

  test('can be cut shorter, never longer', async () => {
    await using supervisor = small();
    using held = supervisor.pool.leaseSync(100);
    held.bytes.set([1, 2, 3]);
    expect(held.truncate(2)).toBe(held);
    expect([held.byteLength, [...held.bytes], held.buffer.length]).toEqual([2, [1, 2], 2]);
    for (const bad of [3, -1, 0.5, Number.NaN]) expect(() => held.truncate(bad)).toThrow(RangeError);
    expect(held.truncate(0).byteLength).toBe(0);
  });

  test('given back can be had again', async () => {
    await using supervisor = small();
    const { pool } = supervisor;
    for (let i = 0; i < 1000; i++) pool.leaseSync(100_000).release();
    expect(pool.stats()).toMatchObject({ leases: 0, inUse: 0 });
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 31, '8', undefined])('of %s bytes is refused with LimitError', async (bad) => {
    await using supervisor = small();
    for (const take of ['lease', 'leaseSync', 'tryLease'] as const) {
      expect(await errorOf(async () => supervisor.pool[take](bad as number))).toBeInstanceOf(LimitError);
    }
  });

  test('larger than the pool is refused with PoolExhaustedError, at once', async () => {
    await using supervisor = small();
    const tooLarge = supervisor.pool.stats().bytes + 1;
    for (const take of ['lease', 'leaseSync', 'tryLease'] as const) {
      const error = await errorOf(async () => supervisor.pool[take](tooLarge));
      expect(error).toBeInstanceOf(PoolExhaustedError);
      expect(error.message).toContain(String(tooLarge));
    }
  });
});

describe('with the pool in full use', () => {
  test('tryLease answers undefined, and the others wait', async () => {
    await using supervisor = small();
    const { pool } = supervisor;
    const held = takeEverything(supervisor);
    expect(pool.tryLease(1)).toBeUndefined();
    const waiting = pool.lease(1000);
    const watch = watched(waiting);
    await turns();
    expect(watch.settled).toBeUndefined();
    held.pop()!.release();
    expect((await waiting).byteLength).toBe(1000);
  });

  test('those who wait are served in order', async () => {
    await using supervisor = small();
    const held = takeEverything(supervisor);
    const order: number[] = [];
    const waiting = [0, 1, 2].map((index) =>
      supervisor.pool.lease(65_536).then(() => {
        order.push(index);
      }),
    );
    for (let i = 0; i < 3; i++) {
      held.pop()!.release();
      await turns(1);
      expect(order).toEqual([0, 1, 2].slice(0, i + 1));
    }
    await Promise.all(waiting);
  });

  test('one that waits for a large block does not keep others from small ones for ever', async () => {
    await using supervisor = small();
    const { pool } = supervisor;
    const held = takeEverything(supervisor);
    const controller = new AbortController();
    const large = errorOf(pool.lease(3 * MIB, { signal: controller.signal }));
    const tiny = pool.lease(64);
    held.pop()!.release();
    controller.abort();
    expect((await large).name).toBe('AbortError');
    expect((await tiny).byteLength).toBe(64);
  });

  test('R22: one that times out or is aborted has taken nothing', async () => {
    await using supervisor = small();
    const { pool } = supervisor;
    const held = takeEverything(supervisor);
    expect(await errorOf(pool.lease(1, { timeout: 5 }))).toBeInstanceOf(TimeoutError);
    expect(await errorOf(() => pool.leaseSync(1, { timeout: 5 }))).toBeInstanceOf(TimeoutError);
    expect(await errorOf(pool.lease(1, { timeout: 0 }))).toBeInstanceOf(TimeoutError);
    const controller = new AbortController();
    const aborted = errorOf(pool.lease(1, { signal: controller.signal }));
    controller.abort(new Error('never mind'));
    expect((await aborted).message).toBe('never mind');
    const { leases } = pool.stats();
    held.pop()!.release();
    await turns();
    expect(pool.stats().leases).toBe(leases - 1);
  });

  test('R23: with a deadline that is past, what is there is had', async () => {
    await using supervisor = small();
    using first = await supervisor.pool.lease(1, { timeout: 0 });
    using second = supervisor.pool.leaseSync(1, { timeout: -1 });
    expect(first.byteLength + second.byteLength).toBe(2);
  });

  test('a bad timeout is refused with LimitError', async () => {
    await using supervisor = small();
    takeEverything(supervisor);
    expect(await errorOf(supervisor.pool.lease(1, { timeout: Number.NaN }))).toBeInstanceOf(LimitError);
    expect(await errorOf(() => supervisor.pool.leaseSync(1, { timeout: Number.NaN }))).toBeInstanceOf(LimitError);
  });

  test('small blocks are had out of a larger one, when no other memory is left', async () => {
    await using supervisor = small();
    const { pool } = supervisor;
    const held = [];
    for (let each = pool.tryLease(32_768); each; each = pool.tryLease(32_768)) held.push(each);
    // Half of the pool is free, and every page of it half in use.
    for (const [index, each] of held.entries()) if (index % 2 === 0) each.release();
    expect(pool.tryLease(100)?.byteLength).toBe(100);
  });
});

describe('stats', () => {
  test('tell what is in use, the most there ever was, and every size of block', async () => {
    await using supervisor = small();
    const { pool } = supervisor;
    const { bytes } = pool.stats();
    expect(pool.stats()).toEqual({ bytes, inUse: 0, peak: 0, classes: [], leases: 0 });
    expect(bytes).toBeGreaterThan(3 * MIB);
    const held = [pool.leaseSync(100), pool.leaseSync(128), pool.leaseSync(40_000), pool.leaseSync(200_000)];
    const inUse = 128 + 128 + 65_536 + 262_144;
    const large = [
      { size: 65_536, total: 1, free: 0 },
      { size: 262_144, total: 1, free: 0 },
    ];
    expect(pool.stats()).toEqual({
      bytes,
      inUse,
      peak: inUse,
      classes: [{ size: 128, total: 512, free: 510 }, ...large],
      leases: 4,
    });
    held[0]!.release();
    held[2]!.release();
    expect(pool.stats()).toEqual({
      bytes,
      inUse: 128 + 262_144,
      peak: inUse,
      classes: [{ size: 128, total: 512, free: 511 }, large[1]],
      leases: 2,
    });
  });

  test('count a lease that is on its way', async () => {
    await using supervisor = small();
    const { lease } = await import('../../src/index.ts');
    const channel = supervisor.channel('leases', { codec: lease(), capacity: 1 });
    channel.trySend(supervisor.pool.leaseSync(10));
    expect(supervisor.pool.stats().leases).toBe(1);
    channel.tryReceive()!.value!.release();
    expect(supervisor.pool.stats().leases).toBe(0);
  });
});

test('a closed supervisor leases nothing that it has not', async () => {
  const supervisor = small();
  const held = takeEverything(supervisor);
  await supervisor.close();
  for (const take of ['lease', 'leaseSync', 'tryLease'] as const) {
    expect(await errorOf(async () => supervisor.pool[take](100))).toBeInstanceOf(PoolExhaustedError);
  }
  held.pop()!.release();
  await eventually(() => supervisor.pool.stats().leases === held.length);
});
