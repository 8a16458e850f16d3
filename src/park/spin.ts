/**
 * How long to look again before sleeping, and how to look.
 *
 * Falling asleep and being woken costs tens of microseconds, a look tens of nanoseconds. Where the other side answers
 * quickly it pays to look for a while; where it does not, looking burns a core that the other side may need. So the
 * budget follows recent history, between a floor and the segment's limit. It grows when an answer was found only just in
 * time, or by a short sleep, which looking a little longer would have spared. It shrinks with every longer sleep: the
 * looking was in vain, and may have held the very core that the other side was waiting for. A sleep of many
 * milliseconds says nothing, as beside it the looking was cheap.
 *
 * Where somebody already sleeps for the same thing, one more who looks for it is one too many: what comes is for the
 * sleeper, or for whoever comes by, and the core is worth more to the thread that all of them wait for. Then a thread
 * looks as long as a single message takes to come, and no longer.
 *
 * Lingering: in a stream the faster side catches up with the slower one over and over, finds exactly one message (or
 * one free slot), and takes the other's cache line away to see it. Then it pays not to look at all for a moment, and to
 * find a batch. Whether it is a stream shows when it is tried: after some waits in a row that took no sleep, and if the
 * last one found no batch as it is. Lingering goes on for as long as a batch is what it finds. In an exchange of single
 * messages it finds none, and trials get rare.
 * See docs/decisions/0003-lingering.md for what it is worth.
 */

import { availableParallelism } from 'node:os';
import { BLOCKED } from '../kernel/codes.ts';
import type { i32 } from '../memory/words.ts';
import { relax } from '../memory/words.ts';

const FLOOR = 16;
const CORES = availableParallelism();
/** A sleep shorter than this was mostly falling asleep and being woken. */
const SOON_MS = 0.3;
/** Beside a sleep longer than this the looking was cheap. */
const LONG_MS = 10;
/** Looks between two looks at the clock, after the first ones. */
const CLOCK_EVERY = 64;
/** Looking goes on no longer than this: a look for memory in a pool that is full takes many times longer than others. */
const LOOKING_MOST_MS = 10;
/** The look after which the clock starts. */
const CLOCK_STARTS = 4;
/** Looks without a pause between them; later ones let the other side have its cache line for a while. */
const EAGER_LOOKS = 32;
const PAUSE = 2;

/** Most looks of a thread that is not the first to wait. */
const LOOKS_OF_MORE = 64;

/** Waits in a row without a sleep before lingering is tried: at first, and after many trials in vain. */
const TRIAL_AFTER_MIN = 4;
const TRIAL_AFTER_MAX = 64;
/** Turns of `relax` to linger, at first and at most. */
const LINGER_MIN = 8;
const LINGER_MAX = 64;
/** What makes a batch. */
const BATCH = 8;

export class SpinBudget {
  readonly #limit: number;
  readonly #pass: (() => void) | undefined;
  readonly #othersWait: (() => boolean) | undefined;
  #budget: number;
  #waits = 0;
  #trialAfter = TRIAL_AFTER_MIN;
  #linger = 0;

  /**
   * @param pass passes some 100 ns, or fewer if something happens that an attempt waits for.
   * @param othersWait whether somebody sleeps for the same thing.
   */
  constructor(limit: number, pass?: () => void, othersWait?: () => boolean) {
    this.#limit = limit;
    this.#pass = pass;
    this.#othersWait = othersWait;
    this.#budget = limit;
  }

  /**
   * Looks until `attempt` answers something other than BLOCKED, the budget is spent, or the deadline has passed.
   * `backlog` says how much there is to take, or how much room.
   */
  run(attempt: () => i32, backlog: () => number, deadline: number): i32 {
    const budget = this.#budget > LOOKS_OF_MORE && this.#othersWait?.() ? LOOKS_OF_MORE : this.#budget;
    if (this.#linger > 0 && budget > 0) relax(this.#linger);
    let end = deadline;
    for (let looks = 1; looks <= budget; looks++) {
      const result = attempt();
      if (result !== BLOCKED) {
        if (looks > this.#budget >>> 1) this.#budget = Math.min(this.#limit, this.#budget * 2);
        this.#learn(looks === 1, backlog);
        return result;
      }
      if (this.#pass) this.#pass();
      else if (looks > EAGER_LOOKS) relax(PAUSE);
      if (looks === CLOCK_STARTS) end = Math.min(deadline, performance.now() + LOOKING_MOST_MS);
      else if (looks > CLOCK_STARTS && clockDue(looks) && performance.now() >= end) break;
    }
    this.#linger = 0;
    this.#waits = 0;
    return BLOCKED;
  }

  /**
   * Looking was in vain, and the thread slept for so long. `attached` threads want to run, of which as many can as there
   * are cores: the less likely it is that the one waited for is among them, the sooner it pays to make room for it.
   */
  slept(ms: number, attached: number): void {
    const crowd = Math.max(1, attached / CORES);
    const limit = Math.min(this.#limit, Math.max(FLOOR, Math.floor(this.#limit / crowd)));
    if (ms < SOON_MS) this.#budget = Math.min(limit, (this.#budget * 3) >>> 1);
    else if (ms < LONG_MS) this.#budget = Math.min(limit, Math.max(FLOOR, this.#budget >>> 1));
  }

  #learn(atFirstLook: boolean, backlog: () => number): void {
    if (this.#linger > 0) {
      const worth = atFirstLook && backlog() >= BATCH;
      this.#linger = worth ? Math.min(LINGER_MAX, this.#linger * 2) : 0;
      this.#trialAfter = worth ? TRIAL_AFTER_MIN : Math.min(TRIAL_AFTER_MAX, this.#trialAfter * 2);
    } else if (++this.#waits >= this.#trialAfter) {
      this.#waits = 0;
      if (backlog() < BATCH) this.#linger = LINGER_MIN;
    }
  }
}

/** Now and then: more often at first, as it is not known yet what a look costs. */
function clockDue(looks: number): boolean {
  return looks % CLOCK_EVERY === 0 || (looks & (looks - 1)) === 0;
}
