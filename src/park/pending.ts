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

  /** Tries once. Returns whether the operation is settled, one way or the other. Must not throw. */
  abstract attempt(): boolean;
}
