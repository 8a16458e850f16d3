/** Where threads wait for each other: they look for a while, and then sleep. */

const ARRIVED = 0;
const GENERATION = 32;
const WORDS = 64;
const LOOKS = 3000;

export class Barrier {
  readonly #words: Int32Array;
  readonly #threads: number;

  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT);
  }

  constructor(memory: SharedArrayBuffer, threads: number) {
    this.#words = new Int32Array(memory);
    this.#threads = threads;
  }

  /** Goes on once every thread has come here. */
  pass(): void {
    const generation = Atomics.load(this.#words, GENERATION);
    if (Atomics.add(this.#words, ARRIVED, 1) === this.#threads - 1) {
      Atomics.store(this.#words, ARRIVED, 0);
      Atomics.add(this.#words, GENERATION, 1);
      Atomics.notify(this.#words, GENERATION);
      return;
    }
    for (let look = 0; look < LOOKS; look++) if (Atomics.load(this.#words, GENERATION) !== generation) return;
    while (Atomics.load(this.#words, GENERATION) === generation) Atomics.wait(this.#words, GENERATION, generation);
  }
}
