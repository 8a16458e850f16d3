/** R14–R21, and what R6, R7, R10, R22–R24 and R29 say of a select. */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  after,
  bytes,
  type Channel,
  ChannelClosedError,
  type ChannelOptions,
  CodecError,
  json,
  LeaseReleasedError,
  LimitError,
  lease,
  never,
  type SelectCase,
  select,
  selectSync,
  TimeoutError,
  trySelect,
  u32,
} from '../../src/index.ts';
import { Crew } from '../support/crew.ts';
import { workerEntry } from '../support/entries.ts';
import { errorOf, eventually, turns, watched } from '../support/eventually.ts';
import { randomFrom, seeded } from '../support/random.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';
import { expectDelivered, TOPOLOGY_NAMES } from '../support/topologies.ts';
import { numbersOf } from '../workers/programs.ts';
import { SELECT_WAYS, selectAll, selectReceive, selectSend } from '../workers/selecting.ts';

const supervisor = newSupervisor({ memory: 64 * 2 ** 20, threads: 8 });
let crew: Crew;

beforeAll(() => {
  crew = new Crew(supervisor, 4);
});

afterAll(() => crew[Symbol.asyncDispose]());
afterEach(() => void vi.restoreAllMocks());

let names = 0;

function newChannel(options: Partial<ChannelOptions<number>> = {}, values: readonly number[] = []): Channel<number> {
  const channel = supervisor.channel<number>(`channel ${names++}`, { codec: u32, capacity: 3, ...options });
  for (const value of values) channel.sendSync(value);
  return channel;
}

const full = (options: Partial<ChannelOptions<number>> = {}) => {
  const { capacity = 1 } = options;
  return newChannel({ ...options, capacity }, indexes(capacity));
};

const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

function waiting(...channels: Channel<any>[]): number {
  const names = new Set(channels.map(({ name }) => name));
  const those = supervisor.snapshot().channels.filter(({ name }) => names.has(name));
  expect(those).toHaveLength(names.size);
  return sum(those.map(({ sendersWaiting, receiversWaiting }) => sendersWaiting + receiversWaiting));
}

type Cases = Record<string, SelectCase<any> | undefined | null>;
interface Timed {
  readonly timeout?: number;
}

/** The forms of a select that answer at once if something is ready. */
const FORMS: Record<string, (cases: Cases, options?: Timed) => any> = {
  select: (cases, options) => select(cases, options),
  selectSync: (cases, options) => selectSync(cases, options),
  trySelect: (cases) => trySelect(cases),
};
const WAITING_FORMS = { select: FORMS.select!, selectSync: FORMS.selectSync! };

/** Everything there is to choose among: of each kind one that is ready and one that is not. */
const KINDS: readonly [string, Partial<ChannelOptions<number>>][] = [
  ...TOPOLOGY_NAMES.map((topology): [string, Partial<ChannelOptions<number>>] => [topology, { topology }]),
  ['at-least-once', { delivery: 'at-least-once' }],
];

describe.each(Object.entries(FORMS))('%s', (_form, choose) => {
  describe.each(KINDS)('%s', (_kind, options) => {
    test('receives from the channel that has a message, and says from which', async () => {
      const [empty, one] = [newChannel(options), newChannel(options, [7, 8])];
      const hit = await choose({ empty: empty.onReceive(), one: one.onReceive() });
      expect(hit).toEqual({ key: 'one', done: false, value: 7 });
      expect(await choose({ empty: empty.onReceive(), one: one.receiver.onReceive() })).toMatchObject({ value: 8 });
    });

    test('sends to the channel that has room, and says to which', async () => {
      const [taken, free] = [full(options), newChannel(options)];
      expect(await choose({ taken: taken.onSend(7), free: free.onSend(8) })).toEqual({ key: 'free' });
      expect(await choose({ taken: taken.onSend(7), free: free.sender.onSend(9) })).toEqual({ key: 'free' });
      expect([taken.length, free.tryReceive()?.value, free.tryReceive()?.value]).toEqual([1, 8, 9]);
    });

    test('R14: commits exactly one of several ready cases, and the others leave no trace', async () => {
      for (let round = 0; round < 8; round++) {
        const receiving = indexes(3).map((index) => newChannel(options, [index]));
        const sending = indexes(3).map(() => newChannel(options));
        const cases: Cases = {};
        for (const [index, channel] of receiving.entries()) cases[`receive ${index}`] = channel.onReceive();
        for (const [index, channel] of sending.entries()) cases[`send ${index}`] = channel.onSend(10 + index);
        const { key } = await choose(cases);
        const [what, which] = key.split(' ');
        expect(waiting(...receiving, ...sending)).toBe(0);
        // What was received may still be in hand; what was sent is there.
        const left = receiving.map((channel) => channel.tryReceive()?.value);
        expect(left).toEqual(indexes(3).map((index) => (key === `receive ${index}` ? undefined : index)));
        const sent = sending.map((channel) => channel.tryReceive()?.value);
        expect(sent).toEqual(indexes(3).map((index) => (key === `send ${index}` ? 10 + index : undefined)));
        expect(['receive', 'send'][what === 'send' ? 1 : 0]).toBe(what);
        expect(Number(which)).toBeLessThan(3);
      }
    });

    test('R7: a send that is chosen on a closed channel throws; R9: a receive answers done', async () => {
      const [closed, empty] = [newChannel(options, [1]), newChannel(options)];
      closed.close();
      const error = await errorOf(() => choose({ closed: closed.onSend(2), empty: empty.onReceive() }));
      expect(error).toBeInstanceOf(ChannelClosedError);
      expect(await choose({ closed: closed.onReceive() })).toMatchObject({ done: false, value: 1 });
      const cases = { closed: closed.onReceive(), empty: empty.onReceive() };
      expect(await choose(cases)).toEqual({ key: 'closed', done: true, value: undefined });
      expect(await choose(cases)).toMatchObject({ done: true });
      expect(waiting(closed, empty)).toBe(0);
    });
  });

  test('R8: a channel that was closed with an error gives it to receives and sends that are chosen', async () => {
    const channel = newChannel({}, [1]);
    const cause = new Error('enough');
    channel.close(cause);
    expect(await choose({ in: channel.onReceive() })).toMatchObject({ value: 1 });
    for (const chosen of [() => channel.onReceive(), () => channel.onSend(1)]) {
      const error = await errorOf(() => choose({ chosen: chosen() }));
      expect([error.code, error.cause.message]).toEqual(['ERR_CHANNEL_CLOSED', 'enough']);
    }
  });

  test('R14: a lease whose send was not chosen is its owner’s again, one whose send was is spent', async () => {
    const channel = supervisor.channel(`channel ${names++}`, { codec: lease(), capacity: 4 });
    const held = indexes(3).map(() => supervisor.pool.leaseSync(100));
    const cases = Object.fromEntries(held.map((each, index) => [index, channel.onSend(each)]));
    expect(held.map(({ byteLength }) => byteLength)).toEqual([100, 100, 100]);
    const { key } = await choose(cases);
    for (const [index, each] of held.entries()) {
      if (String(index) === key) expect(() => each.bytes).toThrow(LeaseReleasedError);
      else each.release();
    }
    channel.tryReceive()!.value!.release();
    expect(channel.length).toBe(0);
  });

  test('R14: the block of a large message whose send was not chosen goes back to the pool', async () => {
    const taken = supervisor.channel(`channel ${names++}`, { codec: bytes(), capacity: 1 });
    taken.sendSync(new Uint8Array(1));
    const ready = newChannel({}, [1]);
    const before = supervisor.pool.stats().leases;
    await choose({ taken: taken.onSend(new Uint8Array(5000)), ready: ready.onReceive() });
    expect(supervisor.pool.stats().leases).toBe(before);
  });

  test('R14: a message that cannot be read is an error of its case, and gone', async () => {
    const broken = supervisor.channel<{ n: number }>(`channel ${names++}`, {
      codec: json<{ n: number }>(),
      capacity: 1,
    });
    broken.sendSync({ n: 1 });
    const parse = vi.spyOn(JSON, 'parse').mockImplementation(() => {
      throw new Error('broken');
    });
    expect(await errorOf(() => choose({ broken: broken.onReceive() }))).toBeInstanceOf(CodecError);
    parse.mockRestore();
    expect(broken.length).toBe(0);
  });

  describe('R15: the choice among ready cases is uniform over 10,000 rounds', () => {
    const ROUNDS = 10_000;

    /** Go's bound: 4.4172 standard deviations from the expected count. */
    function expectUniform(counts: readonly number[]): void {
      const share = 1 / counts.length;
      const bound = 4.4172 * Math.sqrt(ROUNDS * share * (1 - share));
      expect(sum(counts)).toBe(ROUNDS);
      for (const count of counts) expect(Math.abs(count - ROUNDS * share)).toBeLessThanOrEqual(bound);
    }

    /** Chance that comes out the same each time: what is judged is what select makes of it. */
    const loaded = () => vi.spyOn(Math, 'random').mockImplementation(randomFrom(20_261_124).next);

    async function count(cases: () => Cases, undo: (key: string) => void, keys: readonly string[]): Promise<void> {
      loaded();
      const counts = new Map(keys.map((key) => [key, 0]));
      for (let round = 0; round < ROUNDS; round++) {
        const { key } = await choose(cases());
        counts.set(key, counts.get(key)! + 1);
        undo(key);
      }
      expectUniform(keys.map((key) => counts.get(key)!));
    }

    test.each([2, 3, 8])('%d receives', async (ready) => {
      const channels = indexes(ready).map((index) => newChannel({}, [index]));
      const cases = Object.fromEntries(channels.map((channel, index) => [index, channel.onReceive()]));
      await count(
        () => cases,
        (key) => channels[Number(key)]!.sendSync(1),
        Object.keys(cases),
      );
    });

    test.each([2, 3, 8])('%d sends', async (ready) => {
      const channels = indexes(ready).map(() => newChannel({ capacity: 1 }));
      await count(
        () => Object.fromEntries(channels.map((channel, index) => [index, channel.onSend(index)])),
        (key) => void channels[Number(key)]!.receiveSync(),
        indexes(ready).map(String),
      );
    });

    test('two ready ones among others that are not, wherever they stand', async () => {
      const channels = indexes(5).map((index) => newChannel({}, index === 0 || index === 3 ? [1] : []));
      const cases = Object.fromEntries(channels.map((channel, index) => [index, channel.onReceive()]));
      await count(
        () => cases,
        (key) => channels[Number(key)]!.sendSync(1),
        ['0', '3'],
      );
    });

    test('a receive, a send, a closed channel and a timer', async () => {
      const [one, free, closed] = [newChannel({}, [1]), newChannel({ capacity: 1 }), newChannel()];
      closed.close();
      await count(
        () => ({ one: one.onReceive(), free: free.onSend(1), closed: closed.onReceive(), timer: after(0) }),
        (key) => {
          if (key === 'one') one.sendSync(1);
          if (key === 'free') free.receiveSync();
        },
        ['one', 'free', 'closed', 'timer'],
      );
    });

    test('one channel in two cases', async () => {
      const channel = newChannel({}, [1, 2]);
      await count(
        () => ({ a: channel.onReceive(), b: channel.onReceive() }),
        () => channel.sendSync(1),
        ['a', 'b'],
      );
    });
  });

  describe('R16: never concludes "none ready" while at every instant some case is', () => {
    const ROUNDS = 10_000;
    const now = (cases: Cases) => choose(cases, { timeout: 0 });

    test('of messages, that another thread keeps moving from one channel to the other', async () => {
      const channels = [newChannel({}, [0]), newChannel()];
      const stop = new Int32Array(new SharedArrayBuffer(4));
      const juggling = crew.run(0, 'juggleMessages', { channels }, { stop });
      try {
        for (let round = 0; round < ROUNDS; round++) {
          const hit = await now({ 0: channels[0]!.onReceive(), 1: channels[1]!.onReceive() });
          expect(hit).toBeDefined();
          // Until this it is without; during the next select there is one again.
          channels[Number(hit.key)]!.sendSync(hit.value);
        }
      } finally {
        Atomics.store(stop, 0, 1);
        await juggling;
      }
    });

    test('of room, likewise', async () => {
      const channels = [full(), newChannel({ capacity: 1 })];
      const stop = new Int32Array(new SharedArrayBuffer(4));
      const juggling = crew.run(0, 'juggleRoom', { channels }, { stop });
      try {
        for (let round = 0; round < ROUNDS; round++) {
          const hit = await now({ 0: channels[0]!.onSend(1), 1: channels[1]!.onSend(2) });
          expect(hit).toBeDefined();
          channels[Number(hit.key)]!.receiveSync();
        }
      } finally {
        Atomics.store(stop, 0, 1);
        await juggling;
      }
    });
  });

  test('R17: one that sends to and receives from one channel never pairs with itself', async () => {
    const channel = newChannel({ capacity: 1 });
    for (let round = 0; round < 100; round++) {
      expect(await choose({ out: channel.onSend(round), in: channel.onReceive() })).toEqual({ key: 'out' });
      const hit = await choose({ out: channel.onSend(1000), in: channel.onReceive() });
      expect(hit).toEqual({ key: 'in', done: false, value: round });
    }
    expect(waiting(channel)).toBe(0);
  });

  test('R17: one channel may stand in several cases, with several values', async () => {
    const channel = newChannel({ capacity: 1 });
    const { key } = await choose({ 5: channel.onSend(5), 6: channel.onSend(6), 7: channel.onSend(7) });
    expect(channel.receiveSync().value).toBe(Number(key));
  });

  test('R18: values are evaluated once, in order, before anything is tried', async () => {
    const log: string[] = [];
    const noted = (name: string) => ({
      toJSON: () => {
        log.push(`${name}, ${channels.map(({ length }) => length)}`);
        return name;
      },
    });
    const channels = indexes(3).map(() => supervisor.channel(`channel ${names++}`, { codec: json(), capacity: 1 }));
    const { key } = await choose({
      z: channels[0]!.onSend(noted('z')),
      a: channels[1]!.onSend(noted('a')),
      m: channels[2]!.onSend(noted('m')),
    });
    expect(log).toEqual(['z, 0,0,0', 'a, 0,0,0', 'm, 0,0,0']);
    expect(channels[['z', 'a', 'm'].indexOf(key)]!.tryReceive()!.value).toBe(key);
  });

  test('R18: a case that cannot be evaluated stops it before anything is tried', async () => {
    const [ready, leases] = [newChannel({}, [1]), supervisor.channel('', { codec: lease(), capacity: 2 })];
    using mine = supervisor.pool.leaseSync(10);
    const [good, again] = [leases.onSend(mine), leases.onSend(mine)];
    const error = await errorOf(() => choose({ ready: ready.onReceive(), good, again }));
    expect(error).toBeInstanceOf(LeaseReleasedError);
    expect([ready.length, leases.length, mine.byteLength]).toEqual([1, 0, 10]);
    expect(() => ready.onSend('text' as never)).toThrow(CodecError);
  });

  test('R20: an absent channel is never ready', async () => {
    const ready = newChannel({}, [1, 2]);
    const absent = undefined as Channel<number> | undefined;
    expect(await choose({ a: absent?.onReceive(), b: null, ready: ready.onReceive() })).toMatchObject({ key: 'ready' });
    expect(await choose({ n: never(), ready: ready.onReceive() })).toMatchObject({ key: 'ready' });
  });

  test.each([7, 'case', {}, () => 1])('refuses %s in the place of a case, and nothing has happened', async (bad) => {
    const ready = newChannel({}, [1]);
    const error = await errorOf(() => choose({ ready: ready.onReceive(), bad: bad as never }));
    expect(error).toBeInstanceOf(LimitError);
    expect(error.message).toContain('"bad"');
    expect(ready.length).toBe(1);
  });

  test('refuses what is no object of cases', async () => {
    expect(await errorOf(() => choose(undefined as never))).toBeInstanceOf(LimitError);
    expect(await errorOf(() => choose(5 as never))).toBeInstanceOf(LimitError);
  });

  test('a case can be used again: what it sends is evaluated again', async () => {
    const channel = newChannel();
    const value = { n: 1 };
    const texts = supervisor.channel('', { codec: json<{ n: number }>(), capacity: 9 });
    const [out, text] = [channel.onSend(5), texts.onSend(value)];
    for (let round = 0; round < 3; round++) expect(await choose({ out })).toEqual({ key: 'out' });
    expect(channel.length).toBe(3);
    await choose({ text });
    value.n = 2;
    await choose({ text });
    expect([texts.tryReceive()!.value, texts.tryReceive()!.value]).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test('an end that was closed stands in no select any more', async () => {
    const channel = newChannel({}, [1]);
    const [sender, receiver] = [channel.sender, channel.receiver];
    const cases = { in: receiver.onReceive(), out: sender.onSend(1) };
    const keep = channel.sender;
    sender.close();
    expect(() => sender.onSend(1)).toThrow(ChannelClosedError);
    expect(await errorOf(() => choose({ out: cases.out }))).toBeInstanceOf(ChannelClosedError);
    receiver.cancel();
    expect(() => receiver.onReceive()).toThrow(ChannelClosedError);
    expect(await errorOf(() => choose({ in: cases.in }))).toBeInstanceOf(ChannelClosedError);
    keep.close();
  });

  test('acknowledges what was received before of an at-least-once channel, as any receive does', async () => {
    const kept = newChannel({ delivery: 'at-least-once' }, [1, 2]);
    const other = newChannel({}, [3]);
    const receiver = kept.receiver;
    expect(receiver.receiveSync().value).toBe(1);
    expect(kept.length).toBe(2);
    await choose({ in: receiver.onReceive(), other: other.onReceive() });
    // Whichever it was: what was in hand before is done with.
    expect(kept.length).toBe(1);
    receiver.cancel();
  });
});

test('R19: trySelect answers undefined when nothing is ready', () => {
  const [empty, taken] = [newChannel(), full()];
  expect(trySelect({ in: empty.onReceive(), out: taken.onSend(1) })).toBeUndefined();
  expect(trySelect({})).toBeUndefined();
  expect(trySelect({ a: undefined, n: never(), later: after(1000) })).toBeUndefined();
  expect([empty.length, taken.length, waiting(empty, taken)]).toEqual([0, 1, 0]);
});

describe.each(Object.entries(WAITING_FORMS))('%s', (_form, choose) => {
  test('R22: one that times out has had no effect', async () => {
    const [empty, taken] = [newChannel(), full()];
    using mine = supervisor.pool.leaseSync(10);
    const leases = supervisor.channel(`channel ${names++}`, { codec: lease(), capacity: 1 });
    leases.sendSync(supervisor.pool.leaseSync(1));
    const cases = { in: empty.onReceive(), out: taken.onSend(1), lent: leases.onSend(mine) };
    for (const timeout of [-1, 0, 0.5, 5]) {
      expect(await errorOf(() => choose(cases, { timeout }))).toMatchObject({ code: 'ERR_TIMEOUT' });
      expect([empty.length, taken.length, leases.length, waiting(empty, taken, leases)]).toEqual([0, 1, 1, 0]);
      expect(mine.byteLength).toBe(10);
    }
    leases.cancel();
  });

  test('R23: a deadline that is past still takes what is ready', async () => {
    const [empty, ready] = [newChannel(), newChannel({}, [1, 2])];
    for (const timeout of [0, -5]) {
      const hit = await choose({ empty: empty.onReceive(), ready: ready.onReceive() }, { timeout });
      expect(hit).toMatchObject({ key: 'ready' });
    }
  });

  test.each([Number.NaN, '5', {}])('a timeout of %s is refused with LimitError', async (timeout) => {
    const ready = newChannel({}, [1]);
    const error = await errorOf(() => choose({ in: ready.onReceive() }, { timeout: timeout as number }));
    expect([error.code, ready.length]).toEqual(['ERR_LIMIT', 1]);
  });

  test('R20: one of nothing waits until it is called off', async () => {
    for (const cases of [{}, { a: undefined, b: null }, { n: never() }]) {
      expect(await errorOf(() => choose(cases, { timeout: 5 }))).toBeInstanceOf(TimeoutError);
    }
  });
});

describe('pending selects', () => {
  test.each(KINDS)('R10: are woken by a message, by room and by a close: %s', async (_kind, options) => {
    const [a, b, taken] = [newChannel(options), newChannel(options), full(options)];
    const cases = () => ({ a: a.onReceive(), b: b.onReceive(), out: taken.onSend(9) });
    const hits = [select(cases()), select(cases()), select(cases())];
    await turns(2);
    b.sendSync(5);
    expect(await hits[0]).toEqual({ key: 'b', done: false, value: 5 });
    expect(taken.tryReceive()?.value).toBe(0);
    // At-least-once: this acknowledges it, and so makes room.
    taken.tryReceive();
    expect(await hits[1]).toEqual({ key: 'out' });
    a.close();
    expect(await hits[2]).toEqual({ key: 'a', done: true, value: undefined });
    await turns(1);
    expect(waiting(a, b, taken)).toBe(0);
  });

  test('R15: of two cases that became ready before anybody looked each is equally likely', async () => {
    vi.spyOn(Math, 'random').mockImplementation(randomFrom(5).next);
    const [a, b] = [newChannel(), newChannel()];
    let first = 0;
    for (let round = 0; round < 10_000; round++) {
      const pending = select({ a: a.onReceive(), b: b.onReceive() });
      a.trySend(1);
      b.trySend(1);
      const { key } = await pending;
      if (key === 'a') first++;
      (key === 'a' ? b : a).receiveSync();
    }
    expect(Math.abs(first / 10_000 - 0.5)).toBeLessThanOrEqual(4.4172 / (2 * Math.sqrt(10_000)));
  });

  test('are served in turn, with plain operations at the same channels', async () => {
    const [a, b] = [newChannel(), newChannel()];
    const order: string[] = [];
    const noted = <T>(name: string, promise: Promise<T>) => promise.then(() => void order.push(name));
    const all = [
      noted('1', select({ a: a.onReceive(), b: b.onReceive() })),
      noted('2', a.receive()),
      noted('3', select({ b: b.onReceive(), a: a.onReceive() })),
      noted('4', b.receive()),
      noted('5', a.receive()),
    ];
    // Behind the first, which takes from a, there is 2 at a and 3 at b.
    for (const channel of [a, b, a, b, a]) {
      channel.trySend(1);
      await turns(2);
    }
    await Promise.all(all);
    expect(order).toEqual(['1', '3', '2', '4', '5']);
  });

  test('R6: who stands behind one that is settled elsewhere is not forgotten', async () => {
    const leases = supervisor.channel('', { codec: bytes(), capacity: 2 });
    await using small = newSupervisor({ memory: 4 * 2 ** 20 });
    const tight = small.channel('tight', { codec: bytes(), capacity: 4 });
    for (let size = small.pool.stats().bytes; size >= 64; size /= 2) while (small.pool.tryLease(size));
    // The first lacks memory, not room; the second needs none.
    const first = select({ large: tight.onSend(new Uint8Array(60_000)), in: leases.onReceive() });
    const second = tight.send(Uint8Array.of(1));
    const watch = watched(second);
    await turns(2);
    expect(watch.settled).toBeUndefined();
    leases.sendSync(Uint8Array.of(7));
    expect(await first).toMatchObject({ key: 'in' });
    await second;
    expect(tight.length).toBe(1);
  });

  test('R14: a send that waits for memory is made when there is some, and gives it back when it is not chosen', async () => {
    await using small = newSupervisor({ memory: 4 * 2 ** 20 });
    const tight = small.channel('tight', { codec: bytes(), capacity: 1 });
    const other = small.channel('other', { codec: u32, capacity: 1 });
    const rest = [];
    for (let held = small.pool.tryLease(65_536); held; held = small.pool.tryLease(65_536)) rest.push(held);
    const sent = select({ large: tight.onSend(new Uint8Array(60_000).fill(3)), other: other.onReceive() });
    await turns(2);
    expect(tight.length).toBe(0);
    rest.pop()!.release();
    expect(await sent).toEqual({ key: 'large' });
    // This one has its memory, and finds no room.
    rest.pop()!.release();
    const before = small.pool.stats().leases;
    const lost = select({ large: tight.onSend(new Uint8Array(60_000)), other: other.onReceive() });
    await turns(2);
    expect(small.pool.stats().leases).toBe(before + 1);
    other.sendSync(1);
    expect(await lost).toMatchObject({ key: 'other' });
    expect(small.pool.stats().leases).toBe(before);
  });

  test('R22: one that is aborted has had no effect, and leaves those behind it in their order', async () => {
    const [a, taken] = [newChannel(), full()];
    const controller = new AbortController();
    const refused = errorOf(select({ a: a.onReceive(), out: taken.onSend(1) }, { signal: controller.signal }));
    const [next, last] = [a.receive(), select({ a: a.onReceive() })];
    await turns(1);
    const reason = new Error('changed my mind');
    controller.abort(reason);
    expect(await refused).toBe(reason);
    a.sendManySync([1, 2]);
    expect([(await next).value, (await last).done]).toEqual([1, false]);
    expect([a.length, taken.length, waiting(a, taken)]).toEqual([0, 1, 0]);
    const before = AbortSignal.abort(reason);
    a.sendSync(1);
    expect(await errorOf(select({ a: a.onReceive() }, { signal: before }))).toBe(reason);
    expect(a.length).toBe(1);
  });

  test('R20: one of nothing is pending until it is aborted', async () => {
    const controller = new AbortController();
    const pending = select({ a: undefined, n: never() }, { signal: controller.signal });
    const watch = watched(pending);
    await turns();
    expect(watch.settled).toBeUndefined();
    controller.abort();
    expect(await errorOf(pending)).toMatchObject({ name: 'AbortError' });
  });

  test('R18: keep bytes as they were when they had to wait', async () => {
    const blobs = supervisor.channel('', { codec: bytes(), capacity: 1 });
    blobs.sendSync(Uint8Array.of(0));
    const mine = Uint8Array.of(1, 2, 3);
    const pending = select({ out: blobs.onSend(mine) });
    mine.fill(9);
    blobs.receiveSync();
    await pending;
    expect(blobs.receiveSync().value).toEqual(Uint8Array.of(1, 2, 3));
  });

  test('may wait at channels of two supervisors; one that blocks may not', async () => {
    await using other = newSupervisor();
    const [here, there] = [newChannel(), other.channel('there', { codec: u32, capacity: 1 })];
    const cases = () => ({ here: here.onReceive(), there: there.onReceive() });
    expect(trySelect(cases())).toBeUndefined();
    for (const [channel, key] of [
      [here, 'here'],
      [there, 'there'],
    ] as const) {
      const pending = select(cases());
      await turns(1);
      channel.sendSync(1);
      expect(await pending).toMatchObject({ key, value: 1 });
    }
    expect(() => selectSync(cases(), { timeout: 0 })).toThrow(LimitError);
  });

  test('R21: thousands are settled by one close, and take at most 1,200 bytes each', async () => {
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const [a, b] = [newChannel(), newChannel()];
    const [fromA, fromB] = [a.receiver, b.receiver];
    const waits = vi.spyOn(Atomics, 'waitAsync');
    const pending = new Array<Promise<{ key: string; done: boolean }>>(20_000);
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < pending.length; i++) pending[i] = select({ a: fromA.onReceive(), b: fromB.onReceive() });
    collect();
    expect((process.memoryUsage().heapUsed - before) / pending.length).toBeLessThanOrEqual(1200);
    await sleep(5);
    // None, if one is outstanding from before.
    expect(waits.mock.calls.length).toBeLessThanOrEqual(1);
    a.close();
    expect(new Set((await Promise.all(pending)).map(({ key, done }) => `${key} ${done}`))).toEqual(new Set(['a true']));
    expect(waiting(a, b)).toBe(0);
  });

  test('R21: 100,000 in a row leave heap and segment flat', async () => {
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const [a, b, taken] = [
      newChannel(),
      newChannel(),
      supervisor.channel(`channel ${names++}`, { codec: bytes(), capacity: 1 }),
    ];
    taken.sendSync(Uint8Array.of(1));
    const large = new Uint8Array(1000);
    const rounds = async (count: number) => {
      for (let round = 0; round < count; round++) {
        const pending = select({ a: a.onReceive(), b: b.onReceive(), out: taken.onSend(large) });
        (round % 2 ? a : b).sendSync(round);
        await pending;
      }
    };
    await rounds(5000);
    collect();
    const before = process.memoryUsage().heapUsed;
    const { inUse, leases } = supervisor.pool.stats();
    await rounds(100_000);
    collect();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(1_000_000);
    expect(supervisor.pool.stats()).toMatchObject({ inUse, leases });
    expect(waiting(a, b, taken)).toBe(0);
  }, 60_000);
});

describe('across threads', () => {
  test.each(SELECT_WAYS)('R1 and R2: selects of many channels, on both sides: receivers %s', async (way) => {
    const random = seeded();
    for (const topology of ['mpmc', 'spsc'] as const) {
      const receivers = topology === 'mpmc' ? 2 : 1;
      const channels = indexes(3).map(() => newChannel({ topology, capacity: random.int(1, 4) }));
      const guards = channels.map(({ sender }) => sender);
      const received = indexes(receivers).map((member) =>
        crew.run(member, 'selectAll', { froms: channels.map(({ receiver }) => receiver) }, { way }),
      );
      const sent = indexes(receivers).map((member) =>
        crew.run(
          2 + member,
          'selectSends',
          { outs: channels.map(({ sender }) => sender) },
          { numbers: numbersOf(member, 3000), way: SELECT_WAYS[member % 2]! },
        ),
      );
      for (const guard of guards) guard.close();
      const accepted = await Promise.all(sent);
      const got = await Promise.all(received);
      for (const index of indexes(3)) {
        expectDelivered(
          accepted.map((ofChannel) => ofChannel[index]!),
          got.map((ofChannel) => ofChannel[index]!),
        );
      }
      expect(accepted.flat(2)).toHaveLength(3000 * receivers);
      expect(waiting(...channels)).toBe(0);
    }
  });

  test('R2: this thread selects asynchronously what others send and receive plainly', async () => {
    const channels = indexes(2).map(() => newChannel({ capacity: 2 }));
    const others = channels.map((channel, member) =>
      crew.run(member, 'receiveNumbers', { from: channel.receiver }, { way: member === 0 ? 'sync' : 'async' }),
    );
    const senders = channels.map((channel, index) => ({ out: channel.sender, index }));
    const sent = senders.map(({ out, index }) =>
      crew.run(2 + index, 'sendNumbers', { out }, { sender: index, count: 1000, way: 'sync' }),
    );
    const mine = await selectAll(channels, 'async');
    expect(await Promise.all(sent)).toEqual([1000, 1000]);
    const theirs = await Promise.all(others);
    for (const index of indexes(2)) expectDelivered([numbersOf(index, 1000)], [mine[index]!, theirs[index]!]);
  });

  test('R10: a close wakes selects that block and selects that are pending, on every thread', async () => {
    for (let round = 0; round < 20; round++) {
      const [a, b] = [newChannel(), newChannel()];
      const froms = [a, b].map(({ receiver }) => receiver);
      const asleep = SELECT_WAYS.map((way, member) => crew.run(member, 'selectAll', { froms }, { way }));
      const mine = selectAll([a, b], 'async');
      if (round % 2 === 0) {
        await eventually(() => snapshotOf(supervisor, a.name).receiversWaiting === 3);
        await eventually(() => snapshotOf(supervisor, b.name).receiversWaiting === 3);
      }
      b.close();
      a.close();
      expect(await Promise.all([...asleep, mine])).toEqual(indexes(3).map(() => [[], []]));
    }
  });

  test.each(SELECT_WAYS)('R24: receives that time out, racing with sends: %s', async (way) => {
    const channels = indexes(2).map(() => newChannel({ capacity: 1 }));
    const outs = channels.map(({ sender }) => sender);
    const numbers = indexes(600);
    const sent = crew.run(0, 'selectSends', { outs }, { numbers, way: 'sync' });
    const received: number[][] = [[], []];
    const open: (Channel<number> | undefined)[] = [...channels];
    let late = 0;
    for (let turn = 0; open.some((channel) => channel); turn++) {
      try {
        const hit = await selectReceive(open, way, { timeout: (turn % 7) / 100 });
        if (hit.done) open[Number(hit.key)] = undefined;
        else received[Number(hit.key)]!.push(hit.value);
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
        late++;
      }
    }
    expect(received).toEqual(await sent);
    expect(received.flat()).toHaveLength(600);
    expect(late).toBeGreaterThanOrEqual(0);
  });

  test.each(SELECT_WAYS)('R24: sends that time out, racing with receives: %s', async (way) => {
    const channels = indexes(2).map(() => newChannel({ capacity: 1 }));
    const froms = channels.map(({ receiver }) => receiver);
    const received = crew.run(0, 'selectAll', { froms }, { way: 'async' });
    const accepted: number[][] = [[], []];
    for (let value = 0; value < 600; value++) {
      try {
        accepted[await selectSend(channels, value, way, { timeout: (value % 7) / 100 })]!.push(value);
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
      }
    }
    for (const channel of channels) channel.close();
    expect(await received).toEqual(accepted);
  });

  test('R20: a thread that selects among nothing is shown as parked on that', async () => {
    const asleep = crew.run(0, 'selectNothing', {}, { timeout: 400 });
    await eventually(() => supervisor.snapshot().threads.some(({ parkedOn }) => parkedOn === 'select'));
    expect(await asleep).toBe('time-out');
    expect(supervisor.snapshot().threads.some(({ parkedOn }) => parkedOn === 'select')).toBe(false);
  });

  test('R29: a thread that is terminated while it selects leaves no waiter, and the channels go on', async () => {
    const [from, out] = [newChannel(), full()];
    const guard = out.sender;
    const group = supervisor.spawn(workerEntry('workers/doomed.ts'), {
      ports: { from: from.receiver, out: out.sender },
      data: { how: 'select' },
    });
    await eventually(() => waiting(from, out) === 2);
    await group.terminate();
    await group.finished;
    expect(waiting(from, out)).toBe(0);
    const mine = select({ in: from.onReceive(), out: out.onSend(1) });
    from.sendSync(5);
    expect(await mine).toEqual({ key: 'in', done: false, value: 5 });
    expect(out.length).toBe(1);
    guard.close();
  });
});

test('the lots of a select are drawn without help from a test, too', () => {
  const [a, b] = [newChannel({ capacity: 100 }, indexes(64)), newChannel({ capacity: 100 }, indexes(64))];
  const keys = indexes(64).map(() => selectSync({ a: a.onReceive(), b: b.onReceive() }).key);
  expect(new Set(keys)).toEqual(new Set(['a', 'b']));
});
