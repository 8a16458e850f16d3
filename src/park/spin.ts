/**
 * How long to look again before sleeping.
 *
 * Falling asleep and being woken costs tens of microseconds, a look tens of nanoseconds. Where the other side answers
 * quickly it pays to look for a while; where it does not, looking burns a core that the other side may need. So the
 * budget follows recent history: it doubles whenever the answer came soon, found by looking or by a short sleep (which
 * looking longer would have spared), and halves when it did not, between a floor and the segment's limit.
 */

import { BLOCKED } from '../kernel/codes.ts';
import type { i32 } from '../memory/words.ts';

const FLOOR = 16;
/** A sleep shorter than this was mostly falling asleep and being woken. */
const SOON_MS = 0.2;
/** Looks between two looks at the clock. */
const CLOCK_EVERY = 256;

export class SpinBudget {
  readonly #limit: number;
  #budget: number;

  constructor(limit: number) {
    this.#limit = limit;
    this.#budget = limit;
  }

  run(attempt: () => i32, deadline: number): i32 {
    const budget = this.#budget;
    for (let looks = 1; looks <= budget; looks++) {
      const result = attempt();
      if (result !== BLOCKED) {
        this.#double();
        return result;
      }
      if (looks % CLOCK_EVERY === 0 && performance.now() >= deadline) return BLOCKED;
    }
    return BLOCKED;
  }

  /** Looking was in vain, and the thread slept for so long. */
  slept(ms: number): void {
    if (ms < SOON_MS) this.#double();
    else this.#budget = Math.min(this.#limit, Math.max(FLOOR, this.#budget >>> 1));
  }

  #double(): void {
    this.#budget = Math.min(this.#limit, this.#budget * 2);
  }
}
