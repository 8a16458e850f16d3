/** R29–R31: threads that are terminated wherever they are, and what their channels and their memory are like then. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import {
  bytes,
  type Channel,
  type ChannelOptions,
  custom,
  type Lease,
  lease,
  type SupervisorEvents,
  u32,
  type WorkerGroup,
} from '../../src/index.ts';
import { workerEntry } from '../support/entries.ts';
import { errorOf, eventually, watched } from '../support/eventually.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';
import { TOPOLOGY_NAMES } from '../support/topologies.ts';
import type { Doom, DoomedPorts } from '../workers/doomed.ts';

const supervisor = newSupervisor({ memory: 16 * 2 ** 20, threads: 4 });
const { pool } = supervisor;
const entry = workerEntry('workers/doomed.ts');

let exits: SupervisorEvents['thread-exit'][0][] = [];
let losses: SupervisorEvents['lost'][0][] = [];
supervisor.on('thread-exit', (event) => exits.push(event));
supervisor.on('lost', (event) => losses.push(event));

beforeEach(() => {
  exits = [];
  losses = [];
});

afterAll(() => supervisor.close());

let names = 0;

function newChannel<T = number>(options: Partial<ChannelOptions<T>> = {}, values: readonly T[] = []): Channel<T> {
  const all = { codec: u32, capacity: 3, ...options } as ChannelOptions<T>;
  const channel = supervisor.channel(`channel ${names++}`, all);
  for (const value of values) channel.sendSync(value);
  return channel;
}

const sticky = custom<number>({
  name: 'sticky',
  encode: (value) => new Uint8Array(5000).fill(value),
  decode: ([value]) => value!,
});

interface Doomed {
  readonly group: WorkerGroup;
  /** What it said when it was where it is to die. */
  readonly said: Promise<unknown>;
}

function doom(how: Doom, ports: DoomedPorts, data: { count?: number; bytes?: number } = {}): Doomed {
  const group = supervisor.spawn(entry, { ports, data: { how, ...data }, name: how });
  const said = once(group.workers[0]!, 'message').then(([message]) => message);
  return { group, said };
}

async function end({ group }: Pick<Doomed, 'group'>): Promise<void> {
  await group.terminate();
  await group.finished;
}

const parked = (count = 1) =>
  eventually(() => supervisor.snapshot().threads.filter(({ state }) => state === 'parked').length === count);

function drained<T>(channel: Channel<T>): T[] {
  const values: T[] = [];
  for (let next = channel.tryReceive(); next && !next.done; next = channel.tryReceive()) values.push(next.value);
  return values;
}

/** It holds exactly its capacity, in order, and closes. */
function expectWorking(channel: Channel<number>): void {
  const values = Array.from({ length: channel.capacity }, (_, index) => index);
  for (let round = 0; round < 3; round++) {
    expect(values.map((value) => channel.trySend(value))).toEqual(values.map(() => true));
    expect(channel.trySend(0)).toBe(false);
    expect(drained(channel)).toEqual(values);
  }
  channel.close();
  expect(channel.tryReceive()).toEqual({ done: true, value: undefined });
}

const DELIVERIES = ['at-most-once', 'at-least-once'] as const;

describe.each(DELIVERIES)('%s', (delivery) => {
  const keeps = delivery === 'at-least-once';

  // The queue of letters is the same one for every topology, but for who is let in.
  const topologies = keeps ? (['spsc', 'mpmc'] as const) : TOPOLOGY_NAMES;

  describe.each(topologies)('%s: a thread that is terminated', (topology) => {
    test('R29: while it blocks in a send', async () => {
      const channel = newChannel({ topology, delivery });
      const guard = channel.sender;
      const doomed = doom('send', { out: channel.sender });
      await eventually(() => snapshotOf(supervisor, channel.name).sendersWaiting === 1);
      await parked();
      await end(doomed);
      expect(snapshotOf(supervisor, channel.name)).toMatchObject({ sendersWaiting: 0, senders: 1, length: 3, lost: 0 });
      expect(drained(channel)).toEqual([7, 7, 7]);
      expect(guard.closed).toBe(false);
      expectWorking(channel);
    });

    test('R29: while it blocks in a receive', async () => {
      const channel = newChannel({ topology, delivery });
      const doomed = doom('receive', { from: channel.receiver });
      await eventually(() => snapshotOf(supervisor, channel.name).receiversWaiting === 1);
      await parked();
      await end(doomed);
      expect(snapshotOf(supervisor, channel.name)).toMatchObject({ receiversWaiting: 0, receivers: 0 });
      expectWorking(channel);
    });

    test('R30 and R31: in the middle of reading a message', async () => {
      const channel = newChannel({ topology, delivery, codec: sticky }, [1, 13, 3]);
      const doomed = doom('read for ever', { from: channel.receiver });
      expect(await doomed.said).toBe('stuck');
      await end(doomed);
      expect(exits).toMatchObject([{ recovered: { lost: keeps ? 0 : 1, returned: keeps ? 1 : 0 } }]);
      expect(losses).toEqual(keeps ? [] : [{ channel: channel.name, count: 1, thread: 'read for ever-0' }]);
      expect(snapshotOf(supervisor, channel.name).lost).toBe(keeps ? 0 : 1);
      expect(drained(channel)).toEqual(keeps ? [13, 3] : [3]);
      expect(pool.stats().leases).toBe(0);
      expectWorking(channel);
    });

    test('R31: in the middle of writing one', async () => {
      const channel = newChannel({ topology, delivery, codec: sticky });
      const doomed = doom('write for ever', { out: channel.sender });
      expect(await doomed.said).toBe('stuck');
      await end(doomed);
      expect([channel.length, channel.closed, pool.stats().leases]).toEqual([0, true, 0]);
    });

    test('R29: with the last sending end: receivers that sleep are told', async () => {
      const channel = newChannel({ topology, delivery, codec: sticky });
      const waiting = channel.receive();
      const doomed = doom('write for ever', { out: channel.sender });
      await doomed.said;
      await end(doomed);
      expect(await waiting).toEqual({ done: true, value: undefined });
    });
  });
});

describe('R29: the memory', () => {
  test('of a thread that is terminated with leases, and while it waits for one, is back, and who waited has it', async () => {
    const large = 4 * 2 ** 20;
    const doomed = doom('lease', { pool }, { bytes: large, count: 2 });
    expect(await doomed.said).toBe('done');
    await parked();
    const waiting = watched(pool.lease(2 * large));
    expect(waiting.settled).toBeUndefined();
    await end(doomed);
    await eventually(() => waiting.settled !== undefined);
    (waiting.settled as { value: Lease }).value.release();
    expect(exits[0]!.recovered.blocks).toBeGreaterThanOrEqual(2);
    expect(pool.stats().leases).toBe(0);
  });

  test.each(TOPOLOGY_NAMES)(
    'of leases that it sent is the receiver’s, that of the one it could not send is back: %s',
    async (topology) => {
      const channel = newChannel<Lease>({ codec: lease(), topology });
      const doomed = doom('send', { out: channel.sender, pool }, { bytes: 500 });
      await eventually(() => snapshotOf(supervisor, channel.name).sendersWaiting === 1);
      await parked();
      expect(pool.stats().leases).toBe(4);
      await end(doomed);
      expect([exits[0]!.recovered.blocks, pool.stats().leases]).toEqual([1, 3]);
      for (const held of drained(channel)) held.release();
      expect(pool.stats().leases).toBe(0);
    },
  );

  test.each(TOPOLOGY_NAMES)('of leases that it received is back with it: %s', async (topology) => {
    const channel = newChannel<Lease>({ codec: lease(), topology });
    for (let i = 0; i < 3; i++) channel.sendSync(pool.leaseSync(100));
    const doomed = doom('hold messages', { from: channel.receiver }, { count: 2 });
    expect(await doomed.said).toBe(2);
    await end(doomed);
    expect([exits[0]!.recovered.blocks, channel.length, pool.stats().leases]).toEqual([2, 1, 1]);
    for (const held of drained(channel)) held.release();
    expect(pool.stats().leases).toBe(0);
  });
});

describe('R30: a spsc receiver that dies in the middle of a batch', () => {
  test('loses what it had begun to take apart, and the next one goes on behind that', async () => {
    const channel = newChannel({ topology: 'spsc', codec: sticky, capacity: 7 }, [1, 2, 13, 4, 5]);
    const doomed = doom('batch', { from: channel.receiver });
    expect(await doomed.said).toBe('stuck');
    await end(doomed);
    expect(losses).toEqual([{ channel: channel.name, count: 3, thread: 'batch-0' }]);
    expect(drained(channel)).toEqual([4, 5]);
    expect(pool.stats().leases).toBe(0);
    expectWorking(channel);
  });
});

describe('R30: what a dead thread had not acknowledged', () => {
  test.each(TOPOLOGY_NAMES)('goes to a living one, the oldest first, marked with its attempt: %s', async (topology) => {
    const channel = newChannel({ delivery: 'at-least-once', topology, capacity: 7 }, [1, 2, 3, 4]);
    for (const attempt of [1, 2]) {
      const doomed = doom('hold deliveries', { from: channel.receiver }, { count: 3 });
      expect(await doomed.said).toEqual([attempt, attempt, attempt]);
      await end(doomed);
    }
    expect(exits.map(({ recovered }) => recovered)).toEqual([
      { blocks: 0, ends: 1, lost: 0, returned: 3 },
      { blocks: 0, ends: 1, lost: 0, returned: 3 },
    ]);
    const seen = Array.from({ length: 4 }, () => channel.deliveries()[Symbol.iterator]().next().value);
    expect(seen.map(({ value, attempt }) => [value, attempt])).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
      [4, 1],
    ]);
    expect(losses).toEqual([]);
    expect(snapshotOf(supervisor, channel.name)).toMatchObject({ redelivered: 6, lost: 0 });
  });

  test('wakes as many as it is for, and with it their channel drains', async () => {
    const channel = newChannel({ delivery: 'at-least-once' }, [1, 2, 3]);
    const doomed = doom('hold deliveries', { from: channel.receiver }, { count: 3 });
    await doomed.said;
    channel.close();
    const waiting = Promise.all([1, 2, 3].map(() => channel.receiveMany(1)));
    await end(doomed);
    expect((await waiting).flat()).toEqual([1, 2, 3]);
    expect(await channel.receive()).toEqual({ done: true, value: undefined });
  });

  test('is there with its leases', async () => {
    const channel = newChannel<Lease>({ delivery: 'at-least-once', codec: lease() });
    const held = pool.leaseSync(100);
    held.bytes.fill(7);
    channel.sendSync(held);
    const doomed = doom('never acknowledge', { from: channel.receiver });
    await doomed.said;
    await end(doomed);
    expect([exits[0]!.recovered.blocks, pool.stats().leases]).toEqual([0, 1]);
    const again = channel.receiveSync().value!;
    expect(again.bytes.every((byte) => byte === 7)).toBe(true);
    channel.tryReceive();
    again.release();
    expect(pool.stats().leases).toBe(0);
  });

  test('goes to the dead letters once it was tried often enough', async () => {
    const deadLetter = newChannel<Uint8Array>({ codec: bytes() });
    const options = { codec: bytes(), delivery: 'at-least-once', maxAttempts: 1, deadLetter } as const;
    const channel = newChannel<Uint8Array>(options, [new Uint8Array(5000).fill(1), new Uint8Array(10)]);
    const waiting = deadLetter.receive();
    const doomed = doom('never acknowledge', { from: channel.receiver });
    await doomed.said;
    await end(doomed);
    expect((await waiting).value).toEqual(new Uint8Array(5000).fill(1));
    expect([channel.length, pool.stats().leases]).toEqual([1, 0]);
  });
});

describe('R29: several threads', () => {
  test('that are terminated at once leave nothing behind', async () => {
    const [most, least] = [newChannel({ codec: sticky }, [1, 13]), newChannel({ delivery: 'at-least-once' }, [1, 2])];
    const all = [
      doom('read for ever', { from: most.receiver }),
      doom('hold deliveries', { from: least.receiver }, { count: 2 }),
      doom('hold leases', { pool }, { count: 5 }),
    ];
    await Promise.all(all.map(({ said }) => said));
    // Those that are held: the block of the message that is being read is back, since its bytes are copied first.
    expect(pool.stats().leases).toBe(5);
    await Promise.all(all.map(end));
    expect(exits.length).toBe(3);
    expect(pool.stats().leases).toBe(0);
    expect([drained(most), drained(least)]).toEqual([[], [1, 2]]);
    expectWorking(most);
    expectWorking(least);
    expect(supervisor.snapshot().threads.length).toBe(1);
  });

  test('one after the other have the same cell, and what each held is told apart', async () => {
    for (let round = 1; round <= 3; round++) {
      const doomed = doom('hold leases', { pool }, { count: round });
      await doomed.said;
      await end(doomed);
    }
    expect(exits.map(({ id, recovered }) => [id, recovered.blocks])).toEqual(
      [1, 2, 3].map((blocks) => [exits[0]!.id, blocks]),
    );
  });

  test('that are terminated while they start leave nothing behind either', async () => {
    const channel = newChannel();
    const guard = channel.sender;
    for (const ms of [0, 5, 10, 15, 20, 25, 30, 35]) {
      const group = supervisor.spawn(entry, { ports: { out: channel.sender }, data: { how: 'send' } });
      await new Promise((resolve) => setTimeout(resolve, ms));
      await end({ group });
      drained(channel);
    }
    expect(snapshotOf(supervisor, channel.name)).toMatchObject({ senders: 1, closed: false });
    expect(supervisor.snapshot().threads.length).toBe(1);
    guard.close();
    expect(channel.closed).toBe(true);
  });
});

describe('revoke', () => {
  test('retires the ends that nobody came for, and leaves alone those that somebody did', async () => {
    const channel = newChannel();
    const never = supervisor.share({ out: channel.sender });
    supervisor.revoke(never);
    expect([channel.closed, snapshotOf(supervisor, channel.name).senders]).toEqual([true, 0]);
    supervisor.revoke(never);
    const other = newChannel();
    const shared = supervisor.share({ out: other.sender });
    const worker = new Worker(entry, { workerData: { ...shared, data: { how: 'send' } } });
    supervisor.watch(worker);
    await eventually(() => snapshotOf(supervisor, other.name).sendersWaiting === 1);
    supervisor.revoke(shared);
    expect(other.closed).toBe(false);
    await worker.terminate();
    await eventually(() => other.closed);
    supervisor.revoke(shared);
    expect(await errorOf(other.send(1))).toMatchObject({ code: 'ERR_CHANNEL_CLOSED' });
  });

  test('does not touch an end that has the same place in the table by now', () => {
    const [first, second] = [newChannel(), newChannel()];
    const shared = supervisor.share({ out: first.sender });
    supervisor.revoke(shared);
    const end = second.sender;
    supervisor.revoke(shared);
    expect([second.closed, snapshotOf(supervisor, second.name).senders]).toEqual([false, 1]);
    end.close();
    expect(second.closed).toBe(true);
  });
});
