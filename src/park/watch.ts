/**
 * How a thread is told that something it has has ended: a scope, a primitive, a channel that was disposed of.
 *
 * One waiter set serves all things of a kind in a segment, and one operation is pending in the background for as long as
 * this thread has any: to look at all of them. So it hears of an end in its event loop, and also while it blocks, as it
 * looks at what is pending before it sleeps and when it is woken (`ThreadContext.block`). It enters the set before each
 * look; whoever ends something changes its state, then takes the bits of those who have it, and wakes them.
 */

import { PARKED_RUNNING } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { PendingLook } from './pending.ts';
import type { ThreadContext } from './thread.ts';
import { WaitPoint } from './wait-point.ts';

export class Watch {
  readonly #point: WaitPoint;
  readonly #look: PendingLook;

  /** @param look looks at all of them; answers whether none is left. */
  constructor(thread: ThreadContext, set: i32, look: () => boolean) {
    this.#point = new WaitPoint(thread, {
      set,
      parkedOn: PARKED_RUNNING,
      // Each is told of its own: there is never a wake-up to hand on.
      backlog: () => 0,
      background: true,
    });
    this.#look = new PendingLook(look);
  }

  /** From here on this thread is told. */
  begin(): void {
    if (!this.#look.point) this.#point.enqueue(this.#look);
  }

  end(): void {
    this.#point.withdraw(this.#look);
  }
}
