/** A case that receives. It has nothing of its own, so one serves any number of selects at once. */

import type { ThreadContext } from '../../park/thread.ts';
import type { WaitPoint } from '../../park/wait-point.ts';
import type { ChannelCore } from '../core.ts';
import type { Receiving, ReceivingSide } from '../receiving.ts';
import { RendezvousQueue, type Seat } from '../rendezvous.ts';
import { type AnyHit, Case, type Contender, type Meeting } from './case.ts';
import { markOf, nothingToTake } from './instant.ts';

/** What a case receives from: a channel, or an end of it. */
export interface ReceivingFrom<T> {
  readonly core: ChannelCore<T>;
  /** Throws ChannelClosedError when the end was closed. */
  readonly receiving: ReceivingSide<T>;
}

export class ReceiveCase<T> extends Case implements Contender {
  readonly #from: ReceivingFrom<T>;
  readonly #core: ChannelCore<T>;
  #receiving: ReceivingSide<T> | undefined;
  readonly points: readonly WaitPoint[];
  readonly meeting: Meeting | undefined;

  constructor(from: ReceivingFrom<T>) {
    super();
    this.#from = from;
    this.#core = from.core;
    this.points = [from.core.messages];
    const { queue } = from.core;
    this.meeting = queue instanceof RendezvousQueue ? this.#meetingAt(queue.receiving) : undefined;
  }

  override enter(): Contender {
    this.#receiving = this.#from.receiving;
    this.#receiving.ask();
    if (this.meeting) this.#core.catchUp();
    return this;
  }

  get thread(): ThreadContext {
    return this.#core.thread;
  }

  inTurn(): boolean {
    this.#core.segment.enter();
    return this.#core.inTurn(this.#core.messages);
  }

  attempt(key: string, blocking: boolean): AnyHit | undefined {
    this.#core.segment.enter();
    const received = this.#receiving!.takeInTurn(blocking);
    return received && hitOf(key, received);
  }

  remaining(): number {
    return Number.POSITIVE_INFINITY;
  }

  barred(): boolean {
    this.#core.segment.enter();
    return nothingToTake(this.#core);
  }

  mark(): number {
    this.#core.segment.enter();
    return markOf(this.#core);
  }

  #meetingAt(seat: Seat): Meeting {
    return {
      seat,
      place: () => true,
      // A rendezvous is at-most-once.
      met: (key) => hitOf(key, (this.#receiving as Receiving<T>).receivedAt(seat.at)),
    };
  }

  keep(): void {}
  lack(): void {}
  end(): void {}
}

function hitOf(key: string, { done, value }: IteratorResult<unknown, undefined>): AnyHit {
  return { key, done: done === true, value } as AnyHit;
}
