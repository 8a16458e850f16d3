/**
 * A channel, as this thread uses it: what send, receive and close mean.
 *
 * Every way of sending is `claim → write → publish → wake a receiver`, every way of receiving `take → read → free → wake
 * a sender`; they differ only in what they do when the first step answers "blocked". Operations that wait on one thread
 * are served first come, first served: while asynchronous ones are pending, later ones stand behind them.
 */

import type { Codec, DirectWire, Staged, StagedWire, Wire } from '../codec/codec.ts';
import { ChannelClosedError, LimitError, TimeoutError } from '../errors.ts';
import { channelClose, channelClosed, channelErrorBlock, NO_ERROR } from '../kernel/close.ts';
import { BLOCKED, CLOSED } from '../kernel/codes.ts';
import { ADVANCED_AWAITED } from '../kernel/spsc.ts';
import { tallyAdd } from '../kernel/tally.ts';
import {
  CHANNEL_ACK_TIMEOUT,
  CHANNEL_ATTEMPTS,
  CHANNEL_CAPACITY,
  CHANNEL_RECEIVE_WAIT,
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_SEND_WAIT,
  CHANNEL_SENDERS_WAITING,
  CHANNEL_TOPOLOGY,
  PARKED_RECEIVE,
  PARKED_SEND,
  TOPOLOGY_SPMC,
  TOPOLOGY_SPSC,
} from '../memory/layout.ts';
import type { Segment } from '../memory/segment.ts';
import type { i32 } from '../memory/words.ts';
import { peek } from '../memory/words.ts';
import { deadlineOf, type WaitOptions } from '../park/deadline.ts';
import { outlast } from '../park/outlast.ts';
import type { ThreadContext } from '../park/thread.ts';
import { WaitPoint } from '../park/wait-point.ts';
import type { Attachment } from './attachment.ts';
import { encodeError, readError } from './close-error.ts';
import type { ChannelPlace } from './create.ts';
import { Deliveries } from './deliveries.ts';
import { ReceiverEnd, SenderEnd } from './ends.ts';
import { LetterQueue } from './letter-queue.ts';
import { ACCEPTED, PendingDiscard, PendingReceive, PendingSend } from './pending.ts';
import { type Queue, queueOf, SpscQueue } from './queue.ts';
import type { Channel, Delivery, Receiver, Sender, SyncWaitOptions } from './types.ts';

/** How many messages a batch makes visible at once. */
const STRETCH = 256;
const RESOLVED = Promise.resolve();

export class SharedChannel<T> implements Channel<T> {
  readonly name: string;
  readonly capacity: number;
  /** @internal */
  readonly attachment: Attachment;
  /** @internal */
  readonly codec: Codec<T>;
  /** @internal Its number in the segment, and the word index it starts at. */
  readonly index: number;
  /** @internal */
  readonly address: i32;
  /** @internal Where this thread waits for a message, and for room. */
  readonly receiving: WaitPoint;
  /** @internal */
  readonly sending: WaitPoint;
  readonly #receivingPoints: readonly WaitPoint[];
  readonly #sendingPoints: readonly WaitPoint[];
  readonly #take = () => this.#tryTake();
  readonly #segment: Segment;
  readonly #thread: ThreadContext;
  readonly #wire: Wire<T>;
  readonly #queue: Queue;
  readonly #spsc: SpscQueue | undefined;
  /** At-least-once: all receiving goes through it. */
  readonly #deliveries: Deliveries<T> | undefined;
  readonly #receiversWaiting: i32;
  readonly #sendersWaiting: i32;
  #sender: SenderEnd<T> | undefined;
  #receiver: ReceiverEnd<T> | undefined;
  #error: Error | undefined;
  /** Why a message that was taken could not be read, while nobody has been told yet. */
  #unread: { readonly error: unknown } | undefined;

  /** @internal Made by `openChannel` alone. */
  constructor(attachment: Attachment, place: ChannelPlace<T>, wire: Wire<T>) {
    const { address } = place;
    this.attachment = attachment;
    this.#segment = attachment.segment;
    this.#thread = attachment.thread;
    this.#wire = wire;
    this.name = place.name;
    this.codec = place.codec;
    this.index = place.index;
    this.address = address;
    this.capacity = peek(address + CHANNEL_CAPACITY);
    this.#receiversWaiting = address + CHANNEL_RECEIVERS_WAITING;
    this.#sendersWaiting = address + CHANNEL_SENDERS_WAITING;
    const queue = queueOf(this.#thread, address, peek(address + CHANNEL_TOPOLOGY), this.name);
    this.#queue = queue;
    this.#spsc = queue instanceof SpscQueue ? queue : undefined;
    this.receiving = new WaitPoint(this.#thread, {
      set: this.#receiversWaiting,
      parkedOn: (this.index << 2) | PARKED_RECEIVE,
      announce: () => queue.awaitMessage(),
      // A closed channel has an answer for everybody.
      backlog: () => queue.waiting + (channelClosed(address) ? 1 : 0),
      noteWait: (ms) => tallyAdd(address + CHANNEL_RECEIVE_WAIT, Math.round(ms * 1000) | 0),
    });
    this.sending = new WaitPoint(this.#thread, {
      set: this.#sendersWaiting,
      parkedOn: (this.index << 2) | PARKED_SEND,
      announce: () => queue.awaitRoom(),
      backlog: () => this.capacity - queue.length + (channelClosed(address) ? 1 : 0),
      noteWait: (ms) => tallyAdd(address + CHANNEL_SEND_WAIT, Math.round(ms * 1000) | 0),
    });
    this.#receivingPoints = [this.receiving];
    this.#deliveries = queue instanceof LetterQueue ? this.#deliveriesOf(queue) : undefined;
    this.#sendingPoints = wire.staged ? [this.sending, attachment.pool.point] : [this.sending];
  }

  /** @internal Whether it keeps its messages until they are acknowledged. */
  get keeps(): boolean {
    return this.#deliveries !== undefined;
  }

  /** @internal Whether it was promised a single sender. */
  get singleSender(): boolean {
    const topology = peek(this.address + CHANNEL_TOPOLOGY);
    return topology === TOPOLOGY_SPSC || topology === TOPOLOGY_SPMC;
  }

  get length(): number {
    this.#segment.enter();
    return this.#queue.length;
  }

  get closed(): boolean {
    this.#segment.enter();
    return channelClosed(this.address);
  }

  get sender(): Sender<T> {
    if (!this.#sender || this.#sender.retired) this.#sender = new SenderEnd(this);
    return this.#sender.handOut();
  }

  get receiver(): Receiver<T> {
    if (!this.#receiver || this.#receiver.retired) this.#receiver = new ReceiverEnd(this);
    return this.#receiver.handOut();
  }

  // ── Sending ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  trySend(value: T): boolean {
    const wire = this.#wire;
    if (wire.staged) {
      const staged = wire.stage(value);
      const attempt = () => this.#trySendStaged(staged);
      return this.#settled(this.#guard(staged, () => this.#orSurelySend(attempt(), attempt, staged)));
    }
    const prepared = wire.prepare(value);
    this.#segment.enter();
    const code = this.#trySendDirect(prepared);
    if (code !== BLOCKED) return this.#settled(code);
    return this.#settled(this.#orSurelySend(code, () => this.#trySendDirect(prepared)));
  }

  sendSync(value: T, options?: SyncWaitOptions): void {
    const wire = this.#wire;
    if (wire.staged) {
      const staged = wire.stage(value);
      this.#finish(this.#guard(staged, () => this.#blockingSend(() => this.#trySendStaged(staged), options, staged)));
      return;
    }
    const prepared = wire.prepare(value);
    this.#segment.enter();
    if (this.#trySendDirect(prepared) === ACCEPTED) return;
    const kept = wire.keep(prepared);
    this.#finish(this.#blockingSend(() => this.#trySendDirect(kept), options));
  }

  send(value: T, options?: WaitOptions): Promise<void> {
    try {
      options?.signal?.throwIfAborted();
      return this.#wire.staged ? this.#sendStagedLater(value, options) : this.#sendDirectLater(value, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  sendManySync(values: Iterable<T>, options?: SyncWaitOptions): void {
    const deadline = deadlineOf(options?.timeout);
    if (this.#spsc && !this.#wire.staged && Array.isArray(values)) {
      this.#sendStretches(this.#spsc, values, deadline);
      return;
    }
    for (const value of values) this.sendSync(value, { timeout: remaining(deadline) });
  }

  async sendMany(values: Iterable<T>, options?: WaitOptions): Promise<void> {
    const deadline = deadlineOf(options?.timeout);
    const signal = options?.signal;
    for (const value of values) {
      signal?.throwIfAborted();
      await this.send(value, { timeout: remaining(deadline), signal });
    }
  }

  /** Sends what needs nothing but its slot: ACCEPTED, BLOCKED or CLOSED. */
  #sendDirect(prepared: unknown): i32 {
    const at = this.#queue.claim();
    if (at < 0) return at;
    (this.#wire as DirectWire<T>).put(prepared, at);
    return this.#publish(at);
  }

  /** Sends a staged value. BLOCKED also means that there is no memory for it now. */
  #sendStaged(staged: Staged): i32 {
    if (channelClosed(this.address)) return CLOSED;
    if (!staged.reserve()) return BLOCKED;
    const at = this.#queue.claim();
    if (at < 0) return at;
    staged.put(at);
    const code = this.#publish(at);
    if (code === ACCEPTED) staged.done();
    return code;
  }

  #trySendDirect(prepared: unknown): i32 {
    return this.#inTurn(this.sending) ? this.#sendDirect(prepared) : BLOCKED;
  }

  #trySendStaged(staged: Staged): i32 {
    this.#segment.enter();
    return this.#inTurn(this.sending) ? this.#sendStaged(staged) : BLOCKED;
  }

  #publish(at: number): i32 {
    const code = this.#queue.publish(at);
    if (code === ADVANCED_AWAITED) this.#thread.wakeOne(this.#receiversWaiting);
    return code === CLOSED ? CLOSED : ACCEPTED;
  }

  #blockingSend(attempt: () => i32, options: SyncWaitOptions | undefined, staged?: Staged): i32 {
    const deadline = deadlineOf(options?.timeout);
    let code = attempt();
    if (code === BLOCKED) code = this.#thread.block(this.#sendingPoints, attempt, deadline);
    return this.#orSurelySend(code, attempt, staged);
  }

  /**
   * What an attempt to send answered; unless it was BLOCKED without the queue being full, because another thread is in
   * the middle of a receive: then what it answers once that one is done.
   */
  #orSurelySend(code: i32, attempt: () => i32, staged?: Staged): i32 {
    if (code !== BLOCKED || this.#queue.isFull()) return code;
    const blocked = () => this.#queue.isFull() || this.sending.pending || staged?.reserve() === false;
    return outlast(this.#thread, attempt, blocked);
  }

  #sendDirectLater(value: T, options: WaitOptions | undefined): Promise<void> {
    const wire = this.#wire as DirectWire<T>;
    const prepared = wire.prepare(value);
    this.#segment.enter();
    let code = this.#trySendDirect(prepared);
    if (options?.timeout !== undefined) code = this.#orSurelySend(code, () => this.#trySendDirect(prepared));
    if (this.#settled(code)) return this.#accepted();
    const kept = wire.keep(prepared);
    return this.#pend(() => this.#sendDirect(kept), undefined, options);
  }

  #sendStagedLater(value: T, options: WaitOptions | undefined): Promise<void> {
    const staged = (this.#wire as StagedWire<T>).stage(value);
    // Not guarded: if it is only blocked, it lives on.
    let code: i32 = CLOSED;
    try {
      const attempt = () => this.#trySendStaged(staged);
      code = attempt();
      if (options?.timeout !== undefined) code = this.#orSurelySend(code, attempt, staged);
    } finally {
      if (code === CLOSED) staged.undo();
    }
    if (this.#settled(code)) return this.#accepted();
    staged.keep();
    return this.#pend(() => this.#sendStaged(staged), staged, options);
  }

  #pend(attempt: () => i32, staged: Staged | undefined, options: WaitOptions | undefined): Promise<void> {
    const memory = this.attachment.pool.point;
    return new Promise((resolve, reject) => {
      const send = { attempt, staged, memory, closedError: () => this.#closedError() };
      new PendingSend(send, resolve, reject).start(this.sending, options, () => this.#late('send'));
    });
  }

  #accepted(): Promise<void> {
    const { pump } = this.#thread;
    return pump.due ? pump.turn() : RESOLVED;
  }

  #sendStretches(queue: SpscQueue, values: readonly T[], deadline: number): void {
    const wire = this.#wire as DirectWire<T>;
    for (let next = 0; next < values.length; ) {
      this.#segment.enter();
      const want = Math.min(STRETCH, values.length - next);
      const claim = () => (this.#inTurn(this.sending) ? queue.claimMany(want) : BLOCKED);
      let count = claim();
      if (count === BLOCKED) count = this.#thread.block(this.#sendingPoints, claim, deadline);
      if (count < 0) this.#finish(count);
      let at = queue.writeAt;
      let written = 0;
      try {
        for (; written < count; written++) {
          wire.put(wire.prepare(values[next + written]!), at);
          at = queue.after(at);
        }
      } finally {
        this.#segment.enter();
        if (written > 0) this.#finishStretch(queue.publishMany(written, at));
      }
      next += count;
    }
  }

  #finishStretch(code: i32): void {
    if (code === CLOSED) throw this.#closedError();
    if (code === ADVANCED_AWAITED) this.#thread.wakeOne(this.#receiversWaiting);
  }

  /** Runs a send of `staged`; unless it was accepted, everything is as it was before. */
  #guard(staged: Staged, send: () => i32): i32 {
    let code: i32 = BLOCKED;
    try {
      code = send();
    } finally {
      if (code !== ACCEPTED) staged.undo();
    }
    return code;
  }

  /** Whether a message was accepted. Throws when it never will be. */
  #settled(code: i32): boolean {
    if (code === CLOSED) throw this.#closedError();
    return code === ACCEPTED;
  }

  #finish(code: i32): void {
    if (!this.#settled(code)) throw this.#late('send');
  }

  // ── Receiving ───────────────────────────────────────────────────────────────────────────────────────────────────────

  tryReceive(): IteratorResult<T, undefined> | undefined {
    if (this.#deliveries) return this.#deliveries.tryReceive();
    this.#segment.enter();
    const at = this.#orSurelyTake(this.#tryTake());
    return at === BLOCKED ? undefined : this.#received(at);
  }

  receiveSync(options?: SyncWaitOptions): IteratorResult<T, undefined> {
    if (this.#deliveries) return this.#deliveries.receiveSync(options);
    this.#segment.enter();
    let at = this.#tryTake();
    if (at === BLOCKED) {
      at = this.#thread.block(this.#receivingPoints, this.#take, deadlineOf(options?.timeout));
      at = this.#orSurelyTake(at);
      if (at === BLOCKED) throw this.#late('receive');
    }
    return this.#received(at);
  }

  receive(options?: WaitOptions): Promise<IteratorResult<T, undefined>> {
    if (this.#deliveries) return this.#deliveries.receive(options);
    try {
      options?.signal?.throwIfAborted();
      this.#segment.enter();
      let at = this.#tryTake();
      if (options?.timeout !== undefined) at = this.#orSurelyTake(at);
      if (at !== BLOCKED) {
        const received = this.#received(at);
        const { pump } = this.#thread;
        return pump.due ? pump.turn().then(() => received) : Promise.resolve(received);
      }
      return new Promise((resolve, reject) => {
        const attempt = () => {
          const found = this.#queue.take();
          return found === BLOCKED ? undefined : this.#received(found);
        };
        new PendingReceive(attempt, resolve, reject).start(this.receiving, options, () => this.#late('receive'));
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  receiveManySync(max: number, options?: SyncWaitOptions): T[] {
    checkMax(max);
    if (this.#deliveries) return this.#deliveries.receiveManySync(max, options);
    this.#segment.enter();
    if (this.#spsc) return this.#receiveStretch(this.#spsc, max, options);
    const first = this.receiveSync(options);
    return first.done ? [] : this.#andMore(first.value, max);
  }

  async receiveMany(max: number, options?: WaitOptions): Promise<T[]> {
    checkMax(max);
    if (this.#deliveries) return this.#deliveries.receiveMany(max, options);
    const first = await this.receive(options);
    return first.done ? [] : this.#andMore(first.value, max);
  }

  [Symbol.iterator](): Generator<T, undefined> {
    return this.#deliveries?.iterate() ?? this.#iterate();
  }

  *#iterate(): Generator<T, undefined> {
    for (let next = this.receiveSync(); !next.done; next = this.receiveSync()) yield next.value;
    return undefined;
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    if (this.#deliveries) return this.#deliveries.iterateAsync();
    return {
      next: () => this.receive(),
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
  }

  deliveries(): Iterable<Delivery<T>> & AsyncIterable<Delivery<T>> {
    if (this.#deliveries) return this.#deliveries.deliveries();
    throw new LimitError(
      `deliveries: expected a channel with delivery 'at-least-once', met "${this.name}" with 'at-most-once'`,
    );
  }

  #deliveriesOf(queue: LetterQueue): Deliveries<T> {
    return new Deliveries({
      attachment: this.attachment,
      wire: this.#wire,
      queue,
      point: this.receiving,
      maxAttempts: peek(this.address + CHANNEL_ATTEMPTS),
      impatient: peek(this.address + CHANNEL_ACK_TIMEOUT) > 0,
      inTurn: () => this.#inTurn(this.receiving),
      ended: () => this.#ended(),
      late: () => this.#late('receive'),
    });
  }

  #tryTake(): number {
    if (this.#unread !== undefined) this.#throwUnread();
    return this.#inTurn(this.receiving) ? this.#queue.take() : BLOCKED;
  }

  /**
   * What a look for a message answered; unless it was BLOCKED without the queue being empty, because another thread is in
   * the middle of a send: then what it answers once that one is done.
   */
  #orSurelyTake(at: number): number {
    if (at !== BLOCKED || this.#queue.isEmpty()) return at;
    return outlast(this.#thread, this.#take, () => this.#queue.isEmpty() || this.receiving.pending);
  }

  #throwUnread(): void {
    const { error } = this.#unread!;
    this.#unread = undefined;
    throw error;
  }

  #received(at: number): IteratorResult<T, undefined> {
    return at === CLOSED ? this.#ended() : { done: false, value: this.#read(at) };
  }

  #ended(): { done: true; value: undefined } {
    if (this.#closeError()) throw this.#closedError();
    return { done: true, value: undefined };
  }

  #read(at: number): T {
    if (!this.#wire.staged) {
      const value = this.#wire.read(at);
      this.#free(at);
      return value;
    }
    try {
      return this.#wire.read(at);
    } finally {
      // Reading may have run code of the user's, and may have failed.
      this.#segment.enter();
      this.#free(at);
    }
  }

  #free(at: number): void {
    if (this.#queue.free(at) === ADVANCED_AWAITED) this.#thread.wakeOne(this.#sendersWaiting);
  }

  #receiveStretch(queue: SpscQueue, max: number, options: SyncWaitOptions | undefined): T[] {
    if (this.#unread !== undefined) this.#throwUnread();
    const take = () => (this.#inTurn(this.receiving) ? queue.takeMany(max) : BLOCKED);
    let count = take();
    if (count === BLOCKED) count = this.#thread.block(this.#receivingPoints, take, deadlineOf(options?.timeout));
    if (count === BLOCKED) throw this.#late('receive');
    if (count === CLOSED) {
      this.#received(CLOSED);
      return [];
    }
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
      this.#segment.enter();
      if (queue.freeMany(read, at) === ADVANCED_AWAITED) this.#thread.wakeOne(this.#sendersWaiting);
    }
    return values;
  }

  #andMore(first: T, max: number): T[] {
    const values = [first];
    this.#segment.enter();
    while (values.length < max) {
      const at = this.#tryTake();
      if (at < 0) break;
      try {
        values.push(this.#read(at));
      } catch (error) {
        // What was read goes out now; that one could not be is for the next call to say.
        this.#unread = { error };
        break;
      }
    }
    return values;
  }

  // ── Closing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  close(error?: Error): void {
    this.#segment.enter();
    if (channelClosed(this.address)) return;
    const { pool } = this.attachment;
    const block = error === undefined ? NO_ERROR : encodeError(error, pool);
    this.#segment.enter();
    const first = channelClose(this.address, block);
    if (block >= 0) {
      // Should this thread die here, recovery does it: whose block it is tells.
      if (first) pool.donate(block);
      else pool.giveBack(block);
    }
    this.#thread.wakeAll(this.#receiversWaiting);
    this.#thread.wakeAll(this.#sendersWaiting);
  }

  cancel(reason?: Error): void {
    this.close(reason);
    this.#segment.enter();
    // A channel with a single receiver that is another thread is left for that one to drain.
    if (!this.#queue.mayTake() || this.#discard()) return;
    // A sender is between its claim and its publishing: what it sends will have to be discarded, too.
    this.receiving.enqueue(new PendingDiscard(() => this.#discard()));
  }

  /** Discards what the closed channel holds. Returns whether that is all there will ever be. */
  #discard(): boolean {
    for (;;) {
      const at = this.#queue.take();
      if (at < 0) return at === CLOSED;
      if (this.#wire.staged && !this.#deliveries) this.#wire.discard(at);
      this.#free(at);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal What this thread was given and has not asked behind is for somebody else. */
  handBack(): void {
    this.#deliveries?.giveBack();
  }

  /** @internal This thread gave an end away. */
  letGo(role: 'sender' | 'receiver'): void {
    this.#queue.letGo(role);
  }

  #closeError(): Error | undefined {
    const block = channelErrorBlock(this.address);
    if (block === NO_ERROR) return undefined;
    this.#error ??= readError(block, this.attachment.pool);
    return this.#error;
  }

  #closedError(): ChannelClosedError {
    const cause = this.#closeError();
    return new ChannelClosedError(
      `channel "${this.name}": expected it open, met it closed${cause ? ` with ${cause.name}: ${cause.message}` : ''}`,
      cause && { cause },
    );
  }

  #late(what: 'send' | 'receive'): TimeoutError {
    const held = `${this.length} of ${this.capacity} messages`;
    const lacks = what === 'send' && this.length < this.capacity ? ' and no memory for one more' : '';
    return new TimeoutError(`${what} on channel "${this.name}": the time allowed ran out, with ${held} in it${lacks}`);
  }

  /** Whether nobody of this thread stands in the queue before the caller. */
  #inTurn(point: WaitPoint): boolean {
    if (!point.pending) return true;
    point.service();
    return !point.pending;
  }
}

function checkMax(max: number): void {
  if (Number.isInteger(max) && max >= 1) return;
  throw new LimitError(`receiveMany: expected a number of messages ≥ 1, met ${String(max)}`);
}

/** What is left until `deadline`, as a `timeout`. */
function remaining(deadline: number): number | undefined {
  return deadline === Number.POSITIVE_INFINITY ? undefined : deadline - performance.now();
}
