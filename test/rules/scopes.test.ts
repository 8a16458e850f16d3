/** R22–R25 under scopes: what is called off on all threads at once. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  CancelledError,
  type Channel,
  IncompatibleSegmentError,
  LimitError,
  lease,
  type Scope,
  type Supervisor,
  TimeoutError,
  type Topology,
  u32,
} from '../../src/index.ts';
import { Crew } from '../support/crew.ts';
import { errorOf, eventually, turns, watched } from '../support/eventually.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';
import { TOPOLOGY_NAMES } from '../support/topologies.ts';
import { BLOCKING_WAYS, type BlockingWay, type BlockPorts, blockingWays, endingOf } from '../workers/programs.ts';

const supervisor = newSupervisor({ memory: 64 * 2 ** 20, threads: 8 });
let crew: Crew;
let names = 0;

beforeAll(() => {
  crew = new Crew(supervisor, 2);
});

afterAll(() => crew[Symbol.asyncDispose]());

function newChannel(topology: Topology = 'mpmc', capacity = 3): Channel<number> {
  return supervisor.channel(`channel ${names++}`, { codec: u32, topology, capacity });
}

/** Channels on which everything blocks. The pool always has something in it, so nobody gets all of it. */
function blockedPorts(topology: Topology = 'mpmc'): BlockPorts {
  const [full, empty] = [newChannel(topology), newChannel(topology)];
  full.sendManySync([0, 1, 2]);
  return { full, empty, pool: supervisor.pool };
}

const isSync = (way: BlockingWay) => way.endsWith('Sync');
const scopesInUse = (of: Supervisor = supervisor) => of.snapshot().scopes.inUse;
const parked = (count = 1) =>
  eventually(() => supervisor.snapshot().threads.filter(({ state }) => state === 'parked').length === count);

/** R22: nothing was sent, nothing taken, nobody waits. */
function expectUntouched({ full, empty }: BlockPorts): void {
  for (const channel of [full, empty]) {
    const { sendersWaiting, receiversWaiting } = snapshotOf(supervisor, channel.name);
    expect([sendersWaiting, receiversWaiting]).toEqual([0, 0]);
  }
  full.close();
  empty.close();
}

describe('R25: a scope that is cancelled', () => {
  test('is seen by a thread that never yields, with the reason', async () => {
    const scope = supervisor.scope();
    const begun = newChannel();
    const computed = crew.run(0, 'computeUnder', { scope, begun: begun.sender }, {});
    await begun.receive();
    scope.cancel(new Error('enough'));
    expect(await computed).toMatchObject({ reason: { message: 'enough' } });
  });

  // A channel that is full has a single sender already, which is this thread.
  const receives = BLOCKING_WAYS.filter((way) => way.startsWith('receive'));
  test.each([...BLOCKING_WAYS.map((way) => [way, 'mpmc'] as const), ...receives.map((way) => [way, 'spsc'] as const)])(
    'wakes a %s on another thread: %s',
    async (way, topology) => {
      const ports = blockedPorts(topology);
      const scope = supervisor.scope();
      const begun = newChannel();
      const blocked = crew.run(0, 'blockUnder', { scope, ...ports, begun: begun.sender }, { way });
      await begun.receive();
      if (isSync(way)) await parked();
      scope.cancel('enough');
      expect(await blocked).toEqual({ code: 'ERR_CANCELLED', cause: 'enough' });
      expectUntouched(ports);
    },
  );

  test.each(BLOCKING_WAYS)('from another thread wakes a %s on this one, with its reason', async (way) => {
    const ports = blockedPorts();
    const scope = supervisor.scope();
    const cancelling = crew.run(0, 'cancelScope', { scope }, { message: 'from there' });
    const error = await errorOf(() => blockingWays[way](ports, { scope }));
    expect(error).toBeInstanceOf(CancelledError);
    expect(error.code).toBe('ERR_CANCELLED');
    expect(error.cause).toMatchObject({ name: 'RangeError', message: 'from there', code: 'E_CREW' });
    await cancelling;
    expect(scope.cancelled).toBe(true);
    expectUntouched(ports);
  });

  test('aborts the signal on every thread that has it', async () => {
    const scope = supervisor.scope();
    const begun = newChannel();
    const waiting = [0, 1].map((member) => crew.run(member, 'awaitSignal', { scope, begun: begun.sender }, {}));
    await begun.receive();
    await begun.receive();
    const { signal } = scope;
    expect(signal.aborted).toBe(false);
    expect(scope.signal).toBe(signal);
    scope.cancel(new Error('all of you'));
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBeInstanceOf(CancelledError);
    expect(await Promise.all(waiting)).toEqual(
      [0, 1].map(() => ({ code: 'ERR_CANCELLED', cause: 'Error: all of you' })),
    );
  });

  test('ends those in it, on other threads too', async () => {
    const scope = supervisor.scope();
    const begun = newChannel();
    const computed = crew.run(0, 'computeUnderChild', { scope, begun: begun.sender }, {});
    await begun.receive();
    const [mine, others] = [scope.child(), supervisor.scope()];
    const grandchild = mine.child();
    scope.cancel(7);
    expect([mine.reason, grandchild.reason, others.cancelled]).toEqual([7, 7, false]);
    expect(await computed).toEqual({ code: 'ERR_CANCELLED', cause: 7 });
    expect(scope.child().reason).toBe(7);
    others.cancel();
  });

  test('leaves the one that it is in as it is', () => {
    using scope = supervisor.scope();
    const [one, two] = [scope.child(), scope.child()];
    one.cancel();
    expect([scope.cancelled, one.cancelled, two.cancelled]).toEqual([false, true, false]);
  });
});

describe.each(TOPOLOGY_NAMES)('R22: what a scope calls off has had no effect: %s', (topology) => {
  test.each(BLOCKING_WAYS)('%s under one that is over is refused before anything is tried', async (way) => {
    const scope = supervisor.scope();
    scope.cancel();
    const [empty, full] = [newChannel(topology), newChannel(topology)];
    full.sendManySync([0, 1, 2]);
    // Whatever it is, it could be done at once.
    const ports = { full: empty, empty: full, pool: supervisor.pool };
    expect(await endingOf(() => blockingWays[way](ports, { scope }))).toMatchObject({ code: 'ERR_CANCELLED' });
    expect([empty.length, full.length]).toEqual([0, 3]);
  });

  test('a send keeps its message, a receive takes none', async () => {
    const channel = newChannel(topology, 1);
    const scope = supervisor.scope();
    const receiving = errorOf(channel.receive({ scope }));
    await turns();
    scope.cancel();
    expect(await receiving).toBeInstanceOf(CancelledError);
    channel.sendSync(1);
    const other = supervisor.scope();
    const sending = errorOf(channel.send(2, { scope: other }));
    await turns();
    other.cancel();
    expect(await sending).toBeInstanceOf(CancelledError);
    channel.close();
    expect([...channel]).toEqual([1]);
  });
});

test('R22: what is called off gives back the lease that it was about to send', async () => {
  const channel = supervisor.channel('leases', { codec: lease(), capacity: 1 });
  channel.sendSync(supervisor.pool.leaseSync(8));
  using mine = supervisor.pool.leaseSync(100);
  const scope = supervisor.scope();
  const sending = errorOf(channel.send(mine, { scope }));
  await turns();
  scope.cancel();
  expect(await sending).toBeInstanceOf(CancelledError);
  expect(mine.byteLength).toBe(100);
  using timed = supervisor.scope({ timeout: 5 });
  expect(await errorOf(() => channel.sendSync(mine, { scope: timed }))).toBeInstanceOf(CancelledError);
  expect(mine.byteLength).toBe(100);
  channel.cancel();
});

describe('time-outs of scopes', () => {
  test('R25: end a loop that never yields, though the thread that made the scope sleeps', async () => {
    const scope = supervisor.scope({ timeout: 30 });
    const begun = newChannel();
    const computed = crew.run(0, 'computeUnder', { scope, begun: begun.sender }, {});
    begun.receiveSync();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
    expect(await computed).toMatchObject({ reason: { message: expect.any(String) } });
    expect(scope.reason).toBeInstanceOf(TimeoutError);
  });

  test.each(BLOCKING_WAYS)('call off a %s, here and on another thread', async (way) => {
    const ports = blockedPorts();
    const begun = newChannel();
    // A thread that takes the scope up when it is over does not learn why: then it is tried again with more time.
    for (let timeout = 20, inTime = false; !inTime; timeout *= 2) {
      const scope = supervisor.scope({ timeout });
      const there = crew.run(0, 'blockUnder', { scope, ...ports, begun }, { way });
      await begun.receive();
      inTime = !scope.cancelled;
      const error = await errorOf(() => blockingWays[way](ports, { scope }));
      expect(error).toBeInstanceOf(CancelledError);
      expect(error.cause).toBeInstanceOf(TimeoutError);
      const met = await there;
      expect(met).toMatchObject({ code: 'ERR_CANCELLED' });
      if (inTime) expect(met).toMatchObject({ cause: expect.stringMatching(/^TimeoutError/) });
    }
    expectUntouched(ports);
  });

  test('abort the signal, and call back nothing after that', async () => {
    const scope = supervisor.scope({ timeout: 5 });
    await new Promise((resolve) => scope.signal.addEventListener('abort', resolve));
    scope.cancel('too late');
    expect(scope.reason).toBeInstanceOf(TimeoutError);
  });

  test('are at most those of the scope it is in', async () => {
    using scope = supervisor.scope({ timeout: 10 });
    const child = scope.child({ timeout: 60_000 });
    await eventually(() => child.cancelled);
    using long = supervisor.scope({ timeout: 60_000 });
    const short = long.child({ timeout: 1 });
    await eventually(() => short.cancelled);
    expect(long.cancelled).toBe(false);
  });

  test('R23: of the operation itself go on counting, and still take what is ready', async () => {
    using scope = supervisor.scope({ timeout: 60_000 });
    const channel = newChannel();
    channel.sendSync(1);
    expect(channel.receiveSync({ scope, timeout: 0 }).value).toBe(1);
    expect(await errorOf(() => channel.receiveSync({ scope, timeout: 1 }))).toBeInstanceOf(TimeoutError);
    expect(await errorOf(channel.receive({ scope, timeout: 1 }))).toBeInstanceOf(TimeoutError);
    expect(scope.cancelled).toBe(false);
  });

  test('hold no event loop open, and leave no timer behind', () => {
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    const scope = supervisor.scope({ timeout: 60_000 });
    expect(timers()).toBe(before);
    scope.cancel();
  });
});

describe('a scope', () => {
  test('ends once, and tells with what', () => {
    const scope = supervisor.scope();
    scope.throwIfCancelled();
    expect([scope.cancelled, scope.reason]).toEqual([false, undefined]);
    const reason = { any: 'thing' };
    scope.cancel(reason);
    scope.cancel('again');
    expect(scope.reason).toBe(reason);
    expect(() => scope.throwIfCancelled()).toThrow(CancelledError);
    expect(() => scope.throwIfCancelled()).toThrow(expect.objectContaining({ cause: reason }));
    expect(scope.signal.aborted).toBe(true);
  });

  test('is cancelled by `using`', () => {
    let left: Scope;
    {
      using scope = supervisor.scope();
      left = scope;
      expect(scope.cancelled).toBe(false);
    }
    expect(left.cancelled).toBe(true);
  });

  test.each([Number.NaN, '5', {}])('with a time-out of %s is refused', (bad) => {
    const before = scopesInUse();
    expect(() => supervisor.scope({ timeout: bad as number })).toThrow(LimitError);
    using scope = supervisor.scope();
    expect(() => scope.child({ timeout: bad as number })).toThrow(LimitError);
    expect(scopesInUse()).toBe(before + 1);
  });

  test.each(BLOCKING_WAYS)('that is none, or of another supervisor, is refused: %s', async (way) => {
    await using other = newSupervisor();
    const foreign = other.scope();
    const ports = blockedPorts();
    for (const bad of [foreign, {}, 5, null, new AbortController().signal]) {
      expect(await errorOf(() => blockingWays[way](ports, { scope: bad as Scope }))).toBeInstanceOf(LimitError);
    }
    expectUntouched(ports);
    expect(() => supervisor.share({ scope: foreign })).toThrow(IncompatibleSegmentError);
  });

  test('cancelled before it is shared, or attached, is over there', async () => {
    const [before, between] = [supervisor.scope(), supervisor.scope()];
    before.cancel('one');
    const shared = supervisor.share({ scope: between, ...blockedPorts() });
    between.cancel('two');
    const run = { way: 'receive' } as const;
    expect(await crew.runShared(0, 'blockUnder', shared, run)).toMatchObject({ code: 'ERR_CANCELLED' });
    expect(await crew.run(0, 'blockUnder', { scope: before, ...blockedPorts() }, run)).toMatchObject({
      code: 'ERR_CANCELLED',
    });
  });

  test('leaves operations alone that are done before it is over', async () => {
    const scope = supervisor.scope();
    const channel = newChannel();
    const receiving = channel.receive({ scope });
    channel.sendSync(1);
    expect(await receiving).toEqual({ done: false, value: 1 });
    await channel.send(2, { scope });
    scope.cancel();
    expect(channel.tryReceive()).toEqual({ done: false, value: 2 });
  });

  test('calls off a thousand operations at once, and only its own', async () => {
    const scope = supervisor.scope();
    const channel = newChannel();
    const pending = Array.from({ length: 1000 }, () => errorOf(channel.receive({ scope })));
    const other = watched(channel.receive());
    scope.cancel();
    expect(new Set((await Promise.all(pending)).map(({ code }) => code))).toEqual(new Set(['ERR_CANCELLED']));
    expect(other.settled).toBeUndefined();
    channel.sendSync(5);
    await turns();
    expect(other.settled).toEqual({ value: { done: false, value: 5 } });
  });

  test('runs listeners of its signal in no blocking operation of another', async () => {
    const scope = supervisor.scope();
    const channel = newChannel();
    let inside = false;
    let heardInside = false;
    scope.signal.addEventListener('abort', () => {
      heardInside = inside;
    });
    const cancelling = crew.run(0, 'cancelScope', { scope }, { message: 'x' });
    inside = true;
    expect(() => channel.receiveSync({ timeout: 100 })).toThrow(TimeoutError);
    inside = false;
    await cancelling;
    await eventually(() => scope.signal.aborted);
    expect(heardInside).toBe(false);
  });
});

describe('the memory of scopes', () => {
  let before: number;
  beforeEach(async () => {
    await eventually(() => scopesInUse() === 0);
    before = supervisor.pool.stats().inUse;
  });

  test('is given back once they are over and every thread knows', async () => {
    const { most } = supervisor.snapshot().scopes;
    for (let round = 0; round < 3 * most; round++) {
      using scope = supervisor.scope();
      scope.child().cancel('x');
      scope.child();
    }
    expect(scopesInUse()).toBe(0);
    const shared = supervisor.scope();
    const begun = newChannel();
    const computed = crew.run(0, 'computeUnder', { scope: shared, begun: begun.sender }, {});
    const parked = crew.run(1, 'blockUnder', { scope: shared, ...blockedPorts() }, { way: 'receiveSync' });
    await begun.receive();
    shared.cancel();
    await computed;
    await parked;
    await eventually(() => scopesInUse() === 0);
    expect(supervisor.pool.stats().inUse).toBeGreaterThanOrEqual(before);
  });

  test('has a limit, that says what to do', () => {
    const { most } = supervisor.snapshot().scopes;
    const scopes = Array.from({ length: most }, () => supervisor.scope());
    expect(() => supervisor.scope()).toThrow(LimitError);
    for (const scope of scopes) scope.cancel();
    supervisor.scope().cancel();
    expect(scopesInUse()).toBe(0);
  });
});

test('a supervisor that is closed ends its scopes: a worker that computes under one comes to its end', async () => {
  const other = newSupervisor();
  const small = new Crew(other, 1);
  const scope = other.scope();
  const begun = other.channel('begun', { codec: u32, capacity: 1 });
  const computed = small.run(0, 'computeUnder', { scope, begun: begun.sender }, {});
  await begun.receive();
  await small[Symbol.asyncDispose]();
  expect(await computed).toEqual({ reason: undefined });
  expect(scope.cancelled).toBe(true);
  expect(() => other.scope()).toThrow(LimitError);
});
