/**
 * Receiving from an at-least-once channel: what was received stays the channel's until it is acknowledged.
 *
 * `deliveries()` leaves that to its caller. Every other way of receiving acknowledges a message when the next one is
 * asked for; an iteration that is left early hands its last message back instead.
 */

import { type Lent, valueFrom } from '../codec/codec.ts';
import { BLOCKED, CLOSED } from '../kernel/codes.ts';
import { CHANNEL_ACK_TIMEOUT, CHANNEL_ATTEMPTS } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { peek } from '../memory/words.ts';
import type { WaitOptions } from '../park/deadline.ts';
import { outlast } from '../park/outlast.ts';
import { assertUncancelled, blockUnder } from '../park/scope.ts';
import type { WaitPoint } from '../park/wait-point.ts';
import type { ChannelCore } from './core.ts';
import type { GoneQueue } from './gone-queue.ts';
import type { LetterQueue, Taken } from './letter-queue.ts';
import { PendingReceive } from './pending.ts';
import { checkMax, type ReceivingSide } from './receiving.ts';
import type { Delivery, ReceiveResult, SyncWaitOptions } from './types.ts';

/** A message that was taken, BLOCKED or CLOSED. */
type Found<T> = HeldDelivery<T> | i32;

/** Makes of a message that was taken what its receiver gets. */
type Reading<T, R> = (delivery: HeldDelivery<T>) => R;

export class Deliveries<T> implements ReceivingSide<T> {
  readonly #core: ChannelCore<T>;
  readonly #points: readonly WaitPoint[];
  readonly #maxAttempts: number;
  /** Whether a message may be taken away from one that is slow to acknowledge it. */
  readonly #impatient: boolean;
  /** What `receive` and its like gave out last. */
  readonly #hand = new Hand<T>();
  /** Why a message behind others that went out could not be read, while nobody has been told yet. */
  #unread: { readonly error: unknown } | undefined;

  constructor(core: ChannelCore<T>) {
    this.#core = core;
    this.#points = [core.messages];
    this.#maxAttempts = peek(core.address + CHANNEL_ATTEMPTS);
    this.#impatient = peek(core.address + CHANNEL_ACK_TIMEOUT) > 0;
  }

  tryReceive(into?: ReceiveResult<T>): IteratorResult<T, undefined> | undefined {
    const reading = this.#nextFor(this.#hand);
    const found = this.#orSurely(this.#take(false), () => this.#take(false));
    if (found === BLOCKED) return undefined;
    const result = this.#answer(found, reading);
    return into ? (Object.assign(into, result) as IteratorResult<T, undefined>) : result;
  }

  receiveSync(options?: SyncWaitOptions): IteratorResult<T, undefined> {
    assertUncancelled(this.#core.thread, options);
    return this.#waitSync(this.#nextFor(this.#hand), options);
  }

  receive(options?: WaitOptions): Promise<IteratorResult<T, undefined>> {
    try {
      assertUncancelled(this.#core.thread, options);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#wait(this.#nextFor(this.#hand), options);
  }

  receiveManySync(max: number, options?: SyncWaitOptions): T[] {
    checkMax(max);
    const first = this.receiveSync(options);
    return first.done ? [] : this.#andMore(first.value, max);
  }

  async receiveMany(max: number, options?: WaitOptions): Promise<T[]> {
    checkMax(max);
    const first = await this.receive(options);
    return first.done ? [] : this.#andMore(first.value, max);
  }

  *iterate(): Generator<T, undefined> {
    const hand = new Hand<T>();
    try {
      for (;;) {
        const next = this.#waitSync(this.#nextFor(hand), undefined);
        if (next.done) return undefined;
        yield next.value;
      }
    } finally {
      hand.giveBack();
    }
  }

  iterateAsync(): AsyncIterator<T, undefined> {
    const hand = new Hand<T>();
    return {
      next: () => this.#wait(this.#nextFor(hand), undefined),
      return: async () => {
        hand.giveBack();
        return { done: true, value: undefined };
      },
    };
  }

  deliveries(): Iterable<Delivery<T>> & AsyncIterable<Delivery<T>> {
    const whole = (delivery: HeldDelivery<T>): Delivery<T> => delivery;
    return {
      [Symbol.iterator]: () => ({ next: () => this.#waitSync(whole, undefined) }),
      [Symbol.asyncIterator]: () => ({ next: () => this.#wait(whole, undefined) }),
    };
  }

  ask(): void {
    this.#hand.acknowledge();
  }

  takeInTurn(blocking: boolean): IteratorResult<T, undefined> | undefined {
    const found = this.#take(blocking, true);
    return found === BLOCKED ? undefined : this.#answer(found, (delivery) => this.#hand.take(delivery));
  }

  discard(at: number): void {
    this.#queue.free(at);
  }

  /** Nothing more is asked for: what went out last is for somebody else. */
  giveBack(): void {
    this.#hand.giveBack();
  }

  retire(): void {}

  /** That of the channel; a closed one that does as much of the same once this thread has let go of it. */
  get #queue(): LetterQueue {
    return this.#core.queue as LetterQueue;
  }

  /** Acknowledges what `hand` has, and reads the next message into it. */
  #nextFor(hand: Hand<T>): Reading<T, T> {
    hand.acknowledge();
    return (delivery) => hand.take(delivery);
  }

  #andMore(first: T, max: number): T[] {
    const values = [first];
    while (values.length < max) {
      try {
        const found = this.#take(false);
        if (typeof found === 'number') break;
        values.push(this.#hand.take(found));
      } catch (error) {
        // What was read goes out now; that one could not be is for the next call to say.
        this.#unread = { error };
        break;
      }
    }
    return values;
  }

  #answer<R>(found: Found<T>, reading: Reading<T, R>): IteratorResult<R, undefined> {
    return found === CLOSED ? this.#core.ended() : { done: false, value: reading(found as HeldDelivery<T>) };
  }

  #waitSync<R>(reading: Reading<T, R>, options: SyncWaitOptions | undefined): IteratorResult<R, undefined> {
    const { thread } = this.#core;
    let found: Found<T> = this.#take(true);
    if (found === BLOCKED) {
      const attempt = () => {
        found = this.#take(true);
        return typeof found === 'number' ? found : 0;
      };
      blockUnder(thread, this.#points, attempt, options);
      found = this.#orSurely(found, () => this.#take(true));
      if (found === BLOCKED) throw this.#core.late('receive');
    }
    return this.#answer(found, reading);
  }

  /** What a look found; unless that was nothing because another thread is in the middle of a send: then what comes of it. */
  #orSurely(found: Found<T>, look: () => Found<T>): Found<T> {
    const { thread, messages } = this.#core;
    const queue = this.#queue;
    if (found !== BLOCKED || queue.isEmpty()) return found;
    let last = found as Found<T>;
    const attempt = () => {
      last = look();
      return typeof last === 'number' ? last : 0;
    };
    outlast(thread, attempt, () => queue.isEmpty() || messages.pending);
    return last;
  }

  #wait<R>(reading: Reading<T, R>, options: WaitOptions | undefined): Promise<IteratorResult<R, undefined>> {
    const { thread, messages } = this.#core;
    const answer = (found: Found<T>) => (found === BLOCKED ? undefined : this.#answer(found, reading));
    try {
      options?.signal?.throwIfAborted();
      let found = this.#take(false);
      if (options?.timeout !== undefined) found = this.#orSurely(found, () => this.#take(false));
      const received = answer(found);
      const { pump } = thread;
      if (received) return pump.due ? pump.turn().then(() => received) : Promise.resolve(received);
      return new Promise((resolve, reject) => {
        const attempt = () => answer(this.#take(false, true));
        new PendingReceive(attempt, resolve, reject).start(messages, options, () => this.#core.late('receive'));
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Takes and reads the next message: BLOCKED or CLOSED if there is none. Throws if it cannot be read.
   *
   * @param first whether the caller is the first in the queue of this thread.
   */
  #take(blocking: boolean, first = false): Found<T> {
    const { segment, messages } = this.#core;
    const queue = this.#queue;
    segment.enter();
    if (this.#unread !== undefined) this.#throwUnread();
    if (!first && !this.#core.inTurn(messages)) return BLOCKED;
    for (;;) {
      const at = blocking ? queue.takeBlocking() : queue.take();
      if (at === BLOCKED || at === CLOSED) return at;
      const taken = queue.taken(at);
      try {
        const lent = this.#lend(at);
        if (!this.#impatient || queue.holds(taken))
          return new HeldDelivery(this.#core, queue.attempt(taken), taken, lent);
        lent.recall();
      } catch (error) {
        // Taken away while it was being read: what was met is not the message.
        if (this.#impatient && !queue.holds(taken)) continue;
        // Nobody else could read it either, so it must not come back for ever.
        if (this.#maxAttempts > 0) queue.giveBack(taken);
        else queue.discard(taken);
        throw error;
      }
    }
  }

  #lend(at: number): Lent<T> {
    const { attachment, wire } = this.#core;
    if (!wire.staged) return { value: wire.read(at), keep: nothing, recall: nothing };
    const lent = wire.lend(at);
    return wire.decode ? { ...lent, value: attachment.amid(() => valueFrom(wire, lent.value)) } : lent;
  }

  #throwUnread(): never {
    const { error } = this.#unread!;
    this.#unread = undefined;
    throw error;
  }
}

const nothing = () => {};

type State = 'held' | 'acknowledged' | 'returned';

class HeldDelivery<T> implements Delivery<T> {
  readonly value: T;
  readonly attempt: number;
  readonly #core: ChannelCore<T>;
  readonly #taken: Taken;
  readonly #lent: Lent<T>;
  #state: State = 'held';

  constructor(core: ChannelCore<T>, attempt: number, taken: Taken, lent: Lent<T>) {
    this.#core = core;
    this.#taken = taken;
    this.#lent = lent;
    this.value = lent.value;
    this.attempt = attempt;
  }

  ack(): boolean {
    if (this.#state === 'held') {
      this.#core.segment.enter();
      const queue = this.#queue;
      if (queue.acknowledge(this.#taken)) {
        this.#state = 'acknowledged';
        this.#lent.keep();
        queue.release(this.#taken);
      } else {
        this.#recall();
      }
    }
    return this.#state === 'acknowledged';
  }

  nack(): boolean {
    if (this.#state === 'held') {
      this.#core.segment.enter();
      this.#recall();
      this.#queue.giveBack(this.#taken);
    }
    return this.#state === 'returned';
  }

  /** That of the channel, unless this thread has let go of it since. */
  get #queue(): LetterQueue | GoneQueue {
    return this.#core.queue as LetterQueue | GoneQueue;
  }

  #recall(): void {
    this.#state = 'returned';
    this.#lent.recall();
  }
}

/** What was handed out and not asked behind yet. */
class Hand<T> {
  #deliveries: HeldDelivery<T>[] = [];

  take(delivery: HeldDelivery<T>): T {
    this.#deliveries.push(delivery);
    return delivery.value;
  }

  acknowledge(): void {
    for (const delivery of this.#empty()) delivery.ack();
  }

  giveBack(): void {
    for (const delivery of this.#empty()) delivery.nack();
  }

  #empty(): HeldDelivery<T>[] {
    if (this.#deliveries.length === 0) return this.#deliveries;
    const deliveries = this.#deliveries;
    this.#deliveries = [];
    return deliveries;
  }
}
