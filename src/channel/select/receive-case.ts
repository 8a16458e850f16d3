/** A case that receives. It has nothing of its own, so one serves any number of selects at once. */

import type { ThreadContext } from '../../park/thread.ts';
import type { WaitPoint } from '../../park/wait-point.ts';
import type { ChannelCore } from '../core.ts';
import type { ReceivingSide } from '../receiving.ts';
import { type AnyHit, Case, type Contender } from './case.ts';
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

  constructor(from: ReceivingFrom<T>) {
    super();
    this.#from = from;
    this.#core = from.core;
    this.points = [from.core.messages];
  }

  override enter(): Contender {
    this.#receiving = this.#from.receiving;
    this.#receiving.ask();
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
    if (!received) return undefined;
    return { key, done: received.done === true, value: received.value } as AnyHit;
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

  keep(): void {}
  lack(): void {}
  end(): void {}
}
