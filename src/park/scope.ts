/** What operations may run under: something that, once it is over, calls them off on every thread. */

import { LimitError } from '../errors.ts';
import { BLOCKED, CANCELLED } from '../kernel/codes.ts';
import { describe } from '../memory/describe.ts';
import type { i32 } from '../memory/words.ts';
import { deadlineOf, type WaitOptions } from './deadline.ts';
import type { ThreadContext } from './thread.ts';
import type { WaitPoint } from './wait-point.ts';

/**
 * What is done together and can be called off together, on all threads: `supervisor.scope()` makes one, ports carry it
 * to others. It is over once it is cancelled, by anybody who has it; when its time-out has passed; when the scope it is
 * in is over; when the thread that made it ends; and when its supervisor is closed. Operations under it that wait reject
 * with, or throw, CancelledError then and have had no effect; further ones are refused before anything is tried.
 *
 * As in Go, whoever makes a scope sees to it that it ends: `using` cancels it. Until then it takes memory.
 *
 * ```ts
 * using scope = supervisor.scope({ timeout: 5000 });
 * supervisor.spawn(entry, { ports: { scope, jobs: jobs.receiver } });
 *
 * // in the worker
 * while (!scope.cancelled) step();                       // one atomic load; sees the main thread's cancel at once
 * const job = jobs.receiveSync({ scope });
 * ```
 */
export abstract class Scope implements Disposable {
  /**
   * Whether it is over. One atomic load (and a look at the clock, where there is a time-out): for loops that never yield
   * to their event loop.
   */
  abstract readonly cancelled: boolean;
  /** What it was cancelled with, if it is over and that is known on this thread; a TimeoutError if its time ran out. */
  abstract readonly reason: unknown;
  /** Aborts on this thread when the scope is over; its reason is the CancelledError. The same object each time. */
  abstract readonly signal: AbortSignal;
  /** Throws {@link CancelledError}, with the reason as its cause, if it is over. */
  abstract throwIfCancelled(): void;
  /**
   * Ends it, and every scope in it, on all threads. Only the first end counts. The reason becomes the cause of each
   * CancelledError; on other threads a copy of it, if structured clone can make one that is small enough (384 bytes;
   * of an error at least name, message and code).
   */
  abstract cancel(reason?: unknown): void;
  /** A scope in this one: over when this one is, or before. Throws LimitError for a time-out that is no number. */
  abstract child(options?: ScopeOptions): Scope;
  /** Cancels it. */
  abstract [Symbol.dispose](): void;

  /** @internal When its time ends, on the clock of `performance.now()`. */
  abstract readonly deadline: number;
  /** @internal Calls back once it is over, on this thread. Returns what takes that back. */
  abstract onEnd(callback: () => void): () => void;
  /** @internal The error for whoever finds it over. */
  abstract cancelledError(): Error;
  /** @internal Whether it belongs to the segment of that thread. */
  abstract belongsTo(thread: ThreadContext): boolean;
}

export interface ScopeOptions {
  /** Milliseconds after which it is over. Default: no limit but that of the scope it is in. */
  readonly timeout?: number | undefined;
}

/** Throws CancelledError if the scope of the options, if any, is over; LimitError if it is none of this segment's. */
export function assertUncancelled(thread: ThreadContext, options: Pick<WaitOptions, 'scope'> | undefined): void {
  const scope = options?.scope;
  if (scope === undefined) return;
  if (!(scope instanceof Scope)) throw new LimitError(`scope: expected a Scope, met ${describe(scope)}`);
  if (!scope.belongsTo(thread)) throw new LimitError('scope: expected one of this supervisor, met one of another');
  scope.throwIfCancelled();
}

/**
 * Blocks this thread until `attempt` answers something other than BLOCKED, and returns that; BLOCKED when the time-out of
 * the options passed. Throws CancelledError as soon as their scope is over and there is nothing to take.
 *
 * The scope's end wakes this thread like everything else that it has pending: see `channel/scopes.ts`.
 */
export function blockUnder(
  thread: ThreadContext,
  points: readonly WaitPoint[],
  attempt: () => i32,
  options: Omit<WaitOptions, 'signal'> | undefined,
): i32 {
  const deadline = deadlineOf(options?.timeout);
  const scope = options?.scope;
  if (!scope) return thread.block(points, attempt, deadline);
  const attemptUnder = () => {
    const code = attempt();
    return code === BLOCKED && scope.cancelled ? CANCELLED : code;
  };
  const code = thread.block(points, attemptUnder, Math.min(deadline, scope.deadline));
  if (code === CANCELLED || (code === BLOCKED && scope.cancelled)) throw scope.cancelledError();
  return code;
}
