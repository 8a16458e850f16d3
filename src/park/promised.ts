/** A pending operation behind a promise, with its time-out, its abort signal and its scope. */

import { deadlineOf, type WaitOptions } from './deadline.ts';
import { PendingOperation } from './pending.ts';

/** Where an operation waits: a wait point, or several. */
export interface WaitingPlace {
  enqueue(operation: PendingOperation): void;
  withdraw(operation: PendingOperation): void;
}

/** The longest a timer can run; what is longer is as good as for ever, and set again when it fires. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export abstract class PromisedOperation<T> extends PendingOperation {
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  #calling: Calling | undefined;
  #busy = false;
  /** Called off in the middle of an attempt: what that is to be done then, if it comes to nothing. */
  #calledOff: (() => void) | undefined;

  constructor(resolve: (value: T) => void, reject: (error: unknown) => void) {
    super();
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /**
   * About to be called off, while it is queued: whether another thread has decided it already, in which case it is
   * settled by this.
   */
  protected decided(): boolean {
    return false;
  }

  /** Called when the operation was called off: it has to leave no trace. */
  protected abandoned(): void {}

  /** Called when the operation has ended, one way or the other. */
  protected ended(): void {}

  override get busy(): boolean {
    return this.#busy;
  }

  /** Runs an attempt that may run code of the user's, and answers whether the operation is settled. */
  protected attend(attempt: () => boolean): boolean {
    this.#busy = true;
    let settled = false;
    try {
      settled = attempt();
    } finally {
      this.#busy = false;
    }
    const callOff = this.#calledOff;
    this.#calledOff = undefined;
    if (settled || !callOff) return settled;
    callOff();
    return true;
  }

  /** Whether it is queued, and not settled. */
  protected get waits(): boolean {
    return this.point !== undefined;
  }

  protected resolve(value: T): void {
    this.#calling?.stop();
    this.ended();
    this.#resolve(value);
  }

  protected reject(error: unknown): void {
    this.#calling?.stop();
    this.ended();
    this.#reject(error);
  }

  /**
   * Queues at `place` an operation whose first attempt did not settle it. It is called off when the signal aborts, when
   * the scope is over, or with what `late` makes when the time is.
   */
  start(place: WaitingPlace, options: WaitOptions | undefined, late: () => Error): void {
    const callOff = (error: unknown) => {
      if (this.#busy) {
        this.#calledOff = () => callOff(error);
        return;
      }
      const decided = this.waits && this.decided();
      place.withdraw(this);
      if (decided) return;
      this.abandoned();
      this.reject(error);
    };
    const { signal, timeout, scope } = options ?? {};
    try {
      signal?.throwIfAborted();
      scope?.throwIfCancelled();
      if (deadlineOf(timeout) <= performance.now()) throw late();
    } catch (error) {
      callOff(error);
      return;
    }
    place.enqueue(this);
    // Only now: what is called off must be in the queue, to be taken out of it.
    if (this.waits && (signal || scope || (timeout !== undefined && timeout !== Number.POSITIVE_INFINITY))) {
      this.#calling = new Calling(callOff, options!, late);
    }
  }
}

/** What may call an operation off. */
class Calling {
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: () => void;
  readonly #leaveScope: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(callOff: (error: unknown) => void, { signal, timeout, scope }: WaitOptions, late: () => Error) {
    this.#signal = signal;
    this.#onAbort = () => callOff(signal!.reason);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#leaveScope = scope?.onEnd(() => callOff(scope.cancelledError()));
    if (timeout !== undefined) this.#startTimer(performance.now() + timeout, () => callOff(late()));
  }

  stop(): void {
    this.#leaveScope?.();
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  #startTimer(deadline: number, expire: () => void): void {
    const remaining = deadline - performance.now();
    if (remaining <= 0) expire();
    else
      this.#timer = setTimeout(() => this.#startTimer(deadline, expire), Math.min(TIMER_MAX_MS, Math.ceil(remaining)));
  }
}
