/** A case that receives. It has nothing of its own, so one serves any number of selects at once. */

import type { ThreadContext } from '../../park/thread.ts';
import type { WaitPoint } from '../../park/wait-point.ts';
import type { ChannelCore } from '../core.ts';
import { LetterQueue } from '../letter-queue.ts';
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
  /** The thread it is of while it is prompt: to enter a select there is nothing to do. Otherwise undefined. */
  prompt: ThreadContext | undefined;

  constructor(from: ReceivingFrom<T>) {
    super();
    this.#from = from;
    this.#core = from.core;
    this.points = [from.core.messages];
    const { queue } = from.core;
    this.meeting = queue instanceof RendezvousQueue ? this.#meetingAt(queue.receiving) : undefined;
  }

  override enter(): Contender {
    const { meeting, thread } = this;
    this.#receiving = this.#from.receiving;
    this.#receiving.ask();
    if (meeting) this.#core.catchUp();
    // At-least-once, to ask is to acknowledge.
    this.prompt = meeting || this.#core.queue instanceof LetterQueue ? undefined : thread;
    return this;
  }

  /** The end that it receives from was closed, or is another thread's: entering has something to say again. */
  recall(): void {
    this.prompt = undefined;
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

  /** For a prompt case: attempts it if it is in turn. */
  attemptInTurn(key: string): AnyHit | undefined {
    const core = this.#core;
    core.segment.enter();
    if (!core.inTurn(core.messages)) return undefined;
    const received = this.#receiving!.takeInTurn(false);
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
