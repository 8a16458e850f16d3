/**
 * A case that sends.
 *
 * Its value is evaluated once for each select, before anything is tried (R18): right away by `onSend`, for the first
 * select. Only a value with leases waits for the select itself, because that takes them out of their owner's hands, and a
 * case that nobody selects must not.
 */

import { BLOCKED } from '../../kernel/codes.ts';
import type { ThreadContext } from '../../park/thread.ts';
import type { WaitPoint } from '../../park/wait-point.ts';
import type { ChannelCore } from '../core.ts';
import { ACCEPTED, type Offer, WaitForMemory } from '../pending.ts';
import type { Seat } from '../rendezvous.ts';
import type { Sending } from '../sending.ts';
import { type AnyHit, Case, type Contender, type Meeting } from './case.ts';
import { markOf, noRoom } from './instant.ts';

/** What a case sends to: a channel, or an end of it. */
export interface SendingTo<T> {
  readonly core: ChannelCore<T>;
  /** Throws ChannelClosedError when the end was closed. */
  readonly sending: Sending<T>;
}

export class SendCase<T> extends Case {
  readonly #to: SendingTo<T>;
  readonly #value: T;
  #evaluated: Offer | undefined;

  constructor(to: SendingTo<T>, value: T) {
    super();
    this.#to = to;
    this.#value = value;
    const { sending } = to;
    if (!sending.takesLeases) this.#evaluated = sending.offer(value);
  }

  override enter(): Contender {
    const { core, sending } = this.#to;
    const offer = this.#evaluated ?? sending.offer(this.#value);
    this.#evaluated = undefined;
    if (sending.seat) core.catchUp();
    return new SendContender(core, offer, sending);
  }
}

type State = 'open' | 'accepted' | 'undone';

class SendContender implements Contender {
  readonly #core: ChannelCore<any>;
  readonly #offer: Offer;
  readonly points: readonly WaitPoint[];
  readonly meeting: Meeting | undefined;
  #state: State = 'open';
  #forMemory: WaitForMemory | undefined;

  constructor(core: ChannelCore<any>, offer: Offer, sending: Sending<any>) {
    this.#core = core;
    this.#offer = offer;
    this.points = sending.points;
    // Not destructured: the explorer follows getters where it sees them asked.
    const seat = sending.seat;
    this.meeting = seat && this.#meetingAt(seat);
  }

  get thread(): ThreadContext {
    return this.#core.thread;
  }

  inTurn(): boolean {
    this.#core.segment.enter();
    return this.#core.inTurn(this.#core.room);
  }

  attempt(key: string): AnyHit | undefined {
    this.#core.segment.enter();
    const code = this.#offer.attempt();
    if (code === BLOCKED) return undefined;
    if (code !== ACCEPTED) throw this.#core.closedError();
    this.#state = 'accepted';
    return { key };
  }

  #meetingAt(seat: Seat): Meeting {
    return {
      seat,
      place: () => this.#offer.place(seat.at),
      met: (key) => {
        this.#state = 'accepted';
        this.#offer.staged?.done();
        return { key };
      },
    };
  }

  remaining(): number {
    return Number.POSITIVE_INFINITY;
  }

  barred(): boolean {
    this.#core.segment.enter();
    return noRoom(this.#core) || this.#offer.staged?.reserve() === false;
  }

  mark(): number {
    this.#core.segment.enter();
    return markOf(this.#core);
  }

  keep(): void {
    this.#offer.staged?.keep();
  }

  /** Only the first in the channel's queue is ever attempted, so only the first takes memory, as in a plain send. */
  lack(again: () => void): void {
    const { staged } = this.#offer;
    if (!staged || this.#forMemory?.point || staged.reserve()) return;
    this.#forMemory = new WaitForMemory(staged, () => {
      this.#core.segment.enter();
      again();
    });
    this.#core.attachment.pool.point.enqueue(this.#forMemory);
  }

  end(): void {
    const waiting = this.#forMemory;
    this.#forMemory = undefined;
    waiting?.point?.withdraw(waiting);
    if (this.#state !== 'open') return;
    this.#state = 'undone';
    this.#core.segment.enter();
    this.#offer.staged?.undo();
  }
}
