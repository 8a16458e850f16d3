/** Explores one model for as long as it may: systematically, with ever more preemptions, and then at random. */

import { type Found, Search } from './search.ts';
import type { Subject } from './subject.ts';
import { Walk } from './walk.ts';

export interface Limits {
  /** Most preemptions; the search stops there even if there is more. */
  readonly preemptions: number;
  /** Most seconds. */
  readonly seconds: number;
  /** The part of that time that random walks get, if the search does not come to its end. */
  readonly walking: number;
  /** Where the random walks start. */
  readonly start?: number;
}

export interface Outcome {
  readonly model: string;
  /** Executions of the systematic search, each with a schedule of its own. */
  schedules: number;
  /** Those of them that ran to their end; the others met a state that was known. */
  ended: number;
  /** Different states: what happened so far, up to the order of unrelated steps, and who is running. */
  states: number;
  /** Executions of the random walk; some of them may be the same. */
  walks: number;
  /** Everything was explored that has at most so many preemptions; −1 if not even what has none. */
  preemptions: number;
  /** Whether there is nothing beyond that: every schedule was covered. */
  exhausted: boolean;
  seconds: number;
  found: Found | undefined;
}

/** Executions between two looks at the clock. */
const CLOCK_EVERY = 8;
/** Random walks ahead of the search, at most; */
const SCOUTS = 48;
/** fewer once so many in a row have shown nothing new. */
const SCOUTS_IN_VAIN = 8;

export function explore(subject: Subject, limits: Limits): Outcome {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const outcome: Outcome = {
    model: subject.model.name,
    schedules: 0,
    ended: 0,
    states: 0,
    walks: 0,
    preemptions: -1,
    exhausted: false,
    seconds: 0,
    found: undefined,
  };
  const stray = scout(subject);
  search(subject, limits, outcome, () => seconds() > limits.seconds * (1 - limits.walking));
  if (!outcome.exhausted && !outcome.found && limits.walking > 0) {
    walk(subject, limits, outcome, () => seconds() > limits.seconds);
  }
  outcome.found ??= stray;
  outcome.seconds = seconds();
  return outcome;
}

/** Some random walks ahead: they show which words concern several threads, so that the search seldom has to start over. */
function scout({ machine, model, place }: Subject): Found | undefined {
  const walk = new Walk(machine, model, place, SCOUTS);
  for (let vain = 0; walk.walks < SCOUTS && vain < SCOUTS_IN_VAIN; vain++) {
    machine.grown = false;
    const next = walk.next();
    if (typeof next === 'object') return next;
    if (machine.grown) vain = 0;
  }
  return undefined;
}

function search(subject: Subject, limits: Limits, outcome: Outcome, over: () => boolean): void {
  for (let bound = 0; bound <= limits.preemptions; bound++) {
    const level = searchLevel(subject, bound, over);
    // A level runs everything that the one before did, so counts are those of the highest.
    if (level.schedules > outcome.schedules) {
      outcome.schedules = level.schedules;
      outcome.ended = level.ended;
      outcome.states = level.states;
    }
    outcome.found = level.found;
    if (level.found || !level.done) return;
    outcome.preemptions = bound;
    outcome.exhausted = !level.cut;
    if (outcome.exhausted) return;
  }
}

interface Level {
  readonly schedules: number;
  readonly ended: number;
  readonly states: number;
  /** Whether all of it was explored. */
  readonly done: boolean;
  /** Whether there is more beyond it. */
  readonly cut: boolean;
  readonly found: Found | undefined;
}

function searchLevel({ machine, model, place }: Subject, bound: number, over: () => boolean): Level {
  machine.grown = false;
  let level = new Search(machine, model, place, bound);
  for (;;) {
    const next = level.next();
    const found = typeof next === 'object' ? next : undefined;
    const done = next === 'nothing more';
    if (found || done || (level.schedules % CLOCK_EVERY === 0 && over())) {
      const { schedules, ended, states, cut } = level;
      return { schedules, ended, states, done, cut, found };
    }
    if (machine.grown) {
      // One more word concerns several threads: what was explored has too few points of choice.
      machine.grown = false;
      level = new Search(machine, model, place, bound);
    }
  }
}

function walk({ machine, model, place }: Subject, limits: Limits, outcome: Outcome, over: () => boolean): void {
  const walk = new Walk(machine, model, place, limits.start ?? 1);
  while (!outcome.found && !over()) {
    const next = walk.next();
    if (typeof next === 'object') outcome.found = next;
  }
  outcome.walks = walk.walks;
}
