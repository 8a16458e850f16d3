/** A case, as a select sees it. */

import type { ThreadContext } from '../../park/thread.ts';
import type { WaitPoint } from '../../park/wait-point.ts';
import type { Seat } from '../rendezvous.ts';

/** What a select answers, whatever the case was. */
export interface AnyHit {
  readonly key: string;
}

/** What users hold, and put into as many selects as they like. */
export abstract class Case {
  /**
   * Takes part in one more select: evaluates what has not been evaluated yet. Throws what stands in the way of that,
   * and then no trace is left of it.
   */
  abstract enter(): Contender;
}

/** A case that others can meet, at a seat of this thread. */
export interface Meeting {
  readonly seat: Seat;
  /** Puts to the seat what belongs there. Returns false if that cannot be now. */
  place(): boolean;
  /** It was met there: answers, as an attempt does. */
  met(key: string): AnyHit;
}

/** A case that takes part in one select. Each of its steps enters the segment that it works on. */
export interface Contender {
  /** The thread it is of; undefined for a case of time. */
  readonly thread: ThreadContext | undefined;
  /** Where that thread waits for it. At the first it queues up; none: time alone makes it ready, or nothing does. */
  readonly points: readonly WaitPoint[];
  /** Whether no operation of this thread that began before stands in its way. */
  inTurn(): boolean;
  /**
   * In turn only: does what the case says if that is possible now, and answers; undefined if not, and nothing was done.
   * Throws when it was chosen and failed.
   *
   * @param blocking whether this thread does nothing else meanwhile.
   */
  attempt(key: string, blocking: boolean): AnyHit | undefined;
  /** Milliseconds until it is ready by itself. */
  remaining(): number;
  /** Whether it was not ready at some instant during the call, and what then stays the same until it was. */
  barred(): boolean;
  mark(): number;
  /** The select waits from here on: copies what still belongs to the caller. */
  keep(): void;
  /** Pending, in turn and blocked. What is not told of at its point calls `again`. */
  lack(again: () => void): void;
  /** How others can meet it while the select waits; at a rendezvous only. */
  readonly meeting?: Meeting | undefined;
  /** The select is over. Unless this was the case that was chosen, everything is as it was before. May be called twice. */
  end(): void;
}
