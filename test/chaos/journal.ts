/**
 * What the workers of the suite did, written down by themselves in memory of the suite's own.
 *
 * Nothing here goes through the channels that are being tested, and what a worker wrote stands when it is killed.
 *
 * ```
 * header   [stage] [violations] [violation …]
 * place    one line a worker: what it has begun, what it has finished. A worker and those that replace it have one place
 * book     one a sender: a bit for each message of the round, set by whoever received it
 * ```
 *
 * Two words of a place say where its worker was when it died. `begun` rises before a batch of operations is started,
 * `finished` once they have returned. So what lies between the two is all that can be in doubt: for a sender, messages
 * that may or may not have been accepted; for a receiver, messages it may have had in its hands; for a locker, sections it
 * may have been in.
 *
 * A round ends at rest: senders have stopped, channels are empty, receivers have timed out. Then the books are compared
 * and cleared.
 */

const LINE = 32;

const STAGE = 0;
const VIOLATIONS = 1;
const VIOLATION_FIRST = LINE;
const VIOLATION_WORDS = 4;
const VIOLATIONS_MAX = 16;
const PLACES = VIOLATION_FIRST + VIOLATION_WORDS * VIOLATIONS_MAX;

const BEGUN = 0;
const FINISHED = 1;
const MESSAGES = 2;
const RESTING = 3;
const ALIVE = 4;
const LIVES = 5;
const TASK = 6;

/** Messages a sender may send in one round: a bit each. */
export const BOOK_MESSAGES = 2 ** 22;
const BOOK_WORDS = BOOK_MESSAGES / 32;

/** What was met that must never be: who met it, and two numbers that say what it was, as a sentence. */
const COMPLAINTS = {
  torn: (place, sender, sequence) => `receiver ${place} met message ${sequence} of sender ${sender}, which is torn`,
  repeated: (place, sender, sequence) => `receiver ${place} met message ${sequence} of sender ${sender} again`,
  'out of order': (place, sender, sequence) => {
    return `receiver ${place} met message ${sequence} of sender ${sender} after one that was sent later`;
  },
  'of another round': (place, sender, sequence) => {
    return `receiver ${place} met message ${sequence} of sender ${sender}, which is of another round`;
  },
  'two holders': (place, others) => `locker ${place} had the mutex together with others (bits ${others.toString(2)})`,
  'not told': (place) => `locker ${place} met a change half done, and was not told that its maker died`,
  'too many permits': (place, all) => `locker ${place} had a permit when ${all} were held`,
  'too early': (place, time) => `party ${place} went on, time ${time}, before all others had come, or were done`,
  'two last': (place, time) => `party ${place} was told that it was the last to come, time ${time}, as was another`,
  'twice at once': (place, once) => `party ${place} ran number ${once} of what is done once while another did`,
  'not done': (place, once) => `party ${place} went on before number ${once} of what is done once was done`,
  'done twice': (place, once) =>
    `party ${place} was told that it did number ${once} of what is done once, as was another`,
  'broken for nothing': (place, meeting) => `party ${place} met meeting ${meeting} broken, and nobody had died`,
} satisfies Record<string, (place: number, one: number, other: number) => string>;
type ComplaintKind = keyof typeof COMPLAINTS;
const COMPLAINT_KINDS = Object.keys(COMPLAINTS) as ComplaintKind[];

/** `party`: to a meeting. */
export type Role = 'sender' | 'receiver' | 'locker' | 'party';

/**
 * Who works: everybody of the shift; its receivers, to empty the channels; nobody; nobody ever again. While gauging: the
 * first sender and the first receiver of one lane, as fast as the channel lets them, without a word in the books.
 */
export const PHASES = ['work', 'drain', 'rest', 'over', 'gauge'] as const;
export type Phase = (typeof PHASES)[number];

/** What everybody is to do: the stage word. */
export interface Stage {
  readonly round: number;
  readonly phase: Phase;
  /** Which lanes have their turn; while gauging, which lane. */
  readonly turn: number;
}

/** What a worker has to know to tell whether it has its turn. */
export interface Duty {
  readonly place: number;
  readonly role: Role;
  /** Its number among those of its crew. */
  readonly index: number;
  readonly shift: number;
  readonly lane: number;
}

export class Journal {
  readonly memory: SharedArrayBuffer;
  readonly senders: number;
  readonly places: number;
  readonly #words: Int32Array;

  private constructor(memory: SharedArrayBuffer, senders: number, places: number) {
    this.memory = memory;
    this.senders = senders;
    this.places = places;
    this.#words = new Int32Array(memory);
  }

  /** A journal of so many places, the first of which are those of senders. */
  static create(senders: number, places: number): Journal {
    const words = PLACES + places * LINE + senders * BOOK_WORDS;
    const journal = new Journal(new SharedArrayBuffer(words * 4), senders, places);
    // All of it becomes resident now, so that whoever watches the memory sees none of it later.
    journal.#words.fill(0);
    return journal;
  }

  static open({ memory, senders, places }: JournalNote): Journal {
    return new Journal(memory, senders, places);
  }

  /** For `data` of a worker. */
  get note(): JournalNote {
    return { memory: this.memory, senders: this.senders, places: this.places };
  }

  // ── The stage ───────────────────────────────────────────────────────────────────────────────────────────────────────

  get stage(): Stage {
    return stageOf(Atomics.load(this.#words, STAGE));
  }

  direct({ round, phase, turn }: Stage): void {
    Atomics.store(this.#words, STAGE, (round << 8) | (turn << 3) | PHASES.indexOf(phase));
    Atomics.notify(this.#words, STAGE);
  }

  /** Blocks a worker while it has nothing to do. Answers the stage it goes on with, or undefined when all is over. */
  enter(duty: Duty): Stage | undefined {
    return this.#restWhile(duty.place, (stage) => !works(duty, stage));
  }

  /** A sender has used its book up: it has nothing to do before the next round. */
  awaitNextRound(place: number, round: number): void {
    this.#restWhile(place, (stage) => stage.round === round && stage.phase === 'work');
  }

  /** A worker has nothing to do in one of its roles. Unlike `enter`, this does not block it. */
  pause(place: number): void {
    Atomics.store(this.#words, this.#at(place, RESTING), 1);
  }

  /** It works in that role again. */
  resume(place: number): void {
    Atomics.store(this.#words, this.#at(place, RESTING), 0);
  }

  #restWhile(place: number, idle: (stage: Stage) => boolean): Stage | undefined {
    for (;;) {
      const word = Atomics.load(this.#words, STAGE);
      const stage = stageOf(word);
      if (stage.phase === 'over') return undefined;
      const resting = idle(stage);
      if (!resting) {
        this.resume(place);
        return stage;
      }
      // Under the soak, which measures memory: what is left then is what is really held.
      globalThis.gc?.();
      this.pause(place);
      Atomics.wait(this.#words, STAGE, word);
    }
  }

  // ── Places ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A worker takes its place. Answers how many were there before it. */
  arrive(place: number, task: number): number {
    Atomics.store(this.#words, this.#at(place, TASK), task);
    Atomics.store(this.#words, this.#at(place, FINISHED), this.begun(place));
    Atomics.store(this.#words, this.#at(place, ALIVE), 1);
    return Atomics.load(this.#words, this.#at(place, LIVES));
  }

  /** The main thread: the worker of this place has ended. Answers how many operations it had begun and not finished. */
  leave(place: number): number {
    Atomics.store(this.#words, this.#at(place, ALIVE), 0);
    Atomics.store(this.#words, this.#at(place, RESTING), 0);
    Atomics.add(this.#words, this.#at(place, LIVES), 1);
    return this.begun(place) - this.finished(place);
  }

  begin(place: number, operations: number): void {
    Atomics.store(this.#words, this.#at(place, BEGUN), this.begun(place) + operations);
  }

  /** The operations that were begun have returned, so many of them with a message. */
  finish(place: number, messages: number): void {
    Atomics.store(this.#words, this.#at(place, FINISHED), this.begun(place));
    Atomics.add(this.#words, this.#at(place, MESSAGES), messages);
  }

  /** The operations that were begun have had no effect: a sender's numbers are used again. */
  withdraw(place: number): void {
    Atomics.store(this.#words, this.#at(place, BEGUN), this.finished(place));
  }

  begun(place: number): number {
    return Atomics.load(this.#words, this.#at(place, BEGUN));
  }

  finished(place: number): number {
    return Atomics.load(this.#words, this.#at(place, FINISHED));
  }

  /** Messages that this place has sent or received, in all rounds. Wraps. */
  messages(place: number): number {
    return Atomics.load(this.#words, this.#at(place, MESSAGES));
  }

  resting(place: number): boolean {
    return Atomics.load(this.#words, this.#at(place, RESTING)) !== 0;
  }

  alive(place: number): boolean {
    return Atomics.load(this.#words, this.#at(place, ALIVE)) !== 0;
  }

  /** The number of the worker's thread for the operating system; 0 where that is not told. */
  task(place: number): number {
    return Atomics.load(this.#words, this.#at(place, TASK));
  }

  #at(place: number, word: number): number {
    return PLACES + place * LINE + word;
  }

  // ── Books ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** A receiver has message number `sequence` of the sender at `place`. Answers whether it is the first to have it. */
  receive(place: number, sequence: number): boolean {
    const bit = 1 << (sequence & 31);
    return (Atomics.or(this.#words, this.#book(place) + (sequence >>> 5), bit) & bit) === 0;
  }

  received(place: number, sequence: number): boolean {
    return (Atomics.load(this.#words, this.#book(place) + (sequence >>> 5)) & (1 << (sequence & 31))) !== 0;
  }

  /** Messages of the sender at `place` below `end` that nobody received. */
  missing(place: number, end: number): number[] {
    const missing: number[] = [];
    for (let word = 0; word * 32 < end; word++) {
      if (this.#words[this.#book(place) + word] === -1) continue;
      const last = Math.min(end, word * 32 + 32);
      for (let sequence = word * 32; sequence < last; sequence++) {
        if (!this.received(place, sequence)) missing.push(sequence);
      }
    }
    return missing;
  }

  /** How many messages at or behind `from` of the sender at `place` somebody received. */
  receivedFrom(place: number, from: number): number {
    let count = 0;
    for (let sequence = from; sequence < BOOK_MESSAGES; sequence++) {
      if ((sequence & 31) === 0 && this.#words[this.#book(place) + (sequence >>> 5)] === 0) sequence += 31;
      else if (this.received(place, sequence)) count++;
    }
    return count;
  }

  /** Clears the books for the next round. Everybody is at rest. */
  turnPage(): void {
    for (let place = 0; place < this.senders; place++) {
      this.#words.fill(0, this.#book(place), this.#book(place) + Math.ceil((this.begun(place) + 1) / 32));
    }
    for (let place = 0; place < this.places; place++) {
      Atomics.store(this.#words, this.#at(place, BEGUN), 0);
      Atomics.store(this.#words, this.#at(place, FINISHED), 0);
    }
  }

  #book(place: number): number {
    return PLACES + this.places * LINE + place * BOOK_WORDS;
  }

  // ── Violations ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The worker at `place` met what must never be; `one` and `other` say what. */
  complain(kind: ComplaintKind, place: number, one = 0, other = 0): void {
    const number = Atomics.add(this.#words, VIOLATIONS, 1);
    if (number >= VIOLATIONS_MAX) return;
    const at = VIOLATION_FIRST + number * VIOLATION_WORDS;
    this.#words.set([COMPLAINT_KINDS.indexOf(kind), place, one, other], at);
  }

  /** What was complained of; each as one sentence. */
  get complaints(): string[] {
    const count = Atomics.load(this.#words, VIOLATIONS);
    const told = Array.from({ length: Math.min(VIOLATIONS_MAX, count) }, (_, number) => {
      const at = VIOLATION_FIRST + number * VIOLATION_WORDS;
      const [kind, place, one, other] = this.#words.subarray(at, at + VIOLATION_WORDS);
      return COMPLAINTS[COMPLAINT_KINDS[kind!]!](place!, one!, other!);
    });
    return count > told.length ? [...told, `and ${count - told.length} more of that kind`] : told;
  }
}

export interface JournalNote {
  readonly memory: SharedArrayBuffer;
  readonly senders: number;
  readonly places: number;
}

function stageOf(word: number): Stage {
  return { round: word >>> 8, phase: PHASES[word & 7]!, turn: (word >>> 3) & 31 };
}

/** Whether somebody has its turn. */
export function works({ role, index, shift, lane }: Duty, { phase, turn }: Stage): boolean {
  if (phase === 'gauge') return turn === lane && index === 0;
  if (turn !== shift) return false;
  return phase === 'work' || (phase === 'drain' && role === 'receiver');
}
