/** R26 and R27: what a receiver may rely on seeing, and who owns a block when. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  bytes,
  f64,
  type Lease,
  LeaseReleasedError,
  lease,
  type PoolExhaustedError,
  type Sender,
  struct,
  type Topology,
  u32,
} from '../../src/index.ts';
import { Crew } from '../support/crew.ts';
import { errorOf, eventually, turns } from '../support/eventually.ts';
import { newSupervisor } from '../support/supervisors.ts';
import { CAPACITIES, TOPOLOGIES, TOPOLOGY_NAMES } from '../support/topologies.ts';

const supervisor = newSupervisor({ memory: 64 * 2 ** 20, threads: 8 });
let crew: Crew;

beforeAll(() => {
  crew = new Crew(supervisor, 4);
});

afterAll(() => crew[Symbol.asyncDispose]());

let names = 0;
const nextName = () => `channel ${names++}`;
const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);
const poolInUse = () => {
  const { leases, inUse } = supervisor.snapshot().pool;
  return { leases, inUse };
};

describe.each(TOPOLOGIES)('$topology', ({ topology, senders, receivers }) => {
  test.each(CAPACITIES)('R26: a receiver sees the whole payload of a message, capacity %d', async (capacity) => {
    const channel = supervisor.channel(nextName(), { codec: bytes({ inline: 40 }), capacity, topology });
    const before = poolInUse();
    const guard = channel.sender;
    const counts = indexes(receivers).map((member) =>
      crew.run(member, 'checkPayloads', { from: channel.receiver }, {}),
    );
    // Sizes inside a slot, at its edge, and in blocks of several classes.
    const sizes = [1, 8, 39, 40, 41, 63, 64, 65, 1000, 4096, 40_000];
    for (const sender of indexes(senders)) {
      crew.run(receivers + sender, 'sendPayloads', { out: channel.sender }, { count: 220, sizes });
    }
    guard.close();
    const received = await Promise.all(counts);
    expect(received.reduce((sum, { messages }) => sum + messages, 0)).toBe(220 * senders);
    expect(received.flatMap(({ torn }) => torn)).toEqual([]);
    expect(poolInUse()).toEqual(before);
  });

  test('R26: what a thread wrote anywhere before a send is seen by the receiver', async () => {
    const channel = supervisor.channel(nextName(), { codec: u32, capacity: 2, topology });
    const plain = new Int32Array(new SharedArrayBuffer(4 * 3000));
    const sent = crew.run(0, 'writeThenSend', { out: channel.sender }, { plain });
    const stale: number[] = [];
    for await (const at of channel) if (plain[at] !== at + 1) stale.push(at);
    await sent;
    expect(stale).toEqual([]);
  });

  test('R26: what a thread wrote before it closed is seen by whoever observes the close', async () => {
    for (let round = 0; round < 30; round++) {
      const channel = supervisor.channel(nextName(), { codec: u32, capacity: 1, topology });
      const plain = new Int32Array(new SharedArrayBuffer(4));
      const closed = crew.run(0, 'writeThenClose', { channel }, { plain, value: round });
      expect(channel.receiveSync().done).toBe(true);
      expect(plain[0]).toBe(round);
      await closed;
    }
  });
});

test('R26: the k-th receive is before the (k + capacity)-th send ends: a channel can serve as a semaphore', async () => {
  const capacity = 2;
  const permits = supervisor.channel(nextName(), { codec: u32, capacity });
  const counters = new Int32Array(new SharedArrayBuffer(8));
  const most = await Promise.all(
    indexes(4).map((member) => crew.run(member, 'enterAndLeave', { permits }, { counters, rounds: 300 })),
  );
  expect(Math.max(...most)).toBeLessThanOrEqual(capacity);
  expect(counters[1]).toBe(1200);
});

const leasing = struct({ id: u32, at: f64, body: lease(), trailer: lease() });

describe('R27: a lease', () => {
  const { pool } = supervisor;

  /** Everything one can do with a lease. */
  const touches: Record<string, (held: Lease) => unknown> = {
    bytes: (held) => held.bytes,
    buffer: (held) => held.buffer,
    byteLength: (held) => held.byteLength,
    truncate: (held) => held.truncate(0),
    release: (held) => held.release(),
  };

  const expectSpent = async (held: Lease) => {
    for (const touch of Object.values(touches)) {
      const error = await errorOf(() => touch(held));
      expect(error).toBeInstanceOf(LeaseReleasedError);
      expect(error.code).toBe('ERR_LEASE_RELEASED');
    }
    // `using` has nothing left to do, and says nothing.
    held[Symbol.dispose]();
  };

  const sends: Record<string, (sender: Sender<Lease>, held: Lease) => unknown> = {
    trySend: (sender, held) => sender.trySend(held),
    sendSync: (sender, held) => sender.sendSync(held),
    send: (sender, held) => sender.send(held),
    sendManySync: (sender, held) => sender.sendManySync([held]),
    sendMany: (sender, held) => sender.sendMany([held]),
  };

  describe.each(TOPOLOGY_NAMES)('on an %s channel', (topology: Topology) => {
    test.each(Object.entries(sends))('is spent after %s, and whole at its receiver', async (_way, send) => {
      const channel = supervisor.channel(nextName(), { codec: lease(), capacity: 2, topology });
      const before = poolInUse();
      const held = pool.leaseSync(1000);
      held.bytes.fill(7);
      await send(channel, held);
      await expectSpent(held);
      using got = channel.tryReceive()!.value!;
      expect([got.byteLength, got.bytes.every((byte) => byte === 7)]).toEqual([1000, true]);
      got.release();
      expect(poolInUse()).toEqual(before);
    });

    test('that waits to be sent cannot be touched, and is its sender’s again if it is refused', async () => {
      const channel = supervisor.channel(nextName(), { codec: lease(), capacity: 1, topology });
      channel.trySend(pool.leaseSync(8));
      const held = pool.leaseSync(100);
      const refusal = errorOf(channel.send(held));
      await expectSpent(held);
      channel.close();
      expect((await refusal).code).toBe('ERR_CHANNEL_CLOSED');
      expect(held.byteLength).toBe(100);
      held.release();
      channel.tryReceive()!.value!.release();
    });
  });

  test('is spent after its release, and cannot be sent then', async () => {
    const channel = supervisor.channel(nextName(), { codec: lease(), capacity: 2 });
    const held = pool.leaseSync(100);
    held.release();
    await expectSpent(held);
    for (const send of Object.values(sends)) {
      expect(await errorOf(() => send(channel, held))).toBeInstanceOf(LeaseReleasedError);
    }
    expect(channel.length).toBe(0);
  });

  test('cannot be sent twice', async () => {
    const channel = supervisor.channel(nextName(), { codec: lease(), capacity: 2 });
    const held = pool.leaseSync(100);
    channel.trySend(held);
    for (const send of Object.values(sends)) {
      expect(await errorOf(() => send(channel, held))).toBeInstanceOf(LeaseReleasedError);
    }
    expect(channel.length).toBe(1);
    channel.cancel();
  });

  test('cannot be sent twice in one struct, and then is not spent at all', async () => {
    const channel = supervisor.channel(nextName(), { codec: leasing, capacity: 2 });
    using held = pool.leaseSync(100);
    const twice = { id: 1, at: 2, body: held, trailer: held };
    expect(await errorOf(() => channel.send(twice))).toBeInstanceOf(LeaseReleasedError);
    expect([held.byteLength, channel.length]).toEqual([100, 0]);
  });

  test('keeps what was cut off it in the block: the receiver gets the length it was cut to', () => {
    const channel = supervisor.channel(nextName(), { codec: lease(), capacity: 1 });
    const held = pool.leaseSync(100);
    held.bytes.fill(3);
    channel.trySend(held.truncate(10));
    using got = channel.tryReceive()!.value!;
    expect([got.byteLength, got.bytes.length, got.buffer.length]).toEqual([10, 10, 10]);
  });

  test('is handed through threads and back, without a copy', async () => {
    const there = supervisor.channel(nextName(), { codec: lease(), capacity: 1, topology: 'spsc' });
    const back = supervisor.channel(nextName(), { codec: lease(), capacity: 1, topology: 'spsc' });
    const before = poolInUse();
    const passing = crew.run(0, 'passLeases', { from: there.receiver, to: back.sender }, { count: 50 });
    const held = pool.leaseSync(100_000);
    const { byteOffset } = held.bytes;
    held.bytes.fill(0);
    await there.send(held);
    for (let round = 1; round <= 50; round++) {
      const got = (await back.receive()).value!;
      // The worker added one to each byte, in the same place.
      expect([got.bytes.byteOffset, got.bytes[0], got.bytes[99_999]]).toEqual([byteOffset, round, round]);
      if (round < 50) await there.send(got);
      else got.release();
    }
    await passing;
    expect(poolInUse()).toEqual(before);
  });

  test('of a struct travels with it, and comes back to its sender if the struct is refused', async () => {
    const channel = supervisor.channel(nextName(), { codec: leasing, capacity: 1 });
    const before = poolInUse();
    const parts = () => ({ id: 1, at: 0.5, body: pool.leaseSync(5000), trailer: pool.leaseSync(8) });
    const [first, second] = [parts(), parts()];
    channel.trySend(first);
    expect(channel.trySend(second)).toBe(false);
    expect([second.body.byteLength, second.trailer.byteLength]).toEqual([5000, 8]);
    await expectSpent(first.body);
    await expectSpent(first.trailer);
    const got = channel.tryReceive()!.value!;
    expect([got.id, got.at, got.body.byteLength, got.trailer.byteLength]).toEqual([1, 0.5, 5000, 8]);
    for (const each of [got.body, got.trailer, second.body, second.trailer]) each.release();
    expect(poolInUse()).toEqual(before);
  });
});

describe('memory gives backpressure', () => {
  test('R4: a send that lacks memory waits, and goes on when some is given back', async () => {
    await using small = newSupervisor({ memory: 4 * 2 ** 20 });
    const channel = small.channel('small', { codec: bytes(), capacity: 100 });
    const held = takeEverything(small.pool);
    expect(channel.trySend(new Uint8Array(64))).toBe(false);
    const sending = channel.send(new Uint8Array(64).fill(9));
    await turns();
    expect(channel.length).toBe(0);
    held.pop()!.release();
    await sending;
    expect(channel.tryReceive()!.value).toEqual(new Uint8Array(64).fill(9));
  });

  test('a thread that blocks for a lease is let go when one is given back on another', async () => {
    await using small = newSupervisor({ memory: 4 * 2 ** 20, threads: 2 });
    await using helper = new Crew(small, 1);
    const held = takeEverything(small.pool);
    const leased = helper.run(0, 'leaseAndRelease', { pool: small.pool }, { byteLength: 64 });
    await eventually(() => small.snapshot().threads.some(({ parkedOn }) => parkedOn === 'pool'));
    held.pop()!.release();
    expect(await leased).toBe(64);
  });

  test('whoever waits for memory when the supervisor closes is told so', async () => {
    const small = newSupervisor({ memory: 4 * 2 ** 20 });
    takeEverything(small.pool);
    const refusal = errorOf(small.pool.lease(64));
    await small.close();
    expect(((await refusal) as PoolExhaustedError).code).toBe('ERR_POOL_EXHAUSTED');
  });
});

/** Leases all there is: large blocks first, and blocks of 64 bytes last. */
function takeEverything(pool: typeof supervisor.pool): Lease[] {
  const held: Lease[] = [];
  for (const size of [2 ** 20, 2 ** 16, 64]) {
    for (let each = pool.tryLease(size); each; each = pool.tryLease(size)) held.push(each);
  }
  return held;
}
