/** What a victim, a survivor and the test tell each other, in memory of their own: none of it is a step. */

const WORDS = 4;

/** A word that somebody waits for. */
export type Signal = 'ready' | 'go' | 'done' | 'again';
const INDEX: Record<Signal, number> = { ready: 0, go: 1, done: 2, again: 3 };

export class Signals {
  readonly #words: Int32Array;

  constructor(memory = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT)) {
    this.#words = new Int32Array(memory);
  }

  get memory(): SharedArrayBuffer {
    return this.#words.buffer as SharedArrayBuffer;
  }

  count(signal: Signal): number {
    return Atomics.load(this.#words, INDEX[signal]);
  }

  give(signal: Signal): void {
    Atomics.add(this.#words, INDEX[signal], 1);
    Atomics.notify(this.#words, INDEX[signal]);
  }

  /** Blocks until the signal was given more than `seen` times. */
  await(signal: Signal, seen = 0): void {
    while (this.count(signal) <= seen) Atomics.wait(this.#words, INDEX[signal], seen);
  }
}
