/** R30: an at-least-once channel keeps a message until it is acknowledged. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  bytes,
  type Channel,
  type ChannelOptions,
  type Codec,
  custom,
  type Delivery,
  f64,
  i64,
  json,
  type Lease,
  LeaseReleasedError,
  LimitError,
  lease,
  type Receiver,
  struct,
  structured,
  TimeoutError,
  u32,
  utf8,
} from '../../src/index.ts';
import { Crew } from '../support/crew.ts';
import { errorOf, eventually, turns, watched } from '../support/eventually.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';
import { CHANNELS, expectDelivered, TOPOLOGY_NAMES } from '../support/topologies.ts';
import { numbersOf, RECEIVING_WAYS } from '../workers/programs.ts';

const supervisor = newSupervisor({ memory: 32 * 2 ** 20, threads: 8 });
const { pool } = supervisor;
let crew: Crew;

beforeAll(() => {
  crew = new Crew(supervisor, 4);
});

afterAll(() => crew[Symbol.asyncDispose]());

let names = 0;

function newChannel<T = number>(options: Partial<ChannelOptions<T>> = {}, values: readonly T[] = []): Channel<T> {
  const all = { codec: u32, capacity: 7, delivery: 'at-least-once', ...options } as ChannelOptions<T>;
  const channel = supervisor.channel(`channel ${names++}`, all);
  for (const value of values) channel.sendSync(value);
  return channel;
}

const gone = { done: true, value: undefined };
const got = (value: unknown) => ({ done: false, value });
const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);

/** The next delivery of a channel that has one. */
function next<T>(channel: Receiver<T>): Delivery<T> {
  return channel.deliveries()[Symbol.iterator]().next().value;
}

/** What can be had of a channel now, with the attempts, and stays unacknowledged. */
function deliveriesOf(channel: Channel<number>): [number, number][] {
  const found: [number, number][] = [];
  while (supervisor.snapshot().channels.find(({ name }) => name === channel.name)!.length > found.length) {
    const { value, attempt } = next(channel);
    found.push([value, attempt]);
  }
  return found;
}

describe('a message that was received', () => {
  const WAYS: Record<string, (channel: Channel<number>) => unknown> = {
    tryReceive: (channel) => channel.tryReceive(),
    receiveSync: (channel) => channel.receiveSync(),
    receive: (channel) => channel.receive(),
    receiveManySync: (channel) => channel.receiveManySync(1),
    receiveMany: (channel) => channel.receiveMany(1),
  };

  test.each(Object.entries(WAYS))('R30: by %s counts until the next one is asked for', async (_way, receive) => {
    const channel = newChannel({}, [1, 2, 3]);
    for (const left of [3, 2, 1]) {
      await receive(channel);
      expect(channel.length).toBe(left);
    }
    expect(channel.tryReceive()).toBeUndefined();
    expect(channel.length).toBe(0);
  });

  test('R30: in a batch, too: the whole batch is acknowledged with the next asking', async () => {
    const channel = newChannel({}, [1, 2, 3, 4, 5]);
    expect(channel.receiveManySync(3)).toEqual([1, 2, 3]);
    expect(channel.length).toBe(5);
    expect(await channel.receiveMany(9)).toEqual([4, 5]);
    expect(channel.length).toBe(2);
    channel.tryReceive();
    expect(channel.length).toBe(0);
  });

  test('R30: is acknowledged by asking, also when that times out or is aborted', async () => {
    const channel = newChannel({}, [1]);
    channel.receiveSync();
    expect(() => channel.receiveSync({ timeout: 0 })).toThrow(TimeoutError);
    expect(channel.length).toBe(0);
    channel.sendSync(2);
    channel.receiveSync();
    const { signal } = { signal: AbortSignal.abort(new Error('no more')) };
    expect((await errorOf(channel.receive({ signal }))).message).toBe('no more');
    expect(channel.length).toBe(0);
  });

  test('R22: a receive that timed out or was aborted took nothing', async () => {
    const channel = newChannel();
    const controller = new AbortController();
    const late = errorOf(channel.receive({ timeout: 5 }));
    const aborted = errorOf(channel.receive({ signal: controller.signal }));
    expect(await late).toBeInstanceOf(TimeoutError);
    controller.abort(new Error('no more'));
    expect((await aborted).message).toBe('no more');
    channel.sendSync(1);
    expect(next(channel)).toMatchObject({ value: 1, attempt: 1 });
  });

  test('R30: in a loop is acknowledged with each turn, and at its end', async () => {
    for (const way of ['for of', 'for await']) {
      const channel = newChannel({}, [1, 2, 3]);
      channel.close();
      const lengths: number[] = [];
      if (way === 'for of') for (const _ of channel) lengths.push(channel.length);
      else for await (const _ of channel) lengths.push(channel.length);
      expect([lengths, channel.length]).toEqual([[3, 2, 1], 0]);
    }
  });

  test('R30: in a loop that is left early goes back, and is the next one, on its second attempt', async () => {
    const channel = newChannel({}, [1, 2, 3]);
    for (const value of channel) if (value === 2) break;
    expect(channel.length).toBe(2);
    await (async () => {
      for await (const value of channel) if (value === 2) throw new Error('left');
    })().catch(() => {});
    expect(deliveriesOf(channel)).toEqual([
      [2, 3],
      [3, 1],
    ]);
  });

  test('R30: belongs to its own loop, with several at once', () => {
    const channel = newChannel({}, [1, 2, 3, 4]);
    const [first, second] = [channel[Symbol.iterator](), channel[Symbol.iterator]()];
    expect([first.next().value, second.next().value, channel.receiveSync().value]).toEqual([1, 2, 3]);
    expect(channel.length).toBe(4);
    first.next();
    expect(channel.length).toBe(3);
    second.return!(undefined);
    expect(next(channel)).toMatchObject({ value: 2, attempt: 2 });
    expect(channel.length).toBe(3);
  });

  test('R30: by one end goes back when that end is given up, and what others were given does not', () => {
    const channel = newChannel({}, [1, 2, 3]);
    const end = channel.receiver;
    expect([end.receiveSync().value, channel.receiveSync().value]).toEqual([1, 2]);
    // It moves to another thread.
    supervisor.share({ end });
    expect(next(channel)).toMatchObject({ value: 1, attempt: 2 });
    expect(next(channel)).toMatchObject({ value: 3, attempt: 1 });
  });
});

describe('a delivery', () => {
  test('counts until it is acknowledged, in whatever order', () => {
    const channel = newChannel({ capacity: 3 }, [1, 2, 3]);
    const deliveries = indexes(3).map(() => next(channel));
    expect([channel.length, channel.tryReceive(), channel.trySend(4)]).toEqual([3, undefined, false]);
    for (const [left, at] of [2, 0, 1].entries()) {
      expect(deliveries[at]!.ack()).toBe(true);
      expect(channel.length).toBe(2 - left);
    }
    expect([4, 5, 6, 7].map((value) => channel.trySend(value))).toEqual([true, true, true, false]);
  });

  test('is settled once: what came first stands, and is told again', () => {
    const channel = newChannel({}, [1, 2]);
    const [acked, nacked] = [next(channel), next(channel)];
    expect([acked.ack(), acked.ack(), acked.nack(), acked.ack()]).toEqual([true, true, false, true]);
    expect([nacked.nack(), nacked.nack(), nacked.ack(), nacked.nack()]).toEqual([true, true, false, true]);
    const again = next(channel);
    // An old delivery has no say over the new one.
    expect([nacked.ack(), channel.length, again.value, again.attempt, again.ack()]).toEqual([false, 1, 2, 2, true]);
    expect(channel.length).toBe(0);
  });

  test('that was handed back comes before what was not delivered yet, the oldest first', () => {
    const channel = newChannel({}, [1, 2, 3, 4, 5]);
    const [, second, third] = indexes(3).map(() => next(channel));
    third!.nack();
    second!.nack();
    expect(indexes(4).map(() => next(channel).value)).toEqual([2, 3, 4, 5]);
  });

  test('is one of many attempts, each counted', () => {
    const channel = newChannel({ capacity: 1 }, [1]);
    for (let attempt = 1; attempt <= 50; attempt++) {
      const delivery = next(channel);
      expect(delivery.attempt).toBe(attempt);
      delivery.nack();
    }
    expect(snapshotOf(supervisor, channel.name)).toMatchObject({ redelivered: 49, sent: 1, received: 1, length: 1 });
  });

  test('can be had asynchronously, and wakes who waits when it is handed back', async () => {
    const channel = newChannel({}, [1]);
    const deliveries = channel.deliveries()[Symbol.asyncIterator]();
    const first: Delivery<number> = (await deliveries.next()).value;
    const waiting = watched(deliveries.next());
    await turns();
    expect(waiting.settled).toBeUndefined();
    first.nack();
    await turns(1);
    expect(waiting.settled).toMatchObject({ value: got({ value: 1, attempt: 2 }) });
  });

  test('is refused by an at-most-once channel', () => {
    expect(() => newChannel({ delivery: 'at-most-once' }).deliveries()).toThrow(LimitError);
  });
});

describe('R3 and R4: the capacity', () => {
  test('counts what is unacknowledged: a send waits at exactly that, and an acknowledgement lets it go', async () => {
    const channel = newChannel({ capacity: 2 }, [1, 2]);
    const deliveries = [next(channel), next(channel)];
    const sent = watched(channel.send(3));
    await turns();
    expect([sent.settled, channel.length]).toEqual([undefined, 2]);
    deliveries[1]!.nack();
    await turns();
    expect(sent.settled).toBeUndefined();
    deliveries[0]!.ack();
    await turns(1);
    expect(sent.settled).toEqual({ value: undefined });
    expect(channel.length).toBe(2);
  });

  test('lets a thread go that blocks in a send', async () => {
    const channel = newChannel({ capacity: 1 }, [0]);
    const delivery = next(channel);
    const sending = crew.run(0, 'sendNumbers', { out: channel.sender }, { sender: 0, count: 1, way: 'sync' });
    await eventually(() => snapshotOf(supervisor, channel.name).sendersWaiting === 1);
    delivery.ack();
    expect(await sending).toBe(1);
  });

  test.each([1, 2, 7, 8, 32, 33, 1000])('is exact: %d', (capacity) => {
    const channel = newChannel({ capacity });
    for (let round = 0; round < 3; round++) {
      const values = indexes(capacity);
      expect(values.every((value) => channel.trySend(value))).toBe(true);
      expect([channel.trySend(0), channel.length]).toEqual([false, capacity]);
      const deliveries = values.map(() => next(channel));
      expect(deliveries.map(({ value }) => value)).toEqual(values);
      expect(channel.trySend(0)).toBe(false);
      for (const delivery of deliveries.toReversed()) delivery.ack();
    }
    expect(snapshotOf(supervisor, channel.name)).toMatchObject({ peak: capacity, length: 0 });
  });
});

describe('R9 and R11: a closed channel', () => {
  test('is drained once everything is acknowledged: until then receivers wait', async () => {
    const channel = newChannel({}, [1]);
    const delivery = next(channel);
    channel.close();
    const waiting = [watched(channel.receive()), watched(channel.receive())];
    const thread = crew.run(0, 'receiveNumbers', { from: channel.receiver }, { way: 'sync' });
    await eventually(() => snapshotOf(supervisor, channel.name).receiversWaiting === 2);
    expect([channel.tryReceive(), ...waiting.map(({ settled }) => settled)]).toEqual([undefined, undefined, undefined]);
    delivery.ack();
    expect(await thread).toEqual([]);
    await turns();
    expect(waiting.map(({ settled }) => settled)).toEqual([{ value: gone }, { value: gone }]);
    expect(channel.tryReceive()).toEqual(gone);
  });

  test('gives what is handed back to those who wait', async () => {
    const channel = newChannel({}, [1]);
    const delivery = next(channel);
    channel.close();
    const thread = crew.run(0, 'receiveNumbers', { from: channel.receiver }, { way: 'for-of' });
    await eventually(() => snapshotOf(supervisor, channel.name).receiversWaiting === 1);
    delivery.nack();
    expect(await thread).toEqual([1]);
    expect(channel.tryReceive()).toEqual(gone);
  });

  test('ends a blocking iteration when all that is left is in its own hands', () => {
    const channel = newChannel({}, [1, 2, 3]);
    channel.close();
    const all = [...channel.deliveries()];
    expect(all.map(({ value }) => value)).toEqual([1, 2, 3]);
    for (const delivery of all) expect(delivery.ack()).toBe(true);
    expect(channel.tryReceive()).toEqual(gone);
  });

  test('R8: with an error tells it once everything is acknowledged', () => {
    const channel = newChannel({}, [1]);
    channel.close(new Error('as ordered'));
    expect(channel.receiveSync()).toEqual(got(1));
    expect(() => channel.receiveSync()).toThrow('as ordered');
  });

  test('R13: cancelled: discards what there is, and what is handed back afterwards', async () => {
    const channel = newChannel({}, [1, 2, 3]);
    const [acked, nacked] = [next(channel), next(channel)];
    channel.cancel();
    expect([channel.length, channel.trySend.bind(channel, 4)]).toEqual([2, expect.toSatisfy(throwsClosed)]);
    expect(acked.ack()).toBe(true);
    nacked.nack();
    await turns();
    expect([channel.length, channel.tryReceive()]).toEqual([0, gone]);
  });

  test('R13: cancelled: what was given out last and not asked behind is done with', () => {
    const channel = newChannel({}, [1, 2, 3]);
    channel.receiveSync();
    channel.cancel();
    expect([channel.length, channel.tryReceive()]).toEqual([0, gone]);
  });
});

function throwsClosed(call: () => unknown): boolean {
  try {
    call();
    return false;
  } catch (error) {
    return (error as { code?: unknown }).code === 'ERR_CHANNEL_CLOSED';
  }
}

describe('R30: what a message may be made of', () => {
  const SAMPLES: [string, Codec<any>, unknown][] = [
    ['u32', u32, 7],
    ['f64', f64, 0.5],
    ['i64', i64, -7n],
    ['fixed bytes', bytes.fixed(3), Uint8Array.of(1, 2, 3)],
    ['small bytes', bytes(), new Uint8Array(10).fill(3)],
    ['large bytes', bytes(), new Uint8Array(1000).fill(3)],
    ['text', utf8(), 'ä'.repeat(5000)],
    ['json', json(), { a: [1, 'x'.repeat(1000)] }],
    ['a clone', structured(), new Map([[1, new Date(0)]])],
    ['a struct', struct({ id: u32, at: f64 }), { id: 1, at: 2.5 }],
  ];

  test.each(SAMPLES)('%s comes whole each time, and leaves nothing behind', (_name, codec, value) => {
    const before = pool.stats();
    const channel = newChannel<any>({ codec, capacity: 2 });
    const made = pool.stats().inUse - before.inUse;
    for (let round = 0; round < 3; round++) {
      channel.sendSync(value);
      for (let attempt = 1; attempt < 4; attempt++) {
        const delivery = next(channel);
        expect(delivery).toMatchObject({ value, attempt });
        delivery.nack();
      }
      expect(next(channel).ack()).toBe(true);
    }
    expect(pool.stats()).toMatchObject({ leases: before.leases, inUse: before.inUse + made });
  });

  test('large bytes stay in the pool until they are acknowledged', () => {
    const channel = newChannel<Uint8Array>({ codec: bytes() }, [new Uint8Array(5000)]);
    const delivery = next(channel);
    expect(pool.stats().leases).toBe(1);
    delivery.ack();
    expect(pool.stats().leases).toBe(0);
  });

  const couple = struct({ id: u32, first: lease(), second: lease() });
  const LENT: Record<string, { codec: Codec<any>; of(): any; leases(value: any): Lease[] }> = {
    'a lease': { codec: lease(), of: () => pool.leaseSync(100), leases: (value) => [value] },
    'a struct with leases': {
      codec: couple,
      of: () => ({ id: 1, first: pool.leaseSync(100), second: pool.leaseSync(5000) }),
      leases: ({ first, second }) => [first, second],
    },
  };

  describe.each(Object.entries(LENT))('%s', (_name, { codec, of, leases }) => {
    test('R27: is lent until it is acknowledged, and the receiver’s own from then on', () => {
      const channel = newChannel<any>({ codec }, [of()]);
      const delivery = next(channel);
      const lent = leases(delivery.value);
      const onward = newChannel<Lease>({ codec: lease(), delivery: 'at-most-once' });
      for (const each of lent) {
        each.bytes.fill(1);
        expect(() => onward.trySend(each)).toThrow(LeaseReleasedError);
        expect(each.byteLength).toBeGreaterThan(0);
      }
      delivery.ack();
      for (const each of lent) {
        expect(each.bytes[0]).toBe(1);
        expect(onward.trySend(each)).toBe(true);
        onward.receiveSync().value!.release();
      }
      expect(pool.stats().leases).toBe(0);
    });

    test('R27: must not be touched any more once it was handed back', () => {
      const channel = newChannel<any>({ codec }, [of()]);
      const delivery = next(channel);
      const lent = leases(delivery.value);
      delivery.nack();
      for (const each of lent) {
        for (const touch of [() => each.bytes, () => each.buffer, () => each.byteLength, () => each.release()]) {
          expect(touch).toThrow(LeaseReleasedError);
        }
        each[Symbol.dispose]();
      }
      const again = next(channel);
      for (const each of leases(again.value)) each.bytes.fill(2);
      again.ack();
      for (const each of leases(again.value)) each.release();
      expect(pool.stats().leases).toBe(0);
    });

    test('may be released before it is acknowledged: another attempt still finds it', () => {
      const channel = newChannel<any>({ codec }, [of()]);
      const first = next(channel);
      for (const each of leases(first.value)) each.release();
      expect(() => leases(first.value)[0]!.bytes).toThrow(LeaseReleasedError);
      first.nack();
      const second = next(channel);
      for (const each of leases(second.value)) each.release();
      expect(pool.stats().leases).toBe(leases(second.value).length);
      second.ack();
      expect(pool.stats().leases).toBe(0);
    });

    test('is the receiver’s with the next asking, in a plain iteration', () => {
      const channel = newChannel<any>({ codec }, [of(), of()]);
      channel.close();
      const kept = [...channel];
      for (const value of kept) for (const each of leases(value)) each.release();
      expect(pool.stats().leases).toBe(0);
    });
  });
});

describe('a message that cannot be read', () => {
  const picky = custom<number>({
    name: 'picky',
    encode: (value) => (value > 255 ? new Uint8Array(5000).fill(value) : Uint8Array.of(value)),
    decode: ([value]) => {
      if (value === 13) throw new Error('unlucky');
      return value!;
    },
  });

  test.each([
    ['in the slot', 13],
    ['in a pool block', 256 + 13],
  ])('is told of and gone, without maxAttempts: %s', async (_where, value) => {
    const channel = newChannel({ codec: picky }, [1, value, 2, value, 3]);
    expect(channel.receiveSync()).toEqual(got(1));
    expect(() => channel.receiveSync()).toThrow('unlucky');
    expect(await channel.receive()).toEqual(got(2));
    expect((await errorOf(channel.receive())).message).toBe('unlucky');
    expect(channel.tryReceive()).toEqual(got(3));
    channel.tryReceive();
    expect([channel.length, pool.stats().leases]).toEqual([0, 0]);
  });

  test('comes again up to maxAttempts, and goes to the dead letters', () => {
    const deadLetter = newChannel({ codec: picky, delivery: 'at-most-once' });
    const channel = newChannel({ codec: picky, maxAttempts: 3, deadLetter }, [13, 2]);
    for (let attempt = 0; attempt < 3; attempt++) expect(() => channel.receiveSync()).toThrow('unlucky');
    expect(channel.receiveSync()).toEqual(got(2));
    expect([deadLetter.length, channel.length]).toEqual([1, 1]);
  });

  test('in a batch ends it: those before go out, the next call tells', async () => {
    for (const way of ['receiveManySync', 'receiveMany'] as const) {
      const channel = newChannel({ codec: picky }, [1, 2, 13, 4]);
      expect(await channel[way](4)).toEqual([1, 2]);
      expect((await errorOf(() => channel[way](4))).message).toBe('unlucky');
      expect(await channel[way](4)).toEqual([4]);
    }
  });

  test('is the one that is discarded, whatever its decoder receives elsewhere meanwhile', () => {
    const other = newChannel({}, [1]);
    for (let i = 0; i < 5; i++) next(other).nack();
    let calls = 0;
    const nested = custom<number>({
      name: 'nested',
      encode: (value) => Uint8Array.of(value),
      decode: ([value]) => {
        next(other).nack();
        if (calls++ === 0) throw new Error('unlucky');
        return value!;
      },
    });
    const channel = newChannel({ codec: nested }, [1, 2]);
    expect(() => channel.tryReceive()).toThrow('unlucky');
    expect([channel.length, channel.tryReceive(), channel.tryReceive()]).toEqual([1, got(2), undefined]);
    expect([channel.length, other.length]).toEqual([0, 1]);
  });
});

describe('maxAttempts', () => {
  test('sends a message to the dead letters after that many, blocks and all', () => {
    const deadLetter = newChannel<Uint8Array>({ codec: bytes(), delivery: 'at-most-once' });
    const value = new Uint8Array(5000).fill(7);
    const channel = newChannel<Uint8Array>({ codec: bytes(), maxAttempts: 2, deadLetter }, [value]);
    next(channel).nack();
    expect([channel.length, deadLetter.length]).toEqual([1, 0]);
    next(channel).nack();
    expect([channel.length, deadLetter.length]).toEqual([0, 1]);
    expect(deadLetter.receiveSync()).toEqual(got(value));
    expect(pool.stats().leases).toBe(0);
  });

  test('drops it, and counts that, without dead letters, or with closed ones', () => {
    const deadLetter = newChannel<Uint8Array>({ codec: bytes(), delivery: 'at-most-once' });
    deadLetter.close();
    for (const options of [{ maxAttempts: 1 }, { maxAttempts: 1, deadLetter }]) {
      const channel = newChannel<Uint8Array>({ codec: bytes(), ...options }, [new Uint8Array(5000)]);
      next(channel).nack();
      expect(snapshotOf(supervisor, channel.name)).toMatchObject({ length: 0, dropped: 1 });
      expect(pool.stats().leases).toBe(0);
    }
  });

  test('waits while the channel of dead letters is full, and holds up nobody else', async () => {
    const deadLetter = newChannel({ capacity: 1, delivery: 'at-most-once' }, [99]);
    const channel = newChannel({ maxAttempts: 1, deadLetter }, [1, 2]);
    next(channel).nack();
    expect([channel.length, deadLetter.length]).toEqual([2, 1]);
    expect(channel.receiveSync()).toEqual(got(2));
    expect(channel.tryReceive()).toBeUndefined();
    expect(deadLetter.receiveSync()).toEqual(got(99));
    expect(await deadLetter.receive()).toEqual(got(1));
    await eventually(() => channel.length === 0);
  });

  test('of a closed channel: it is drained when the last one has gone there', async () => {
    const deadLetter = newChannel({ delivery: 'at-most-once' });
    const channel = newChannel({ maxAttempts: 1, deadLetter }, [1]);
    const delivery = next(channel);
    channel.close();
    const waiting = channel.receive();
    delivery.nack();
    expect(await waiting).toEqual(gone);
    expect(deadLetter.receiveSync()).toEqual(got(1));
  });

  test('gives the memory of what it drops to those who wait for it', () =>
    expectMemoryBy((channel) => next(channel).nack()));
  test('and cancelling that of what it discards', () => expectMemoryBy((channel) => channel.cancel()));

  async function expectMemoryBy(give: (channel: Channel<Uint8Array>) => void): Promise<void> {
    await using own = newSupervisor();
    const channel = own.channel('a', { codec: bytes(), capacity: 2, delivery: 'at-least-once', maxAttempts: 1 });
    channel.sendSync(new Uint8Array(100_000));
    for (let held = own.pool.tryLease(65_536); held; held = own.pool.tryLease(65_536));
    const waiting = watched(own.pool.lease(65_536));
    await turns();
    expect(waiting.settled).toBeUndefined();
    give(channel);
    await turns();
    expect(waiting.settled).toMatchObject({ value: { byteLength: 65_536 } });
  }
});

describe('ackTimeout', () => {
  test('gives the message of one who is stuck to another, and the late acknowledgement answers false', async () => {
    const channel = newChannel<Uint8Array>({ codec: bytes(), ackTimeout: 1 }, [new Uint8Array(5000).fill(5)]);
    const stuck = next(channel);
    const { value: again } = await channel.deliveries()[Symbol.asyncIterator]().next();
    expect(again).toMatchObject({ value: stuck.value, attempt: 2 });
    expect([stuck.ack(), stuck.ack()]).toEqual([false, false]);
    expect([again!.ack(), stuck.nack(), channel.length, pool.stats().leases]).toEqual([true, true, 0, 0]);
  });

  test('leaves alone who acknowledges in time', async () => {
    const channel = newChannel({ ackTimeout: 60_000 }, [1]);
    const delivery = next(channel);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect([delivery.ack(), snapshotOf(supervisor, channel.name).redelivered]).toEqual([true, 0]);
  });

  test('counts as an attempt', async () => {
    const deadLetter = newChannel({ delivery: 'at-most-once' });
    const channel = newChannel({ ackTimeout: 1, maxAttempts: 1, deadLetter }, [1]);
    next(channel);
    expect(await deadLetter.receive()).toEqual(got(1));
    expect(channel.length).toBe(0);
  });
});

describe('options that cannot be kept', () => {
  const other = newSupervisor();
  const most = { codec: u32, capacity: 1 };
  const dead = supervisor.channel('dead', most);
  const BAD: [string, object][] = [
    ['an unknown delivery', { delivery: 'exactly-once' }],
    ['maxAttempts 0', { maxAttempts: 0 }],
    ['half an attempt', { maxAttempts: 1.5 }],
    ['more attempts than can be counted', { maxAttempts: 2 ** 16 + 1 }],
    ['attempts in words', { maxAttempts: '3' }],
    ['ackTimeout 0', { ackTimeout: 0 }],
    ['a negative ackTimeout', { ackTimeout: -1 }],
    ['an ackTimeout that is no number', { ackTimeout: Number.NaN }],
    ['an endless ackTimeout', { ackTimeout: Number.POSITIVE_INFINITY }],
    ['ackTimeout with leases', { ackTimeout: 1, codec: lease() }],
    ['ackTimeout with a struct with leases', { ackTimeout: 1, codec: struct({ a: lease() }) }],
    ['deadLetter without maxAttempts', { deadLetter: dead }],
    ['a deadLetter that is no channel', { maxAttempts: 1, deadLetter: {} }],
    ['an end as deadLetter', { maxAttempts: 1, deadLetter: dead.sender }],
    ['a deadLetter of another supervisor', { maxAttempts: 1, deadLetter: other.channel('x', most) }],
    [
      'a deadLetter of another codec',
      { maxAttempts: 1, deadLetter: supervisor.channel('f64', { codec: f64, capacity: 1 }) },
    ],
    [
      'an at-least-once deadLetter',
      { maxAttempts: 1, deadLetter: supervisor.channel('l', { ...most, delivery: 'at-least-once' }) },
    ],
    [
      'a deadLetter with a single sender',
      { maxAttempts: 1, deadLetter: supervisor.channel('s', { ...most, topology: 'spmc' }) },
    ],
    ['maxAttempts at most once', { delivery: 'at-most-once', maxAttempts: 1 }],
    ['ackTimeout at most once', { delivery: 'at-most-once', ackTimeout: 1 }],
    ['deadLetter at most once', { delivery: 'at-most-once', deadLetter: dead }],
  ];

  afterAll(() => other.close());

  test.each(BAD)('%s: LimitError', (_what, options) => {
    expect(() => newChannel(options)).toThrow(LimitError);
  });
});

describe.each(TOPOLOGY_NAMES)('on an %s channel', (topology) => {
  test('R1: order within one thread, with every message handed back once', () => {
    const channel = newChannel({ topology, capacity: 8 });
    const received: number[] = [];
    for (let value = 0; value < 40; value++) {
      channel.sendSync(value);
      next(channel).nack();
      const delivery = next(channel);
      received.push(delivery.value);
      delivery.ack();
    }
    expect(received).toEqual(indexes(40));
  });
});

const SOME = CHANNELS.filter(([, { capacity }]) => capacity !== 1024);

test.each(SOME)(
  'R1 and R2: across threads, every message once, on %s',
  async (_name, { topology, capacity, senders, receivers }) => {
    const channel = newChannel({ topology, capacity });
    const guard = channel.sender;
    const received = indexes(receivers).map((index) =>
      crew.run(index, 'receiveNumbers', { from: channel.receiver }, { way: RECEIVING_WAYS[index * 5]! ?? 'sync' }),
    );
    const sent = indexes(senders).map((sender) =>
      crew.run(
        Math.min(3, receivers + sender),
        'sendNumbers',
        { out: channel.sender },
        { sender, count: 100, way: 'sync' },
      ),
    );
    guard.close();
    await Promise.all(sent);
    expectDelivered(
      indexes(senders).map((sender) => numbersOf(sender, 100)),
      await Promise.all(received),
    );
    expect(channel.length).toBe(0);
  },
);
