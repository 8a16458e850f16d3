/** What threads do with primitives in tests. */

import type { Scope, WaitOptions } from '../../src/index.ts';
import type { Barrier, ErrGroup, Held, Mutex, Once, Semaphore, WaitGroup } from '../../src/sync/index.ts';

export type Say = (what: unknown) => void;
export type Way = 'sync' | 'async';

/** Plain words that a primitive guards: nothing else orders who touches them. */
export type Words = Int32Array;

/** Keeps its thread where it is, for good. */
export function stop(): never {
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** How a promise or a call ended, in a form that can be posted. */
export async function ending(act: () => unknown): Promise<string> {
  try {
    await act();
    return 'done';
  } catch (error) {
    const { code, name } = error as Error & { code?: string };
    return code ?? name;
  }
}

/** Adds one, slowly and without atomics: lost updates show that two did so at once. */
function increment(words: Words): void {
  const before = words[0]!;
  for (let i = 0; i < 20; i++) words[1]!++;
  words[0] = before + 1;
}

async function lockEither(mutex: Mutex, way: Way, options: { timeout?: number; scope?: Scope } = {}): Promise<Held> {
  return way === 'sync' ? mutex.lockSync(options) : await mutex.lock(options);
}

/** Primitives at which everybody has to wait. */
export interface BlockPorts {
  readonly mutex: Mutex;
  readonly semaphore: Semaphore;
  readonly once: Once;
  readonly waitGroup: WaitGroup;
  readonly barrier: Barrier;
  readonly errGroup: ErrGroup;
  readonly scope?: Scope;
}

/** Every operation that waits. */
export const blockingWays = {
  lock: ({ mutex }, options) => mutex.lock(options),
  lockSync: ({ mutex }, options) => mutex.lockSync(options),
  acquire: ({ semaphore }, options) => semaphore.acquire(2, options),
  acquireSync: ({ semaphore }, options) => semaphore.acquireSync(2, options),
  do: ({ once }, options) => once.do(() => {}, options),
  doSync: ({ once }, options) => once.doSync(() => {}, options),
  wait: ({ waitGroup }, options) => waitGroup.wait(options),
  waitSync: ({ waitGroup }, options) => waitGroup.waitSync(options),
  meet: ({ barrier }, options) => barrier.wait(options),
  meetSync: ({ barrier }, options) => barrier.waitSync(options),
  waitErr: ({ errGroup }, options) => errGroup.wait(options),
  waitErrSync: ({ errGroup }, options) => errGroup.waitSync(options),
} satisfies Record<string, (ports: BlockPorts, options: WaitOptions) => unknown>;

export type SyncWay = keyof typeof blockingWays;
export const BLOCKING_WAYS = Object.keys(blockingWays) as SyncWay[];

export const syncPrograms = {
  /** Adds up under the mutex, `times` times. */
  async count({ mutex, words }: { mutex: Mutex; words: Words }, { times, way }: { times: number; way: Way | 'mixed' }) {
    for (let i = 0; i < times; i++) {
      const how = way === 'mixed' ? (i % 2 ? 'sync' : 'async') : way;
      using held = await lockEither(mutex, how);
      if (held.recovered) throw new Error('recovered');
      increment(words);
    }
  },

  /** Locks, says so, and holds it for good. */
  async lockAndStop({ mutex }: { mutex: Mutex }, { way }: { way: Way }, say: Say) {
    await lockEither(mutex, way);
    say('locked');
    stop();
  },

  /** Locks, says so, and holds it until it is told. */
  async lockFor({ mutex, words }: { mutex: Mutex; words: Words }, _: object, say: Say) {
    using held = mutex.lockSync();
    say(held.recovered);
    while (Atomics.load(words, 0) === 0) Atomics.wait(words, 0, 0);
    return held.recovered;
  },

  /** Waits for the lock, and tells how that ended and whether it was recovered. */
  async lockOnce(
    { mutex, scope }: { mutex: Mutex; scope?: Scope },
    { way, timeout }: { way: Way; timeout?: number },
    say: Say,
  ) {
    say('begun');
    let recovered: boolean | undefined;
    const how = await ending(async () => {
      using held = await lockEither(mutex, way, { ...(timeout !== undefined && { timeout }), ...(scope && { scope }) });
      recovered = held.recovered;
    });
    return { how, recovered };
  },

  /** Holds a permit as long as it takes to see how many do so at once; answers the most. */
  async crowd(
    { semaphore, words }: { semaphore: Semaphore; words: Words },
    { times, count, way }: { times: number; count: number; way: Way },
  ) {
    let most = 0;
    for (let i = 0; i < times; i++) {
      using permit = way === 'sync' ? semaphore.acquireSync(count) : await semaphore.acquire(count);
      most = Math.max(most, Atomics.add(words, 0, permit.count) + permit.count);
      if (i % 8 === 0) Atomics.wait(words, 3, 0, 0.1);
      Atomics.sub(words, 0, permit.count);
    }
    return most;
  },

  /** Takes permits, says so, and holds them for good. */
  async acquireAndStop({ semaphore }: { semaphore: Semaphore }, { count }: { count: number }, say: Say) {
    semaphore.acquireSync(count);
    say('acquired');
    stop();
  },

  /** Runs something once, which adds one; answers whether it did, and what it saw after. */
  async once({ once, words }: { once: Once; words: Words }, { way }: { way: Way }, say: Say) {
    say('begun');
    const act = () => {
      words[0]!++;
    };
    const mine = way === 'sync' ? once.doSync(act) : await once.do(act);
    return { mine, seen: words[0] };
  },

  /** Is in the middle of it, says so, and never comes to the end. */
  async onceAndStop({ once }: { once: Once }, _: object, say: Say) {
    once.doSync(() => {
      say('begun');
      stop();
    });
  },

  /** Writes something, and is done. */
  async finish({ group, words }: { group: WaitGroup; words: Words }, { at }: { at: number }) {
    words[at] = 7;
    group.done();
  },

  /** Waits for all, and tells what it saw. */
  async waitAll({ group, words }: { group: WaitGroup; words: Words }, { way }: { way: Way }, say: Say) {
    say('begun');
    if (way === 'sync') group.waitSync();
    else await group.wait();
    return [...words];
  },

  /** Has it, and stays for good. */
  async have(_: object, __: object, say: Say) {
    say('had');
    stop();
  },

  /** Meets so often; before each meeting it says where it is, and after it looks whether everybody was there. */
  async meet(
    { barrier, words }: { barrier: Barrier; words: Words },
    { me, rounds, way }: { me: number; rounds: number; way: Way | 'mixed' },
  ) {
    let last = 0;
    for (let round = 1; round <= rounds; round++) {
      words[me] = round;
      const sync = way === 'sync' || (way === 'mixed' && round % 2 === 0);
      if (sync ? barrier.waitSync() : await barrier.wait()) last++;
      for (let other = 0; other < barrier.parties; other++) {
        // Plain words: those of the others were written before they came, and may be one round further by now.
        if (words[other]! < round)
          throw new Error(`round ${round}: expected thread ${other} there, met ${words[other]}`);
      }
    }
    return last;
  },

  /** Meets once, and tells how that ended. */
  async meetOnce({ barrier }: { barrier: Barrier }, { way }: { way: Way }, say: Say) {
    say('begun');
    return ending(() => (way === 'sync' ? barrier.waitSync() : barrier.wait()));
  },

  /** Adds a function to the group: one that fails, one that runs until it is called off, or one that blocks for good. */
  async go(
    { group }: { group: ErrGroup },
    { what, message = '' }: { what: 'fail' | 'heed' | 'stop' | 'pass'; message?: string },
    say: Say,
  ) {
    let heard: unknown;
    group.go(async (scope) => {
      say('begun');
      if (what === 'fail') throw Object.assign(new RangeError(message), { code: 'E_CREW' });
      if (what === 'stop') stop();
      if (what === 'pass') return;
      await new Promise((resolve) => scope.signal.addEventListener('abort', resolve));
      heard = (scope.reason as Error).message;
    });
    const how = await ending(() => group.wait());
    return { how, heard };
  },

  /** Waits for the group, blocking, and tells how that ended. */
  async waitGroupSync({ group }: { group: ErrGroup }, _: object, say: Say) {
    say('begun');
    return ending(() => group.waitSync());
  },

  /** Blocks, in one of the ways there are. */
  async block({ scope, ...ports }: BlockPorts, { way, timeout }: { way: SyncWay; timeout?: number }, say: Say) {
    say('begun');
    return ending(() =>
      blockingWays[way](ports, { ...(timeout !== undefined && { timeout }), ...(scope && { scope }) }),
    );
  },

  /** Closes whatever it is given. */
  async close({ it }: { it: { close(): void } }) {
    it.close();
  },

  /** Whether it is closed. */
  async isClosed({ it }: { it: { readonly closed: boolean } }) {
    return it.closed;
  },
};

export type SyncProgramName = keyof typeof syncPrograms;
