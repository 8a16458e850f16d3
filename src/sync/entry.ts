/**
 * What this thread has of one primitive: where it is, where this thread waits for it, and how it hears of its end.
 *
 * A thread that blocks to take something goes before what it has pending at the same primitive. A task that took a lock
 * meanwhile could not go on before the thread is awake again, which waits for that lock. So pending operations are not
 * tried while it blocks (`#blocking`). They stay in the queue, and the thread in the set of waiters; and when it leaves
 * off blocking while there is something to take, it wakes whoever is in the set, perhaps itself (`WaitPoint.passOn`).
 */

import type { Kernel } from '../engine/engine.ts';
import { ClosedError, DeadlockError } from '../errors.ts';
import { BLOCKED, CLOSED } from '../kernel/codes.ts';
import { PARKED_POOL, SYNC_WAITERS } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import type { WaitOptions } from '../park/deadline.ts';
import { PromisedOperation } from '../park/promised.ts';
import { assertUncancelled, blockUnder } from '../park/scope.ts';
import type { ThreadContext } from '../park/thread.ts';
import { WaitPoint } from '../park/wait-point.ts';
import type { Place, Syncs } from './syncs.ts';

/** Options of an operation that blocks the thread. */
export type SyncWaitOptions = Omit<WaitOptions, 'signal'>;

/** What is waited for. */
export interface Wait {
  /** BLOCKED, or how it ended. */
  readonly attempt: () => i32;
  readonly late: () => Error;
  /** Of what is taken from others: whether this thread would wait for itself if it blocked. */
  readonly selfish?: () => boolean;
  /** Called when it is called off. Returns false if it came about before: so it was not called off. */
  readonly undo?: () => boolean;
}

export abstract class Entry {
  readonly thread: ThreadContext;
  readonly kernel: Kernel;
  readonly index: i32;
  readonly open: i32;
  /** The word index it starts at. */
  readonly address: i32;
  /** What it is called in messages: `mutex "accounts"`. */
  readonly title: string;
  /** The object that users have of it on this thread. */
  face: object | undefined;
  readonly #syncs: Syncs;
  readonly #point: WaitPoint;
  #blocking = 0;
  #left: boolean;

  /**
   * Whoever makes it adds it to `syncs`, once it is complete.
   *
   * @param there whether this thread is a holder of it; if not, the primitive is closed, or was never there.
   */
  constructor(syncs: Syncs, place: Place, title: string, there = true) {
    const { thread } = syncs;
    this.thread = thread;
    this.kernel = thread.kernel;
    this.index = place.index;
    this.open = place.open;
    this.title = title;
    this.#syncs = syncs;
    this.#left = !there;
    thread.segment.enter();
    this.address = this.kernel.syncAddress(place.index);
    this.#point = new WaitPoint(thread, {
      set: this.address + SYNC_WAITERS,
      parkedOn: ((place.index + 1) << 2) | PARKED_POOL,
      backlog: () => this.backlog(),
      wake: () => this.wakeNext(),
    });
  }

  /** How much of it there is for others that wait. */
  protected abstract backlog(): number;

  /** Wakes whoever may take what somebody did not want. */
  protected wakeNext(): void {
    this.thread.wakeOne(this.#point.set);
  }

  get closed(): boolean {
    this.thread.segment.enter();
    return this.#left || !this.kernel.syncIsOpen(this.index, this.open);
  }

  /** Closes it for everybody, by `close`, unless it is closed. */
  end(close: (thread: ThreadContext, index: i32, open: i32) => void): void {
    if (this.#left) return;
    this.thread.segment.enter();
    close(this.thread, this.index, this.open);
    this.look();
  }

  /** Throws what rules an operation out before anything is tried. */
  assertMay(options?: WaitOptions): void {
    options?.signal?.throwIfAborted();
    assertUncancelled(this.thread, options);
    if (this.closed) throw this.closedError();
  }

  /** The same as a promise that is rejected, or undefined. */
  protected refusal(options: WaitOptions | undefined): Promise<never> | undefined {
    try {
      this.assertMay(options);
      return undefined;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Whether the words of the primitive may still be touched; binds the kernel to its segment. */
  protected get mine(): boolean {
    this.thread.segment.enter();
    return !this.#left;
  }

  /** Tries once, unless somebody of this thread stands before the caller. */
  protected try(attempt: () => i32): i32 {
    if (!this.mine) return CLOSED;
    if (this.#point.pending) this.#point.service();
    return this.#point.pending ? BLOCKED : attempt();
  }

  /** Blocks this thread until there is an answer. Throws what `late` makes, CancelledError, or DeadlockError. */
  protected waitSync(wait: Wait, options: SyncWaitOptions | undefined): i32 {
    const code = wait.attempt();
    if (code !== BLOCKED) return code;
    if (wait.selfish?.()) {
      throw new DeadlockError(
        `${this.title}: expected others to hold it, met this thread, which would wait for itself`,
      );
    }
    this.#blocking++;
    try {
      const met = blockUnder(this.thread, [this.#point], wait.attempt, options);
      if (met === BLOCKED) throw wait.late();
      return met;
    } catch (error) {
      // It may have come about at the last moment: then it was not called off.
      if (wait.undo && !wait.undo()) return wait.attempt();
      throw error;
    } finally {
      this.#blocking--;
      this.thread.segment.enter();
      this.look();
    }
  }

  /** How it ended. Rejects with what `late` makes, the signal's reason, or CancelledError. */
  protected wait(wait: Wait, options: WaitOptions | undefined): Promise<i32> {
    return new Promise((resolve, reject) => {
      const code = this.try(wait.attempt);
      if (code !== BLOCKED) resolve(code);
      else new PendingWait(this, wait, resolve, reject).start(this.#point, options, wait.late);
    });
  }

  get blocking(): boolean {
    return this.#blocking > 0;
  }

  /** Sees what became of it. */
  look(): void {
    if (this.closed) this.settle();
  }

  /** It is closed: what waits there has its answer, and once nothing does this thread has it no more. */
  protected settle(): void {
    if (this.#left || this.#blocking > 0) return;
    if (this.#point.pending) this.#point.service();
    this.#left = true;
    this.#syncs.release(this);
  }

  /** What an attempt answered. Throws ClosedError where that is its answer. */
  protected checked(code: i32): i32 {
    if (code !== CLOSED) return code;
    this.look();
    throw this.closedError();
  }

  closedError(): ClosedError {
    return new ClosedError(`${this.title}: expected it open, met it closed`);
  }
}

class PendingWait extends PromisedOperation<i32> {
  readonly #entry: Entry;
  readonly #wait: Wait;
  #cameAbout = false;

  constructor(entry: Entry, wait: Wait, resolve: (code: i32) => void, reject: (error: unknown) => void) {
    super(resolve, reject);
    this.#entry = entry;
    this.#wait = wait;
  }

  override attempt(): boolean {
    if (this.#entry.blocking && this.#wait.selfish) return false;
    const code = this.#wait.attempt();
    if (code === BLOCKED) return false;
    this.resolve(code);
    return true;
  }

  protected override abandoned(): void {
    this.#cameAbout = this.#wait.undo !== undefined && !this.#wait.undo();
  }

  protected override reject(error: unknown): void {
    if (this.#cameAbout) this.resolve(this.#wait.attempt());
    else super.reject(error);
  }
}
