/**
 * One thing this thread may wait for (room in a channel, a message, memory): its waiter set, and the queue of this
 * thread's asynchronous operations that wait there, first come, first served.
 *
 * Invariant: while the queue is not empty, this thread's bit is in the set, or a look at the queue is on its way
 * (`pump.kick`, or the wake-up that took the bit).
 *
 * An operation that waits for several things has a link in the queue of each. It is settled from one of them, and leaves
 * the others.
 */

import type { i32 } from '../memory/words.ts';
import type { PendingOperation } from './pending.ts';
import { SpinBudget } from './spin.ts';
import type { ThreadContext } from './thread.ts';

export interface WaitPointOptions {
  /** Word index of the waiter set. */
  readonly set: i32;
  /** What the thread's cell shows while it sleeps here; see `CELL_PARKED_ON`. */
  readonly parkedOn: i32;
  /** Called once this thread is in the set, before it looks again. */
  readonly announce?: () => void;
  /** Passes the time between two looks of a thread that does not sleep yet, by looking at nothing but words. */
  readonly watch?: (looks: number) => void;
  /** How much of what is waited for there is. */
  readonly backlog: () => number;
  /** Wakes whoever may take what somebody did not want. Default: the next thread in the set. */
  readonly wake?: () => void;
  /** Told how long an operation had to wait here. */
  readonly noteWait?: (ms: number) => void;
  /** Whether an attempt may enter this thread into the set: where others meet it, it waits as soon as it looks. */
  readonly sits?: boolean;
  /** Whether what is pending here leaves the event loop free to end. */
  readonly background?: boolean;
}

export class WaitPoint {
  set: i32;
  readonly parkedOn: i32;
  /** How often this thread blocks here. */
  blocking = 0;
  readonly noteWait: (ms: number) => void;
  readonly backlog: () => number;
  readonly spin: SpinBudget;
  readonly sits: boolean;
  readonly background: boolean;
  readonly #announce: (() => void) | undefined;
  readonly #wake: () => void;
  readonly #thread: ThreadContext;
  #first: PendingOperation | undefined;
  #last: PendingOperation | undefined;
  /** Whether the head of the queue left, and the next one was not looked at yet. */
  #passed = false;

  constructor(thread: ThreadContext, options: WaitPointOptions) {
    this.#thread = thread;
    this.set = options.set;
    this.parkedOn = options.parkedOn;
    this.#announce = options.announce;
    this.#wake = options.wake ?? (() => thread.wakeOne(options.set));
    this.backlog = options.backlog;
    const { set, watch } = options;
    const { looks } = thread.engine;
    const othersWait = () => thread.kernel.waitersNext(set, 0) >= 0;
    this.spin = new SpinBudget(thread.segment.spin, watch && (() => watch(looks)), othersWait);
    this.noteWait = options.noteWait ?? (() => {});
    this.sits = options.sits ?? false;
    this.background = options.background ?? false;
  }

  /** Whether asynchronous operations of this thread wait here, other than those that are being attempted. */
  get pending(): boolean {
    return this.#first !== undefined && this.#next !== undefined;
  }

  /** Binds the kernel to the segment of this point. */
  enter(): void {
    this.#thread.segment.enter();
  }

  /** The one that stands before all others, though it may be in the middle of an attempt. */
  get first(): PendingOperation | undefined {
    return this.#first;
  }

  /** Queues an operation. It is tried again whenever this thread is woken from here, the first time before this returns. */
  enqueue(operation: PendingOperation): void {
    const { pump, segment } = this.#thread;
    segment.enter();
    pump.add(this);
    this.#append(operation);
    this.service();
  }

  /** Takes an operation out of the queue: it timed out or was aborted. */
  withdraw(operation: PendingOperation): void {
    if (operation.point !== this) return;
    this.#thread.segment.enter();
    const wasNext = this.#isNext(operation);
    this.#unlink(operation);
    if (!this.#first) this.#retire();
    // What stood in its way does not stand in everybody's: those behind it get their chance.
    else if (wasNext) this.service();
  }

  /**
   * Takes an operation out of the queue that was settled somewhere else. Those behind it get their chance soon, and not
   * at once: they may be in other queues as well, and so may those behind them.
   */
  leave(operation: PendingOperation): void {
    if (operation.point !== this) return;
    this.#thread.segment.enter();
    const wasNext = this.#isNext(operation);
    this.#unlink(operation);
    if (!this.#first) this.#retire();
    else if (wasNext) {
      this.#passed = true;
      this.#thread.pump.kick();
    }
  }

  /** Whether the bit of this thread was taken, or its turn has passed on: it is worth looking. */
  get woken(): boolean {
    return this.#passed || !this.#thread.kernel.waitersHas(this.set, this.#thread.id);
  }

  /** Tries the queue from its head for as long as operations settle, and sets the bit before the last look. */
  service(): void {
    for (;;) {
      this.#passed = false;
      this.#settle();
      if (!this.#first) break;
      if (!this.woken) return;
      this.register();
    }
    this.#retire();
  }

  /** Enters this thread into the set. Look again afterwards. */
  register(): void {
    this.#thread.kernel.waitersAdd(this.set, this.#thread.id);
    this.#announce?.();
  }

  /** What was waited for here is gone: this thread waits in `set` from now on, and those who wait find out at once. */
  forsake(set: i32): void {
    this.#thread.kernel.waitersRemove(this.set, this.#thread.id);
    this.set = set;
    if (this.pending) this.service();
  }

  /** Wakes the next one if there is something for it: whoever leaves a set may have swallowed a wake-up. */
  passOn(): void {
    if (this.#thread.kernel.waitersAny(this.set) && this.backlog() > 0) this.#wake();
  }

  /** The one that is served next. Those before it are being attempted, by whom this was asked in the middle of that. */
  get #next(): PendingOperation | undefined {
    let operation = this.#first;
    while (operation?.busy) operation = operation.next;
    return operation;
  }

  /** Whether an operation is served before all others; also in the middle of that, for nobody else was. */
  #isNext(operation: PendingOperation): boolean {
    return operation.busy || operation === this.#next;
  }

  #settle(): void {
    for (let operation = this.#next; operation; operation = this.#next) {
      if (!operation.attempt()) return;
      this.#thread.segment.enter();
      if (operation.point === this) this.#unlink(operation);
    }
  }

  #retire(): void {
    this.#passed = false;
    this.#thread.kernel.waitersRemove(this.set, this.#thread.id);
    this.passOn();
    this.#thread.pump.remove(this);
  }

  #append(operation: PendingOperation): void {
    operation.point = this;
    operation.since = performance.now();
    operation.previous = this.#last;
    if (this.#last) this.#last.next = operation;
    else this.#first = operation;
    this.#last = operation;
  }

  #unlink(operation: PendingOperation): void {
    this.noteWait(performance.now() - operation.since);
    const { previous, next } = operation;
    if (previous) previous.next = next;
    else this.#first = next;
    if (next) next.previous = previous;
    else this.#last = previous;
    operation.previous = undefined;
    operation.next = undefined;
    operation.point = undefined;
  }
}
