/** So many at once, on whatever threads. */

import { PERMITS_MAX } from '../kernel/permits.ts';
import { SYNC_SEMAPHORE } from '../memory/layout.ts';
import type { WaitOptions } from '../park/deadline.ts';
import type { SyncWaitOptions } from './entry.ts';
import { checkCount, type SyncOptions } from './options.ts';
import { Permits } from './permits.ts';
import { type Existing, Primitive } from './primitive.ts';

/**
 * So many permits, which threads take and give back, any number at a time. Those of a thread that dies go back.
 *
 * ```ts
 * const slots = new Semaphore(4);
 *
 * // on any thread
 * using permit = await slots.acquire();       // or: slots.acquireSync(2)
 * ```
 */
export class Semaphore extends Primitive<Permits> {
  /** Throws LimitError for a number of permits that is no integer from 1 to 16,383, and as `Mutex` does. */
  constructor(permits: number, options?: SyncOptions) {
    super({ kind: SYNC_SEMAPHORE, what: 'semaphore', entry: Permits }, options, () => {
      const size = checkCount('semaphore', permits, PERMITS_MAX);
      return { size, word: size };
    });
  }

  /** How many permits there are. */
  get permits(): number {
    return this.note.size;
  }

  /** How many permits nobody holds. */
  get available(): number {
    return this.entry.free;
  }

  /**
   * Takes so many permits (1 if that is not said), all at once, waiting until there are as many. Tasks of one thread are
   * served first come, first served: one that wants many is not passed by those behind it. Between threads turns rotate.
   * Rejects with TimeoutError, the signal's reason or CancelledError when called off, with ClosedError, and with
   * LimitError for more than there are.
   */
  async acquire(count = 1, options?: WaitOptions): Promise<Permit> {
    await this.entry.take(this.#checked(count), options);
    return new Permit(this.entry, count);
  }

  /**
   * The same, blocking this thread; it goes before tasks of this thread that wait. Throws DeadlockError when this thread
   * itself holds so many that there will never be enough.
   */
  acquireSync(count = 1, options?: SyncWaitOptions): Permit {
    this.entry.takeSync(this.#checked(count), options);
    return new Permit(this.entry, count);
  }

  /** So many permits if there are as many now, and no task of this thread waits for some. Throws ClosedError. */
  tryAcquire(count = 1): Permit | undefined {
    return this.entry.tryTake(this.#checked(count)) ? new Permit(this.entry, count) : undefined;
  }

  #checked(count: number): number {
    return checkCount(`${this.entry.title}: permits`, count, this.permits);
  }
}

/** Permits in the hands of this thread, to be released once, best by `using`. */
export class Permit implements Disposable {
  /** How many they are. */
  readonly count: number;
  readonly #permits: Permits;
  #released = false;

  /** @internal */
  constructor(permits: Permits, count: number) {
    this.#permits = permits;
    this.count = count;
  }

  /** Gives them back. Answers whether they were still held; later calls do nothing. */
  release(): boolean {
    if (this.#released) return false;
    this.#released = true;
    this.#permits.give(this.count);
    return true;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** @internal */
export function reviveSemaphore(existing: Existing): Semaphore {
  return new Semaphore(1, existing as SyncOptions);
}
