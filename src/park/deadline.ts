/** How long an operation may take, as its caller says it. */

import { LimitError } from '../errors.ts';
import { describe } from '../memory/describe.ts';
import type { Scope } from './scope.ts';

export interface WaitOptions {
  /** Milliseconds this operation may take; then it throws TimeoutError and has had no effect. Default: no limit. */
  readonly timeout?: number | undefined;
  /** Aborting it rejects the operation with the signal's reason; it has had no effect then. */
  readonly signal?: AbortSignal | undefined;
  /** Once it is over the operation throws CancelledError and has had no effect; if it is over already, nothing is tried. */
  readonly scope?: Scope | undefined;
}

/** When `timeout` ends, on the clock of `performance.now()`. */
export function deadlineOf(timeout: number | undefined): number {
  if (timeout === undefined) return Number.POSITIVE_INFINITY;
  if (typeof timeout !== 'number' || Number.isNaN(timeout)) {
    throw new LimitError(`timeout: expected a number of milliseconds, met ${describe(timeout)}`);
  }
  return performance.now() + Math.max(0, timeout);
}
