/** An asynchronous operation that could not complete at once: a link in the queue of its wait point. */

import type { WaitPoint } from './wait-point.ts';

export abstract class PendingOperation {
  /** @internal */
  next: PendingOperation | undefined;
  /** @internal */
  previous: PendingOperation | undefined;
  /** @internal When it began to wait, on the clock of `performance.now()`. */
  since = 0;
  /** The queue it stands in; undefined once settled or withdrawn. */
  point: WaitPoint | undefined;

  /**
   * Whether it is in the middle of an attempt. That may run code of the user's, who may look at the same queue: whoever
   * stands behind is served then as if this one had left.
   */
  get busy(): boolean {
    return false;
  }

  /** Tries once. Returns whether the operation is settled, one way or the other. Must not throw. */
  abstract attempt(): boolean;
}

/** Something to be looked at whenever this thread is woken for it, until that is done. */
export class PendingLook extends PendingOperation {
  readonly #look: () => boolean;

  /** @param look answers whether it is done. */
  constructor(look: () => boolean) {
    super();
    this.#look = look;
  }

  override attempt(): boolean {
    return this.#look();
  }
}
