/**
 * How asynchronous operations of this thread get going again.
 *
 * One word, the thread's wake word, tells that any of them may; so one `waitAsync` serves however many are pending.
 * After activity the pump polls the word from the event loop for a short while, because an answer then often comes
 * within microseconds and `waitAsync` takes tens of them; only then does it arm the `waitAsync`. The event loop is held
 * open exactly while operations are pending, those in the background left out, by a timer, because a pending `waitAsync`
 * does not.
 *
 * Invariant: `#seen` was read from the wake word before the last look at every pending operation. So a word that still
 * equals it means that nothing was missed, and arming against it loses nothing.
 */

import { CELL_WAKE } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { waitAsync } from '../memory/words.ts';
import type { ThreadContext } from './thread.ts';
import type { WaitPoint } from './wait-point.ts';

/** How long to poll after the last sign of activity. */
const POLL_MS = 0.2;
/** Operations that may complete at once before the event loop gets a turn. */
const TURN_EVERY = 1024;

export class Pump {
  readonly #thread: ThreadContext;
  /** The wait points with pending operations. */
  readonly #points = new Set<WaitPoint>();
  #seen: i32 = 0;
  #polling = false;
  #pollUntil = 0;
  /** The word value a `waitAsync` is outstanding on. */
  #armedOn: i32 | undefined;
  #kicked = false;
  #holder: NodeJS.Timeout | undefined;
  /** How many of the points hold the event loop open. */
  #holding = 0;
  #completions = 0;
  readonly #poll = () => this.#pollOnce();

  constructor(thread: ThreadContext) {
    this.#thread = thread;
  }

  /** Whether a `waitAsync` is outstanding: then the asleep flag of the wake word is its, too. */
  get armed(): boolean {
    return this.#armedOn !== undefined;
  }

  /** Whether an operation that could complete at once should let the event loop have a turn first. */
  get due(): boolean {
    this.#completions++;
    return this.#completions > TURN_EVERY;
  }

  /** Lets the event loop have a turn. */
  turn(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#completions = 0;
        resolve();
      });
    });
  }

  /** Begins to look after the operations of `point`. Call before their last look. */
  add(point: WaitPoint): void {
    if (this.#points.size === 0) this.#seen = this.#thread.kernel.wakeRead(this.#thread.cell);
    if (!this.#points.has(point) && !point.background && this.#holding++ === 0) this.#hold();
    this.#points.add(point);
    this.#startPolling();
  }

  /** Stops looking after `point`: nothing is pending there. */
  remove(point: WaitPoint): void {
    if (this.#points.delete(point) && !point.background && --this.#holding === 0) this.#holder?.unref();
  }

  /** Something of this thread's own doing may have made an operation of this thread ready. */
  kick(): void {
    if (this.#kicked || this.#points.size === 0) return;
    this.#kicked = true;
    queueMicrotask(() => {
      this.#kicked = false;
      this.serviceWoken();
    });
  }

  /**
   * Looks at the operations of every point whose bit was taken, and wherever one sits: it is woken by name when it was
   * met, and may have set the bit again since that was taken, if it looked in the middle of the meeting. Returns whether a
   * bit was taken.
   */
  serviceWoken(): boolean {
    this.#thread.segment.enter();
    let woken = false;
    for (const point of this.#points) {
      const taken = point.woken;
      if (taken) woken = true;
      if (taken || point.sits) point.service();
    }
    return woken;
  }

  #pollOnce(): void {
    this.#completions = 0;
    if (this.#points.size === 0) {
      this.#polling = false;
      return;
    }
    this.#thread.segment.enter();
    const word = this.#thread.kernel.wakeRead(this.#thread.cell);
    const now = performance.now();
    if (word !== this.#seen) {
      this.#seen = word;
      this.#pollUntil = now + POLL_MS;
      this.serviceWoken();
    } else if (now >= this.#pollUntil && this.#arm()) {
      this.#polling = false;
      return;
    }
    setImmediate(this.#poll);
  }

  #startPolling(): void {
    this.#pollUntil = performance.now() + POLL_MS;
    if (this.#polling) return;
    this.#polling = true;
    setImmediate(this.#poll);
  }

  /** Returns whether a `waitAsync` is outstanding on the word as it was last seen. */
  #arm(): boolean {
    const expected = this.#seen | 1;
    if (this.#armedOn === expected) return true;
    if (!this.#thread.kernel.wakeArm(this.#thread.cell, this.#seen)) return false;
    const woken = waitAsync(this.#thread.cell + CELL_WAKE, expected);
    if (!woken) return false;
    this.#armedOn = expected;
    this.#seen = expected;
    woken.then(() => this.#onWoken(expected));
    return true;
  }

  #onWoken(word: i32): void {
    // An older one, that a wake-up had reached already when this thread armed again, says nothing about the newer.
    if (this.#armedOn === word) this.#armedOn = undefined;
    if (this.#points.size === 0) return;
    this.#thread.segment.enter();
    this.#seen = this.#thread.kernel.wakeRead(this.#thread.cell);
    this.serviceWoken();
    if (this.#points.size > 0) this.#startPolling();
  }

  #hold(): void {
    if (this.#holder) this.#holder.ref();
    else this.#holder = setInterval(() => {}, 2 ** 31 - 1);
  }

  /** Lets go of the event loop for good. */
  stop(): void {
    clearInterval(this.#holder);
    this.#holder = undefined;
    this.#holding = 0;
    this.#points.clear();
  }
}
