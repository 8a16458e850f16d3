/**
 * The machine that virtual threads run on: shared words, and whatever a step does to them.
 *
 * Code that was made steppable comes here with every step (`step`). A step that concerns no other thread is done at
 * once; any other suspends its thread, until the scheduler picks it (`perform`). Which words concern several threads is
 * learned: when an execution shows that one more does, the search starts over (`grown`).
 */

import type { Site, StepOperation } from '../transform/rewrite.ts';
import { Fingerprint } from './hash.ts';
import { promisesOf } from './promise.ts';
import { Races } from './races.ts';
import { START, type Steps, TURN, type VirtualThread, WOKEN } from './thread.ts';

/** What went wrong, as one sentence. */
export class Violation extends Error {}

/** A step that was done, for whoever wants to tell of it. */
export interface Done {
  readonly thread: VirtualThread;
  readonly operation: string;
  readonly site: Site | undefined;
  readonly at: number;
  readonly before: number;
  readonly after: number;
  readonly result: unknown;
}

/** Which steps suspend their thread: those that concern others, all, or none. */
export type Suspension = 'shared' | 'all' | 'none';

const WRITES = new Set<string>(['store', 'cas', 'add', 'and', 'or', 'poke']);
const WAKES = new Set<string>(['wait', 'waitAsync', 'notify']);
const STEPS_MAX = 4_000;
const AT_ONCE_MAX = 1_000_000;
/** What goes by when nothing happens. */
const LONG_MS = 50;

const tags = new Map<string, number>();
/** A number for the name of an operation, for fingerprints. */
function tagOf(operation: string): number {
  let tag = tags.get(operation);
  if (tag === undefined) {
    tag = tags.size + 1;
    tags.set(operation, tag);
  }
  return tag;
}

interface Sleeper {
  readonly thread: VirtualThread;
  readonly at: number;
  /** For `waitAsync`: what to do when it is over. */
  readonly reaction: (() => unknown) | undefined;
  reactions: (() => unknown)[];
}

export class Machine {
  readonly sites: Site[] = [];
  /** What the last step that was done at once answered. */
  result: unknown;
  suspension: Suspension = 'none';
  thread: VirtualThread | undefined;
  threads: readonly VirtualThread[] = [];
  /** Whether words touched from now on are put back by `reset`. */
  remembering = false;
  /** Whether a word turned out to concern several threads since this was last set to false. */
  grown = false;
  /** Tells of every step, if set. */
  observer: ((done: Done) => void) | undefined;
  /** Whether plain accesses of a word may race, and why that does no harm. */
  benign: (at: number) => boolean = () => false;
  readonly #races = new Races();
  readonly #print = new Fingerprint();
  #words: Int32Array = new Int32Array(0);
  // Words that threads touched have a number each.
  #numbers = new Int32Array(0);
  readonly #addresses: number[] = [];
  readonly #base: number[] = [];
  readonly #readers: number[] = [];
  readonly #writers: number[] = [];
  #shared = new Uint8Array(1024);
  #excused = new Uint8Array(1024);
  #wroteHigh = new Int32Array(1024);
  #wroteLow = new Int32Array(1024);
  #queueHigh = new Int32Array(1024);
  #queueLow = new Int32Array(1024);
  #sleepers: Sleeper[] = [];
  #violated: Violation | undefined;
  #atOnce = 0;

  // ── What loaded code sees ───────────────────────────────────────────────────────────────────────────────────────────

  /** The door's functions that are no steps. */
  readonly door = {
    bind: (view: Int32Array) => {
      if (this.#words === view) return;
      this.#words = view;
      this.#numbers = new Int32Array(view.length);
    },
    bound: () => this.#words,
    below: (word: number, other: number) => word >>> 0 < other >>> 0,
    lowestBit: (word: number) => 31 - Math.clz32(word & -word),
    // No step, and no time: whoever steps aside may be back before anybody else has moved.
    pause: () => {},
  };

  /** The platform, as the running virtual thread sees it. */
  readonly platform = {
    performance: { now: () => this.thread?.now() ?? 0 },
    setImmediate: (task: () => unknown) => void this.thread!.immediates.push(task),
    queueMicrotask: (task: () => unknown) => void this.thread!.microtasks.push(task),
    setInterval: () => this.#holder(),
    clearInterval: (holder: { unref(): void } | undefined) => holder?.unref(),
    clearTimeout: () => {},
    Promise: promisesOf(() => this.thread!, isSteps),
    Date: { now: () => 0 },
    // Lots are drawn, and come out the same each time that a schedule is run.
    Math: Object.assign(Object.create(Math) as typeof Math, { random: () => this.thread?.random() ?? 0 }),
    // Compiled code cannot be stepped through; without this the kernel is what is.
    WebAssembly: undefined,
  };

  #holder() {
    const thread = this.thread!;
    let holds = true;
    thread.holders++;
    const set = (wanted: boolean) => {
      if (holds !== wanted) thread.holders += wanted ? 1 : -1;
      holds = wanted;
    };
    return { ref: () => set(true), unref: () => set(false) };
  }

  /** A step of loaded code. Returns whether to suspend; if not, it is done, and `result` is what it answers. */
  step(site: number, at: number, first = 0, second = 0): boolean {
    const { operation } = this.sites[site]!;
    const { thread } = this;
    if (!thread || this.suspension === 'none') {
      this.result = this.#do(undefined, operation, site, at, first, second);
      return false;
    }
    if (operation === 'relax') {
      thread.site = site;
      thread.pending = operation;
      thread.switchable = true;
      thread.fatal = false;
      return true;
    }
    const writes = WRITES.has(operation);
    thread.switchable = WAKES.has(operation) || this.#concernsOthers(operation, at);
    thread.fatal = thread.mortal && (writes || WAKES.has(operation));
    if (!thread.switchable && !thread.fatal && this.suspension === 'shared') {
      this.result = this.#do(thread, operation, site, at, first, second);
      return false;
    }
    thread.site = site;
    thread.pending = operation;
    thread.at = at;
    thread.first = first;
    thread.second = second;
    return true;
  }

  /** A step of code that cannot be suspended. */
  now(site: number, at: number, first = 0, second = 0): unknown {
    return this.#do(undefined, this.sites[site]!.operation, site, at, first, second);
  }

  /** What a pattern reads of an object, one by one: any of it may be got by steps. */
  *pick(source: Record<string, unknown>, names: readonly string[]): Steps {
    const picked: Record<string, unknown> = {};
    for (const name of names) {
      const value = source[name];
      picked[name] = isSteps(value) ? yield* value : value;
    }
    return picked;
  }

  /** What a pattern among parameters has read. */
  whole(...values: unknown[]): void {
    if (values.some(isSteps))
      throw this.#violation('a getter that a pattern among parameters reads cannot be suspended');
  }

  /** Runs what may be steps to its end, at once. */
  drain(value: unknown): unknown {
    if (!isSteps(value)) return value;
    const { suspension } = this;
    this.suspension = 'none';
    try {
      return value.next().value;
    } finally {
      this.suspension = suspension;
    }
  }

  // ── What the scheduler sees ─────────────────────────────────────────────────────────────────────────────────────────

  /** Everything as it was when no thread had run. */
  reset(): void {
    for (let number = 0; number < this.#addresses.length; number++) {
      this.#words[this.#addresses[number]!] = this.#base[number]!;
    }
    this.#wroteHigh.fill(0);
    this.#wroteLow.fill(0);
    this.#queueHigh.fill(0);
    this.#queueLow.fill(0);
    this.#races.reset(this.#addresses.length);
    this.#sleepers = [];
    this.#violated = undefined;
    this.#atOnce = 0;
    this.thread = undefined;
    this.threads = [];
    this.suspension = 'none';
  }

  value(at: number): number {
    return this.#words[at]!;
  }

  /** Whether a thread has a step that can be done now. */
  enabled(thread: VirtualThread): boolean {
    if (thread.status !== 'ready') return false;
    // Looking again is in vain until somebody else has done something.
    if (thread.relaxing && this.threads.some((other) => other !== thread && this.#canMove(other))) return false;
    return this.#canMove(thread);
  }

  /** Something happens: whoever looks again and again may see it. */
  #stir(): void {
    for (const thread of this.threads) thread.relaxing = false;
  }

  /** Lets time go by if nobody but this thread can do anything. */
  #passTime(thread: VirtualThread): void {
    if (!this.threads.some((other) => other !== thread && this.#canMove(other))) thread.clock += LONG_MS;
  }

  #canMove(thread: VirtualThread): boolean {
    if (thread.status !== 'ready') return false;
    return thread.pending !== TURN || thread.fired.length + thread.immediates.length > 0;
  }

  /** Makes a thread ready to start. That is a step, too: what its program does first, it does when it is its turn. */
  start(thread: VirtualThread): void {
    thread.status = 'ready';
    thread.steps = this.#life(thread);
    thread.pending = START;
    for (const other of this.threads)
      if (thread.heirOf.includes(other.name)) this.#races.order(other.index, thread.index);
  }

  /** Does the step before a thread, and runs it to its next one. */
  perform(thread: VirtualThread): void {
    this.#fingerprint(thread);
    thread.high = this.#print.high;
    thread.low = this.#print.low;
    if (++thread.count > STEPS_MAX) throw this.#violation(`${thread.name} does not come to an end`);
    const { pending, at } = thread;
    this.#stir();
    if (pending === START || pending === TURN || pending === WOKEN) {
      this.#tell(thread, pending, undefined, at, 0, 0, undefined);
      this.#resume(thread, pending === WOKEN ? true : undefined);
      return;
    }
    if (pending === 'relax') {
      thread.relaxing = true;
      this.#passTime(thread);
      this.#resume(thread, undefined);
      return;
    }
    const result = this.#perform(thread, pending as StepOperation, thread.site, at, thread.first, thread.second);
    if (thread.status === 'ready') this.#resume(thread, result);
  }

  /** A sleeper wakes up though nobody notified it: without a reason, or because its time is over. */
  rouse(thread: VirtualThread, timedOut: boolean): void {
    this.#stir();
    this.#fingerprintWith(thread, timedOut ? 'time-out' : 'spurious');
    thread.high = this.#print.high;
    thread.low = this.#print.low;
    thread.count++;
    if (timedOut) thread.clock = Math.max(thread.clock, thread.wakesAt);
    this.#passTime(thread);
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.thread !== thread || sleeper.reaction !== undefined);
    thread.status = 'ready';
    this.#tell(thread, timedOut ? 'wakes: time over' : 'wakes: no reason', undefined, thread.at, 0, 0, undefined);
    this.#resume(thread, !timedOut);
  }

  #violation(sentence: string): Violation {
    this.#violated ??= new Violation(sentence);
    return this.#violated;
  }

  /** A thread stops for ever, with its next step undone. */
  kill(thread: VirtualThread): void {
    this.#stir();
    this.#fingerprintWith(thread, 'dies');
    thread.high = this.#print.high;
    thread.low = this.#print.low;
    thread.status = 'dead';
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.thread !== thread);
    this.#tell(thread, 'DIES', this.sites[thread.site], thread.at, 0, 0, undefined);
  }

  /** The fingerprint a thread would have after its next step. */
  successor(thread: VirtualThread, event: 'step' | 'spurious' | 'time-out' | 'dies'): Fingerprint {
    if (event === 'step') this.#fingerprint(thread);
    else this.#fingerprintWith(thread, event);
    return this.#print;
  }

  // ── Inside ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The program of a thread, and after it its event loop. */
  *#life(thread: VirtualThread): Steps {
    let value = thread.program();
    if (isSteps(value)) yield* value;
    for (;;) {
      let task = thread.nextTask();
      if (!task) {
        if (thread.holders === 0 && thread.immediates.length === 0) return;
        thread.pending = TURN;
        thread.switchable = true;
        thread.fatal = false;
        yield;
        task = thread.fired.shift() ?? thread.immediates.shift()!;
      }
      value = task();
      if (isSteps(value)) yield* value;
    }
  }

  #resume(thread: VirtualThread, result: unknown): void {
    this.thread = thread;
    if (thread.steps!.next(result).done) thread.status = 'done';
    this.thread = undefined;
    // Code under test catches errors, and must not hide these.
    if (this.#violated) throw this.#violated;
  }

  #perform(thread: VirtualThread, operation: StepOperation, site: number, at: number, first: number, second: number) {
    const number = this.#number(at);
    if (operation === 'wait') return this.#wait(thread, site, at, number, first, second);
    if (operation === 'waitAsync') return this.#waitAsync(thread, site, at, number, first);
    if (operation === 'notify') return this.#notify(thread, site, at, number);
    const result = this.#do(thread, operation, site, at, first, second, true);
    if (WRITES.has(operation) && !(operation === 'cas' && result !== first)) {
      this.#wroteHigh[number] = thread.high;
      this.#wroteLow[number] = thread.low;
    }
    return result;
  }

  #wait(thread: VirtualThread, site: number, at: number, number: number, expected: number, timeoutMs: number) {
    const found = this.#words[at]!;
    this.#access(thread, at, number, true, false, false);
    this.#queueHigh[number] = thread.high;
    this.#queueLow[number] = thread.low;
    this.#tell(thread, found === expected ? 'sleeps' : 'wait: not equal', this.sites[site], at, found, found, expected);
    if (found !== expected) return true;
    thread.status = 'asleep';
    thread.wakesAt = thread.clock + timeoutMs;
    this.#sleepers.push({ thread, at, reaction: undefined, reactions: [] });
    return undefined;
  }

  #waitAsync(thread: VirtualThread, site: number, at: number, number: number, expected: number) {
    const found = this.#words[at]!;
    this.#access(thread, at, number, true, false, false);
    this.#queueHigh[number] = thread.high;
    this.#queueLow[number] = thread.low;
    this.#tell(
      thread,
      found === expected ? 'waitAsync' : 'waitAsync: not equal',
      this.sites[site],
      at,
      found,
      found,
      expected,
    );
    if (found !== expected) return undefined;
    const reactions: (() => unknown)[] = [];
    const reaction = () => thread.microtasks.push(...reactions);
    thread.outstanding++;
    this.#sleepers.push({ thread, at, reaction, reactions });
    // biome-ignore lint/suspicious/noThenProperty: it stands for a promise.
    return { then: (react: () => unknown) => void reactions.push(react) };
  }

  #notify(thread: VirtualThread, site: number, at: number, number: number) {
    this.#queueHigh[number] = thread.high;
    this.#queueLow[number] = thread.low;
    const woken = this.#sleepers.filter((sleeper) => sleeper.at === at);
    if (woken.length > 0) this.#sleepers = this.#sleepers.filter((sleeper) => sleeper.at !== at);
    for (const { thread: sleeper, reaction } of woken) {
      this.#races.order(thread.index, sleeper.index);
      sleeper.inbox = this.#print.set(sleeper.inbox, thread.low).mix(thread.high).low;
      if (reaction) {
        sleeper.outstanding--;
        sleeper.fired.push(reaction);
      } else {
        sleeper.status = 'ready';
        sleeper.pending = WOKEN;
        sleeper.switchable = true;
        sleeper.fatal = false;
      }
    }
    const names = woken.map(({ thread: sleeper }) => sleeper.name).join(', ');
    this.#tell(thread, names ? `notify → ${names}` : 'notify: nobody', this.sites[site], at, 0, 0, undefined);
  }

  /** Does an operation on a word. Without a thread: in the preparation of an execution, which everybody knows of. */
  #do(
    thread: VirtualThread | undefined,
    operation: StepOperation,
    site: number,
    at: number,
    first: number,
    second: number,
    counted = false,
  ): unknown {
    if (operation === 'relax') return undefined;
    const words = this.#words;
    const before = words[at]!;
    const number = thread || this.remembering ? this.#number(at) : -1;
    if (!thread && ++this.#atOnce > AT_ONCE_MAX) throw this.#violation('what is done at once does not come to an end');
    if (thread && !counted && ++thread.count > STEPS_MAX)
      throw this.#violation(`${thread.name} does not come to an end`);
    if (!thread && this.thread && this.#concernsOthers(operation, at)) {
      const { path, line } = this.sites[site]!;
      throw this.#violation(
        `${operation} of a word that concerns others in code that cannot be suspended (${path}:${line})`,
      );
    }
    let result: unknown = before;
    switch (operation) {
      case 'load':
      case 'peek':
        break;
      case 'store':
      case 'poke':
        words[at] = first;
        result = undefined;
        break;
      case 'cas':
        if (before === (first | 0)) words[at] = second;
        break;
      case 'add':
        words[at] = before + first;
        break;
      case 'and':
        words[at] = before & first;
        break;
      case 'or':
        words[at] = before | first;
        break;
      case 'notify':
        // Before the first step of an execution and after the last nobody is asleep who could go on.
        break;
      default:
        throw this.#violation(`${operation} in code that cannot be suspended`);
    }
    if (thread) {
      this.#tell(thread, operation, this.sites[site], at, before, words[at]!, result);
      const plain = operation === 'peek' || operation === 'poke';
      const writes = WRITES.has(operation) && !(operation === 'cas' && before !== first);
      this.#access(thread, at, number, operation !== 'store' && operation !== 'poke', writes, plain);
    }
    return result;
  }

  #access(thread: VirtualThread, at: number, number: number, reads: boolean, writes: boolean, plain: boolean): void {
    const rival = plain
      ? this.#races.plain(thread.index, number, writes)
      : this.#races.atomic(thread.index, number, reads, writes);
    if (rival >= 0 && this.#excused[number] === 0) {
      throw this.#violation(
        `data race of ${thread.name} with ${this.threads[rival]!.name} on word ${at}: nothing orders their accesses`,
      );
    }
    if (plain && this.#excused[number] === 0) return;
    const bit = 1 << thread.index;
    if (writes) this.#writers[number]! |= bit;
    else this.#readers[number]! |= bit;
    if (this.#shared[number] === 1 || this.#writers[number] === 0) return;
    const touched = this.#writers[number]! | this.#readers[number]!;
    if ((touched & (touched - 1)) === 0) return;
    this.#shared[number] = 1;
    this.grown = true;
  }

  /** Whether others may notice when a step on this word is done. */
  #concernsOthers(operation: StepOperation, at: number): boolean {
    const number = this.#number(at);
    if ((operation === 'peek' || operation === 'poke') && this.#excused[number] === 0) return false;
    return this.#shared[number] === 1;
  }

  #number(at: number): number {
    const known = this.#numbers[at]!;
    if (known > 0) return known - 1;
    const number = this.#addresses.length;
    if (!(at >= 0 && at < this.#words.length)) throw this.#violation(`access of word ${at}, outside the segment`);
    this.#numbers[at] = number + 1;
    this.#addresses.push(at);
    this.#base.push(this.#words[at]!);
    this.#readers.push(0);
    this.#writers.push(0);
    if (number >= this.#shared.length) this.#growTables();
    this.#excused[number] = this.benign(at) ? 1 : 0;
    this.#races.ensure(number + 1);
    return number;
  }

  #growTables(): void {
    const grown = <T extends Uint8Array | Int32Array>(table: T): T => {
      const larger = new (table.constructor as new (length: number) => T)(table.length * 2);
      larger.set(table);
      return larger;
    };
    this.#shared = grown(this.#shared);
    this.#excused = grown(this.#excused);
    this.#wroteHigh = grown(this.#wroteHigh);
    this.#wroteLow = grown(this.#wroteLow);
    this.#queueHigh = grown(this.#queueHigh);
    this.#queueLow = grown(this.#queueLow);
  }

  #fingerprint(thread: VirtualThread): void {
    const { pending, at } = thread;
    const print = this.#print.set(thread.high, thread.low).mix(tagOf(pending));
    if (pending === 'relax' || pending === START) return;
    if (pending === TURN || pending === WOKEN) {
      print.mix(thread.inbox);
      return;
    }
    const number = this.#number(at);
    print.mix(number).mix(this.#wroteHigh[number]!).mix(this.#wroteLow[number]!);
    if (WAKES.has(pending)) print.mix(this.#queueHigh[number]!).mix(this.#queueLow[number]!);
  }

  #fingerprintWith(thread: VirtualThread, event: string): void {
    this.#print.set(thread.high, thread.low).mix(tagOf(event));
  }

  #tell(
    thread: VirtualThread,
    operation: string,
    site: Site | undefined,
    at: number,
    before: number,
    after: number,
    result: unknown,
  ): void {
    this.observer?.({ thread, operation, site, at, before, after, result });
  }
}

function isSteps(value: unknown): value is Steps {
  return typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Generator]';
}
