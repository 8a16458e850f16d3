/** What is to be done once, by whichever thread comes first. */

import { LOCK_SEALED } from '../kernel/locks.ts';
import { SYNC_ONCE } from '../memory/layout.ts';
import type { WaitOptions } from '../park/deadline.ts';
import type { SyncWaitOptions } from './entry.ts';
import { Lock } from './lock.ts';
import type { SyncOptions } from './options.ts';
import { type Existing, Primitive } from './primitive.ts';

/**
 * Runs a function once, on one thread; all others wait until it is done. Should it throw, or its thread die, the next one
 * runs its own. What it wrote is seen by everybody who was told that it is done.
 *
 * ```ts
 * await ready.do(() => fillTables(shared));       // or: ready.doSync(…)
 * ```
 */
export class Once extends Primitive<Lock> {
  /** Throws as `Mutex` does. */
  constructor(options?: SyncOptions) {
    super({ kind: SYNC_ONCE, what: 'once', entry: Lock }, options, () => ({ size: 1, word: 0 }));
  }

  /** Whether it is done. */
  get done(): boolean {
    return this.entry.sealed;
  }

  /**
   * Runs the function, unless that was done, and waits while another one runs. Answers whether this call ran it. Rejects
   * with what the function throws, with what calls the waiting off, and with ClosedError.
   */
  async do(once: () => unknown, options?: WaitOptions): Promise<boolean> {
    if ((await this.entry.take(options)) === LOCK_SEALED) return false;
    let done = false;
    try {
      await once();
      done = true;
      return true;
    } finally {
      this.#finish(done);
    }
  }

  /**
   * The same, blocking this thread while another one runs its function. Throws DeadlockError when it is this thread that
   * is in the middle of it.
   */
  doSync(once: () => unknown, options?: SyncWaitOptions): boolean {
    if (this.entry.takeSync(options) === LOCK_SEALED) return false;
    let done = false;
    try {
      once();
      done = true;
      return true;
    } finally {
      this.#finish(done);
    }
  }

  #finish(done: boolean): void {
    if (done) this.entry.seal();
    else this.entry.give();
  }
}

/** @internal */
export function reviveOnce(existing: Existing): Once {
  return new Once(existing as SyncOptions);
}
