/**
 * What lockers write down about the locks they hold, in memory of the suite's own; and what the mutex guards.
 *
 * ```
 * inside     a bit for each locker that is sure to have the mutex
 * permits    four bits for each locker: how many permits it is sure to have
 * recovered  how many were told that whoever had the mutex before them died with it
 * guarded    [writer] [first] [second]: plain words, changed by whoever has the mutex
 * ```
 *
 * A locker enters itself after it got a lock, and takes itself out before it gives it back; what a dead one left there the
 * main thread takes out before what it held is recovered. So each of the two words shows, at every instant, some of those
 * who hold the lock and nobody else; and as each is changed in one step that tells what it was before, two holders at once,
 * or more permits than there are, are seen by the last to come.
 *
 * `first` and `second` rise one after the other, and `writer` stands for as long as that takes. So they are the same, and
 * there is no writer, whenever the mutex changes hands; except when its holder died, and then the next one is told.
 */

const INSIDE = 0;
const PERMITS = 1;
const RECOVERED = 2;
const WRITER = 32;
const FIRST = 33;
const SECOND = 34;
const WORDS = 64;

const PERMIT_BITS = 4;
const PERMIT_MASK = 2 ** PERMIT_BITS - 1;
/** As many as a word has room for. */
export const LOCKERS_MOST = 7;

export class LockBook {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(memory = new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
  }

  // ── The mutex ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** This locker has it. Answers who else has, a bit each. */
  enter(locker: number): number {
    return Atomics.or(this.#words, INSIDE, 1 << locker);
  }

  leave(locker: number): void {
    Atomics.and(this.#words, INSIDE, ~(1 << locker));
  }

  /** Whoever has it was told that somebody died with it. */
  noteRecovered(): void {
    Atomics.add(this.#words, RECOVERED, 1);
  }

  get recovered(): number {
    return Atomics.load(this.#words, RECOVERED);
  }

  /** Whether a change of what is guarded was begun and not finished. Only for who has the mutex, as what follows. */
  get halfChanged(): boolean {
    return this.#words[WRITER] !== 0 || this.#words[FIRST] !== this.#words[SECOND];
  }

  repair(): void {
    this.#words[SECOND] = this.#words[FIRST]!;
    this.#words[WRITER] = 0;
  }

  beginChange(locker: number): void {
    this.#words[WRITER] = locker + 1;
    this.#words[FIRST]!++;
  }

  finishChange(): void {
    this.#words[SECOND]!++;
    this.#words[WRITER] = 0;
  }

  /** How many changes there were. */
  get changes(): number {
    return this.#words[FIRST]!;
  }

  // ── The semaphore ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** This locker has so many permits more. Answers how many all have together. */
  take(locker: number, count: number): number {
    return totalOf(Atomics.add(this.#words, PERMITS, count << (locker * PERMIT_BITS))) + count;
  }

  give(locker: number, count: number): void {
    Atomics.sub(this.#words, PERMITS, count << (locker * PERMIT_BITS));
  }

  // ── The main thread ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** This locker is dead, and what it held is not recovered yet. */
  bury(locker: number): void {
    this.leave(locker);
    Atomics.and(this.#words, PERMITS, ~(PERMIT_MASK << (locker * PERMIT_BITS)));
  }

  /** Whether somebody is sure to hold something. */
  get held(): boolean {
    return Atomics.load(this.#words, INSIDE) !== 0 || Atomics.load(this.#words, PERMITS) !== 0;
  }
}

function totalOf(permits: number): number {
  let total = 0;
  for (let locker = 0; locker < LOCKERS_MOST; locker++) total += (permits >>> (locker * PERMIT_BITS)) & PERMIT_MASK;
  return total;
}
