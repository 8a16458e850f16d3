/** What R1–R15, R17, R19, R22–R27 and R29–R31 say of a channel of capacity 0: nothing is in it, threads meet there. */

import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  bytes,
  type Channel,
  ChannelClosedError,
  type ChannelOptions,
  custom,
  LeaseReleasedError,
  LimitError,
  lease,
  type Scope,
  select,
  selectSync,
  TimeoutError,
  type Topology,
  trySelect,
  u32,
} from '../../src/index.ts';
import { Crew } from '../support/crew.ts';
import { workerEntry } from '../support/entries.ts';
import { errorOf, eventually, turns, watched } from '../support/eventually.ts';
import { randomFrom } from '../support/random.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';
import { expectDelivered, TOPOLOGY_NAMES } from '../support/topologies.ts';
import type { Doom, DoomedPorts } from '../workers/doomed.ts';
import {
  BLOCKING_WAYS,
  numbersOf,
  outcomeOf,
  RECEIVING_WAYS,
  type ReceivingWay,
  receiveAll,
  sendAll,
  WAYS,
  type Way,
} from '../workers/programs.ts';
import { SELECT_WAYS, selectAll, selectReceive, selectSend } from '../workers/selecting.ts';

const supervisor = newSupervisor({ memory: 64 * 2 ** 20, threads: 8 });
const { pool } = supervisor;
let crew: Crew;

beforeAll(() => {
  crew = new Crew(supervisor, 4);
});

afterAll(() => crew[Symbol.asyncDispose]());

let names = 0;

function newChannel<T = number>(options: Partial<ChannelOptions<T>> = {}): Channel<T> {
  return supervisor.channel<T>(`channel ${names++}`, { codec: u32, capacity: 0, ...options } as ChannelOptions<T>);
}

const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);
const DONE = { done: true, value: undefined };

/** Those who are blocked there asleep: whoever comes meets one of them at once. */
const parked = (count = 1) =>
  eventually(() => supervisor.snapshot().threads.filter(({ state }) => state === 'parked').length === count);

/** Nobody waits, nothing is in it, and a send and a receive that come now meet. */
function expectWorking(channel: Channel<number>): void {
  expect(snapshotOf(supervisor, channel.name)).toMatchObject({ length: 0, sendersWaiting: 0, receiversWaiting: 0 });
  expect([channel.trySend(1), channel.tryReceive()]).toEqual([false, undefined]);
  void channel.receive();
  expect(channel.trySend(1)).toBe(true);
}

describe('R1, R2 and R5: every message once, and those of one sender in order', () => {
  const COUNT = 100;

  async function pass(sending: readonly Way[], receiving: readonly ReceivingWay[], topology?: Topology): Promise<void> {
    const channel = newChannel(topology && { topology });
    const guard = channel.sender;
    const received = receiving.map((way, member) =>
      crew.run(member, 'receiveNumbers', { from: channel.receiver }, { way }),
    );
    const sent = sending.map((way, sender) =>
      crew.run(receiving.length + sender, 'sendNumbers', { out: channel.sender }, { sender, count: COUNT, way }),
    );
    guard.close();
    expect(await Promise.all(sent)).toEqual(sending.map(() => COUNT));
    expectDelivered(
      sending.map((_, sender) => numbersOf(sender, COUNT)),
      await Promise.all(received),
    );
  }

  // Of those who only try, somebody else has to wait.
  test.each(WAYS)('across threads, of which one sends by %s', (way) => pass([way, 'async'], ['sync', 'async']));
  test.each(RECEIVING_WAYS)('across threads, of which one receives by %s', (way) =>
    pass(['sync', 'async'], [way, 'sync']),
  );

  test.each(TOPOLOGY_NAMES)('%s', (topology) =>
    pass(
      topology.startsWith('sp') ? ['sync'] : ['sync', 'async', 'sync'],
      topology.endsWith('sc') ? ['sync'] : topology === 'spmc' ? ['sync', 'async', 'sync'] : ['async'],
      topology,
    ),
  );

  test('within one thread', async () => {
    const channel = newChannel();
    const received = (['async', 'for-await', 'batch-async'] as const).map((way) => receiveAll(channel, way));
    const sent = (['async', 'try', 'batch-async'] as const).map((way, sender) =>
      sendAll(channel, numbersOf(sender, COUNT), way),
    );
    expect(await Promise.all(sent)).toEqual([COUNT, COUNT, COUNT]);
    channel.close();
    expectDelivered(
      indexes(3).map((sender) => numbersOf(sender, COUNT)),
      await Promise.all(received),
    );
  });

  test.each(SELECT_WAYS)('by select (%s) on either side, and against plain sends and receives', async (way) => {
    const channels = indexes(3).map(() => newChannel());
    const guards = channels.map(({ sender }) => sender);
    const ends = channels.map(({ receiver }) => receiver);
    const selected = crew.run(0, 'selectAll', { froms: ends }, { way });
    const plain = crew.run(1, 'receiveNumbers', { from: channels[0]!.receiver }, { way: 'sync' });
    const sent = crew.run(
      2,
      'selectSends',
      { outs: channels.map(({ sender }) => sender) },
      {
        numbers: numbersOf(0, 3 * COUNT),
        way: 'sync',
      },
    );
    const sentPlainly = crew.run(
      3,
      'sendNumbers',
      { out: channels[1]!.sender },
      { sender: 1, count: COUNT, way: 'sync' },
    );
    for (const guard of guards) guard.close();
    const mine = await selectAll([channels[2]!], 'async');
    const [ofEach, byPlain, bySelect] = await Promise.all([sent, plain, selected]);
    expect(await sentPlainly).toBe(COUNT);
    expect(ofEach.flat()).toHaveLength(3 * COUNT);
    expectDelivered([ofEach[0]!], [bySelect[0]!, byPlain]);
    expectDelivered([ofEach[1]!, numbersOf(1, COUNT)], [bySelect[1]!]);
    expectDelivered([ofEach[2]!], [bySelect[2]!, mine[0]!]);
  });
});

describe('what is in it', () => {
  test('R3: nothing, whoever waits or passes; it keeps no message that was not acknowledged, nor an oldest one', async () => {
    const channel = newChannel();
    expect([channel.capacity, channel.length]).toEqual([0, 0]);
    const received = crew.run(0, 'receiveNumbers', { from: channel.receiver }, { way: 'sync' });
    const sent = watched(crew.run(1, 'sendNumbers', { out: channel.sender }, { sender: 0, count: 500, way: 'sync' }));
    const seen = new Set<number>();
    while (!sent.settled) {
      for (let look = 0; look < 100; look++) seen.add(channel.length);
      await turns(1);
    }
    expect([[...seen], (await received).length]).toEqual([[0], 500]);
    for (const options of [{ delivery: 'at-least-once' }, { overflow: 'drop-oldest' }] as const) {
      expect(() => newChannel(options)).toThrow(LimitError);
    }
  });

  test('R4: a try meets somebody who waits on another thread, and nobody otherwise', async () => {
    const channel = newChannel();
    // Neither the last sender nor the last receiver is on the other thread.
    const guards = supervisor.share({ out: channel.sender, from: channel.receiver });
    expect([channel.trySend(1), channel.tryReceive()]).toEqual([false, undefined]);
    const received = crew.run(0, 'receiveSome', { from: channel.receiver }, { count: 1 });
    await parked();
    expect([channel.trySend(7), channel.trySend(8)]).toEqual([true, false]);
    expect(await received).toEqual([7]);
    const sent = crew.run(0, 'sendNumbers', { out: channel.sender }, { sender: 0, count: 1, way: 'sync' });
    await parked();
    expect([channel.tryReceive(), channel.tryReceive()]).toEqual([{ done: false, value: 0 }, undefined]);
    expect(await sent).toBe(1);
    expect(guards).toBeDefined();
  });

  test('R4: a try meets what its own thread has pending, however much, in turn', async () => {
    const channel = newChannel();
    const sends = indexes(3).map((value) => channel.send(value));
    expect(indexes(4).map(() => channel.tryReceive()?.value)).toEqual([0, 1, 2, undefined]);
    await Promise.all(sends);
    const receives = indexes(3).map(() => channel.receive());
    expect(indexes(4).map((value) => channel.trySend(value))).toEqual([true, true, true, false]);
    expect((await Promise.all(receives)).map(({ value }) => value)).toEqual([0, 1, 2]);
  });

  test('R5: a send is through only when a receiver has the message', async () => {
    const channel = newChannel();
    const send = watched(channel.send(7));
    await turns();
    expect(send.settled).toBeUndefined();
    expect(channel.receiveSync()).toEqual({ done: false, value: 7 });
    await turns(1);
    expect(send.settled).toEqual({ value: undefined });
  });

  test('R6: of many who wait, on several threads, none is forgotten', async () => {
    const channel = newChannel();
    const guard = channel.sender;
    const sent = indexes(3).map((sender) =>
      crew.run(sender, 'sendNumbers', { out: channel.sender }, { sender, count: 5, way: 'sync' }),
    );
    const mine = numbersOf(3, 5).map((value) => channel.send(value));
    await parked(3);
    // This thread waits as well, and meets itself, too.
    const received = await Promise.all(indexes(20).map(async () => (await channel.receive()).value!));
    await Promise.all(mine);
    expect(await Promise.all(sent)).toEqual([5, 5, 5]);
    expectDelivered(
      indexes(4).map((sender) => numbersOf(sender, 5)),
      [received],
    );
    expect(snapshotOf(supervisor, channel.name)).toMatchObject({ sent: 20, received: 20 });
    guard.close();
  });

  test('a snapshot tells who waits, where, and what has passed', async () => {
    const channel = newChannel();
    const received = crew.run(0, 'receiveNumbers', { from: channel.receiver }, { way: 'sync' });
    await parked();
    expect(supervisor.snapshot().threads.map(({ parkedOn }) => parkedOn)).toContain(`receive ${channel.name}`);
    expect(snapshotOf(supervisor, channel.name)).toMatchObject({ receiversWaiting: 1, sendersWaiting: 0 });
    for (const value of [1, 2, 3]) channel.sendSync(value);
    const { length, peak, level, sent, received: taken, lost } = snapshotOf(supervisor, channel.name);
    expect({ length, peak, level, sent, taken, lost }).toEqual({
      length: 0,
      peak: 0,
      level: 'green',
      sent: 3,
      taken: 3,
      lost: 0,
    });
    channel.close();
    expect(await received).toEqual([1, 2, 3]);
  });
});

describe('the end', () => {
  const sends: Record<string, (channel: Channel<number>) => unknown> = {
    trySend: (channel) => channel.trySend(1),
    sendSync: (channel) => channel.sendSync(1),
    send: (channel) => channel.send(1),
    sendMany: (channel) => channel.sendMany([1, 2]),
    select: (channel) => select({ out: channel.onSend(1) }),
    selectSync: (channel) => selectSync({ out: channel.onSend(1) }),
  };

  test('R7–R9 and R11: once closed, it is closed for everybody, with the error of the first close', async () => {
    const [plain, failed] = [newChannel(), newChannel()];
    plain.close();
    plain.close(new Error('too late'));
    failed.close(new Error('enough'));
    for (const send of Object.values(sends)) {
      const errors = [await errorOf(() => send(plain)), await errorOf(() => send(failed))];
      expect(errors.map(({ code, cause }) => [code, cause?.message])).toEqual([
        ['ERR_CHANNEL_CLOSED', undefined],
        ['ERR_CHANNEL_CLOSED', 'enough'],
      ]);
    }
    for (let again = 0; again < 2; again++) {
      expect([plain.tryReceive(), plain.receiveSync(), await plain.receive()]).toEqual([DONE, DONE, DONE]);
      expect(selectSync({ in: plain.onReceive() })).toEqual({ key: 'in', ...DONE });
      expect(await errorOf(() => failed.tryReceive())).toMatchObject({ cause: { message: 'enough' } });
    }
  });

  test('R10: a close wakes those who wait, on every thread, and nothing was sent', async () => {
    const [a, b] = [newChannel(), newChannel()];
    const froms = [a.receiver, b.receiver];
    const empty = [
      crew.run(0, 'receiveNumbers', { from: a.receiver }, { way: 'sync' }),
      crew.run(1, 'selectAll', { froms }, { way: 'sync' }),
      receiveAll(a, 'async'),
      selectAll([a, b], 'async'),
    ];
    await parked(2);
    b.close();
    a.close();
    expect(await Promise.all(empty)).toEqual([[], [[], []], [], [[], []]]);

    const c = newChannel();
    const refused = [
      crew.run(0, 'sendNumbers', { out: c.sender }, { sender: 0, count: 1, way: 'sync' }),
      crew.run(1, 'sendNumbers', { out: c.sender }, { sender: 1, count: 1, way: 'async' }),
      sendAll(c, [1], 'async'),
    ];
    const selects = [select({ out: c.onSend(1) })].map(errorOf);
    await eventually(() => snapshotOf(supervisor, c.name).sendersWaiting === 3);
    c.close();
    expect(await Promise.all(refused)).toEqual([0, 0, 0]);
    expect((await Promise.all(selects))[0]).toBeInstanceOf(ChannelClosedError);
    expect(c.receiveSync()).toEqual(DONE);
  });

  test('R10: a close in the middle: what was sent was received, and nothing else', async () => {
    for (let round = 0; round < 10; round++) {
      const channel = newChannel();
      const received = crew.run(0, 'receiveNumbers', { from: channel.receiver }, { way: 'sync' });
      const ways = ['sync', 'async'] as const;
      const sent = ways.map((way, sender) =>
        crew.run(1 + sender, 'sendNumbers', { out: channel.sender }, { sender, count: 10_000, way }),
      );
      await eventually(() => snapshotOf(supervisor, channel.name).sent > round * 5);
      channel.close();
      const accepted = (await Promise.all(sent)).map((count, sender) => numbersOf(sender, count));
      expectDelivered(accepted, [await received]);
    }
  });

  test('R12: the last of the sending ends closes it, and no other one', async () => {
    const channel = newChannel();
    const [one, other] = [channel.sender, supervisor.share({ end: channel.sender })];
    const received = receiveAll(channel, 'async');
    await one.send(1);
    one.close();
    await crew.runShared(0, 'closeEnd', other, {});
    expect([await received, channel.closed]).toEqual([[1], true]);
  });

  test('R13: with the last receiving end cancelled, senders that wait are refused', async () => {
    const channel = newChannel();
    const end = channel.receiver;
    const blocked = crew.run(0, 'sendNumbers', { out: channel.sender }, { sender: 0, count: 1, way: 'sync' });
    const large = newChannel({ codec: bytes() });
    const held = pool.stats().leases;
    const refusals = [channel.send(1), select({ out: channel.onSend(2) }), large.send(new Uint8Array(5000))].map(
      errorOf,
    );
    await parked();
    end.cancel();
    large.cancel();
    for (const error of await Promise.all(refusals)) expect(error).toBeInstanceOf(ChannelClosedError);
    expect([await blocked, pool.stats().leases]).toEqual([0, held]);
  });
});

describe('a select', () => {
  test('R14: meets one of those who wait; the others wait on, and it leaves no trace', async () => {
    const [a, b] = [newChannel(), newChannel()];
    const guards = [a, b].map(({ sender }) => sender);
    const sent = [a, b].map((channel, sender) =>
      crew.run(sender, 'sendNumbers', { out: channel.sender }, { sender, count: 1, way: 'sync' }),
    );
    await parked(2);
    const { key } = selectSync({ 0: a.onReceive(), 1: b.onReceive() });
    const [met, left] = key === '0' ? [a, b] : [b, a];
    expect(snapshotOf(supervisor, met.name)).toMatchObject({ sent: 1, sendersWaiting: 0, receiversWaiting: 0 });
    expect(snapshotOf(supervisor, left.name)).toMatchObject({ sent: 0, sendersWaiting: 1, receiversWaiting: 0 });
    expect(left.tryReceive()?.done).toBe(false);
    expect(await Promise.all(sent)).toEqual([1, 1]);
    for (const guard of guards) guard.close();
  });

  test('R14: that waits at several is met once, by whoever comes, and waits nowhere then', async () => {
    const [a, b] = [newChannel(), newChannel()];
    const hit = select({ a: a.onReceive(), b: b.onReceive() });
    expect([b.trySend(7), a.trySend(8), b.trySend(9)]).toEqual([true, false, false]);
    expect(await hit).toEqual({ key: 'b', done: false, value: 7 });
    const sent = select({ a: a.onSend(1), b: b.onSend(2) });
    expect([a.tryReceive(), b.tryReceive()]).toEqual([{ done: false, value: 1 }, undefined]);
    expect(await sent).toEqual({ key: 'a' });
    for (const channel of [a, b]) expectWorking(channel);
  });

  test('R14: the same on another thread', async () => {
    const [a, b] = [newChannel(), newChannel()];
    const met = crew.run(0, 'selectAll', { froms: [a.receiver, b.receiver] }, { way: 'sync' });
    await parked();
    expect(b.trySend(7)).toBe(true);
    await a.send(8);
    await b.send(9);
    for (const channel of [a, b]) channel.close();
    expect(await met).toEqual([[8], [7, 9]]);
  });

  test('R14: a lease or a block whose send was not met is back', async () => {
    const [leases, blobs, ready] = [newChannel({ codec: lease() }), newChannel({ codec: bytes() }), newChannel()];
    using held = pool.leaseSync(100);
    const before = pool.stats().leases;
    const hit = select({
      lease: leases.onSend(held),
      blob: blobs.onSend(new Uint8Array(5000)),
      in: ready.onReceive(),
    });
    expect(() => held.bytes).toThrow(LeaseReleasedError);
    expect(ready.trySend(1)).toBe(true);
    expect(await hit).toMatchObject({ key: 'in' });
    expect([held.byteLength, pool.stats().leases]).toEqual([100, before]);
  });

  test('R15: the choice among those who wait is uniform over 10,000 rounds', () => {
    // Chance that comes out the same each time: what is judged is what select makes of it.
    const random = vi.spyOn(Math, 'random').mockImplementation(randomFrom(20_261_128).next);
    const [ROUNDS, BOUND] = [10_000, (4.4172 * Math.sqrt(10_000)) / 2];
    const [a, b] = [newChannel(), newChannel()];
    for (const channel of [a, b]) void channel.send(1);
    let met = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const { key } = selectSync({ a: a.onReceive(), b: b.onReceive() });
      if (key === 'a') met++;
      void (key === 'a' ? a : b).send(1);
    }
    random.mockRestore();
    expect(Math.abs(met - ROUNDS / 2)).toBeLessThanOrEqual(BOUND);
    for (const channel of [a, b]) channel.tryReceive();
  });

  test('R17: that sends and receives at one channel does not meet itself, but another one like it', async () => {
    const channel = newChannel();
    const both = (value: number) => ({ in: channel.onReceive(), out: channel.onSend(value) });
    expect(trySelect(both(1))).toBeUndefined();
    expect(() => selectSync(both(1), { timeout: 1 })).toThrow(TimeoutError);
    const [one, other] = [select(both(1)), select(both(2))];
    const hits = await Promise.all([one, other]);
    expect(hits.map(({ key }) => key).toSorted()).toEqual(['in', 'out']);
    expect(hits.find(({ key }) => key === 'in')).toMatchObject({ value: hits[0]!.key === 'in' ? 2 : 1 });
    expectWorking(channel);
  });

  test('R19: that only tries meets who waits, on another thread as well, and nobody otherwise', async () => {
    const [a, b] = [newChannel(), newChannel()];
    const cases = { a: a.onReceive(), b: b.onReceive() };
    expect(trySelect(cases)).toBeUndefined();
    const guard = b.sender;
    const sent = crew.run(0, 'sendNumbers', { out: b.sender }, { sender: 0, count: 1, way: 'sync' });
    await parked();
    expect([trySelect(cases), trySelect(cases)]).toEqual([{ key: 'b', done: false, value: 0 }, undefined]);
    expect(await sent).toBe(1);
    guard.close();
  });
});

describe('time', () => {
  const waits: Record<
    string,
    (channel: Channel<number>, options: { timeout?: number; signal?: AbortSignal }) => unknown
  > = {
    send: (channel, options) => channel.send(1, options),
    sendSync: (channel, options) => channel.sendSync(1, options),
    receive: (channel, options) => channel.receive(options),
    receiveSync: (channel, options) => channel.receiveSync(options),
    select: (channel, options) => select({ in: channel.onReceive(), out: channel.onSend(1) }, options),
    selectSync: (channel, options) => selectSync({ in: channel.onReceive(), out: channel.onSend(1) }, options),
  };

  test.each(Object.entries(waits))('R22: a %s that times out, or is aborted, has had no effect', async (way, wait) => {
    const channel = newChannel();
    for (const timeout of [2, 0, -1]) {
      expect(await errorOf(() => wait(channel, { timeout }))).toBeInstanceOf(TimeoutError);
      expectWorking(channel);
    }
    if (way.endsWith('Sync')) return;
    const controller = new AbortController();
    const refusal = errorOf(() => wait(channel, { signal: controller.signal }));
    controller.abort(new Error('changed my mind'));
    expect(await refusal).toMatchObject({ message: 'changed my mind' });
    expectWorking(channel);
  });

  test('R22: one of several that gives up leaves the others in their order', async () => {
    const channel = newChannel();
    const { signal, abort } = abortable();
    const sends = indexes(4).map((value) => channel.send(value, value % 2 ? {} : { signal }).catch(() => 'aborted'));
    abort();
    expect([channel.tryReceive()?.value, channel.tryReceive()?.value]).toEqual([1, 3]);
    expect(await Promise.all(sends)).toEqual(['aborted', undefined, 'aborted', undefined]);
    const receives = indexes(4).map((value) => channel.receive(value % 2 ? {} : { timeout: 1 }).catch(() => 'late'));
    await Promise.all([receives[0], receives[2]]);
    expect([channel.trySend(5), channel.trySend(6), channel.trySend(7)]).toEqual([true, true, false]);
    expect(await Promise.all(receives)).toMatchObject(['late', { value: 5 }, 'late', { value: 6 }]);
  });

  test('R23: a deadline that is past still meets who waits on another thread', async () => {
    const channel = newChannel();
    const guard = channel.sender;
    const sent = indexes(3).map((sender) =>
      crew.run(sender, 'sendNumbers', { out: channel.sender }, { sender, count: 1, way: 'sync' }),
    );
    await parked(3);
    for (const receive of [
      () => channel.receiveSync({ timeout: 0 }),
      () => channel.receive({ timeout: 0 }),
      () => selectSync({ in: channel.onReceive() }, { timeout: 0 }),
    ]) {
      expect(await receive()).toMatchObject({ done: false });
    }
    expect(await Promise.all(sent)).toEqual([1, 1, 1]);
    guard.close();
  });

  const TIMEOUTS = [0, 0.02, 0.1, 1];

  test('R24: sends that time out: those that did were not delivered, all others were', async () => {
    const channel = newChannel();
    const received = receiveAll(channel, 'async');
    const { accepted, timedOut } = await crew.run(
      0,
      'sendTimed',
      { out: channel.sender },
      { count: 500, timeouts: TIMEOUTS },
    );
    expect([await received, accepted.length + timedOut]).toEqual([accepted, 500]);
  });

  test('R24: receives that time out: those that did took nothing', async () => {
    const channel = newChannel();
    const timed = crew.run(0, 'receiveTimed', { from: channel.receiver }, { timeouts: TIMEOUTS });
    await sendAll(channel, indexes(500), 'async');
    channel.close();
    expect((await timed).received).toEqual(indexes(500));
  });

  test('R24: both time out, on threads that block: either both met, or neither', async () => {
    const channel = newChannel();
    const timed = crew.run(0, 'receiveTimed', { from: channel.receiver }, { timeouts: TIMEOUTS });
    const sent = await crew.run(
      1,
      'sendTimed',
      { out: channel.sender },
      { count: 500, timeouts: TIMEOUTS.toReversed() },
    );
    expect((await timed).received).toEqual(sent.accepted);
  });

  test.each(SELECT_WAYS)('R24: selects (%s) that time out on either side: either both met, or neither', async (way) => {
    const channels = [newChannel(), newChannel()];
    const received = crew.run(0, 'selectAll', { froms: channels.map(({ receiver }) => receiver) }, { way: 'sync' });
    const accepted: number[][] = [[], []];
    const mine: number[][] = [[], []];
    for (let value = 0; value < 300; value++) {
      const limit = { timeout: (value % 7) / 50 };
      try {
        if (value % 3 > 0) accepted[await selectSend(channels, value, way, limit)]!.push(value);
        else {
          const hit = await selectReceive(channels, way, limit);
          if (!hit.done) mine[Number(hit.key)]!.push(hit.value);
        }
      } catch (error) {
        expect(outcomeOf(error)).toBe('timeout');
      }
    }
    for (const channel of channels) channel.close();
    expect(await received).toEqual(accepted);
    expect(mine).toEqual([[], []]);
  });

  const blocking = BLOCKING_WAYS.filter((way) => !way.startsWith('lease'));
  test.each(blocking)('R25: a %s on another thread ends with its scope, and has had no effect', async (way) => {
    const scope: Scope = supervisor.scope();
    const [full, empty, begun] = [newChannel(), newChannel(), newChannel()];
    const ended = crew.run(0, 'blockUnder', { scope, full, empty, pool, begun: begun.sender }, { way });
    await begun.receive();
    const waiting = () => [full, empty].map(({ name }) => snapshotOf(supervisor, name));
    await eventually(() => waiting().some((each) => each.sendersWaiting + each.receiversWaiting === 1));
    scope.cancel(new Error('enough'));
    expect(await ended).toMatchObject({ code: 'ERR_CANCELLED', cause: 'Error: enough' });
    for (const channel of [full, empty]) expectWorking(channel);
  });
});

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

describe('memory', () => {
  test('R26: what a thread wrote before a send is seen by its receiver', async () => {
    const channel = newChannel();
    const plain = new Int32Array(new SharedArrayBuffer(4 * 1000));
    const sent = crew.run(0, 'writeThenSend', { out: channel.sender }, { plain });
    const stale: number[] = [];
    for await (const at of channel) if (plain[at] !== at + 1) stale.push(at);
    await sent;
    expect(stale).toEqual([]);
  });

  test('R26: what a thread wrote before it received is seen by the sender, behind the send', async () => {
    const channel = newChannel();
    const plain = new Int32Array(new SharedArrayBuffer(4 * 1000));
    const received = crew.run(0, 'writeThenReceive', { from: channel.receiver }, { plain });
    const stale: number[] = [];
    for (const at of plain.keys()) {
      if (at % 2 === 0) channel.sendSync(at);
      else await channel.send(at);
      if (plain[at] !== at + 1) stale.push(at);
    }
    await received;
    expect(stale).toEqual([]);
  });

  test('R26: what a thread wrote before it closed is seen by whoever observes the close', async () => {
    for (let round = 0; round < 20; round++) {
      const channel = newChannel();
      const plain = new Int32Array(new SharedArrayBuffer(4));
      const closed = crew.run(0, 'writeThenClose', { channel }, { plain, value: round });
      expect([channel.receiveSync().done, plain[0]]).toEqual([true, round]);
      await closed;
    }
  });

  test('R26: payloads come whole, of any size', async () => {
    const channel = newChannel({ codec: bytes({ inline: 40 }) });
    const checked = crew.run(0, 'checkPayloads', { from: channel.receiver }, {});
    const sizes = [1, 8, 39, 40, 41, 64, 65, 1000, 40_000];
    await crew.run(1, 'sendPayloads', { out: channel.sender }, { count: 90, sizes });
    expect(await checked).toEqual({ messages: 90, torn: [] });
  });

  test('R27: a lease is its receiver’s once they met, and until then nobody can touch it', async () => {
    const [there, back] = [newChannel({ codec: lease() }), newChannel({ codec: lease() })];
    const before = pool.stats();
    const refused = pool.leaseSync(100);
    const refusal = errorOf(there.send(refused, { timeout: 2 }));
    expect(() => refused.bytes).toThrow(LeaseReleasedError);
    expect(await refusal).toBeInstanceOf(TimeoutError);
    expect([refused.byteLength, there.trySend(refused)]).toEqual([100, false]);
    refused.release();

    const passing = crew.run(0, 'passLeases', { from: there.receiver, to: back.sender }, { count: 20 });
    let held = pool.leaseSync(1000);
    held.bytes.fill(0);
    for (let round = 1; round <= 20; round++) {
      if (round % 2 === 0) there.sendSync(held);
      else await there.send(held);
      expect(() => held.bytes).toThrow(LeaseReleasedError);
      held = (await back.receive()).value!;
      expect([held.bytes[0], held.bytes[999]]).toEqual([round, round]);
    }
    held.release();
    await passing;
    expect(pool.stats()).toMatchObject({ leases: before.leases, inUse: before.inUse });
  });
});

describe('death', () => {
  const sticky = custom<number>({
    name: 'sticky',
    encode: (value) => new Uint8Array(5000).fill(value),
    decode: ([value]) => value!,
  });

  function doom(how: Doom, ports: DoomedPorts, data: { count?: number; bytes?: number } = {}) {
    const group = supervisor.spawn(workerEntry('workers/doomed.ts'), { ports, data: { how, ...data }, name: how });
    const said = once(group.workers[0]!, 'message').then(([message]) => message);
    const end = async () => {
      await group.terminate();
      await group.finished;
    };
    return { said, end };
  }

  test('R29: of a thread that blocks in a send, a receive or a select: nobody meets it, and others go on', async () => {
    const [out, from, both] = [newChannel(), newChannel(), newChannel()];
    const [guard, other] = [out.sender, both.sender];
    const doomed = [
      doom('send', { out: out.sender }),
      doom('receive', { from: from.receiver }),
      doom('select', { from: both.receiver, out: both.sender }),
    ];
    await parked(3);
    await Promise.all(doomed.map(({ end }) => end()));
    for (const channel of [out, from, both]) {
      expect(snapshotOf(supervisor, channel.name)).toMatchObject({ sent: 0, lost: 0 });
      expectWorking(channel);
    }
    for (const end of [guard, other]) end.close();
    expect([out.receiveSync(), both.receiveSync()]).toEqual([DONE, DONE]);
  });

  test('R29: of the last sender: those who wait are told; and a lease that waited to be sent is back', async () => {
    const channel = newChannel({ codec: lease() });
    const other = newChannel({ codec: lease() });
    const before = pool.stats().leases;
    const doomed = doom('select', { from: other.receiver, out: channel.sender, pool }, { bytes: 5000 });
    await parked();
    (await channel.receive()).value!.release();
    const end = channel.receiver;
    await doomed.end();
    expect([end.receiveSync(), pool.stats().leases]).toEqual([DONE, before]);
  });

  test('R30 and R31: in the middle of reading: the message is lost, and counted, and the next one is whole', async () => {
    const channel = newChannel({ codec: sticky });
    const lost: number[] = [];
    supervisor.once('lost', ({ count }) => lost.push(count));
    const doomed = doom('read for ever', { from: channel.receiver });
    const guard = channel.receiver;
    const sent = channel.send(13);
    expect(await doomed.said).toBe('stuck');
    await doomed.end();
    await sent;
    expect([lost, snapshotOf(supervisor, channel.name).lost]).toEqual([[1], 1]);
    const next = channel.send(7);
    expect([guard.receiveSync().value, pool.stats().leases]).toEqual([7, 0]);
    await next;
  });

  test('R29 and R31: of a thread that is sending all the time, at any step: what came is whole, in order, and once', async () => {
    const channel = newChannel();
    const guard = channel.sender;
    for (let round = 0; round < 3; round++) {
      const received: number[] = [];
      const group = supervisor.spawn(workerEntry('workers/send-and-end.ts'), {
        ports: { out: channel.sender },
        data: { sender: round, count: 1_000_000 },
      });
      const stop = new AbortController();
      const receiving = (async () => {
        for (;;) received.push((await channel.receive({ signal: stop.signal })).value!);
      })().catch((error) => expect(error).toBe(stop.signal.reason));
      await eventually(() => received.length > 50);
      await group.terminate();
      await group.finished;
      stop.abort();
      await receiving;
      expect(received).toEqual(numbersOf(round, received.length));
      expectWorking(channel);
    }
    guard.close();
  });
});
