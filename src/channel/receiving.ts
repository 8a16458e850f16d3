/**
 * Receiving from an at-most-once channel: `take → read → free → wake a sender`, in all its forms. They differ only in what
 * they do when the first step answers "blocked".
 */

import { type PackedWire, type StagedWire, valueFrom, type Wire } from '../codec/codec.ts';
import { LimitError } from '../errors.ts';
import { ADVANCED_AWAITED, BLOCKED, CLOSED } from '../kernel/codes.ts';
import { describe } from '../memory/describe.ts';
import type { Segment } from '../memory/segment.ts';
import type { WaitOptions } from '../park/deadline.ts';
import { outlast } from '../park/outlast.ts';
import { assertUncancelled, blockUnder } from '../park/scope.ts';
import type { ThreadContext } from '../park/thread.ts';
import type { WaitPoint } from '../park/wait-point.ts';
import type { ChannelCore } from './core.ts';
import { Messages } from './messages.ts';
import { PendingReceive } from './pending.ts';
import { type Queue, SpscQueue } from './queue.ts';
import { RendezvousQueue } from './rendezvous.ts';
import type { Delivery, ReceiveResult, SyncWaitOptions } from './types.ts';

/** The receiving half of a channel, whatever it promises about delivery. */
export interface ReceivingSide<T> {
  tryReceive(into?: ReceiveResult<T>): IteratorResult<T, undefined> | undefined;
  receiveSync(options?: SyncWaitOptions): IteratorResult<T, undefined>;
  receive(options?: WaitOptions): Promise<IteratorResult<T, undefined>>;
  receiveManySync(max: number, options?: SyncWaitOptions): T[];
  receiveMany(max: number, options?: WaitOptions): Promise<T[]>;
  iterate(): IterableIterator<T, undefined>;
  iterateAsync(): AsyncIterator<T, undefined>;
  deliveries(): Iterable<Delivery<T>> & AsyncIterable<Delivery<T>>;
  /** Before a message is asked for: those that were given out before are settled. */
  ask(): void;
  /** For somebody whose turn it is: the next message, or undefined while there is none. */
  takeInTurn(blocking: boolean): IteratorResult<T, undefined> | undefined;
  /** Throws a message away that was just taken. */
  discard(at: number): void;
  /** The receiver goes: what it may still give back is for somebody else. */
  giveBack(): void;
  /** The channel has another queue from here on. */
  retire(): void;
}

export class Receiving<T> implements ReceivingSide<T> {
  readonly #core: ChannelCore<T>;
  readonly #segment: Segment;
  readonly #thread: ThreadContext;
  readonly #wire: Wire<T>;
  #queue: Queue;
  /** Whether messages are read in one go. Reading one with blocks takes more. */
  readonly #short: boolean;
  #spsc: SpscQueue | undefined;
  #rendezvous: RendezvousQueue | undefined;
  readonly #messages: WaitPoint;
  readonly #points: readonly WaitPoint[];
  readonly #next = () => this.#tryNext();
  // What pending receives do, made once: there may be very many of them.
  readonly #takePending = (operation: object) =>
    this.#receivedIf(this.#rendezvous ? this.#takeWaiting(this.#rendezvous, operation) : this.#fetch());
  readonly #giveUpPending = (operation: object) =>
    this.#receivedIf(this.#rendezvous ? this.#rendezvous.giveUpReceiving(operation) : BLOCKED);
  /** Gives back what code of the user's is making values of, unless it has received something else since. */
  #giveBackRead: (() => void) | undefined;
  /** Why a message that was taken could not be read, while nobody has been told yet. */
  #unread: { readonly error: unknown } | undefined;

  constructor(core: ChannelCore<T>) {
    this.#core = core;
    this.#segment = core.segment;
    this.#thread = core.thread;
    this.#wire = core.wire;
    this.#queue = core.queue;
    this.#short = !core.wire.staged;
    this.#spsc = core.queue instanceof SpscQueue ? core.queue : undefined;
    this.#rendezvous = core.queue instanceof RendezvousQueue ? core.queue : undefined;
    this.#messages = core.messages;
    this.#points = [core.messages];
  }

  // What a message meets that is there stands in small methods with one result literal each: the engine makes one piece
  // of them and the caller's loop, and no result at all.

  tryReceive(into?: ReceiveResult<T>): IteratorResult<T, undefined> | undefined {
    this.#segment.enter();
    if (this.#rendezvous !== undefined) this.#core.catchUp();
    let at = this.#tryNext();
    if (at === BLOCKED && (at = this.#orSurelyTake(at)) === BLOCKED) return undefined;
    if (into === undefined) return this.#received(at);
    into.value = at === CLOSED ? this.#core.ended().value : this.#read(at);
    into.done = at === CLOSED;
    return into as IteratorResult<T, undefined>;
  }

  receiveSync(options?: SyncWaitOptions): IteratorResult<T, undefined> {
    if (options !== undefined) assertUncancelled(this.#thread, options);
    this.#segment.enter();
    if (this.#rendezvous !== undefined) this.#core.catchUp();
    let at = this.#tryNext();
    if (at === BLOCKED) at = this.#wait(options);
    return this.#received(at);
  }

  receive(options?: WaitOptions): Promise<IteratorResult<T, undefined>> {
    try {
      options?.signal?.throwIfAborted();
      assertUncancelled(this.#thread, options);
      this.#segment.enter();
      if (this.#rendezvous !== undefined) this.#core.catchUp();
      let at = this.#tryNext();
      if (options?.timeout !== undefined) at = this.#orSurelyTake(at);
      if (at !== BLOCKED) {
        const received = this.#received(at);
        const { pump } = this.#thread;
        return pump.due ? pump.turn().then(() => received) : Promise.resolve(received);
      }
      return new Promise((resolve, reject) => {
        const giveUp = this.#rendezvous && this.#giveUpPending;
        const receive = new PendingReceive(this.#takePending, resolve, reject, giveUp);
        receive.start(this.#messages, options, () => this.#core.late('receive'));
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  receiveManySync(max: number, options?: SyncWaitOptions): T[] {
    checkMax(max);
    if (this.#spsc) return this.#receiveStretch(this.#spsc, max, options);
    const first = this.receiveSync(options);
    return first.done ? [] : this.#andMore(first.value, max);
  }

  async receiveMany(max: number, options?: WaitOptions): Promise<T[]> {
    checkMax(max);
    const first = await this.receive(options);
    return first.done ? [] : this.#andMore(first.value, max);
  }

  iterate(): IterableIterator<T, undefined> {
    return new Messages(this);
  }

  iterateAsync(): AsyncIterator<T, undefined> {
    return {
      next: () => this.receive(),
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
  }

  deliveries(): never {
    throw new LimitError(
      `deliveries: expected a channel with delivery 'at-least-once', met "${this.#core.name}" with 'at-most-once'`,
    );
  }

  ask(): void {}

  takeInTurn(): IteratorResult<T, undefined> | undefined {
    if (this.#unread !== undefined) this.#throwUnread();
    return this.#receivedIf(this.#fetch());
  }

  /** Reads a message that was brought to this thread's seat at a rendezvous. */
  receivedAt(at: number): IteratorResult<T, undefined> {
    return this.#received(at);
  }

  discard(at: number): void {
    if (this.#wire.staged) this.#wire.discard(at);
    this.#free(at);
  }

  giveBack(): void {}

  retire(): void {
    this.#queue = this.#core.queue;
    this.#spsc = undefined;
    this.#rendezvous = undefined;
  }

  #tryNext(): number {
    return this.#unread !== undefined || this.#messages.pending ? this.#tryNextInTurn() : this.#fetch();
  }

  #tryNextInTurn(): number {
    if (this.#unread !== undefined) this.#throwUnread();
    return this.#core.inTurn(this.#messages) ? this.#fetch() : BLOCKED;
  }

  /** The same for a thread that waits at a rendezvous: others have to see that. */
  #nextAt(rendezvous: RendezvousQueue, operation: object): number {
    if (this.#unread !== undefined) this.#throwUnread();
    if (!this.#core.inTurn(this.#messages)) return BLOCKED;
    return this.#messages.pending ? this.#fetch() : this.#takeWaiting(rendezvous, operation);
  }

  #wait(options: SyncWaitOptions | undefined): number {
    const at = this.#orSurelyTake(this.#block(options));
    if (at === BLOCKED) throw this.#core.late('receive');
    return at;
  }

  #block(options: SyncWaitOptions | undefined): number {
    if (this.#rendezvous) return this.#blockAt(options);
    return blockUnder(this.#thread, this.#points, this.#next, options);
  }

  /** The same at a rendezvous, which the channel is no longer once it was disposed of. */
  #blockAt(options: SyncWaitOptions | undefined): number {
    // Each has an object of its own: reading a message may run code of the user's that waits here, too.
    const operation = {};
    const next = () => (this.#rendezvous ? this.#nextAt(this.#rendezvous, operation) : this.#tryNext());
    const giveUp = () => this.#rendezvous?.giveUpReceiving(operation) ?? BLOCKED;
    try {
      const at = blockUnder(this.#thread, this.#points, next, options);
      return at === BLOCKED ? giveUp() : at;
    } catch (error) {
      const at = giveUp();
      if (at === BLOCKED) throw error;
      return at;
    }
  }

  #receivedIf(at: number): IteratorResult<T, undefined> | undefined {
    return at === BLOCKED ? undefined : this.#received(at);
  }

  #fetch(): number {
    return this.#short ? this.#queue.fetch() : this.#take();
  }

  #take(): number {
    this.#letGo();
    return this.#queue.take();
  }

  #takeWaiting(rendezvous: RendezvousQueue, operation: object): number {
    this.#letGo();
    return rendezvous.takeWaiting(operation);
  }

  #tryTake(): number {
    if (this.#unread !== undefined) this.#throwUnread();
    return this.#core.inTurn(this.#messages) ? this.#queue.take() : BLOCKED;
  }

  /**
   * What a look for a message answered; unless it was BLOCKED without the queue being empty, because another thread is in
   * the middle of a send: then what it answers once that one is done.
   */
  #orSurelyTake(at: number): number {
    if (at !== BLOCKED || this.#queue.isEmpty()) return at;
    return outlast(this.#thread, this.#next, () => this.#queue.isEmpty() || this.#messages.pending);
  }

  #throwUnread(): void {
    const { error } = this.#unread!;
    this.#unread = undefined;
    throw error;
  }

  #received(at: number): IteratorResult<T, undefined> {
    const done = at === CLOSED;
    return { done, value: done ? this.#core.ended().value : this.#read(at) } as IteratorResult<T, undefined>;
  }

  #read(at: number): T {
    const wire = this.#wire;
    if (wire.staged) return this.#readStaged(wire, at);
    const value = wire.read(at);
    if (this.#queue.free(at) === ADVANCED_AWAITED) this.#core.wakeSender();
    return value;
  }

  #readStaged(wire: StagedWire<T>, at: number): T {
    if (wire.decode) {
      const giveBack = () => this.#free(at);
      return this.#held(giveBack, () => valueFrom(wire, wire.read(at)));
    }
    try {
      return wire.read(at);
    } finally {
      this.#free(at);
    }
  }

  /**
   * Lets code of the user's make values. The messages are known as this thread's meanwhile: if it dies over that, they are
   * lost, and counted. But if that code receives, they are given back before it is answered.
   */
  #held<R>(giveBack: () => void, make: () => R): R {
    this.#giveBackRead = giveBack;
    try {
      return this.#core.attachment.amid(make);
    } finally {
      this.#letGo();
    }
  }

  #letGo(): void {
    const giveBack = this.#giveBackRead;
    if (giveBack === undefined) return;
    this.#giveBackRead = undefined;
    giveBack();
  }

  #free(at: number): void {
    if (this.#queue.free(at) === ADVANCED_AWAITED) this.#core.wakeSender();
  }

  #receiveStretch(queue: SpscQueue, max: number, options: SyncWaitOptions | undefined): T[] {
    assertUncancelled(this.#thread, options);
    this.#core.segment.enter();
    if (this.#unread !== undefined) this.#throwUnread();
    this.#letGo();
    const take = () => (this.#core.inTurn(this.#messages) ? queue.takeMany(max) : BLOCKED);
    let count = take();
    if (count === BLOCKED) count = blockUnder(this.#thread, this.#points, take, options);
    if (count === BLOCKED) throw this.#core.late('receive');
    if (count === CLOSED) {
      this.#received(CLOSED);
      return [];
    }
    return this.#readStretch(queue, count);
  }

  /** Reads so many messages, which are there, and gives them back together. */
  #readStretch(queue: SpscQueue, count: number): T[] {
    const wire = this.#wire;
    if (wire.packed) return this.#readPacked(queue, wire.packed, count);
    return wire.decode ? this.#decodeEach(queue, wire, count) : this.#readEach(queue, count);
  }

  #readPacked(queue: SpscQueue, packed: PackedWire<T>, count: number): T[] {
    const values = new Array<T>(count);
    let at = queue.readAt;
    for (let read = 0; read < count; ) {
      const stretch = Math.min(count - read, queue.stretchAt(at));
      packed.readMany(values, read, stretch, at);
      read += stretch;
      at = queue.afterStretch(at, stretch);
    }
    this.#freeMany(queue, count, at);
    return values;
  }

  #readEach(queue: SpscQueue, count: number): T[] {
    const values = new Array<T>(count);
    let read = 0;
    let at = queue.readAt;
    try {
      for (; read < count; read++) {
        values[read] = this.#wire.read(at);
        at = queue.after(at);
      }
    } catch (error) {
      // What was read goes out; that the next one could not be is for the next call to say. It is gone all the same.
      values.length = read;
      if (read > 0) this.#unread = { error };
      read++;
      at = queue.after(at);
      if (read === 1) throw error;
    } finally {
      this.#freeMany(queue, read, at);
    }
    return values;
  }

  /**
   * The same with code of the user's, which may receive what is behind the message that it is given. A loop of its own: what
   * is counted here is seen by a closure, and that would cost a tenth of a batch of structs.
   */
  #decodeEach(queue: SpscQueue, wire: StagedWire<T>, count: number): T[] {
    const values: T[] = [];
    let begun = 0;
    let next = queue.readAt;
    const giveBack = () => this.#freeMany(queue, begun, next);
    this.#held(giveBack, () => {
      try {
        while (begun < count && this.#giveBackRead === giveBack) {
          const at = next;
          begun++;
          next = queue.after(at);
          values.push(valueFrom(wire, wire.read(at)));
        }
      } catch (error) {
        if (values.length === 0) throw error;
        this.#unread = { error };
      }
    });
    return values;
  }

  #freeMany(queue: SpscQueue, count: number, next: number): void {
    if (queue.freeMany(count, next) === ADVANCED_AWAITED) this.#core.wakeSender();
  }

  /** Takes as many as there are now. None is given back before all are read: until then they are known as this thread's. */
  #andMore(first: T, max: number): T[] {
    const values = [first];
    if (this.#spsc) return this.#andStretch(this.#spsc, first, max);
    const wire = this.#wire;
    const slots: number[] = [];
    const giveBack = () => {
      for (const at of slots) this.#free(at);
    };
    this.#held(giveBack, () => {
      try {
        while (values.length < max && this.#giveBackRead === giveBack) {
          this.#segment.enter();
          const at = this.#tryTake();
          if (at < 0) break;
          slots.push(at);
          values.push(valueFrom(wire, wire.read(at)));
        }
      } catch (error) {
        // What was read goes out now; that one could not be is for the next call to say.
        this.#unread = { error };
      }
    });
    return values;
  }

  #andStretch(queue: SpscQueue, first: T, max: number): T[] {
    this.#segment.enter();
    const inTurn = max > 1 && this.#unread === undefined && this.#core.inTurn(this.#messages);
    const count = inTurn ? queue.takeMany(max - 1) : BLOCKED;
    if (count < 0) return [first];
    try {
      return [first, ...this.#readStretch(queue, count)];
    } catch (error) {
      this.#unread = { error };
      return [first];
    }
  }
}

export function checkMax(max: number): void {
  if (Number.isInteger(max) && max >= 1) return;
  throw new LimitError(`receiveMany: expected a number of messages ≥ 1, met ${describe(max)}`);
}
