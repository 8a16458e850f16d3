/** What one thread does with a semaphore, or a mutex, and has in its hands. */

import { DeadlockError, TimeoutError } from '../../src/index.ts';
import { Mutex, type Semaphore } from '../../src/sync/index.ts';
import type { Answer, Call } from './call.ts';
import type { Subject } from './player.ts';

interface Taken {
  release(): unknown;
}

export class Holder implements Subject {
  readonly #from: Mutex | Semaphore;
  readonly #taken: { readonly what: Taken; readonly count: number }[] = [];

  constructor(from: Mutex | Semaphore) {
    this.#from = from;
  }

  /** Whether there is something to give back. */
  get holds(): boolean {
    return this.#taken.length > 0;
  }

  perform(call: Call): Answer | Promise<Answer> {
    if (call.kind === 'give') return this.#give();
    if (call.kind !== 'take') throw new Error(`expected a call of a semaphore, met ${call.kind}`);
    const keep = (what: Taken | undefined): Answer => {
      if (!what) return 'none';
      this.#taken.push({ what, count: call.count });
      return 'taken';
    };
    const met = take(this.#from, call);
    return met instanceof Promise ? met.then(keep) : keep(met);
  }

  answerOf(_call: Call, error: unknown): Answer {
    if (error instanceof TimeoutError) return 'late';
    // It had too many itself to wait for more.
    if (error instanceof DeadlockError) return 'none';
    throw error;
  }

  #give(): Answer {
    const first = this.#taken.shift();
    first?.what.release();
    return { gave: first?.count ?? 0 };
  }
}

function take(from: Mutex | Semaphore, { way, count, timeout }: Call & { kind: 'take' }) {
  const limit = { timeout };
  if (from instanceof Mutex) {
    return way === 'try' ? from.tryLock() : way === 'sync' ? from.lockSync(limit) : from.lock(limit);
  }
  if (way === 'try') return from.tryAcquire(count);
  return way === 'sync' ? from.acquireSync(count, limit) : from.acquire(count, limit);
}
