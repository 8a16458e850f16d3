/** Mutexes: one holder at a time on all threads, called off as R22–R25 say, and released when the holder dies. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  attach,
  CancelledError,
  ClosedError,
  DeadlockError,
  IncompatibleSegmentError,
  LimitError,
  NotHeldError,
  TimeoutError,
} from '../../src/index.ts';
import { Mutex } from '../../src/sync/index.ts';
import { errorOf, eventually, turns, watched } from '../support/eventually.ts';
import { newSupervisor } from '../support/supervisors.ts';
import { Member, SyncCrew } from './crew.ts';

const supervisor = newSupervisor({ threads: 12 });
let crew: SyncCrew;

beforeAll(() => {
  crew = new SyncCrew(supervisor, 3);
});

afterAll(() => crew[Symbol.asyncDispose]());

const newMutex = (name?: string) => new Mutex({ supervisor, name });
const newWords = () => new Int32Array(new SharedArrayBuffer(16));
const syncsInUse = () => supervisor.snapshot().syncs.inUse;
const parkedOn = (what: string, count = 1) =>
  eventually(() => supervisor.snapshot().threads.filter((thread) => thread.parkedOn === what).length === count);

/** Lets go of what a program of the crew keeps locked. */
function release(words: Int32Array): void {
  Atomics.store(words, 0, 1);
  Atomics.notify(words, 0);
}

describe('a mutex', () => {
  test('is held by one at a time, and released by `using`, `release` and `unlock`', async () => {
    using mutex = newMutex();
    {
      using held = mutex.lockSync();
      expect([mutex.locked, held.recovered]).toEqual([true, false]);
      expect(mutex.tryLock()).toBeUndefined();
    }
    expect(mutex.locked).toBe(false);
    const held = await mutex.lock();
    expect([held.release(), held.release(), mutex.locked]).toEqual([true, false, false]);
    const again = mutex.tryLock()!;
    mutex.unlock();
    expect([mutex.locked, again.release()]).toEqual([false, false]);
  });

  test('that this thread does not hold cannot be unlocked by it', async () => {
    using mutex = newMutex('not mine');
    expect(await errorOf(() => mutex.unlock())).toBeInstanceOf(NotHeldError);
    const words = newWords();
    const theirs = crew.members[0]!.run('lockFor', { mutex, words });
    await theirs.said();
    expect((await errorOf(() => mutex.unlock())).message).toMatch(/"not mine".*in the hands of thread \d+/);
    release(words);
    await theirs.result;
  });

  test.each(['sync', 'async', 'mixed'] as const)(
    'lets nobody in beside its holder, on four threads: %s',
    async (way) => {
      using mutex = newMutex();
      const words = newWords();
      const times = 300;
      const there = crew.members.map((member) => member.run('count', { mutex, words }, { times, way }).result);
      for (let i = 0; i < times; i++) {
        using _ = await mutex.lock();
        words[0]!++;
      }
      await Promise.all(there);
      expect(words[0]).toBe(4 * times);
    },
  );

  test('serves the tasks of one thread first come, first served, and lets no late one pass', async () => {
    using mutex = newMutex();
    const held = mutex.lockSync();
    const order: number[] = [];
    const tasks = [0, 1, 2].map(async (task) => {
      using _ = await mutex.lock();
      order.push(task);
      await turns(2);
    });
    await turns();
    expect(order).toEqual([]);
    held.release();
    expect(mutex.tryLock()).toBeUndefined();
    await Promise.all(tasks);
    expect(order).toEqual([0, 1, 2]);
  });

  test('shows in the snapshot who waits for it', async () => {
    using mutex = newMutex('seen');
    using _ = mutex.lockSync();
    const waiting = crew.members[0]!.run('lockOnce', { mutex }, { way: 'sync', timeout: 60_000 });
    await parkedOn('mutex seen');
    mutex.unlock();
    expect((await waiting.result).how).toBe('done');
  });

  test('would be waited for for ever by a thread that holds it: it is told instead', async () => {
    using mutex = newMutex();
    using _ = await mutex.lock();
    expect(await errorOf(() => mutex.lockSync())).toBeInstanceOf(DeadlockError);
    expect(await errorOf(() => mutex.lockSync({ timeout: 5 }))).toBeInstanceOf(DeadlockError);
  });

  test('goes to a blocking call before what the thread has pending', async () => {
    using mutex = newMutex();
    const words = newWords();
    const theirs = crew.members[0]!.run('lockFor', { mutex, words });
    await theirs.said();
    const pending = watched(mutex.lock());
    await turns();
    release(words);
    {
      using _ = mutex.lockSync();
      expect(pending.settled).toBeUndefined();
    }
    await eventually(() => pending.settled !== undefined);
    mutex.unlock();
    await theirs.result;
  });
});

describe('R22–R24: what is called off did not lock', () => {
  test.each(['sync', 'async'] as const)('by its time-out: %s', async (way) => {
    using mutex = newMutex();
    const held = mutex.lockSync();
    const there = crew.members[0]!.run('lockOnce', { mutex }, { way, timeout: 5 });
    expect(await there.result).toEqual({ how: 'ERR_TIMEOUT', recovered: undefined });
    expect(await errorOf(mutex.lock({ timeout: 5 }))).toBeInstanceOf(TimeoutError);
    held.release();
    expect(mutex.locked).toBe(false);
  });

  test('R23: a time that is over already still takes what is free', async () => {
    using mutex = newMutex();
    (await mutex.lock({ timeout: 0 })).release();
    mutex.lockSync({ timeout: -1 }).release();
  });

  test('by its signal, before and while it waits', async () => {
    using mutex = newMutex();
    using _ = mutex.lockSync();
    const controller = new AbortController();
    const waiting = errorOf(mutex.lock({ signal: controller.signal }));
    const behind = watched(mutex.lock());
    controller.abort(new Error('why'));
    expect((await waiting).message).toBe('why');
    expect((await errorOf(mutex.lock({ signal: controller.signal }))).message).toBe('why');
    mutex.unlock();
    await eventually(() => behind.settled !== undefined);
    mutex.unlock();
  });

  test.each(['sync', 'async'] as const)('R25: by its scope, from another thread: %s', async (way) => {
    using mutex = newMutex();
    using _ = mutex.lockSync();
    using scope = supervisor.scope();
    const there = crew.members[0]!.run('lockOnce', { mutex, scope }, { way });
    await there.said();
    const here = errorOf(mutex.lock({ scope }));
    scope.cancel('enough');
    expect((await there.result).how).toBe('ERR_CANCELLED');
    expect(await here).toBeInstanceOf(CancelledError);
    expect(await errorOf(() => mutex.lockSync({ scope }))).toBeInstanceOf(CancelledError);
  });
});

describe('R29: a thread that dies', () => {
  test.each(['sync', 'async'] as const)(
    'with the lock releases it, and the next holder is told, once: %s',
    async (way) => {
      using mutex = newMutex();
      const victim = new Member(supervisor);
      const doomed = victim.run('lockAndStop', { mutex }, { way });
      await doomed.said();
      const there = crew.members[0]!.run('lockOnce', { mutex }, { way: 'sync' });
      const here = mutex.lock();
      await turns();
      expect(mutex.locked).toBe(true);
      await victim.kill();
      const held = await here;
      const first = held.recovered;
      held.release();
      const { how, recovered } = await there.result;
      expect([how, [first, recovered].toSorted()]).toEqual(['done', [false, true]]);
      expect(mutex.lockSync().recovered).toBe(false);
      mutex.unlock();
    },
  );

  test('while it waits leaves no trace', async () => {
    using mutex = newMutex();
    const held = mutex.lockSync();
    const victim = new Member(supervisor);
    const doomed = victim.run('lockOnce', { mutex }, { way: 'sync' });
    await doomed.said();
    const there = crew.members[0]!.run('lockOnce', { mutex }, { way: 'sync' });
    await parkedOn(`mutex ${mutex.name}`, 2);
    await victim.kill();
    held.release();
    expect(await there.result).toEqual({ how: 'done', recovered: false });
  });
});

describe('a mutex that is closed', () => {
  test.each(['sync', 'async'] as const)(
    'wakes whoever waits for it, with ClosedError, and refuses everybody: %s',
    async (way) => {
      const mutex = newMutex();
      const held = mutex.lockSync();
      const there = crew.members.map((member) => member.run('lockOnce', { mutex }, { way }));
      for (const each of there) await each.said();
      const here = errorOf(mutex.lock());
      mutex.close();
      mutex.close();
      for (const each of there) expect((await each.result).how).toBe('ERR_CLOSED');
      expect(await here).toBeInstanceOf(ClosedError);
      expect(await errorOf(mutex.lock())).toBeInstanceOf(ClosedError);
      for (const act of [() => mutex.lockSync(), () => mutex.tryLock()]) {
        expect(await errorOf(act)).toBeInstanceOf(ClosedError);
      }
      expect([mutex.closed, held.release()]).toEqual([true, true]);
    },
  );

  test('gives its place back once every thread has heard, and a name of it means no other', async () => {
    const before = syncsInUse();
    const mutex = newMutex('first');
    const kept = supervisor.share({ it: mutex });
    for (const member of crew.members) await member.run('isClosed', { it: mutex }).result;
    expect(syncsInUse()).toBe(before + 1);
    crew.members[0]!.run('close', { it: mutex });
    await eventually(() => syncsInUse() === before);
    const names = Array.from({ length: 100 }, () => newMutex());
    const { it } = attach(kept);
    expect(it.closed).toBe(true);
    expect(await errorOf(() => it.lockSync())).toBeInstanceOf(ClosedError);
    for (const each of names) {
      expect(each.locked).toBe(false);
      each.close();
    }
    expect(syncsInUse()).toBe(before);
  });

  test('by the end of its supervisor wakes whoever waits', async () => {
    await using other = newSupervisor();
    const mutex = new Mutex({ supervisor: other });
    mutex.lockSync();
    const member = new Member(other);
    const there = member.run('lockOnce', { mutex }, { way: 'sync' });
    await there.said();
    const here = errorOf(mutex.lock());
    member.dismiss();
    await other.close();
    expect((await there.result).how).toBe('ERR_CLOSED');
    expect(await here).toBeInstanceOf(ClosedError);
    expect(await errorOf(() => mutex.lockSync())).toBeInstanceOf(ClosedError);
    expect(await errorOf(() => new Mutex({ supervisor: other }))).toBeInstanceOf(LimitError);
  });
});

describe('making and sharing', () => {
  test('on one thread a mutex is one object', () => {
    using mutex = newMutex();
    expect(attach(structuredClone(supervisor.share([mutex, { mutex }])))).toEqual([mutex, { mutex }]);
    expect(attach(structuredClone(supervisor.share({ mutex }))).mutex).toBe(mutex);
  });

  test('is refused for bad names, for another supervisor, and when there are too many', async () => {
    expect(await errorOf(() => newMutex('x'.repeat(129)))).toBeInstanceOf(LimitError);
    expect(await errorOf(() => newMutex(7 as never))).toBeInstanceOf(LimitError);
    await using other = newSupervisor({ memory: 4 * 2 ** 20 });
    const { most } = other.snapshot().syncs;
    const all = Array.from({ length: most }, () => new Mutex({ supervisor: other }));
    expect((await errorOf(() => new Mutex({ supervisor: other }))).message).toMatch(/at most \d+ primitives/);
    all[3]!.close();
    all[3] = new Mutex({ supervisor: other });
    expect(await errorOf(() => supervisor.share({ mutex: all[0] }))).toBeInstanceOf(IncompatibleSegmentError);
    const shared = structuredClone(supervisor.share({ mutex: newMutex() })) as any;
    shared.ports.mutex.data.index = -1;
    expect(await errorOf(() => attach(shared))).toBeInstanceOf(IncompatibleSegmentError);
  });
});
