/** R22–R24: time-outs and abort signals. What did not happen has had no effect. */

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { bytes, type Channel, LimitError, lease, TimeoutError, type Topology, u32 } from '../../src/index.ts';
import { Crew } from '../support/crew.ts';
import { errorOf, eventually, turns, watched } from '../support/eventually.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';
import { CHANNELS, TOPOLOGY_NAMES } from '../support/topologies.ts';
import { outcomeOf, receiveAll } from '../workers/programs.ts';

const supervisor = newSupervisor({ memory: 64 * 2 ** 20, threads: 8 });
let crew: Crew;

beforeAll(() => {
  crew = new Crew(supervisor, 2);
});

afterAll(() => crew[Symbol.asyncDispose]());

let names = 0;

function newChannel(topology: Topology = 'mpmc', capacity = 7): Channel<number> {
  return supervisor.channel(`channel ${names++}`, { codec: u32, topology, capacity });
}

const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);

interface Timed {
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

const asyncSends: Record<string, (channel: Channel<number>, options: Timed) => Promise<unknown>> = {
  send: (channel, options) => channel.send(99, options),
  sendMany: (channel, options) => channel.sendMany([99, 99], options),
};
const sends: Record<string, (channel: Channel<number>, options: Timed) => unknown> = {
  ...asyncSends,
  sendSync: (channel, options) => channel.sendSync(99, options),
  sendManySync: (channel, options) => channel.sendManySync([99, 99], options),
  'sendManySync of an iterator': (channel, options) => channel.sendManySync([99, 99].values(), options),
};
const asyncReceives: Record<string, (channel: Channel<number>, options: Timed) => Promise<unknown>> = {
  receive: (channel, options) => channel.receive(options),
  receiveMany: (channel, options) => channel.receiveMany(3, options),
};
const receives: Record<string, (channel: Channel<number>, options: Timed) => unknown> = {
  ...asyncReceives,
  receiveSync: (channel, options) => channel.receiveSync(options),
  receiveManySync: (channel, options) => channel.receiveManySync(3, options),
};

describe.each(CHANNELS)('%s', (_name, { topology, capacity }) => {
  const full = () => {
    const channel = newChannel(topology, capacity);
    channel.sendManySync(indexes(capacity));
    return channel;
  };

  test.each(Object.entries(sends))('R22: a %s that times out has delivered nothing', async (_way, send) => {
    const channel = full();
    const error = await errorOf(() => send(channel, { timeout: 5 }));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error.code).toBe('ERR_TIMEOUT');
    expect(snapshotOf(supervisor, channel.name).sendersWaiting).toBe(0);
    channel.close();
    expect(await receiveAll(channel, 'async')).toEqual(indexes(capacity));
  });

  test.each(Object.entries(receives))('R22: a %s that times out has taken nothing', async (_way, receive) => {
    const channel = newChannel(topology, capacity);
    expect(await errorOf(() => receive(channel, { timeout: 5 }))).toBeInstanceOf(TimeoutError);
    expect(snapshotOf(supervisor, channel.name).receiversWaiting).toBe(0);
    channel.sendSync(7);
    expect(channel.tryReceive()).toEqual({ done: false, value: 7 });
  });

  test.each(Object.entries(asyncSends))('R22: a %s that is aborted has delivered nothing', async (_way, send) => {
    const channel = full();
    const controller = new AbortController();
    const refusal = errorOf(send(channel, { signal: controller.signal }));
    await turns(1);
    const reason = new Error('changed my mind');
    controller.abort(reason);
    expect(await refusal).toBe(reason);
    expect(snapshotOf(supervisor, channel.name).sendersWaiting).toBe(0);
    channel.close();
    expect(await receiveAll(channel, 'async')).toEqual(indexes(capacity));
  });

  test.each(Object.entries(asyncReceives))('R22: a %s that is aborted has taken nothing', async (_way, receive) => {
    const channel = newChannel(topology, capacity);
    const controller = new AbortController();
    const refusal = errorOf(receive(channel, { signal: controller.signal }));
    await turns(1);
    controller.abort();
    expect(await refusal).toMatchObject({ name: 'AbortError' });
    expect(snapshotOf(supervisor, channel.name).receiversWaiting).toBe(0);
    channel.sendSync(7);
    expect(channel.tryReceive()).toEqual({ done: false, value: 7 });
  });

  test('R22: a signal that was aborted before refuses, even what could be done at once', async () => {
    const channel = newChannel(topology, capacity);
    const signal = AbortSignal.abort(new Error('before'));
    for (const send of Object.values(asyncSends)) {
      expect(await errorOf(() => send(channel, { signal }))).toMatchObject({ message: 'before' });
    }
    expect(channel.length).toBe(0);
    channel.sendSync(1);
    for (const receive of Object.values(asyncReceives)) {
      expect(await errorOf(() => receive(channel, { signal }))).toMatchObject({ message: 'before' });
    }
    expect(channel.tryReceive()).toEqual({ done: false, value: 1 });
  });

  test('R22: one of several waiting senders that gives up leaves the order of the others as it is', async () => {
    const channel = full();
    const controller = new AbortController();
    const sending = [1000, 1001, 1002, 1003].map((value, index) =>
      channel.send(value, index === 0 || index === 2 ? { signal: controller.signal } : {}).then(
        () => 'sent',
        () => 'aborted',
      ),
    );
    controller.abort();
    const received = [];
    for (let i = 0; i < capacity + 2; i++) received.push((await channel.receive()).value);
    expect(received).toEqual([...indexes(capacity), 1001, 1003]);
    expect(await Promise.all(sending)).toEqual(['aborted', 'sent', 'aborted', 'sent']);
  });

  test.each([0, -1, -1e9])('R23: a deadline that is past (%d ms) still takes what is ready', async (timeout) => {
    const channel = newChannel(topology, capacity);
    for (const send of Object.values(sends).slice(0, 1)) await send(channel, { timeout });
    expect(channel.receiveSync({ timeout })).toEqual({ done: false, value: 99 });
    channel.sendSync(1, { timeout });
    expect(await channel.receive({ timeout })).toEqual({ done: false, value: 1 });
    channel.sendManySync([2], { timeout });
    expect(channel.receiveManySync(9, { timeout })).toEqual([2]);
    await channel.sendMany([3], { timeout });
    expect(await channel.receiveMany(9, { timeout })).toEqual([3]);
    for (const receive of Object.values(receives)) {
      expect(await errorOf(() => receive(channel, { timeout }))).toBeInstanceOf(TimeoutError);
    }
    channel.sendManySync(indexes(capacity));
    for (const send of Object.values(sends)) {
      expect(await errorOf(() => send(channel, { timeout }))).toBeInstanceOf(TimeoutError);
    }
    channel.close();
    expect(await receiveAll(channel, 'async')).toEqual(indexes(capacity));
  });
});

test('a time-out is a limit: what can be done in time is done, and no timer is left behind', async () => {
  const channel = newChannel();
  const receiving = channel.receive({ timeout: 60_000 });
  channel.sendSync(1);
  expect(await receiving).toEqual({ done: false, value: 1 });
  const timers = process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  const controller = new AbortController();
  for (let i = 0; i < 50; i++) {
    const each = channel.receive({ timeout: 60_000, signal: controller.signal });
    channel.sendSync(i);
    await each;
  }
  expect(process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length).toBe(timers);
});

test.each([Number.POSITIVE_INFINITY, 2 ** 40, undefined])('a timeout of %s waits', async (timeout) => {
  const channel = newChannel();
  const receiving = channel.receive({ timeout });
  const watch = watched(receiving);
  await turns();
  expect(watch.settled).toBeUndefined();
  channel.sendSync(1);
  expect(await receiving).toEqual({ done: false, value: 1 });
  channel.sendSync(2);
  expect(channel.receiveSync({ timeout })).toEqual({ done: false, value: 2 });
});

test.each([Number.NaN, '5', {}, null])(
  'a timeout of %s is refused with LimitError, and nothing has happened',
  async (bad) => {
    const timeout = bad as number;
    const channel = newChannel();
    for (const receive of Object.values(receives)) {
      expect(await errorOf(() => receive(channel, { timeout }))).toBeInstanceOf(LimitError);
    }
    channel.sendManySync(indexes(7));
    for (const send of Object.values(sends)) {
      expect(await errorOf(() => send(channel, { timeout }))).toBeInstanceOf(LimitError);
    }
    const { sendersWaiting, receiversWaiting } = snapshotOf(supervisor, channel.name);
    expect([sendersWaiting, receiversWaiting]).toEqual([0, 0]);
    channel.close();
    expect(await receiveAll(channel, 'sync')).toEqual(indexes(7));
  },
);

describe('R22: what a cancelled send had set aside', () => {
  const calledOff: [string, Timed, typeof TimeoutError | typeof LimitError][] = [
    ['timed out', { timeout: 5 }, TimeoutError],
    ['had a bad timeout', { timeout: Number.NaN }, LimitError],
  ];

  test.each(calledOff)('is its sender’s again: a lease, when the send %s', async (_how, options, kind) => {
    const channel = supervisor.channel(`channel ${names++}`, { codec: lease(), capacity: 1 });
    channel.trySend(supervisor.pool.leaseSync(8));
    using mine = supervisor.pool.leaseSync(100);
    mine.bytes.fill(7);
    for (const send of [() => channel.send(mine, options), () => channel.sendSync(mine, options)]) {
      expect(await errorOf(send)).toBeInstanceOf(kind);
      expect([mine.byteLength, mine.bytes[99]]).toEqual([100, 7]);
    }
    expect(channel.trySend(mine)).toBe(false);
    expect(mine.byteLength).toBe(100);
    channel.cancel();
  });

  test.each(calledOff)(
    'goes back to the pool: the block of a large message, when the send %s',
    async (_how, options, kind) => {
      const channel = supervisor.channel(`channel ${names++}`, { codec: bytes(), capacity: 1 });
      channel.trySend(new Uint8Array(1));
      const before = supervisor.snapshot().pool;
      const large = new Uint8Array(5000);
      for (const send of [() => channel.send(large, options), () => channel.sendSync(large, options)]) {
        expect(await errorOf(send)).toBeInstanceOf(kind);
      }
      expect(channel.trySend(large)).toBe(false);
      const { leases, inUse } = supervisor.snapshot().pool;
      expect([leases, inUse]).toEqual([before.leases, before.inUse]);
    },
  );

  test('lets those behind it go on at once: it waited for memory, they need none', async () => {
    await using small = newSupervisor({ memory: 4 * 2 ** 20 });
    const channel = small.channel('small', { codec: bytes(), capacity: 4 });
    for (let size = small.pool.stats().bytes; size >= 64; size /= 2) while (small.pool.tryLease(size));
    const large = errorOf(channel.send(new Uint8Array(60_000), { timeout: 20 }));
    await channel.send(Uint8Array.of(1, 2, 3));
    expect(await large).toBeInstanceOf(TimeoutError);
    expect(channel.tryReceive()!.value).toEqual(Uint8Array.of(1, 2, 3));
  });

  test('does not keep memory that those before it wait for', async () => {
    await using small = newSupervisor({ memory: 4 * 2 ** 20 });
    const channel = small.channel('small', { codec: bytes(), capacity: 4 });
    const { bytes: total } = small.pool.stats();
    let most = total;
    for (let all = small.pool.tryLease(most); ; all = small.pool.tryLease(most)) {
      all?.release();
      if (all) break;
      most -= 65_536;
    }
    const held = small.pool.leaseSync(most - 65_536);
    const first = channel.send(new Uint8Array(most));
    const second = channel.send(new Uint8Array(60_000));
    await turns();
    held.release();
    await first;
    expect((await channel.receive()).value!.length).toBe(most);
    await second;
    expect((await channel.receive()).value!.length).toBe(60_000);
  });
});

/** Makes a call during which the clock stands still for so many looks, and then leaps ahead. */
function leaping<T>(looks: number, call: () => T): T {
  const now = performance.now();
  let left = looks;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (left-- > 0 ? now : now + 1000));
  try {
    return call();
  } finally {
    clock.mockRestore();
  }
}

describe('R24: a time-out that races with a hand-over is settled once, and both sides agree', () => {
  test.each(TOPOLOGY_NAMES)('sends with a time-out, against receives without: %s', async (topology) => {
    const channel = newChannel(topology, 1);
    const received = crew.run(0, 'receiveNumbers', { from: channel.receiver }, { way: 'sync' });
    const outcomes = { done: 0, timeout: 0, closed: 0 };
    const accepted: number[] = [];
    for (let value = 0; value < 400; value++) {
      try {
        if (value % 2 === 0) await channel.send(value, { timeout: (value % 7) / 100 });
        else channel.sendSync(value, { timeout: (value % 7) / 100 });
        accepted.push(value);
        outcomes.done++;
      } catch (error) {
        outcomes[outcomeOf(error)]++;
      }
    }
    channel.close();
    expect(outcomes.done + outcomes.timeout).toBe(400);
    expect(await received).toEqual(accepted);
  });

  test.each(TOPOLOGY_NAMES)('receives with a time-out, against sends without: %s', async (topology) => {
    const channel = newChannel(topology, 1);
    const sent = crew.run(0, 'sendNumbers', { out: channel.sender }, { sender: 0, count: 400, way: 'sync' });
    const received: number[] = [];
    const outcomes = { done: 0, timeout: 0, closed: 0 };
    for (let turn = 0; ; turn++) {
      try {
        const options = { timeout: (turn % 7) / 100 };
        const next = turn % 2 === 0 ? await channel.receive(options) : channel.receiveSync(options);
        if (next.done) break;
        received.push(next.value);
        outcomes.done++;
      } catch (error) {
        outcomes[outcomeOf(error)]++;
      }
    }
    expect(await sent).toBe(400);
    expect(received).toEqual(indexes(400));
    expect(outcomes).toMatchObject({ done: 400, closed: 0 });
  });

  test.each(TOPOLOGY_NAMES)('time-outs on both sides, on two threads: %s', async (topology) => {
    const channel = newChannel(topology, 2);
    const sending = crew.run(0, 'sendTimed', { out: channel.sender }, { count: 2000, timeouts: [0, 0.01, 0.05] });
    const receiving = crew.run(1, 'receiveTimed', { from: channel.receiver }, { timeouts: [0, 0.02, 0.05] });
    const { accepted, timedOut } = await sending;
    const { received } = await receiving;
    expect(accepted.length + timedOut).toBe(2000);
    expect(received).toEqual(accepted);
  });

  test.each(indexes(12))(
    'a deadline that passes after %d looks at the clock, while the operation is being queued',
    async (looks) => {
      const sending = newChannel('mpmc', 1);
      const receiving = newChannel('mpmc', 1);
      sending.sendSync(0);
      const outcomes = [
        leaping(looks, () => sending.send(99, { timeout: 5 })),
        leaping(looks, () => receiving.receive({ timeout: 5 })),
      ].map((outcome) => outcome.then(() => 'done', outcomeOf));
      expect(await Promise.all(outcomes)).toEqual(['timeout', 'timeout']);
      receiving.sendSync(7);
      expect([receiving.tryReceive(), sending.tryReceive()]).toEqual([
        { done: false, value: 7 },
        { done: false, value: 0 },
      ]);
      expect([sending.length, receiving.length]).toEqual([0, 0]);
    },
  );

  test('aborts that race with a hand-over on the same thread', async () => {
    const channel = newChannel('mpmc', 1);
    const table = { received: 0, aborted: 0 };
    const accepted: number[] = [];
    const got: number[] = [];
    for (let round = 0; round < 300; round++) {
      const controller = new AbortController();
      const receiving = channel.receive({ signal: controller.signal }).then(
        ({ value }) => {
          table.received++;
          got.push(value!);
        },
        () => {
          table.aborted++;
        },
      );
      if (round % 3 === 0) controller.abort();
      if (channel.trySend(round)) accepted.push(round);
      if (round % 3 === 1) controller.abort();
      await receiving;
      const left = channel.tryReceive();
      if (left) got.push(left.value!);
    }
    expect(table.received + table.aborted).toBe(300);
    expect(got).toEqual(accepted);
    expect(table.aborted).toBeGreaterThanOrEqual(100);
  });

  test('a thousand pending receives that are aborted leave nothing behind', async () => {
    const channel = newChannel('mpmc', 1);
    const controller = new AbortController();
    const pending = indexes(1000).map(() => errorOf(channel.receive({ signal: controller.signal })));
    await eventually(() => snapshotOf(supervisor, channel.name).receiversWaiting === 1);
    controller.abort();
    expect(new Set((await Promise.all(pending)).map(({ name }) => name))).toEqual(new Set(['AbortError']));
    expect(snapshotOf(supervisor, channel.name).receiversWaiting).toBe(0);
    channel.sendSync(1);
    expect(channel.length).toBe(1);
  });
});
