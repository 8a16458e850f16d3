/** What of a channel waits asynchronously. */

import type { Staged } from '../codec/codec.ts';
import { BLOCKED } from '../kernel/codes.ts';
import type { i32 } from '../memory/words.ts';
import { PendingOperation } from '../park/pending.ts';
import { PromisedOperation } from '../park/promised.ts';
import type { WaitPoint } from '../park/wait-point.ts';

/** What an attempt to send answers when the message was accepted, beside BLOCKED and CLOSED. */
export const ACCEPTED = 0;

/** Takes for a pending operation, which is what waits. */
type Take<T> = (operation: object) => IteratorResult<T, undefined> | undefined;

export class PendingReceive<T> extends PromisedOperation<IteratorResult<T, undefined>> {
  readonly #take: Take<T>;
  readonly #giveUp: Take<T> | undefined;

  /**
   * @param take answers undefined while there is nothing.
   * @param giveUp says that nobody waits any more; it answers what was handed over even so.
   */
  constructor(
    take: Take<T>,
    resolve: (received: IteratorResult<T, undefined>) => void,
    reject: (error: unknown) => void,
    giveUp?: Take<T>,
  ) {
    super(resolve, reject);
    this.#take = take;
    this.#giveUp = giveUp;
  }

  override attempt(): boolean {
    return this.#settle(this.#take);
  }

  protected override decided(): boolean {
    return this.#giveUp !== undefined && this.point?.first === this && this.#settle(this.#giveUp);
  }

  #settle(take: Take<T>): boolean {
    return this.attend(() => {
      try {
        const received = take(this);
        if (!received) return false;
        this.resolve(received);
      } catch (error) {
        this.reject(error);
      }
      return true;
    });
  }
}

/** A message that is ready to be sent. */
export interface Offer {
  /** ACCEPTED, BLOCKED or CLOSED. */
  readonly attempt: () => i32;
  /** Puts it to a seat of a rendezvous. Returns false if there is no memory for it now. */
  readonly place: (at: number) => boolean;
  readonly staged: Staged | undefined;
}

interface Sending extends Omit<Offer, 'place'> {
  /** Says that nobody waits any more; answers whether the message was taken even so. */
  readonly giveUp: (() => boolean) | undefined;
  /** Where to wait for pool memory. */
  readonly memory: WaitPoint;
  readonly closedError: () => Error;
}

export class PendingSend extends PromisedOperation<void> {
  readonly #sending: Sending;
  #forMemory: WaitForMemory | undefined;

  constructor(sending: Sending, resolve: () => void, reject: (error: unknown) => void) {
    super(resolve, reject);
    this.#sending = sending;
  }

  override attempt(): boolean {
    const { attempt, staged, closedError } = this.#sending;
    try {
      const code = attempt();
      if (code === BLOCKED) {
        this.#waitForMemory();
        return false;
      }
      if (code !== ACCEPTED) throw closedError();
      this.resolve();
    } catch (error) {
      staged?.undo();
      this.reject(error);
    }
    return true;
  }

  protected override decided(): boolean {
    if (this.point?.first !== this || !this.#sending.giveUp?.()) return false;
    this.resolve();
    return true;
  }

  protected override abandoned(): void {
    this.#sending.staged?.undo();
  }

  protected override ended(): void {
    this.#forMemory?.point?.withdraw(this.#forMemory);
  }

  /**
   * If it is memory that it lacks, being woken from the channel is not enough. Only the first in the channel's queue is
   * ever attempted, so only the first takes memory: a later one must not take what an earlier one is waiting for.
   */
  #waitForMemory(): void {
    const { staged, memory } = this.#sending;
    if (!staged || this.#forMemory?.point || staged.reserve()) return;
    this.#forMemory = new WaitForMemory(staged, () => this.point?.service());
    memory.enqueue(this.#forMemory);
  }
}

export class WaitForMemory extends PendingOperation {
  readonly #staged: Staged;
  readonly #whenThere: () => void;

  constructor(staged: Staged, whenThere: () => void) {
    super();
    this.#staged = staged;
    this.#whenThere = whenThere;
  }

  override attempt(): boolean {
    if (!this.#staged.reserve()) return false;
    // Not now: the channel's queue may be the one who asked.
    queueMicrotask(this.#whenThere);
    return true;
  }
}
