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
import type { Fallback } from './overflow.ts';
import { type Queue, queueOf } from './queue.ts';

/** What it takes to use a channel from a thread. */
export interface ChannelPlace<T> {
  readonly index: number;
  readonly address: i32;
  readonly name: string;
  readonly codec: Codec<T>;
  /** Where messages go that have no room, if this thread knows. */
  readonly fallback?: Fallback<T> | undefined;
}

export class ChannelCore<T> {
  readonly attachment: Attachment;
  readonly segment: Segment;
  readonly thread: ThreadContext;
  readonly #kernel: Kernel;
  readonly name: string;
  readonly codec: Codec<T>;
  /** Its number in the segment, and the word index it starts at. */
  readonly index: number;
  readonly address: i32;
  readonly capacity: number;
  readonly wire: Wire<T>;
  readonly queue: Queue;
  /** Where this thread waits for a message, and for room. */
  readonly messages: WaitPoint;
  readonly room: WaitPoint;
  readonly #receiversWaiting: i32;
  readonly #sendersWaiting: i32;
  #error: Error | undefined;

  constructor(attachment: Attachment, { index, address, name, codec }: ChannelPlace<T>, wire: Wire<T>) {
    this.attachment = attachment;
    this.segment = attachment.segment;
    this.thread = attachment.thread;
    this.#kernel = this.thread.kernel;
    this.name = name;
    this.codec = codec;
    this.index = index;
    this.address = address;
    this.capacity = peek(address + CHANNEL_CAPACITY);
    this.wire = wire;
    this.#receiversWaiting = address + CHANNEL_RECEIVERS_WAITING;
    this.#sendersWaiting = address + CHANNEL_SENDERS_WAITING;
    const queue = queueOf(this.thread, address, peek(address + CHANNEL_TOPOLOGY), name);
    this.queue = queue;
    this.messages = new WaitPoint(this.thread, {
      set: this.#receiversWaiting,
      parkedOn: (index << 2) | PARKED_RECEIVE,
      sits: this.capacity === 0,
      announce: () => queue.awaitMessage(),
      watch: (looks) => queue.watchMessage(looks),
      // A closed channel has an answer for everybody.
      backlog: () => queue.waiting + (this.#kernel.channelClosed(address) ? 1 : 0),
      noteWait: (ms) => this.#kernel.tallyAdd(address + CHANNEL_RECEIVE_WAIT, Math.round(ms * 1000) | 0),
    });
    this.room = new WaitPoint(this.thread, {
      set: this.#sendersWaiting,
      parkedOn: (index << 2) | PARKED_SEND,
      sits: this.capacity === 0,
      announce: () => queue.awaitRoom(),
      watch: (looks) => queue.watchRoom(looks),
      backlog: () => this.capacity - queue.length + (this.#kernel.channelClosed(address) ? 1 : 0),
      noteWait: (ms) => this.#kernel.tallyAdd(address + CHANNEL_SEND_WAIT, Math.round(ms * 1000) | 0),
    });
  }

  get length(): number {
    this.segment.enter();
    return this.queue.length;
  }

  get closed(): boolean {
    this.segment.enter();
    return !!this.#kernel.channelClosed(this.address);
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

  /**
   * Whether nobody of this thread stands at `point` before the caller; or, at a rendezvous, only a select that both sends
   * and receives there: that one found nobody, as it does not meet itself, and may well be met by the caller.
   */
  inTurn(point: WaitPoint): boolean {
    if (!point.pending) return true;
    point.service();
    if (!point.pending) return true;
    return this.capacity === 0 && !!this.#kernel.seatItself(this.address, this.thread.id);
  }

  close(error?: Error): void {
    this.segment.enter();
    if (this.#kernel.channelClosed(this.address)) return;
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
    if (this.#closeError()) throw this.closedError();
    return { done: true, value: undefined };
  }

  closedError(): ChannelClosedError {
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

  #closeError(): Error | undefined {
    const block = this.#kernel.channelErrorBlock(this.address);
    if (block === NO_ERROR) return undefined;
    this.#error ??= readError(block, this.attachment.pool);
    return this.#error;
  }
}
