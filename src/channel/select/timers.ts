/**
 * Cases of time: no thread, no polling. They say how long it is until they are due; a select that sleeps sleeps no longer
 * than that, one that is pending sets one timer for all of them.
 *
 * Like Go's, a timer goes off once: when a select has chosen it, it is never ready again. A tick does for ever; of those
 * that nobody looked for in time one is left, and the next is due when it would have been anyway.
 */

import { LimitError } from '../../errors.ts';
import { describe } from '../../memory/describe.ts';
import type { WaitPoint } from '../../park/wait-point.ts';
import { Case, type Contender } from './case.ts';
import type { Due, DueHit, SelectCase } from './types.ts';

const NOWHERE: readonly WaitPoint[] = [];

/** What there is to wait for but time. It has nothing of its own that a select could leave behind. */
abstract class Timer extends Case implements Contender {
  readonly thread = undefined;
  readonly points = NOWHERE;

  abstract remaining(): number;
  /** It is due and was chosen. Answers when it was due, in milliseconds since 1970. */
  protected abstract chosen(): number;

  override enter(): Contender {
    return this;
  }

  inTurn(): boolean {
    return true;
  }

  attempt(key: string): DueHit<string> | undefined {
    return this.remaining() > 0 ? undefined : { key, at: this.chosen() };
  }

  barred(): boolean {
    return this.remaining() > 0;
  }

  mark(): number {
    return 0;
  }

  keep(): void {}
  lack(): void {}
  end(): void {}
}

/** Once, when `clock` shows `due`. */
class Once extends Timer {
  readonly #clock: () => number;
  readonly #at: number;
  #due: number;

  /** @param at `due` in milliseconds since 1970. */
  constructor(clock: () => number, due: number, at: number) {
    super();
    this.#clock = clock;
    this.#due = due;
    this.#at = at;
  }

  remaining(): number {
    return this.#due - this.#clock();
  }

  protected override chosen(): number {
    this.#due = Number.POSITIVE_INFINITY;
    return this.#at;
  }
}

class Ticks extends Timer {
  readonly #first: number;
  readonly #every: number;
  /** How many ticks there were, chosen or passed over, when the next is due. */
  #passed = 0;

  constructor(every: number) {
    super();
    this.#every = every;
    this.#first = performance.now() + every;
  }

  remaining(): number {
    return this.#due - performance.now();
  }

  protected override chosen(): number {
    // The last one that is due stands for all before it.
    this.#passed = Math.max(this.#passed, Math.floor((performance.now() - this.#first) / this.#every));
    const at = performance.timeOrigin + this.#due;
    this.#passed++;
    return at;
  }

  get #due(): number {
    return this.#first + this.#passed * this.#every;
  }
}

const monotonic = () => performance.now();
const wall = () => Date.now();
const NEVER = new Once(monotonic, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);

/**
 * A case that is ready once, `ms` milliseconds from now (0 or less: at once). Chosen, it answers `{ key, at }`.
 *
 * ```ts
 * const hit = await select({ job: jobs.onReceive(), late: after(50) });
 * ```
 */
export function after(ms: number): SelectCase<Due> {
  if (typeof ms !== 'number' || Number.isNaN(ms)) {
    throw new LimitError(`after: expected a number of milliseconds, met ${describe(ms)}`);
  }
  const due = monotonic() + Math.max(0, ms);
  return asCase(new Once(monotonic, due, performance.timeOrigin + due));
}

/** A case that is ready once the clock on the wall shows `when`: a Date, or milliseconds since 1970. */
export function at(when: Date | number): SelectCase<Due> {
  const due = when instanceof Date ? when.getTime() : when;
  if (typeof due !== 'number' || Number.isNaN(due)) {
    throw new LimitError(`at: expected a valid Date or milliseconds since 1970, met ${describe(when)}`);
  }
  return asCase(new Once(wall, due, due));
}

/**
 * A case that is ready every `ms` milliseconds, the first time in `ms`. Keep it, and put it into one select after the
 * other. It does not drift: the n-th tick is due n · `ms` after this call. Nor does it pile up: however many went by, one
 * is ready.
 */
export function tick(ms: number): SelectCase<Due> {
  if (typeof ms !== 'number' || !(ms > 0 && ms < Number.POSITIVE_INFINITY)) {
    throw new LimitError(`tick: expected a number of milliseconds > 0, met ${describe(ms)}`);
  }
  return asCase(new Ticks(ms));
}

/** A case that is never ready. */
export function never(): SelectCase<never> {
  return NEVER as unknown as SelectCase<never>;
}

function asCase(timer: Timer): SelectCase<Due> {
  return timer as unknown as SelectCase<Due>;
}
