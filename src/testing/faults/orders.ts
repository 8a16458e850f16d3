/** The test's side of the control memory: orders for one thread. */

import { getEnvironmentData, setEnvironmentData, type Worker } from 'node:worker_threads';
import {
  CONTROL_BYTES,
  CONTROL_KEY,
  DELAY,
  DROP,
  HELD,
  PAUSE,
  STEP_DELAY,
  STEPS,
  STOP_IN,
  STOPPED,
  slotOf,
  WITHHELD,
  WITHHELD_MAX,
  WITHHELD_WORDS,
} from './control.ts';

/** Makes the control memory known to the workers that are started from here on. */
export function prepareControl(): void {
  controlMemory();
}

function controlMemory(): SharedArrayBuffer {
  const known = getEnvironmentData(CONTROL_KEY);
  if (known instanceof SharedArrayBuffer) return known;
  const control = new SharedArrayBuffer(CONTROL_BYTES);
  setEnvironmentData(CONTROL_KEY, control);
  return control;
}

export class Orders {
  readonly #slot: Int32Array;
  readonly #segment: Int32Array;
  readonly #ended: Promise<void>;
  #over = false;
  #delayMs = 0;
  /** Withheld wake-ups that were delivered, or are about to be. */
  #delivered: number;

  constructor(worker: Worker, segment: Int32Array) {
    this.#slot = slotOf(controlMemory(), worker.threadId);
    this.#segment = segment;
    this.#delivered = this.withheld;
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#over = true;
        this.#slot.fill(0);
        // Whoever waits for one of its words would wait for ever.
        for (const word of [HELD, WITHHELD]) Atomics.notify(this.#slot, word);
        resolve();
      });
    });
  }

  get steps(): number {
    return Atomics.load(this.#slot, STEPS) >>> 0;
  }

  pause(): void {
    Atomics.store(this.#slot, PAUSE, 1);
  }

  resume(): void {
    Atomics.store(this.#slot, PAUSE, 0);
    Atomics.notify(this.#slot, PAUSE);
  }

  /** Settles when the thread stands before its step number `steps` from now, for ever; answers false if it ended first. */
  async stopIn(steps: number): Promise<boolean> {
    Atomics.store(this.#slot, STOP_IN, steps);
    while (!this.#over) {
      const held = Atomics.load(this.#slot, HELD);
      if (held === STOPPED) return true;
      await Promise.race([changeOf(this.#slot, HELD, held), this.#ended]);
    }
    return false;
  }

  slow(stepDelayUs: number): void {
    Atomics.store(this.#slot, STEP_DELAY, stepDelayUs);
  }

  drop(wakeUps: number): void {
    Atomics.store(this.#slot, DROP, wakeUps);
  }

  /** Lets wake-ups arrive so much later from here on; 0: no more. */
  delay(ms: number): void {
    const running = this.#delayMs > 0;
    this.#delayMs = ms;
    Atomics.store(this.#slot, DELAY, ms > 0 ? 1 : 0);
    if (ms > 0 && !running) void this.#deliverLate();
  }

  /** How many wake-ups the thread has withheld so far. */
  get withheld(): number {
    return Atomics.load(this.#slot, WITHHELD);
  }

  /** Settles when more wake-ups than `seen` have been withheld, or the thread has ended. */
  async moreWithheld(seen: number): Promise<void> {
    await Promise.race([changeOf(this.#slot, WITHHELD, seen), this.#ended]);
  }

  /** Gives the wake-ups that were withheld since the last call. Answers how many. */
  deliver(): number {
    const words = this.#takeWithheld();
    for (const word of words) Atomics.notify(this.#segment, word);
    return words.length;
  }

  async #deliverLate(): Promise<void> {
    while (this.#delayMs > 0 && !this.#over) {
      const words = this.#takeWithheld();
      const deliver = () => {
        for (const word of words) Atomics.notify(this.#segment, word);
      };
      if (words.length > 0) setTimeout(deliver, this.#delayMs);
      await this.moreWithheld(this.#delivered);
    }
  }

  #takeWithheld(): number[] {
    const count = this.withheld;
    const first = Math.max(this.#delivered, count - WITHHELD_MAX);
    this.#delivered = count;
    return Array.from({ length: Math.max(0, count - first) }, (_, index) =>
      Atomics.load(this.#slot, WITHHELD_WORDS + ((first + index) % WITHHELD_MAX)),
    );
  }
}

/** Settles when the word is no longer `seen`. */
async function changeOf(words: Int32Array, at: number, seen: number): Promise<void> {
  const result = Atomics.waitAsync(words, at, seen);
  if (result.async) await result.value;
}
