/** The queue inside a channel, as this thread uses it. Offsets are those of payloads, in bytes of the segment. */

import type { Kernel } from '../engine/engine.ts';
import { ADVANCED, ADVANCED_AWAITED, CLOSED, DAMAGED, SKIPPED } from '../kernel/codes.ts';
import { MPMC_SLOT_HEADER } from '../kernel/mpmc.ts';
import {
  CELL_DRAFT,
  CHANNEL_CAPACITY,
  CHANNEL_ONLY_RECEIVER,
  CHANNEL_ONLY_SENDER,
  CHANNEL_QUEUE,
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_SENDERS_WAITING,
  CHANNEL_SHIFT,
  CHANNEL_SLOTS,
  CHANNEL_STRIDE,
  DRAFT_WORDS,
  QUEUE_LETTERS,
  QUEUE_RENDEZVOUS,
  QUEUE_SPSC,
  TOPOLOGY_MPSC,
  TOPOLOGY_SPMC,
  TOPOLOGY_SPSC,
  WORD_BYTES,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { peek } from '../memory/words.ts';
import type { ThreadContext } from '../park/thread.ts';
import { damaged, judged } from './damage.ts';
import { LetterQueue } from './letter-queue.ts';
import { OnlyThread } from './only-thread.ts';
import { RendezvousQueue } from './rendezvous.ts';

export interface Queue {
  /** A slot to write, BLOCKED or CLOSED. */
  claim(): number;
  /** Where to write a message that is written in one go: a slot, or a place of this thread's own; BLOCKED or CLOSED. */
  draft(): number;
  /**
   * Publishes what was claimed or drafted: ADVANCED, ADVANCED_AWAITED (wake a receiver), or CLOSED and it was not
   * accepted. For a draft there may be no slot: BLOCKED.
   */
  publish(at: number): i32;
  /** The slot of the next message, BLOCKED or CLOSED. Until it is freed a message is known to be this thread's. */
  take(): number;
  /** Where to read the next message in one go: a slot, or a place of this thread's own; BLOCKED or CLOSED. */
  fetch(): number;
  /** Gives back what was taken or fetched: ADVANCED, or ADVANCED_AWAITED (wake a sender). */
  free(at: number): i32;
  /**
   * Whether the queue was empty, or full, and open, at some instant during the call. BLOCKED alone does not say so: it may
   * be due to another thread that is in the middle of a send or a receive. Of a closed queue it says nothing: that has
   * another answer. (One that is open after the look was open at that instant.)
   */
  isEmpty(): boolean;
  isFull(): boolean;
  /** Called by a receiver, or a sender, that is in the waiter set and about to look once more before it sleeps. */
  awaitMessage(): void;
  awaitRoom(): void;
  /** Looks for a message, or for room, at most so many times: to pass the time of a thread that does not sleep yet. */
  watchMessage(looks: number): void;
  watchRoom(looks: number): void;
  /** Whether this thread may receive at all: nobody else is the single receiver. */
  mayTake(): boolean;
  /** This thread gave its sending, or receiving, end away: another one may be the single one. */
  letGo(role: 'sender' | 'receiver'): void;
  /** Messages in the channel. */
  readonly length: number;
  /** Those of them that a receiver could take now. */
  readonly waiting: number;
}

export function queueOf(thread: ThreadContext, channel: i32, topology: i32, name: string): Queue {
  const singleSender = topology === TOPOLOGY_SPSC || topology === TOPOLOGY_SPMC;
  const singleReceiver = topology === TOPOLOGY_SPSC || topology === TOPOLOGY_MPSC;
  const sender = new OnlyThread(thread, name, 'sender', channel + CHANNEL_ONLY_SENDER, singleSender);
  const receiver = new OnlyThread(thread, name, 'receiver', channel + CHANNEL_ONLY_RECEIVER, singleReceiver);
  switch (peek(channel + CHANNEL_QUEUE)) {
    case QUEUE_SPSC:
      return new SpscQueue(thread.kernel, channel, sender, receiver);
    case QUEUE_LETTERS:
      return new LetterQueue(thread, channel, sender, receiver);
    case QUEUE_RENDEZVOUS:
      return new RendezvousQueue(thread, channel, sender, receiver);
    default:
      return new MpmcQueue(thread, channel, sender, receiver);
  }
}

/** No place. */
const NONE = -1;
/** More messages than any channel holds. */
const MANY = 2 ** 30;

export class SpscQueue implements Queue {
  readonly #kernel: Kernel;
  readonly #channel: i32;
  readonly #sender: OnlyThread;
  readonly #receiver: OnlyThread;
  readonly #firstSlot: number;
  readonly #endOfSlots: number;
  readonly #slotBytes: number;
  readonly #capacity: number;
  /** The slots that this thread writes and reads next, if it is the one. */
  #writeAt = 0;
  #readAt = 0;
  /** Slots that may be written, and messages that may be read, without looking at the other side again. */
  #room = 0;
  #ready = 0;

  constructor(kernel: Kernel, channel: i32, sender: OnlyThread, receiver: OnlyThread) {
    this.#kernel = kernel;
    this.#channel = channel;
    this.#sender = sender;
    this.#receiver = receiver;
    this.#capacity = peek(channel + CHANNEL_CAPACITY);
    this.#slotBytes = peek(channel + CHANNEL_STRIDE) * WORD_BYTES;
    this.#firstSlot = peek(channel + CHANNEL_SLOTS) * WORD_BYTES;
    this.#endOfSlots = this.#firstSlot + (this.#slotBytes << peek(channel + CHANNEL_SHIFT));
  }

  claim(): number {
    if (this.#room === 0) {
      this.#bindSender();
      const room = this.#kernel.spscRoom(this.#channel);
      if (room < 0) return room;
      this.#room = room;
    }
    return this.#writeAt;
  }

  draft(): number {
    return this.claim();
  }

  publish(at: number): i32 {
    return this.publishMany(1, this.after(at));
  }

  take(): number {
    if (this.#ready === 0) {
      const ready = this.#lookOneByOne();
      if (ready < 0) return ready;
    }
    return this.#readAt;
  }

  fetch(): number {
    return this.take();
  }

  free(at: number): i32 {
    return this.freeMany(1, this.after(at));
  }

  // Each side moves in one step, so there is no middle to be met in.
  isEmpty(): boolean {
    return true;
  }

  isFull(): boolean {
    return true;
  }

  awaitMessage(): void {
    this.#kernel.spscAwaitMessage(this.#channel);
  }

  awaitRoom(): void {
    this.#kernel.spscAwaitRoom(this.#channel);
  }

  watchMessage(looks: number): void {
    this.#kernel.spscWatchMessage(this.#channel, looks);
  }

  watchRoom(looks: number): void {
    this.#kernel.spscWatchRoom(this.#channel, looks);
  }

  mayTake(): boolean {
    return this.#receiver.possible;
  }

  letGo(role: 'sender' | 'receiver'): void {
    if (role === 'sender') {
      this.#sender.letGo();
      this.#room = 0;
    } else {
      this.#receiver.letGo();
      this.#ready = 0;
    }
  }

  get length(): number {
    return this.#kernel.spscLength(this.#channel);
  }

  get waiting(): number {
    return this.length;
  }

  /** The slot behind the one at `at`. */
  after(at: number): number {
    const next = at + this.#slotBytes;
    return next === this.#endOfSlots ? this.#firstSlot : next;
  }

  /** How many slots there are from the one at `at` to where the ring starts anew. */
  stretchAt(at: number): number {
    return (this.#endOfSlots - at) / this.#slotBytes;
  }

  /** The slot behind the `count` ones from `at` on, which end where the ring does at the latest. */
  afterStretch(at: number, count: number): number {
    const next = at + count * this.#slotBytes;
    return next === this.#endOfSlots ? this.#firstSlot : next;
  }

  /** The first of the slots that `claimMany` counted. */
  get writeAt(): number {
    return this.#writeAt;
  }

  /** The first of the slots that `takeMany` counted. */
  get readAt(): number {
    return this.#readAt;
  }

  /** From 1 to `want` slots to write, BLOCKED or CLOSED. */
  claimMany(want: number): number {
    if (this.#room >= want) return want;
    this.#bindSender();
    const room = this.#kernel.spscWritable(this.#channel, want);
    if (room > 0) this.#room = room;
    return room;
  }

  /** Publishes `count` slots; the one behind them is at `next`. Answers like `publish`. */
  publishMany(count: number, next: number): i32 {
    const code = this.#kernel.spscPublish(this.#channel, count);
    if (code === CLOSED) return code;
    this.#room -= count;
    this.#writeAt = next;
    return code;
  }

  /** From 1 to `want` messages to read, BLOCKED or CLOSED. */
  takeMany(want: number): number {
    if (this.#ready === 0) {
      this.#bindReceiver();
      const ready = this.#seen(this.#kernel.spscReadable(this.#channel, MANY));
      if (ready < 0) return ready;
    }
    return Math.min(this.#ready, want);
  }

  /** Gives `count` slots back; the one behind them is at `next`. Answers like `free`. */
  freeMany(count: number, next: number): i32 {
    this.#ready -= count;
    this.#readAt = next;
    return this.#kernel.spscRelease(this.#channel, count);
  }

  #lookOneByOne(): i32 {
    this.#bindReceiver();
    return this.#seen(this.#kernel.spscBacklog(this.#channel));
  }

  #seen(ready: i32): i32 {
    if (ready > this.#capacity) throw damaged();
    if (ready > 0) this.#ready = ready;
    return ready;
  }

  #bindSender(): void {
    if (this.#sender.bound) return;
    this.#sender.bind();
    this.#room = 0;
    this.#writeAt = this.#slot(this.#kernel.spscAdoptSender(this.#channel));
  }

  #bindReceiver(): void {
    if (this.#receiver.bound) return;
    this.#receiver.bind();
    this.#readAt = this.#slot(this.#kernel.spscAdoptReceiver(this.#channel));
  }

  #slot(index: i32): number {
    const at = this.#firstSlot + index * this.#slotBytes;
    if (at < this.#firstSlot || at >= this.#endOfSlots) throw damaged();
    return at;
  }
}

export class MpmcQueue implements Queue {
  readonly #thread: ThreadContext;
  readonly #kernel: Kernel;
  readonly #me: i32;
  readonly #channel: i32;
  readonly #sender: OnlyThread;
  readonly #receiver: OnlyThread;
  /** Where short messages are written and read, in bytes of the segment; NONE if those of this channel are not short. */
  readonly #draft: number;
  /** The same, once it is known that this thread may send, and receive. */
  #writeAt = NONE;
  #readAt = NONE;
  /** What freeing the message that was fetched last answered. */
  #freed = ADVANCED;

  constructor(thread: ThreadContext, channel: i32, sender: OnlyThread, receiver: OnlyThread) {
    this.#thread = thread;
    this.#kernel = thread.kernel;
    this.#me = thread.id;
    this.#channel = channel;
    this.#sender = sender;
    this.#receiver = receiver;
    const short = peek(channel + CHANNEL_STRIDE) - MPMC_SLOT_HEADER <= DRAFT_WORDS;
    this.#draft = short ? (thread.cell + CELL_DRAFT) * WORD_BYTES : NONE;
  }

  claim(): number {
    if (!this.#sender.bound) this.#sender.bind();
    const slot = this.#claim();
    if (slot >= 0) return (slot + MPMC_SLOT_HEADER) * WORD_BYTES;
    // A claim that was buried may be what the receivers are waiting for.
    if (slot === CLOSED) this.#thread.wakeAll(this.#channel + CHANNEL_RECEIVERS_WAITING);
    return slot;
  }

  draft(): number {
    return this.#writeAt !== NONE ? this.#writeAt : this.#draftFirst();
  }

  publish(at: number): i32 {
    return at === this.#writeAt ? this.#sendDraft() : this.#publishSlot(at);
  }

  take(): number {
    if (!this.#receiver.bound) this.#receiver.bind();
    let slot = this.#take();
    while (slot === SKIPPED) {
      this.#thread.wakeOne(this.#channel + CHANNEL_SENDERS_WAITING);
      slot = this.#take();
    }
    return slot < 0 ? slot : (slot + MPMC_SLOT_HEADER) * WORD_BYTES;
  }

  fetch(): number {
    if (this.#readAt === NONE) return this.#fetchFirst();
    const code = this.#receiveDraft();
    if (code < 0) return code === SKIPPED ? this.#fetchNext() : code;
    this.#freed = code;
    return this.#readAt;
  }

  /** A sender takes the message that is next, to drop it: whoever may receive, and in whatever topology. */
  takeOldest(): number {
    let slot = this.#take();
    while (slot === SKIPPED) slot = this.#take();
    return slot < 0 ? slot : (slot + MPMC_SLOT_HEADER) * WORD_BYTES;
  }

  free(at: number): i32 {
    return at === this.#readAt ? this.#freed : this.#freeSlot(at);
  }

  isEmpty(): boolean {
    try {
      return !!this.#kernel.mpmcEmpty(this.#channel) && !this.#kernel.channelClosed(this.#channel);
    } catch (error) {
      throw judged(error);
    }
  }

  isFull(): boolean {
    try {
      return !!this.#kernel.mpmcFull(this.#channel) && !this.#kernel.channelClosed(this.#channel);
    } catch (error) {
      throw judged(error);
    }
  }

  // Senders and receivers look into the waiter sets themselves.
  awaitMessage(): void {}
  awaitRoom(): void {}

  watchMessage(looks: number): void {
    this.#kernel.mpmcWatchMessage(this.#channel, looks);
  }

  watchRoom(looks: number): void {
    this.#kernel.mpmcWatchRoom(this.#channel, looks);
  }

  mayTake(): boolean {
    return this.#receiver.possible;
  }

  letGo(role: 'sender' | 'receiver'): void {
    (role === 'sender' ? this.#sender : this.#receiver).letGo();
    if (role === 'sender') this.#writeAt = NONE;
    else this.#readAt = NONE;
  }

  get length(): number {
    try {
      return this.#kernel.mpmcLength(this.#channel);
    } catch (error) {
      throw judged(error);
    }
  }

  get waiting(): number {
    return this.length;
  }

  #publishSlot(at: number): i32 {
    this.#kernel.mpmcPublish(this.#channel, at / WORD_BYTES - MPMC_SLOT_HEADER);
    return this.#kernel.waitersAny(this.#channel + CHANNEL_RECEIVERS_WAITING) ? ADVANCED_AWAITED : ADVANCED;
  }

  #freeSlot(at: number): i32 {
    this.#kernel.mpmcFree(this.#channel, at / WORD_BYTES - MPMC_SLOT_HEADER);
    return this.#kernel.waitersAny(this.#channel + CHANNEL_SENDERS_WAITING) ? ADVANCED_AWAITED : ADVANCED;
  }

  #draftFirst(): number {
    if (this.#draft === NONE) return this.claim();
    if (!this.#sender.bound) this.#sender.bind();
    this.#writeAt = this.#draft;
    return this.#draft;
  }

  #fetchFirst(): number {
    if (this.#draft === NONE) return this.take();
    if (!this.#receiver.bound) this.#receiver.bind();
    this.#readAt = this.#draft;
    return this.fetch();
  }

  /** A place without a message was passed over. */
  #fetchNext(): number {
    this.#thread.wakeOne(this.#channel + CHANNEL_SENDERS_WAITING);
    return this.fetch();
  }

  #sendDraft(): i32 {
    try {
      const code = this.#kernel.shortSend(this.#channel, this.#me);
      if (code === DAMAGED) throw damaged();
      // As in `claim`.
      if (code === CLOSED) this.#thread.wakeAll(this.#channel + CHANNEL_RECEIVERS_WAITING);
      return code;
    } catch (error) {
      throw judged(error);
    }
  }

  #receiveDraft(): i32 {
    try {
      const code = this.#kernel.shortReceive(this.#channel, this.#me);
      if (code === DAMAGED) throw damaged();
      return code;
    } catch (error) {
      throw judged(error);
    }
  }

  #claim(): i32 {
    try {
      const slot = this.#kernel.mpmcClaim(this.#channel, this.#me);
      if (slot === DAMAGED) throw damaged();
      return slot;
    } catch (error) {
      throw judged(error);
    }
  }

  #take(): i32 {
    try {
      const slot = this.#kernel.mpmcTake(this.#channel, this.#me);
      if (slot === DAMAGED) throw damaged();
      return slot;
    } catch (error) {
      throw judged(error);
    }
  }
}
