/** What threads do with primitives in tests. */

import type { Scope } from '../../src/index.ts';
import type { Held, Mutex } from '../../src/sync/index.ts';

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
