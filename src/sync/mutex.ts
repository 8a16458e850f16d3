/** One at a time, on whatever threads. */

import { NotHeldError } from '../errors.ts';
import { BLOCKED } from '../kernel/codes.ts';
import { LOCK_ORPHANED } from '../kernel/locks.ts';
import { SYNC_MUTEX } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import type { WaitOptions } from '../park/deadline.ts';
import type { SyncWaitOptions } from './entry.ts';
import { Lock } from './lock.ts';
import type { SyncOptions } from './options.ts';
import { type Existing, Primitive } from './primitive.ts';

/**
 * A lock that one thread at a time holds, and of that thread one task. Not reentrant. What the holder wrote before it
 * released the lock is seen by the next one. A holder that dies releases it, and the next one is told (`recovered`).
 *
 * ```ts
 * const accounts = new Mutex();
 * supervisor.spawn(entry, { ports: { accounts }, count: 4 });
 *
 * // on any thread
 * using held = accounts.lockSync();       // or: await accounts.lock()
 * if (held.recovered) repair();
 * ```
 */
export class Mutex extends Primitive<Lock> {
  #held: Held | undefined;

  /** Throws LimitError for options that cannot be kept, and when there are too many primitives. */
  constructor(options?: SyncOptions) {
    super({ kind: SYNC_MUTEX, what: 'mutex', entry: Lock }, options, () => ({ size: 1, word: 0 }));
  }

  /** Whether somebody holds it. */
  get locked(): boolean {
    return this.entry.holder >= 0;
  }

  /**
   * Locks it, waiting for it. Tasks of one thread get it first come, first served; between threads turns rotate. Rejects
   * with TimeoutError, the signal's reason or CancelledError when called off, and with ClosedError.
   */
  async lock(options?: WaitOptions): Promise<Held> {
    return this.#taken(await this.entry.take(options));
  }

  /**
   * The same, blocking this thread; it goes before tasks of this thread that wait for it, as those could not go on anyway.
   * Throws DeadlockError when this thread holds it itself.
   */
  lockSync(options?: SyncWaitOptions): Held {
    return this.#taken(this.entry.takeSync(options));
  }

  /** Locks it if nobody holds it now, and no task of this thread waits for it. Throws ClosedError. */
  tryLock(): Held | undefined {
    const code = this.entry.tryTake();
    return code === BLOCKED ? undefined : this.#taken(code);
  }

  /** Releases it. Throws NotHeldError when this thread does not hold it. */
  unlock(): void {
    if (!this.#held?.release()) {
      throw new NotHeldError(`${this.entry.title}: expected this thread to hold it, met it ${this.#inWhoseHands}`);
    }
  }

  get #inWhoseHands(): string {
    const { holder } = this.entry;
    return holder < 0 ? 'in nobody’s hands' : `in the hands of thread ${holder}`;
  }

  #taken(code: i32): Held {
    this.#held = new Held(this.entry, code === LOCK_ORPHANED);
    return this.#held;
  }
}

/** A mutex in the hands of this thread, to be released once, best by `using`. */
export class Held implements Disposable {
  /** Whether whoever held it last died with it: what it guards may be half changed. Told to the next holder only. */
  readonly recovered: boolean;
  readonly #lock: Lock;
  #released = false;

  /** @internal */
  constructor(lock: Lock, recovered: boolean) {
    this.#lock = lock;
    this.recovered = recovered;
  }

  /** Releases the mutex. Answers whether it was still held; later calls do nothing. */
  release(): boolean {
    if (this.#released) return false;
    this.#released = true;
    this.#lock.give();
    return true;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** @internal */
export function reviveMutex(existing: Existing): Mutex {
  return new Mutex(existing as SyncOptions);
}
