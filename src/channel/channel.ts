/**
 * A channel, as this thread uses it: what send, receive and close mean.
 *
 * Every way of sending is `claim → write → publish → wake a receiver`, every way of receiving `take → read → free → wake
 * a sender`; they differ only in what they do when the first step answers "blocked". Operations that wait on one thread
 * are served first come, first served: while asynchronous ones are pending, later ones stand behind them.
 */

import type { Codec, Staged, Wire } from '../codec/codec.ts';
import { ChannelClosedError, LimitError, TimeoutError } from '../errors.ts';
import { channelClose, channelClosed, channelErrorBlock, NO_ERROR } from '../kernel/close.ts';
import { BLOCKED, CLOSED } from '../kernel/codes.ts';
import { tallyAdd } from '../kernel/tally.ts';
import { waitersAny } from '../kernel/waiters.ts';
import {
  CHANNEL_CAPACITY,
  CHANNEL_RECEIVE_WAIT,
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_SEND_WAIT,
  CHANNEL_SENDERS_WAITING,
  CHANNEL_TOPOLOGY,
  PARKED_RECEIVE,
  PARKED_SEND,
} from '../memory/layout.ts';
import type { Segment } from '../memory/segment.ts';
import type { i32 } from '../memory/words.ts';
import { peek } from '../memory/words.ts';
import { deadlineOf, type WaitOptions } from '../park/deadline.ts';
import { PendingOperation } from '../park/pending.ts';
import { PromisedOperation } from '../park/promised.ts';
import type { ThreadContext } from '../park/thread.ts';
import { WaitPoint } from '../park/wait-point.ts';
import type { Attachment } from './attachment.ts';
import { encodeError, readError } from './close-error.ts';
import type { ChannelPlace } from './create.ts';
import { ReceiverEnd, SenderEnd } from './ends.ts';
import { type Queue, queueOf, SpscQueue } from './queue.ts';
import type { Channel, Receiver, Sender, SyncWaitOptions } from './types.ts';

/** How many messages a batch makes visible at once. */
const STRETCH = 256;
const ACCEPTED = 0;
const RESOLVED = Promise.resolve();

type Received<T> = IteratorResult<T, undefined>;

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
  readonly #segment: Segment;
  readonly #thread: ThreadContext;
  readonly #wire: Wire<T>;
  readonly #queue: Queue;
  readonly #spsc: SpscQueue | undefined;
  readonly #receiversWaiting: i32;
  readonly #sendersWaiting: i32;
  #sender: SenderEnd<T> | undefined;
  #receiver: ReceiverEnd<T> | undefined;
  #error: Error | undefined;

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
      available: () => this.#queue.length > 0 || channelClosed(address),
      noteWait: (ms) => tallyAdd(address + CHANNEL_RECEIVE_WAIT, Math.round(ms * 1000) | 0),
    });
    this.sending = new WaitPoint(this.#thread, {
      set: this.#sendersWaiting,
      parkedOn: (this.index << 2) | PARKED_SEND,
      available: () => this.#queue.length < this.capacity || channelClosed(address),
      noteWait: (ms) => tallyAdd(address + CHANNEL_SEND_WAIT, Math.round(ms * 1000) | 0),
    });
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
    this.#segment.enter();
    if (this.#wire.staged) {
      const staged = this.#wire.stage(value);
      return this.#settleTry(this.#trySendStaged(staged), staged);
    }
    return this.#settleTry(this.#trySendDirect(value), undefined);
  }

  sendSync(value: T, options?: SyncWaitOptions): void {
    this.#segment.enter();
    if (this.#wire.staged) {
      const staged = this.#wire.stage(value);
      this.#finishSync(this.#trySendStaged(staged), () => this.#trySendStaged(staged), staged, options);
      return;
    }
    const code = this.#trySendDirect(value);
    if (code === ACCEPTED) return;
    // Checked here, so that a value of the wrong type is refused whether or not there is room.
    const copy = this.#wire.copy(value);
    this.#finishSync(code, () => this.#trySendDirect(copy), undefined, options);
  }

  send(value: T, options?: WaitOptions): Promise<void> {
    try {
      options?.signal?.throwIfAborted();
      this.#segment.enter();
      const wire = this.#wire;
      const staged = wire.staged ? wire.stage(value) : undefined;
      const code = staged ? this.#trySendStaged(staged) : this.#trySendDirect(value);
      if (code === ACCEPTED) return this.#thread.pump.due ? this.#thread.pump.turn() : RESOLVED;
      if (code === CLOSED) {
        staged?.undo();
        throw this.#closedError();
      }
      staged?.keep();
      const copy = wire.staged ? value : wire.copy(value);
      const attempt = staged ? () => this.#sendStaged(staged) : () => this.#sendDirect(copy);
      return new Promise((resolve, reject) => {
        const operation = new PendingSend(attempt, staged, () => this.#closedError(), resolve, reject);
        operation.start(this.sending, options, () => this.#late('send'));
        operation.awaitMemory(this.attachment.pool.point);
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  sendManySync(values: Iterable<T>, options?: SyncWaitOptions): void {
    const deadline = deadlineOf(options?.timeout);
    if (this.#spsc && !this.#wire.staged && Array.isArray(values)) {
      this.#sendStretches(values, deadline);
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

  #trySendDirect(value: T): i32 {
    return this.#inTurn(this.sending) ? this.#sendDirect(value) : BLOCKED;
  }

  #trySendStaged(staged: Staged): i32 {
    this.#segment.enter();
    return this.#inTurn(this.sending) ? this.#sendStaged(staged) : BLOCKED;
  }

  /** Sends a value that needs nothing but its slot: ACCEPTED, BLOCKED or CLOSED. */
  #sendDirect(value: T): i32 {
    const at = this.#queue.claim();
    if (at < 0) return at;
    try {
      (this.#wire as { write(value: T, at: number): void }).write(value, at);
    } catch (error) {
      this.#segment.enter();
      this.#queue.abandon(at);
      throw error;
    }
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

  #publish(at: number): i32 {
    this.#segment.enter();
    if (!this.#queue.publish(at)) return CLOSED;
    if (waitersAny(this.#receiversWaiting)) this.#thread.wakeOne(this.#receiversWaiting);
    return ACCEPTED;
  }

  #settleTry(code: i32, staged: Staged | undefined): boolean {
    if (code === ACCEPTED) return true;
    staged?.undo();
    if (code === CLOSED) throw this.#closedError();
    return false;
  }

  #finishSync(first: i32, attempt: () => i32, staged: Staged | undefined, options: SyncWaitOptions | undefined): void {
    let code = first;
    if (code === BLOCKED) {
      const points = staged ? [this.sending, this.attachment.pool.point] : [this.sending];
      code = this.#thread.block(points, attempt, deadlineOf(options?.timeout));
    }
    if (code === ACCEPTED) return;
    staged?.undo();
    throw code === CLOSED ? this.#closedError() : this.#late('send');
  }

  #sendStretches(values: readonly T[], deadline: number): void {
    const queue = this.#spsc!;
    const wire = this.#wire as { write(value: T, at: number): void };
    this.#segment.enter();
    for (let next = 0; next < values.length; ) {
      const want = Math.min(STRETCH, values.length - next);
      const claim = () => (this.#inTurn(this.sending) ? queue.claimMany(want) : BLOCKED);
      let count = claim();
      if (count === BLOCKED) count = this.#thread.block([this.sending], claim, deadline);
      if (count === BLOCKED) throw this.#late('send');
      if (count === CLOSED) throw this.#closedError();
      let written = 0;
      try {
        for (; written < count; written++) wire.write(values[next + written]!, queue.writeSlot(written));
      } finally {
        this.#segment.enter();
        if (written > 0 && !queue.publishMany(written)) count = CLOSED;
        if (waitersAny(this.#receiversWaiting)) this.#thread.wakeOne(this.#receiversWaiting);
      }
      if (count === CLOSED) throw this.#closedError();
      next += count;
    }
  }

  // ── Receiving ───────────────────────────────────────────────────────────────────────────────────────────────────────

  tryReceive(): Received<T> | undefined {
    this.#segment.enter();
    const at = this.#tryTake();
    return at === BLOCKED ? undefined : this.#received(at);
  }

  receiveSync(options?: SyncWaitOptions): Received<T> {
    this.#segment.enter();
    let at = this.#tryTake();
    if (at === BLOCKED) {
      at = this.#thread.block([this.receiving], () => this.#tryTake(), deadlineOf(options?.timeout));
      if (at === BLOCKED) throw this.#late('receive');
    }
    return this.#received(at);
  }

  receive(options?: WaitOptions): Promise<Received<T>> {
    try {
      options?.signal?.throwIfAborted();
      this.#segment.enter();
      const at = this.#tryTake();
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
    this.#segment.enter();
    if (this.#spsc) return this.#receiveStretch(this.#spsc, max, options);
    const first = this.receiveSync(options);
    return first.done ? [] : this.#andMore(first.value, max);
  }

  async receiveMany(max: number, options?: WaitOptions): Promise<T[]> {
    checkMax(max);
    const first = await this.receive(options);
    return first.done ? [] : this.#andMore(first.value, max);
  }

  *[Symbol.iterator](): Generator<T, undefined> {
    for (let next = this.receiveSync(); !next.done; next = this.receiveSync()) yield next.value;
    return undefined;
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return {
      next: () => this.receive(),
      return: () => Promise.resolve({ done: true, value: undefined }),
    };
  }

  #tryTake(): number {
    return this.#inTurn(this.receiving) ? this.#queue.take() : BLOCKED;
  }

  #received(at: number): Received<T> {
    if (at !== CLOSED) return { done: false, value: this.#read(at) };
    if (this.#closeError()) throw this.#closedError();
    return { done: true, value: undefined };
  }

  #read(at: number): T {
    try {
      return this.#wire.read(at);
    } finally {
      this.#segment.enter();
      this.#queue.free(at);
      if (waitersAny(this.#sendersWaiting)) this.#thread.wakeOne(this.#sendersWaiting);
    }
  }

  #receiveStretch(queue: SpscQueue, max: number, options: SyncWaitOptions | undefined): T[] {
    const take = () => (this.#inTurn(this.receiving) ? queue.takeMany(max) : BLOCKED);
    let count = take();
    if (count === BLOCKED) count = this.#thread.block([this.receiving], take, deadlineOf(options?.timeout));
    if (count === BLOCKED) throw this.#late('receive');
    if (count === CLOSED) {
      this.#received(CLOSED);
      return [];
    }
    const values: T[] = [];
    let read = 0;
    try {
      for (; read < count; read++) values.push(this.#wire.read(queue.readSlot(read)));
    } catch (error) {
      // What was read goes out; the one that cannot be decoded is the next one's first, and takes that one down.
      if (read === 0) {
        read = 1;
        throw error;
      }
    } finally {
      this.#segment.enter();
      queue.freeMany(read);
      if (waitersAny(this.#sendersWaiting)) this.#thread.wakeOne(this.#sendersWaiting);
    }
    return values;
  }

  #andMore(first: T, max: number): T[] {
    const values = [first];
    this.#segment.enter();
    while (values.length < max) {
      const at = this.#tryTake();
      if (at < 0) break;
      values.push(this.#read(at));
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
    if (!first && block >= 0) pool.dismiss(block);
    this.#thread.wakeAll(this.#receiversWaiting);
    this.#thread.wakeAll(this.#sendersWaiting);
  }

  cancel(reason?: Error): void {
    this.close(reason);
    this.#segment.enter();
    // A channel with a single receiver that is another thread is left for that one to drain.
    if (!this.#queue.mayTake()) return;
    for (let at = this.#queue.take(); at >= 0; at = this.#queue.take()) {
      if (this.#wire.staged) this.#wire.discard(at);
      this.#queue.free(at);
    }
  }

  [Symbol.dispose](): void {
    this.close();
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
    const met = what === 'send' ? `full (${this.capacity})` : 'empty';
    return new TimeoutError(`${what} on channel "${this.name}": the time allowed ran out with the channel ${met}`);
  }

  /** Whether nobody of this thread stands in the queue before the caller. */
  #inTurn(point: WaitPoint): boolean {
    if (!point.pending) return true;
    point.service();
    return !point.pending;
  }
}

class PendingReceive<T> extends PromisedOperation<Received<T>> {
  readonly #take: () => Received<T> | undefined;

  constructor(
    take: () => Received<T> | undefined,
    resolve: (received: Received<T>) => void,
    reject: (error: unknown) => void,
  ) {
    super(resolve, reject);
    this.#take = take;
  }

  override attempt(): boolean {
    try {
      const received = this.#take();
      if (!received) return false;
      this.resolve(received);
    } catch (error) {
      this.reject(error);
    }
    return true;
  }
}

class PendingSend extends PromisedOperation<void> {
  readonly #send: () => i32;
  readonly #staged: Staged | undefined;
  readonly #closedError: () => Error;
  #nudge: MemoryNudge | undefined;

  constructor(
    send: () => i32,
    staged: Staged | undefined,
    closedError: () => Error,
    resolve: () => void,
    reject: (error: unknown) => void,
  ) {
    super(resolve, reject);
    this.#send = send;
    this.#staged = staged;
    this.#closedError = closedError;
  }

  override attempt(): boolean {
    try {
      const code = this.#send();
      if (code === BLOCKED) return false;
      if (code === ACCEPTED) this.resolve();
      else throw this.#closedError();
    } catch (error) {
      this.#staged?.undo();
      this.reject(error);
    }
    return true;
  }

  /** If what it lacks is memory rather than room, being woken from the channel is not enough. */
  awaitMemory(memory: WaitPoint): void {
    if (!this.point || !this.#staged) return;
    this.#nudge = new MemoryNudge(this.#staged, this.point);
    if (!this.#nudge.attempt()) memory.enqueue(this.#nudge);
  }

  protected override abandoned(): void {
    this.#staged?.undo();
  }

  protected override ended(): void {
    if (this.#nudge) this.#nudge.point?.withdraw(this.#nudge);
  }
}

/** Waits for the memory of a pending send, and then has it tried again. */
class MemoryNudge extends PendingOperation {
  readonly #staged: Staged;
  readonly #sending: WaitPoint;

  constructor(staged: Staged, sending: WaitPoint) {
    super();
    this.#staged = staged;
    this.#sending = sending;
  }

  override attempt(): boolean {
    if (!this.#staged.reserve()) return false;
    this.#sending.service();
    return true;
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
