/**
 * Looks whether anybody is stuck: a worker with a living counterpart, that does not finish an operation for a second.
 *
 * A machine that is busy with other things accuses nobody: only time in which this thread itself got its turns counts,
 * less the time in which a worker of the lane was ready to run and did not get to.
 */

import type { Arena, Place } from './arena.ts';
import { runDelayMs } from './tasks.ts';

const LOOK_EVERY_MS = 10;
const LOOK_MOST_MS = 30;
const PROMPT_MS = 1000;

/** From here on it is looked at who got to run. */
const SUSPICIOUS_MS = 100;

interface Idle {
  readonly messages: number;
  ms: number;
  /** How long workers of the lane had been kept from running when it became suspicious. */
  keptBefore: number;
}

export class Watch implements Disposable {
  readonly violations: string[] = [];
  /** The longest that an operation with a living counterpart took. */
  longestMs = 0;
  readonly #arena: Arena;
  readonly #idle = new Map<Place, Idle>();
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
    for (const { places } of this.#arena.working) {
      const working = places.filter(({ number }) => this.#works(number));
      const manned = new Set(working.map(({ role }) => role)).size === 2;
      for (const place of places) {
        if (manned && working.includes(place)) this.#lookAt(place, working, elapsed);
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
      this.#idle.set(place, { messages, ms: 0, keptBefore: 0 });
      return;
    }
    const before = idle.ms;
    idle.ms += elapsed;
    if (idle.ms < SUSPICIOUS_MS) return;
    const kept = this.#keptFromRunning(lane);
    if (before < SUSPICIOUS_MS) idle.keptBefore = kept;
    const took = idle.ms - Math.max(0, kept - idle.keptBefore);
    if (this.longestMs <= PROMPT_MS && took > PROMPT_MS) {
      this.violations.push(`${place.role} ${place.number} is stuck:\n${this.#arena.describe(place.stand)}`);
    }
    this.longestMs = Math.max(this.longestMs, took);
  }

  #keptFromRunning(places: readonly Place[]): number {
    const { journal } = this.#arena;
    return places.reduce((sum, { number }) => sum + runDelayMs(journal.task(number)), 0);
  }
}
