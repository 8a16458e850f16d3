/** A virtual thread: a program that is run step by step, with an event loop and a clock of its own. */

export const MAX_THREADS = 6;

/** What a thread is about to do, beside the operations of the door. */
export const START = 'starts';
export const TURN = 'turn';
export const WOKEN = 'woken';

export type Status =
  /** Has a step before it. */
  | 'ready'
  /** Waits for the end of another. */
  | 'unborn'
  /** In `Atomics.wait`. */
  | 'asleep'
  /** In its event loop, with nothing to do but to wait for `waitAsync`. */
  | 'idle'
  | 'done'
  | 'dead';

export type Steps = Generator<unknown, unknown, unknown>;
type Task = () => unknown;

/** What one look at the clock takes. */
const TICK_MS = 0.125;

export class VirtualThread {
  readonly index: number;
  readonly name: string;
  readonly mortal: boolean;
  /** Starts once one of these threads is dead; at once, if there is none. */
  readonly heirOf: readonly string[];
  readonly program: () => unknown;
  status: Status = 'unborn';
  steps: Steps | undefined;
  /** Steps done. */
  count = 0;
  /** The step before it: what, where in the source, on which word, with what. */
  site = -1;
  pending = '';
  at = 0;
  first = 0;
  second = 0;
  /** Whether other threads may go before that step, and whether it is one before which to die makes a difference. */
  switchable = true;
  fatal = false;
  /** Whether it waits for somebody else to do something, looking again and again. */
  relaxing = false;
  /** The fingerprint of what it did and met. */
  high = 0;
  low = 0;
  /** Milliseconds. */
  clock = 0;
  /** When the sleep it is in ends by itself. */
  wakesAt = Number.POSITIVE_INFINITY;
  /** Fingerprint of what was put into its inbox by others. */
  inbox = 0;
  readonly microtasks: Task[] = [];
  readonly immediates: Task[] = [];
  /** Promises of `waitAsync` that were settled by a notify, to be run by the event loop. */
  readonly fired: Task[] = [];
  /** How many of those are outstanding. */
  outstanding = 0;
  /** Timers that hold the event loop open. */
  holders = 0;
  #lots: number;

  constructor(index: number, name: string, program: () => unknown, mortal: boolean, heirOf: readonly string[]) {
    this.index = index;
    this.name = name;
    this.program = program;
    this.mortal = mortal;
    this.heirOf = heirOf;
    this.#lots = index << 30;
    this.high = Math.imul(index + 1, 0x9e3779b1);
    this.low = Math.imul(index + 1, 0x85ebca6b);
  }

  get over(): boolean {
    return this.status === 'done' || this.status === 'dead';
  }

  /** Its next lot, from 0 to 1. */
  random(): number {
    this.#lots = (Math.imul(this.#lots, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#lots / 2 ** 32;
  }

  now(): number {
    this.clock += TICK_MS;
    return this.clock;
  }

  /** What its event loop does next without looking into the inbox. */
  nextTask(): Task | undefined {
    return (
      this.microtasks.shift() ?? (this.outstanding + this.fired.length === 0 ? this.immediates.shift() : undefined)
    );
  }
}
