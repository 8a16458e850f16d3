/**
 * This thread's place in a segment: its id, its wake word, and the two ways to sleep on it.
 *
 * The argument that no wake-up is lost is in `kernel/waiters.ts` and `kernel/wake.ts`. In short, a sleeper reads its
 * epoch, sets its bit wherever it may be woken from, looks once more, and only then sleeps, and only if the epoch is
 * still the one it read.
 */

import { type Engine, engineFor, type Kernel } from '../engine/engine.ts';
import { LimitError } from '../errors.ts';
import { BLOCKED } from '../kernel/codes.ts';
import {
  CELL_HINTS,
  CELL_NAME,
  CELL_NAME_BYTES,
  CELL_PARKED_ON,
  CELL_PARKED_SINCE,
  CELL_WAKE,
  NAME_MAX_BYTES,
  PARKED_RUNNING,
  SLAB_CLASSES,
  THREAD_ATTACHED,
  WORD_BYTES,
} from '../memory/layout.ts';
import type { Segment } from '../memory/segment.ts';
import type { i32 } from '../memory/words.ts';
import { notify, poke, store, wait } from '../memory/words.ts';
import { Pump } from './pump.ts';
import type { WaitPoint } from './wait-point.ts';

export class ThreadContext {
  readonly segment: Segment;
  /** Which compilation of the kernel this thread runs, and the functions in it. */
  readonly engine: Engine;
  readonly kernel: Kernel;
  readonly id: i32;
  readonly name: string;
  /** Word index of this thread's cell. */
  readonly cell: i32;
  readonly pump: Pump;

  private constructor(segment: Segment, engine: Engine, name: string, id: i32) {
    this.segment = segment;
    this.engine = engine;
    this.kernel = engine.kernel;
    this.id = id;
    this.name = name;
    this.cell = engine.kernel.threadCell(id);
    this.pump = new Pump(this);
  }

  /** Attaches the running thread. Throws {@link LimitError} when as many threads are attached as the segment allows. */
  static attach(segment: Segment, name: string, nodeThreadId: number): ThreadContext {
    segment.enter();
    const engine = engineFor(segment);
    const id = engine.kernel.threadClaim(nodeThreadId);
    if (id === BLOCKED) {
      throw new LimitError(
        `expected at most ${segment.threads} threads attached at once (Supervisor option "threads"), met one more`,
      );
    }
    const thread = new ThreadContext(segment, engine, name, id);
    thread.#writeCell();
    engine.kernel.threadReady(id);
    return thread;
  }

  /** Wakes the thread that was taken out of a waiter set. */
  wake(thread: i32): void {
    if (thread === this.id) {
      this.pump.kick();
      return;
    }
    // A bit that nobody set stands for nobody.
    if (thread >= this.segment.threads) return;
    const cell = this.kernel.threadCell(thread);
    if (this.kernel.wakeSignal(cell)) notify(cell + CELL_WAKE);
  }

  /** Wakes one thread of a waiter set, in turn. */
  wakeOne(set: i32): void {
    const thread = this.kernel.waitersTake(set);
    if (thread >= 0) this.wake(thread);
  }

  /** Wakes every thread of a waiter set. */
  wakeAll(set: i32): void {
    for (let thread = this.kernel.waitersTake(set); thread >= 0; thread = this.kernel.waitersTake(set))
      this.wake(thread);
  }

  /**
   * Makes every thread of the segment look again. After a death: whoever takes a thread out of a set owes it a wake-up,
   * and may have died between the two, or between waking the word and notifying its sleeper. No trace is left of that.
   */
  rouse(): void {
    for (let thread = 0; thread < this.segment.threads; thread++) {
      if (this.kernel.threadState(thread) !== THREAD_ATTACHED) continue;
      if (thread === this.id) {
        this.pump.kick();
        continue;
      }
      const cell = this.kernel.threadCell(thread);
      this.kernel.wakeSignal(cell);
      notify(cell + CELL_WAKE);
    }
  }

  /**
   * Blocks this thread until `attempt` answers something other than BLOCKED, and returns that; BLOCKED when the
   * deadline (of `performance.now()`) passed. The thread can be woken from any of `points`; from none, if there are none.
   *
   * @param parkedOn what the thread's cell shows meanwhile.
   */
  block(points: readonly WaitPoint[], attempt: () => i32, deadline: number, parkedOn = points[0]!.parkedOn): i32 {
    const first = points[0];
    const spun = first ? this.#spin(points, first, attempt, deadline) : BLOCKED;
    if (spun !== BLOCKED) return spun;
    const since = performance.now();
    for (const point of points) point.blocking++;
    try {
      for (;;) {
        const seen = this.kernel.wakeRead(this.cell);
        for (const point of points) point.register();
        const result = attempt();
        if (result !== BLOCKED) return result;
        // A wake-up may have been for an operation of this very thread that is pending asynchronously.
        if (this.pump.serviceWoken()) continue;
        const remaining = deadline - performance.now();
        if (remaining <= 0) return BLOCKED;
        // The attempt may have settled pending operations of this thread, and taken it out of the set with the last one.
        if (this.#anyWoken(points)) continue;
        this.#sleep(seen, parkedOn, remaining);
        this.segment.enter();
      }
    } finally {
      this.segment.enter();
      for (const point of points) point.blocking--;
      for (const point of points) this.#leave(point);
      const slept = performance.now() - since;
      first?.spin.slept(slept, this.kernel.threadsAttached());
      first?.noteWait(slept);
    }
  }

  /** Looks for a while. If that was enough, this thread is in no set afterwards that it was entered into by looking. */
  #spin(points: readonly WaitPoint[], first: WaitPoint, attempt: () => i32, deadline: number): i32 {
    let over = true;
    try {
      const spun = first.spin.run(attempt, first.backlog, deadline);
      over = spun !== BLOCKED;
      return spun;
    } finally {
      if (over) for (const point of points) if (point.sits) this.#getUp(point);
    }
  }

  #anyWoken(points: readonly WaitPoint[]): boolean {
    for (const point of points) if (point.woken) return true;
    return false;
  }

  #getUp(point: WaitPoint): void {
    this.segment.enter();
    if (!point.first && !point.woken) this.#leave(point);
  }

  #sleep(seen: i32, parkedOn: i32, timeoutMs: number): void {
    if (!this.kernel.wakeArm(this.cell, seen)) return;
    poke(this.cell + CELL_PARKED_SINCE, this.segment.now());
    store(this.cell + CELL_PARKED_ON, parkedOn);
    wait(this.cell + CELL_WAKE, seen | 1, timeoutMs);
    store(this.cell + CELL_PARKED_ON, PARKED_RUNNING);
    if (!this.pump.armed) this.kernel.wakeDisarm(this.cell, seen);
  }

  /** Takes this thread out of a set, and hands on a wake-up that may have been meant for somebody who still waits. */
  #leave(point: WaitPoint): void {
    if (point.first) point.service();
    else this.kernel.waitersRemove(point.set, this.id);
    point.passOn();
  }

  #writeCell(): void {
    const bytes = new TextEncoder().encode(this.name).subarray(0, NAME_MAX_BYTES);
    this.segment.bytes.set(bytes, (this.cell + CELL_NAME) * WORD_BYTES);
    poke(this.cell + CELL_NAME_BYTES, bytes.length);
    poke(this.cell + CELL_PARKED_ON, PARKED_RUNNING);
    for (let i = 0; i < SLAB_CLASSES; i++) poke(this.cell + CELL_HINTS + i, 0);
  }
}
