/**
 * Looks whether anybody is stuck: a worker that has whomever it needs, a sender a receiver for instance, and does not finish
 * an operation for a second. A lane in which somebody is dying may stand still until its exit; the second begins there.
 *
 * A machine that is busy with other things accuses nobody: only time counts in which this thread itself got its turns,
 * and in which no worker of the lane was ready to run and did not get to.
 */

import type { Arena } from './arena.ts';
import type { Place } from './stand.ts';
import { stateOf } from './tasks.ts';

const LOOK_EVERY_MS = 10;
const LOOK_MOST_MS = 30;
const PROMPT_MS = 1000;

/** From here on it is looked at who got to run. */
const SUSPICIOUS_MS = 100;

interface Idle {
  readonly messages: number;
  ms: number;
}

export class Watch implements Disposable {
  readonly violations: string[] = [];
  /** The longest that an operation took which needed nobody who was not there. */
  longestMs = 0;
  readonly #arena: Arena;
  readonly #idle = new Map<Place, Idle>();
  /** The processor time that tasks had had at the last look. */
  readonly #ran = new Map<number, string>();
  readonly #timer: NodeJS.Timeout;
  #lookedAt = performance.now();

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    const elapsed = Math.min(now - this.#lookedAt, LOOK_MOST_MS);
    this.#lookedAt = now;
    for (const stand of this.#arena.working) {
      const { places } = stand;
      const working = places.filter(({ number }) => this.#works(number));
      const disturbed = places.some(({ name }) => this.#arena.dying.has(name));
      for (const place of places) {
        const manned = !disturbed && working.includes(place) && stand.manned(place, working);
        if (manned) this.#lookAt(place, working, elapsed);
        else this.#idle.delete(place);
      }
    }
  }

  #works(place: number): boolean {
    const { journal } = this.#arena;
    return journal.stage.phase === 'work' && journal.alive(place) && !journal.resting(place);
  }

  #lookAt(place: Place, lane: readonly Place[], elapsed: number): void {
    const messages = this.#arena.journal.messages(place.number);
    const idle = this.#idle.get(place);
    if (!idle || idle.messages !== messages) {
      this.#idle.set(place, { messages, ms: 0 });
      return;
    }
    if (idle.ms >= SUSPICIOUS_MS && this.#starves(lane)) return;
    idle.ms += elapsed;
    if (this.longestMs <= PROMPT_MS && idle.ms > PROMPT_MS) {
      this.violations.push(`${place.role} ${place.number} is stuck:\n${this.#arena.describe(place.stand)}`);
    }
    this.longestMs = Math.max(this.longestMs, idle.ms);
  }

  /** Whether somebody in the lane is ready to run and has not run since the last look. */
  #starves(lane: readonly Place[]): boolean {
    let starves = false;
    for (const { number } of lane) {
      const task = this.#arena.journal.task(number);
      const state = stateOf(task);
      if (!state) continue;
      if (!state.asleep && this.#ran.get(task) === state.ranNs) starves = true;
      this.#ran.set(task, state.ranNs);
    }
    return starves;
  }
}
