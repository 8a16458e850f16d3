/**
 * What of a channel its two directions have in common: where it is, how it queues and encodes messages, where this thread
 * waits for it, and how it ends.
 */

import type { Codec, Wire } from '../codec/codec.ts';
import type { Kernel } from '../engine/engine.ts';
import { ChannelClosedError, TimeoutError } from '../errors.ts';
import { NO_ERROR } from '../kernel/close.ts';
import {
  CHANNEL_CAPACITY,
  CHANNEL_RECEIVE_WAIT,
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_SEND_WAIT,
  CHANNEL_SENDERS_WAITING,
  CHANNEL_TOPOLOGY,
  HEADER_NOWHERE,
  PARKED_RECEIVE,
  PARKED_SEND,
} from '../memory/layout.ts';
import type { Segment } from '../memory/segment.ts';
import type { i32 } from '../memory/words.ts';
import { peek } from '../memory/words.ts';
import type { ThreadContext } from '../park/thread.ts';
import { WaitPoint } from '../park/wait-point.ts';
import type { Attachment } from './attachment.ts';
import { encodeError, readError } from './close-error.ts';
import { GoneQueue } from './gone-queue.ts';
import type { Fallback } from './overflow.ts';
import { type Queue, queueOf } from './queue.ts';
import { RendezvousQueue } from './rendezvous.ts';

/** What it takes to use a channel from a thread. */
export interface ChannelPlace<T> {
  readonly index: number;
  /** Which of the channels that have had that number. */
  readonly generation: i32;
  /** GONE for one that was disposed of before this thread took it up. */
  readonly address: i32;
  readonly name: string;
  readonly codec: Codec<T>;
  /** Where messages go that have no room, if this thread knows. */
  readonly fallback?: Fallback<T> | undefined;
}

/** In the place of the address of a channel that is not there any more. */
export const GONE = -1;

export class ChannelCore<T> {
  readonly attachment: Attachment;
  readonly segment: Segment;
  readonly thread: ThreadContext;
  readonly #kernel: Kernel;
  readonly name: string;
  readonly codec: Codec<T>;
  /** Its number in the segment, and the word index it starts at. */
  readonly index: number;
  readonly generation: i32;
  readonly address: i32;
  readonly capacity: number;
  readonly wire: Wire<T>;
  queue: Queue;
  /** Where this thread waits for a message, and for room. */
  readonly messages: WaitPoint;
  readonly room: WaitPoint;
  readonly #receiversWaiting: i32;
  readonly #sendersWaiting: i32;
  #error: Error | undefined;
  #gone: boolean;

  constructor(attachment: Attachment, place: ChannelPlace<T>, wire: Wire<T>) {
    const { index, generation, address, name, codec } = place;
    this.attachment = attachment;
    this.segment = attachment.segment;
    this.thread = attachment.thread;
    this.#kernel = this.thread.kernel;
    this.name = name;
    this.codec = codec;
    this.index = index;
    this.generation = generation;
    this.address = address;
    this.#gone = address === GONE;
    this.capacity = this.#gone ? 0 : peek(address + CHANNEL_CAPACITY);
    this.wire = wire;
    this.#receiversWaiting = address + CHANNEL_RECEIVERS_WAITING;
    this.#sendersWaiting = address + CHANNEL_SENDERS_WAITING;
    this.queue = this.#gone ? new GoneQueue() : queueOf(this.thread, address, peek(address + CHANNEL_TOPOLOGY), name);
    const sits = this.queue instanceof RendezvousQueue;
    this.messages = new WaitPoint(this.thread, {
      set: this.#gone ? HEADER_NOWHERE : this.#receiversWaiting,
      parkedOn: (index << 2) | PARKED_RECEIVE,
      sits,
      announce: () => this.queue.awaitMessage(),
      watch: (looks) => this.queue.watchMessage(looks),
      // A closed channel has an answer for everybody.
      backlog: () => this.queue.waiting + (this.closed ? 1 : 0),
      noteWait: (ms) => this.#noteWait(CHANNEL_RECEIVE_WAIT, ms),
    });
    this.room = new WaitPoint(this.thread, {
      set: this.#gone ? HEADER_NOWHERE : this.#sendersWaiting,
      parkedOn: (index << 2) | PARKED_SEND,
      sits,
      announce: () => this.queue.awaitRoom(),
      watch: (looks) => this.queue.watchRoom(looks),
      backlog: () => this.capacity - this.queue.length + (this.closed ? 1 : 0),
      noteWait: (ms) => this.#noteWait(CHANNEL_SEND_WAIT, ms),
    });
  }

  get length(): number {
    this.segment.enter();
    return this.queue.length;
  }

  get closed(): boolean {
    this.segment.enter();
    return this.#gone || !!this.#kernel.channelClosed(this.address);
  }

  /** Whether it was disposed of. To be asked only where it is closed. */
  get disposed(): boolean {
    return this.#gone || !!this.#kernel.channelDisposed(this.index);
  }

  /** Whether this thread has let go of it: nothing of it may be touched any more. */
  get gone(): boolean {
    return this.#gone;
  }

  /** This thread lets go of it. */
  retire(): void {
    this.#gone = true;
    this.queue = new GoneQueue();
  }

  /** Those of this thread who wait for it wait no longer. */
  forsake(): void {
    this.messages.forsake(HEADER_NOWHERE);
    this.room.forsake(HEADER_NOWHERE);
  }

  wakeReceiver(): void {
    this.thread.wakeOne(this.#receiversWaiting);
  }

  wakeSender(): void {
    this.thread.wakeOne(this.#sendersWaiting);
  }

  /**
   * At a rendezvous: whoever of this thread was met there gives his seat to the next one. So a thread always meets its own
   * operations, however many wait.
   */
  catchUp(): void {
    this.segment.enter();
    if (this.messages.pending && this.messages.woken) this.messages.service();
    if (this.room.pending && this.room.woken) this.room.service();
  }

  /** Looks at everybody of this thread who waits. */
  serve(): void {
    this.segment.enter();
    if (this.messages.pending) this.messages.service();
    if (this.room.pending) this.room.service();
  }

  /**
   * Whether nobody of this thread stands at `point` before the caller; or, at a rendezvous, only a select that both sends
   * and receives there: that one found nobody, as it does not meet itself, and may well be met by the caller.
   */
  inTurn(point: WaitPoint): boolean {
    if (!point.pending) return true;
    point.service();
    if (!point.pending) return true;
    return this.queue instanceof RendezvousQueue && this.queue.meetsItself;
  }

  close(error?: Error): void {
    if (this.closed) return;
    const { pool } = this.attachment;
    const block = error === undefined ? NO_ERROR : encodeError(error, pool);
    this.segment.enter();
    const first = this.#kernel.channelClose(this.address, block);
    if (block >= 0) {
      // Should this thread die here, recovery does it: whose block it is tells.
      if (first) pool.donate(block);
      else pool.giveBack(block);
    }
    this.thread.wakeAll(this.#receiversWaiting);
    this.thread.wakeAll(this.#sendersWaiting);
  }

  /** What a receiver gets once the channel is closed and drained. Throws if it was closed with an error. */
  ended(): { done: true; value: undefined } {
    if (this.disposed || this.#closeError()) throw this.closedError();
    return { done: true, value: undefined };
  }

  closedError(): ChannelClosedError {
    if (this.disposed) return this.#disposedError();
    const cause = this.#closeError();
    return new ChannelClosedError(
      `channel "${this.name}": expected it open, met it closed${cause ? ` with ${cause.name}: ${cause.message}` : ''}`,
      cause && { cause },
    );
  }

  late(what: 'send' | 'receive'): TimeoutError {
    if (this.capacity === 0) {
      const nobody = what === 'send' ? 'a receiver' : 'a sender';
      return new TimeoutError(`${what} on channel "${this.name}": expected ${nobody} in the time allowed, met none`);
    }
    const held = `${this.length} of ${this.capacity} messages`;
    const lacks = what === 'send' && this.length < this.capacity ? ' and no memory for one more' : '';
    return new TimeoutError(`${what} on channel "${this.name}": the time allowed ran out, with ${held} in it${lacks}`);
  }

  #disposedError(): ChannelClosedError {
    this.attachment.holdings.lookLater();
    return new ChannelClosedError(`channel "${this.name}": expected it open, met it disposed of`);
  }

  #noteWait(word: i32, ms: number): void {
    if (!this.#gone) this.#kernel.tallyAdd(this.address + word, Math.round(ms * 1000) | 0);
  }

  #closeError(): Error | undefined {
    const block = this.#kernel.channelErrorBlock(this.address);
    if (block === NO_ERROR) return undefined;
    this.#error ??= readError(block, this.attachment.pool);
    return this.#error;
  }
}
