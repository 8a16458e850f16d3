/**
 * A select that waits without blocking its thread.
 *
 * It stands in the queue of each case's wait point. Whenever it is the first in one of them and somebody looks there, it
 * tries all cases at whose points it is the first, in an order drawn by lot. So it is served in turn wherever it waits,
 * and of several cases that became ready meanwhile none is favoured.
 *
 * No wake-up is lost: a look at a point tries at least the case of that point, before and after the bit of this thread is
 * set there (`park/wait-point.ts`). Once settled it leaves all queues in the same step; where it was the first, whoever
 * stands behind it is looked at, for he may be able to do what this one could not, or what this one was woken for; and if
 * nobody stands behind it, the wake-up goes to another thread.
 */

import type { WaitOptions } from '../../park/deadline.ts';
import type { PendingOperation } from '../../park/pending.ts';
import { PromisedOperation, type WaitingPlace } from '../../park/promised.ts';
import type { WaitPoint } from '../../park/wait-point.ts';
import type { AnyHit } from './case.ts';
import type { Choice, Entry, Owner } from './choice.ts';

/** The longest a timer can run; what is longer is set again when it fires. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export class PendingSelect extends PromisedOperation<AnyHit> implements Owner, WaitingPlace {
  readonly #choice: Choice;
  #state: 'entering' | 'waiting' | 'over' = 'entering';
  /** While it enters the queues one by one: the one it just came to. The others were, or will be, looked at by themselves. */
  #at: WaitPoint | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(choice: Choice, resolve: (hit: AnyHit) => void, reject: (error: unknown) => void) {
    super(resolve, reject);
    this.#choice = choice;
  }

  /** @param deadline when it is over, on the clock of `performance.now()`. */
  begin(options: WaitOptions | undefined, deadline: number, late: () => Error): void {
    this.start(this, { ...options, timeout: undefined }, late);
    if (this.waits) this.#arm(deadline, late);
  }

  protected override get waits(): boolean {
    return this.#state !== 'over';
  }

  enqueue(): void {
    for (const entry of this.#choice.pend(this)) {
      const point = entry.contender.points[0];
      if (!point) continue;
      this.#at = point;
      point.enqueue(entry);
      if (!this.waits) return;
    }
    this.#at = undefined;
    this.#state = 'waiting';
    // Where others can meet it, it sits at all its places at once.
    if (this.#choice.meets) this.attempt();
  }

  withdraw(): void {
    this.#leave(undefined);
  }

  admits(entry: Entry): boolean {
    if (!entry.contender.points[0]) return true;
    const { point } = entry;
    if (!point || (this.#at && this.#at !== point)) return false;
    return isOf(point.first, this);
  }

  attemptFrom(entry: Entry): boolean {
    const { point } = entry;
    const settled = this.#try(entry, () => this.#choice.attemptWaiting(false));
    if (!settled && isOf(point!.first, this)) entry.contender.lack(() => entry.point?.service());
    point!.enter();
    return settled;
  }

  override attempt(): boolean {
    return this.#try(undefined, () => this.#choice.attemptWaiting(false));
  }

  protected override decided(): boolean {
    return this.#try(undefined, () => this.#choice.getUp());
  }

  protected override ended(): void {
    clearTimeout(this.#timer);
    this.#choice.end();
  }

  /** @param from whose queue takes it out by itself. */
  #try(from: Entry | undefined, look: () => AnyHit | undefined): boolean {
    return this.attend(() => {
      try {
        const hit = look();
        if (!hit) return false;
        this.#leave(from);
        this.resolve(hit);
      } catch (error) {
        this.#leave(from);
        this.reject(error);
      }
      return true;
    });
  }

  #leave(except: Entry | undefined): void {
    this.#state = 'over';
    for (const entry of this.#choice.entries) if (entry !== except) entry.point?.leave(entry);
  }

  /** One timer for all that time may bring. It also holds the event loop open where nothing else does. */
  #arm(deadline: number, late: () => Error): void {
    const until = Math.min(deadline, this.#choice.due());
    if (until === Number.POSITIVE_INFINITY && this.#choice.thread) return;
    const ms = Math.min(TIMER_MAX_MS, Math.ceil(Math.max(0, until - performance.now())));
    this.#timer = setTimeout(() => this.#onTime(deadline, late), ms);
  }

  #onTime(deadline: number, late: () => Error): void {
    if (this.attempt()) return;
    if (performance.now() < deadline) {
      this.#arm(deadline, late);
      return;
    }
    if (this.#try(undefined, () => this.#choice.getUp() ?? this.#choice.surely(false))) return;
    this.#leave(undefined);
    this.reject(late());
  }
}

function isOf(operation: PendingOperation | undefined, owner: Owner): boolean {
  return operation !== undefined && (operation as Entry).owner === owner;
}
