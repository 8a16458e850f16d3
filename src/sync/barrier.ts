/** Where so many meet, on whatever threads, again and again. */

import { TimeoutError } from '../errors.ts';
import { ARRIVED_LAST, GATE_OPEN, PARTIES_MAX } from '../kernel/gates.ts';
import { SYNC_BARRIER, SYNC_SIZE } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { peek } from '../memory/words.ts';
import type { WaitOptions } from '../park/deadline.ts';
import type { SyncWaitOptions, Wait } from './entry.ts';
import { Gate } from './gate.ts';
import { checkCount, type SyncOptions } from './options.ts';
import { type Existing, Primitive } from './primitive.ts';

/** In the place of a generation: nobody was missing. */
const COMPLETE = -1;

/** @internal */
export class BarrierGate extends Gate {
  get arrived(): number {
    return this.mine ? this.kernel.barrierArrived(this.address) : 0;
  }

  meetSync(options: SyncWaitOptions | undefined): boolean {
    const generation = this.#arrive(options);
    if (generation === COMPLETE) return true;
    this.passSync(this.#waitFor(generation), options);
    return false;
  }

  meet(options: WaitOptions | undefined): Promise<boolean> {
    let generation: i32;
    try {
      generation = this.#arrive(options);
    } catch (error) {
      return Promise.reject(error);
    }
    if (generation === COMPLETE) return Promise.resolve(true);
    return this.pass(this.#waitFor(generation), options).then(() => false);
  }

  /** The generation to wait for, or COMPLETE. Who arrives and cannot wait has to go away again. */
  #arrive(options: WaitOptions | undefined): i32 {
    this.assertMay(options);
    const arrival = this.checked(this.kernel.barrierArrive(this.address, this.open));
    if ((arrival & ARRIVED_LAST) === 0) return arrival >>> 1;
    this.openAll();
    return COMPLETE;
  }

  #waitFor(generation: i32): Wait {
    const { kernel, address, open } = this;
    return {
      attempt: () => kernel.barrierLook(address, open, generation),
      late: () =>
        new TimeoutError(
          `${this.title}: expected ${peek(address + SYNC_SIZE)} to arrive within the time allowed, met ${this.arrived + 1}`,
        ),
      undo: () => {
        if (!this.mine || kernel.barrierLeave(address, generation)) return true;
        return kernel.barrierLook(address, open, generation) !== GATE_OPEN;
      },
    };
  }
}

/**
 * So many wait for each other, and then go on together; as often as they like. What each wrote before it came is seen by
 * all others after.
 *
 * When a thread that has the barrier dies (killed, or by an error), the others would wait for it for ever: the barrier is
 * broken, for good, and whoever waits or comes is told by BrokenError.
 *
 * ```ts
 * const round = new Barrier(4);
 *
 * // on four threads
 * for (;;) {
 *   step(mine);
 *   if (round.waitSync()) report();     // one of the four: the last to come
 * }
 * ```
 */
export class Barrier extends Primitive<BarrierGate> {
  /** Throws LimitError for a number of parties that is no integer from 1 to 16,383, and as `Mutex` does. */
  constructor(parties: number, options?: SyncOptions) {
    super({ kind: SYNC_BARRIER, what: 'barrier', entry: BarrierGate }, options, () => ({
      size: checkCount('barrier', parties, PARTIES_MAX),
      word: 0,
    }));
  }

  /** How many meet. */
  get parties(): number {
    return this.note.size;
  }

  /** How many are here and wait. */
  get arrived(): number {
    return this.entry.arrived;
  }

  /** Whether a thread that has it has died. */
  get broken(): boolean {
    return this.entry.broken;
  }

  /**
   * Waits for the others. Answers whether this was the last to come. Who is called off has not been here. Rejects with what
   * calls it off, BrokenError, ClosedError.
   */
  wait(options?: WaitOptions): Promise<boolean> {
    return this.entry.meet(options);
  }

  /** The same, blocking this thread. */
  waitSync(options?: SyncWaitOptions): boolean {
    return this.entry.meetSync(options);
  }
}

/** @internal */
export function reviveBarrier(existing: Existing): Barrier {
  return new Barrier(1, existing as SyncOptions);
}
