/**
 * Data races: two accesses of one word by different threads, at least one a write and at least one plain, that nothing
 * orders.
 *
 * Happens-before is that of JavaScript's memory model, kept in vector clocks: the order within a thread, and from an
 * atomic write to the atomic reads that meet it. A plain store of a word does not extend what an earlier one released.
 */

import { MAX_THREADS } from './thread.ts';

/** Plain reads, plain writes, atomic reads, atomic writes: the last of each, a thread and word. */
const KINDS = 4;
const PLAIN_READ = 0;
const PLAIN_WRITE = 1;
const ATOMIC_READ = 2;
const ATOMIC_WRITE = 3;

export class Races {
  /** `clocks[t × MAX + u]`: how much of thread u thread t knows of. */
  readonly #clocks = new Int32Array(MAX_THREADS * MAX_THREADS);
  #released = new Int32Array(0);
  #accesses = new Int32Array(0);
  #plain = new Uint8Array(0);

  /** Forgets everything; there are `words` words. */
  reset(words: number): void {
    this.#clocks.fill(0);
    if (words > this.#plain.length) {
      const room = words * 2;
      this.#released = new Int32Array(room * MAX_THREADS);
      this.#accesses = new Int32Array(room * MAX_THREADS * KINDS);
      this.#plain = new Uint8Array(room);
    } else {
      this.#released.fill(0, 0, words * MAX_THREADS);
      this.#accesses.fill(0, 0, words * MAX_THREADS * KINDS);
      this.#plain.fill(0, 0, words);
    }
  }

  /** Makes room for one more word in the midst of an execution. */
  ensure(words: number): void {
    if (words <= this.#plain.length) return;
    const [released, accesses, plain] = [this.#released, this.#accesses, this.#plain];
    const room = words * 2;
    this.#released = new Int32Array(room * MAX_THREADS);
    this.#accesses = new Int32Array(room * MAX_THREADS * KINDS);
    this.#plain = new Uint8Array(room);
    this.#released.set(released);
    this.#accesses.set(accesses);
    this.#plain.set(plain);
  }

  /** Notes a plain access. Returns the thread it races with, or −1. */
  plain(thread: number, word: number, writes: boolean): number {
    const clocks = this.#clocks;
    const now = ++clocks[thread * MAX_THREADS + thread]!;
    const accesses = this.#accesses;
    let rival = -1;
    for (let other = 0; other < MAX_THREADS; other++) {
      if (other === thread) continue;
      const known = clocks[thread * MAX_THREADS + other]!;
      const last = (word * MAX_THREADS + other) * KINDS;
      if (accesses[last + PLAIN_WRITE]! > known || accesses[last + ATOMIC_WRITE]! > known) rival = other;
      if (writes && (accesses[last + PLAIN_READ]! > known || accesses[last + ATOMIC_READ]! > known)) rival = other;
    }
    accesses[(word * MAX_THREADS + thread) * KINDS + (writes ? PLAIN_WRITE : PLAIN_READ)] = now;
    this.#plain[word] = 1;
    return rival;
  }

  /** Notes an atomic access. Returns the thread it races with, or −1. */
  atomic(thread: number, word: number, reads: boolean, writes: boolean): number {
    const clocks = this.#clocks;
    const mine = thread * MAX_THREADS;
    const now = ++clocks[mine + thread]!;
    let rival = -1;
    if (this.#plain[word] === 1) {
      for (let other = 0; other < MAX_THREADS; other++) {
        if (other === thread) continue;
        const last = (word * MAX_THREADS + other) * KINDS;
        const known = clocks[mine + other]!;
        if (this.#accesses[last + PLAIN_WRITE]! > known) rival = other;
        if (writes && this.#accesses[last + PLAIN_READ]! > known) rival = other;
      }
    }
    const released = word * MAX_THREADS;
    if (reads) {
      for (let other = 0; other < MAX_THREADS; other++) {
        const known = this.#released[released + other]!;
        if (known > clocks[mine + other]!) clocks[mine + other] = known;
      }
    }
    if (writes)
      for (let other = 0; other < MAX_THREADS; other++) this.#released[released + other] = clocks[mine + other]!;
    this.#accesses[(word * MAX_THREADS + thread) * KINDS + (writes ? ATOMIC_WRITE : ATOMIC_READ)] = now;
    return rival;
  }

  /** Whatever `before` did so far is known to `after` from here on: a join, or a wake-up. */
  order(before: number, after: number): void {
    const clocks = this.#clocks;
    for (let other = 0; other < MAX_THREADS; other++) {
      const known = clocks[before * MAX_THREADS + other]!;
      if (known > clocks[after * MAX_THREADS + other]!) clocks[after * MAX_THREADS + other] = known;
    }
  }
}
