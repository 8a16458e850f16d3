/** The queue inside a channel, as this thread uses it. Offsets are those of payloads, in bytes of the segment. */

import { TopologyError } from '../errors.ts';
import { CLOSED, SKIPPED } from '../kernel/codes.ts';
import { MPMC_SLOT_HEADER, mpmcBury, mpmcClaim, mpmcFree, mpmcLength, mpmcPublish, mpmcTake } from '../kernel/mpmc.ts';
import {
  spscAdoptReceiver,
  spscAdoptSender,
  spscLength,
  spscPublish,
  spscReadable,
  spscReadSlot,
  spscRelease,
  spscWritable,
  spscWriteSlot,
} from '../kernel/spsc.ts';
import {
  CHANNEL_ONLY_RECEIVER,
  CHANNEL_ONLY_SENDER,
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_SENDERS_WAITING,
  TOPOLOGY_MPSC,
  TOPOLOGY_SPMC,
  TOPOLOGY_SPSC,
  WORD_BYTES,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { cas, load } from '../memory/words.ts';
import type { ThreadContext } from '../park/thread.ts';

export interface Queue {
  /** A slot to write, BLOCKED or CLOSED. */
  claim(): number;
  /** Publishes the claimed slot. Returns whether it was accepted. */
  publish(at: number): boolean;
  /** Gives a claim up. */
  abandon(at: number): void;
  /** The slot of the next message, BLOCKED or CLOSED. */
  take(): number;
  /** Gives the slot of a message back. */
  free(at: number): void;
  /** Whether this thread may receive at all: nobody else is the single receiver. */
  mayTake(): boolean;
  readonly length: number;
}

/** The one thread that a topology allows at an end: bound by first use. */
class OnlyThread {
  readonly #channelName: string;
  readonly #role: 'sender' | 'receiver';
  readonly #word: i32;
  readonly #thread: ThreadContext;
  #bound: boolean;

  constructor(thread: ThreadContext, channelName: string, role: 'sender' | 'receiver', word: i32, single: boolean) {
    this.#thread = thread;
    this.#channelName = channelName;
    this.#role = role;
    this.#word = word;
    this.#bound = !single;
  }

  get bound(): boolean {
    return this.#bound;
  }

  /** Whether this thread is the one, or could become it. */
  get possible(): boolean {
    const found = load(this.#word);
    return this.#bound || found === 0 || found === this.#thread.id + 1;
  }

  /** Makes this thread the one. Throws TopologyError when another one is. */
  bind(): void {
    const found = cas(this.#word, 0, this.#thread.id + 1);
    if (found !== 0 && found !== this.#thread.id + 1) {
      throw new TopologyError(
        `channel "${this.#channelName}" was promised a single ${this.#role}: expected thread ${found - 1}, ` +
          `met thread ${this.#thread.id} ("${this.#thread.name}")`,
      );
    }
    this.#bound = true;
  }
}

export function queueOf(thread: ThreadContext, channel: i32, topology: i32, name: string): MpmcQueue | SpscQueue {
  const singleSender = topology === TOPOLOGY_SPSC || topology === TOPOLOGY_SPMC;
  const singleReceiver = topology === TOPOLOGY_SPSC || topology === TOPOLOGY_MPSC;
  const sender = new OnlyThread(thread, name, 'sender', channel + CHANNEL_ONLY_SENDER, singleSender);
  const receiver = new OnlyThread(thread, name, 'receiver', channel + CHANNEL_ONLY_RECEIVER, singleReceiver);
  return topology === TOPOLOGY_SPSC
    ? new SpscQueue(channel, sender, receiver)
    : new MpmcQueue(thread, channel, sender, receiver);
}

export class SpscQueue implements Queue {
  readonly #channel: i32;
  readonly #sender: OnlyThread;
  readonly #receiver: OnlyThread;

  constructor(channel: i32, sender: OnlyThread, receiver: OnlyThread) {
    this.#channel = channel;
    this.#sender = sender;
    this.#receiver = receiver;
  }

  claim(): number {
    const count = this.claimMany(1);
    return count < 0 ? count : this.writeSlot(0);
  }

  publish(_at: number): boolean {
    return this.publishMany(1);
  }

  abandon(_at: number): void {}

  take(): number {
    const count = this.takeMany(1);
    return count < 0 ? count : this.readSlot(0);
  }

  free(_at: number): void {
    this.freeMany(1);
  }

  mayTake(): boolean {
    return this.#receiver.possible;
  }

  get length(): number {
    return spscLength(this.#channel);
  }

  /** From 1 to `want` slots to write, BLOCKED or CLOSED. */
  claimMany(want: number): number {
    if (!this.#sender.bound) {
      this.#sender.bind();
      spscAdoptSender(this.#channel);
    }
    return spscWritable(this.#channel, want);
  }

  writeSlot(ahead: number): number {
    return spscWriteSlot(this.#channel, ahead) * WORD_BYTES;
  }

  publishMany(count: number): boolean {
    return spscPublish(this.#channel, count) !== CLOSED;
  }

  /** From 1 to `want` messages to read, BLOCKED or CLOSED. */
  takeMany(want: number): number {
    if (!this.#receiver.bound) {
      this.#receiver.bind();
      spscAdoptReceiver(this.#channel);
    }
    return spscReadable(this.#channel, want);
  }

  readSlot(ahead: number): number {
    return spscReadSlot(this.#channel, ahead) * WORD_BYTES;
  }

  freeMany(count: number): void {
    spscRelease(this.#channel, count);
  }
}

export class MpmcQueue implements Queue {
  readonly #thread: ThreadContext;
  readonly #me: i32;
  readonly #channel: i32;
  readonly #sender: OnlyThread;
  readonly #receiver: OnlyThread;

  constructor(thread: ThreadContext, channel: i32, sender: OnlyThread, receiver: OnlyThread) {
    this.#thread = thread;
    this.#me = thread.id;
    this.#channel = channel;
    this.#sender = sender;
    this.#receiver = receiver;
  }

  claim(): number {
    if (!this.#sender.bound) this.#sender.bind();
    const slot = mpmcClaim(this.#channel, this.#me);
    if (slot >= 0) return (slot + MPMC_SLOT_HEADER) * WORD_BYTES;
    // A claim that was buried may be what the receivers are waiting for.
    if (slot === CLOSED) this.#thread.wakeAll(this.#channel + CHANNEL_RECEIVERS_WAITING);
    return slot;
  }

  publish(at: number): boolean {
    mpmcPublish(this.#channel, at / WORD_BYTES - MPMC_SLOT_HEADER);
    return true;
  }

  abandon(at: number): void {
    mpmcBury(this.#channel, at / WORD_BYTES - MPMC_SLOT_HEADER);
    this.#thread.wakeOne(this.#channel + CHANNEL_RECEIVERS_WAITING);
  }

  take(): number {
    if (!this.#receiver.bound) this.#receiver.bind();
    let slot = mpmcTake(this.#channel, this.#me);
    while (slot === SKIPPED) {
      this.#thread.wakeOne(this.#channel + CHANNEL_SENDERS_WAITING);
      slot = mpmcTake(this.#channel, this.#me);
    }
    return slot < 0 ? slot : (slot + MPMC_SLOT_HEADER) * WORD_BYTES;
  }

  free(at: number): void {
    mpmcFree(this.#channel, at / WORD_BYTES - MPMC_SLOT_HEADER);
  }

  mayTake(): boolean {
    return this.#receiver.possible;
  }

  get length(): number {
    return mpmcLength(this.#channel);
  }
}
