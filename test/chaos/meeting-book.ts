/**
 * What parties to meetings write down, in memory of the suite's own.
 *
 * ```
 * header  [number of the meeting] [whether a party has died since it began] [last complete round of the barrier]
 * party   one line each: at the door, in which meeting, how often it came to the barrier, how often it was done
 * once    three words each: who runs it, whether it ran to its end, whether it was told to have been done by one
 * ```
 *
 * A meeting begins once all parties wait at the door, so all that they write is of one meeting, and the main thread clears
 * it before.
 */

const NUMBER = 0;
const DEATHS = 1;
const LAST = 2;
const HEADER = 32;

const LINE = 32;
const AT_DOOR = 0;
const IN = 1;
const CAME = 2;
const DONE = 3;

const ONCE_WORDS = 3;
const RUNNER = 0;
const RAN = 1;
const TOLD = 2;
/** In the place of who runs it. */
const DEAD = -1;

/** What is done once, in each meeting. */
export const ONCES = 16;

export interface MeetingNote {
  readonly memory: SharedArrayBuffer;
  readonly parties: number;
}

export class MeetingBook {
  readonly note: MeetingNote;
  readonly #words: Int32Array;

  private constructor(note: MeetingNote) {
    this.note = note;
    this.#words = new Int32Array(note.memory);
  }

  static create(parties: number): MeetingBook {
    const words = HEADER + parties * LINE + ONCES * ONCE_WORDS;
    return new MeetingBook({ memory: new SharedArrayBuffer(words * Int32Array.BYTES_PER_ELEMENT), parties });
  }

  static open(note: MeetingNote): MeetingBook {
    return new MeetingBook(note);
  }

  /** Of the meeting that is on, or was. */
  get number(): number {
    return Atomics.load(this.#words, NUMBER);
  }

  /** Whether a party has died since the meeting began. */
  get bereaved(): boolean {
    return Atomics.load(this.#words, DEATHS) !== 0;
  }

  isIn(party: number): boolean {
    const meeting = this.#of(party, IN);
    return meeting !== 0 && meeting === this.number;
  }

  // ── Parties ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Blocks a party until the number is another one than `seen`. */
  waitAtDoor(party: number, seen: number): void {
    this.#put(party, AT_DOOR, 1);
    while (this.number === seen) Atomics.wait(this.#words, NUMBER, seen);
    this.#put(party, AT_DOOR, 0);
  }

  /** From here on everybody else is told of this party's death. */
  enter(party: number, meeting: number): void {
    this.#put(party, IN, meeting);
  }

  leave(party: number): void {
    this.#put(party, IN, 0);
  }

  /** This party is about to come to the barrier for that time. */
  come(party: number, time: number): void {
    this.#put(party, CAME, time);
  }

  allCame(time: number): boolean {
    return this.#all(CAME, time);
  }

  /** This party was the last to come. Answers whether it is the only one of that time. */
  noteLast(time: number): boolean {
    return Atomics.exchange(this.#words, LAST, time) < time;
  }

  /** This party is about to say that it is done, for that time. */
  finish(party: number, time: number): void {
    this.#put(party, DONE, time);
  }

  allDone(time: number): boolean {
    return this.#all(DONE, time);
  }

  // ── What is done once ───────────────────────────────────────────────────────────────────────────────────────────────

  /** A party runs it. Answers whether it may: nobody has, or whoever did is dead. */
  beginOnce(once: number, party: number): boolean {
    const runner = Atomics.exchange(this.#words, this.#once(once, RUNNER), party + 1);
    return runner === DEAD || runner === 0;
  }

  finishOnce(once: number): void {
    Atomics.store(this.#words, this.#once(once, RAN), 1);
  }

  /** Whether it ran to its end. */
  onceRan(once: number): boolean {
    return Atomics.load(this.#words, this.#once(once, RAN)) === 1;
  }

  /** A party was told that it was the one. Answers whether it is the first to be told so. */
  noteOnce(once: number): boolean {
    return Atomics.exchange(this.#words, this.#once(once, TOLD), 1) === 0;
  }

  // ── The main thread ─────────────────────────────────────────────────────────────────────────────────────────────────

  get allAtDoor(): boolean {
    return this.#all(AT_DOOR, 1);
  }

  /** All wait at the door: forgets what they wrote in the meeting before. */
  clear(): void {
    this.#words.fill(0, DEATHS);
  }

  /** Lets those at the door in; or, if there is no meeting, away. */
  open(): void {
    Atomics.add(this.#words, NUMBER, 1);
    Atomics.notify(this.#words, NUMBER);
  }

  /** A party is dead, and nothing is recovered yet. */
  bury(party: number): void {
    Atomics.store(this.#words, DEATHS, 1);
    this.#put(party, AT_DOOR, 0);
    for (let once = 0; once < ONCES; once++) {
      Atomics.compareExchange(this.#words, this.#once(once, RUNNER), party + 1, DEAD);
    }
  }

  #all(word: number, least: number): boolean {
    for (let party = 0; party < this.note.parties; party++) if (this.#of(party, word) < least) return false;
    return true;
  }

  #of(party: number, word: number): number {
    return Atomics.load(this.#words, HEADER + party * LINE + word);
  }

  #put(party: number, word: number, value: number): void {
    Atomics.store(this.#words, HEADER + party * LINE + word, value);
  }

  #once(once: number, word: number): number {
    return HEADER + this.note.parties * LINE + once * ONCE_WORDS + word;
  }
}
