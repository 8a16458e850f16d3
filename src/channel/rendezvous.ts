/**
 * The queue inside a channel of capacity 0, as this thread uses it: there is none. Whoever comes claims the seat of
 * somebody who waits; whoever finds nobody takes a seat of his own. See `kernel/rendezvous.ts`.
 */

import type { Kernel } from '../engine/engine.ts';
import { ADVANCED, BLOCKED, CLOSED, DAMAGED } from '../kernel/codes.ts';
import { ROLE_RECEIVER, ROLE_SENDER } from '../kernel/ends.ts';
import { SEAT_BROKEN, SEAT_CLAIMED, SEAT_LED, SEAT_MET, SEAT_VACANT } from '../kernel/seats.ts';
import {
  CHANNEL_INDEX,
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_SENDERS_WAITING,
  SEAT_HEADER,
  WORD_BYTES,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { peek, relax } from '../memory/words.ts';
import { outlast } from '../park/outlast.ts';
import type { ThreadContext } from '../park/thread.ts';
import { damaged, guard } from './damage.ts';
import type { OnlyThread } from './only-thread.ts';
import type { Offer } from './pending.ts';
import type { Queue } from './queue.ts';

/** Looks at a seat that is being met before one goes on. */
const LOOKS = 64;
/** Looks that a sender leaves to a receiver who has sat down at the same time: one of the two has to get up. */
const YIELDED_LOOKS = 256;

/**
 * Where this thread waits at the channel, in one of the roles. At most one of its operations does at a time, and only that
 * one may get up; the others wait for their turn beside it. Each is told by an object of its own.
 */
export class Seat {
  readonly #thread: ThreadContext;
  readonly #kernel: Kernel;
  readonly #channel: i32;
  readonly role: i32;
  readonly #word: i32;
  /** Where the message is, in bytes of the segment. */
  readonly at: number;
  #sitter: object | undefined;

  constructor(thread: ThreadContext, channel: i32, role: i32) {
    this.#thread = thread;
    this.#kernel = thread.kernel;
    this.#channel = channel;
    this.role = role;
    this.#word = thread.kernel.seatOf(channel, role, thread.id);
    this.at = (this.#word + SEAT_HEADER) * WORD_BYTES;
  }

  /** Whether an operation of this thread sits here. */
  get taken(): boolean {
    return this.#sitter !== undefined;
  }

  /** Whether nobody is at work here any more: not the claimer either whom an operation before did not wait for. */
  get vacant(): boolean {
    return this.#kernel.seatState(this.#word) === SEAT_VACANT;
  }

  takenBy(operation: object): boolean {
    return this.#sitter === operation;
  }

  /** Waits here from now on, as one of the seats that `lead` decides for. Returns whether that is possible. */
  offer(operation: object, lead: Seat = this): boolean {
    const leadChannel = peek(lead.#channel + CHANNEL_INDEX);
    const sits = !!this.#kernel.seatOffer(this.#channel, this.role, this.#thread.id, lead.#word, leadChannel);
    this.#sitter = sits ? operation : undefined;
    return sits;
  }

  /** Waits no more, and nothing has happened. Returns false if it is decided already: then ask {@link settle}. */
  withdraw(): boolean {
    if (!this.#kernel.seatWithdraw(this.#word)) return false;
    this.#sitter = undefined;
    return true;
  }

  /** Whether it was decided at another seat of the same select, if at any. */
  get led(): boolean {
    return this.#kernel.seatState(this.#word) === SEAT_LED;
  }

  leave(): void {
    this.#sitter = undefined;
    this.#kernel.seatLeave(this.#word);
  }

  /** Whether somebody has come, and may still be at work here. */
  get decided(): boolean {
    const state = this.#kernel.seatState(this.#word);
    return state === SEAT_CLAIMED || state === SEAT_MET || state === SEAT_BROKEN;
  }

  /** Waits for a moment until whoever has come is done. Returns false if he needs longer; this thread is woken then. */
  glance(): boolean {
    for (let look = 0; look < LOOKS; look++) {
      if (!this.#claimed) return true;
      relax(1);
    }
    return false;
  }

  get #claimed(): boolean {
    return this.#kernel.seatState(this.#word) === SEAT_CLAIMED;
  }

  /**
   * Somebody has come: waits until he is done, and answers whether that was a meeting. A sender's seat is left then; a
   * receiver leaves his when he has read the message. Whoever has come and cannot go on, as he was stopped or is dead,
   * is not waited for any longer than this: from a sender he has the message, to a receiver he has not come.
   */
  settle(): boolean {
    const busy = () => (this.#claimed ? BLOCKED : ADVANCED);
    if (outlast(this.#thread, busy, () => false) === BLOCKED && this.#kernel.seatAbandon(this.#word)) {
      this.#sitter = undefined;
      return this.role === ROLE_SENDER;
    }
    const met = this.#kernel.seatState(this.#word) === SEAT_MET;
    if (!met || this.role === ROLE_SENDER) this.leave();
    return met;
  }
}

export class RendezvousQueue implements Queue {
  readonly #thread: ThreadContext;
  readonly #kernel: Kernel;
  readonly #channel: i32;
  readonly #sender: OnlyThread;
  readonly #receiver: OnlyThread;
  readonly sending: Seat;
  readonly receiving: Seat;

  constructor(thread: ThreadContext, channel: i32, sender: OnlyThread, receiver: OnlyThread) {
    this.#thread = thread;
    this.#kernel = thread.kernel;
    this.#channel = channel;
    this.#sender = sender;
    this.#receiver = receiver;
    this.sending = new Seat(thread, channel, ROLE_SENDER);
    this.receiving = new Seat(thread, channel, ROLE_RECEIVER);
  }

  /** The seat of a receiver who waits, to write to. */
  claim(): number {
    if (!this.#sender.bound) this.#sender.bind();
    return this.#claim(ROLE_RECEIVER);
  }

  draft(): number {
    return this.claim();
  }

  /** BLOCKED: the receiver is gone, and has not got it. */
  publish(at: number): i32 {
    return this.#finish(at);
  }

  /** The seat of a sender who waits, to read from. */
  take(): number {
    if (!this.#receiver.bound) this.#receiver.bind();
    return this.#claim(ROLE_SENDER);
  }

  fetch(): number {
    return this.take();
  }

  free(at: number): i32 {
    if (at !== this.receiving.at) return this.#finish(at);
    this.receiving.leave();
    return ADVANCED;
  }

  /** For a receiver who waits: a message to read, CLOSED, or BLOCKED; then he sits, and is woken. */
  takeWaiting(operation: object): number {
    for (;;) {
      const seat = this.receiving;
      if (seat.takenBy(operation) && this.#sits(seat)) {
        if (!seat.decided || !seat.glance()) return BLOCKED;
        if (seat.settle()) return seat.at;
        continue;
      }
      const at = this.take();
      if (at !== BLOCKED || seat.taken || !seat.offer(operation)) return at;
    }
  }

  /** For a sender who waits: ACCEPTED, CLOSED, or BLOCKED; then he sits, unless there is no memory, and is woken. */
  sendWaiting(offer: Offer): i32 {
    for (;;) {
      const seat = this.sending;
      if (seat.takenBy(offer) && this.#sits(seat)) {
        if (!seat.decided || !seat.glance()) return BLOCKED;
        if (!seat.settle()) continue;
        offer.staged?.done();
        return ADVANCED;
      }
      const code = offer.attempt();
      // The message of the one before may still be fetched: it is where this one is to be.
      if (code !== BLOCKED || seat.taken || !seat.vacant || !offer.place(seat.at) || !seat.offer(offer)) return code;
    }
  }

  /** The receiver waits no more. Answers like `takeWaiting`. */
  giveUpReceiving(operation: object): number {
    const seat = this.receiving;
    return seat.takenBy(operation) && !seat.withdraw() && seat.settle() ? seat.at : BLOCKED;
  }

  /** The sender waits no more. Answers whether his message was taken after all. */
  giveUpSending(offer: Offer): boolean {
    const seat = this.sending;
    if (!seat.takenBy(offer) || seat.withdraw() || !seat.settle()) return false;
    offer.staged?.done();
    return true;
  }

  /** Whether an operation of this thread sits here. */
  get occupied(): boolean {
    return this.sending.taken || this.receiving.taken;
  }

  /** Whether a select of this thread sits in both roles: it does not meet itself. */
  get meetsItself(): boolean {
    return !!this.#kernel.seatItself(this.#channel, this.#thread.id);
  }

  /** Whether somebody waits whom a sender, or a receiver, of this thread could meet. */
  expected(role: 'sender' | 'receiver'): boolean {
    return this.#seen(role === 'sender' ? ROLE_RECEIVER : ROLE_SENDER);
  }

  // A round of the seats that finds nobody says so of an instant.
  isEmpty(): boolean {
    return true;
  }

  isFull(): boolean {
    return true;
  }

  // Whoever sits has said so himself.
  awaitMessage(): void {}
  awaitRoom(): void {}

  watchMessage(looks: number): void {
    this.#kernel.seatWatch(this.#channel, ROLE_RECEIVER, this.#thread.id, looks);
  }

  watchRoom(looks: number): void {
    this.#kernel.seatWatch(this.#channel, ROLE_SENDER, this.#thread.id, looks);
  }

  mayTake(): boolean {
    return this.#receiver.possible;
  }

  letGo(role: 'sender' | 'receiver'): void {
    (role === 'sender' ? this.#sender : this.#receiver).letGo();
  }

  get length(): number {
    return 0;
  }

  get waiting(): number {
    return 0;
  }

  /** Whether an operation that sits should stay where it is. If not, it has got up. */
  #sits(seat: Seat): boolean {
    if (seat.decided) return true;
    const others = seat.role === ROLE_SENDER ? ROLE_RECEIVER : ROLE_SENDER;
    if (!this.#kernel.channelClosed(this.#channel)) {
      if (!this.#seen(others)) return true;
      if (seat.role === ROLE_SENDER) this.#yield(seat);
    }
    return !seat.withdraw();
  }

  /** Both have sat down at the same time, and see each other: the receiver gets up first. */
  #yield(seat: Seat): void {
    for (let look = 0; look < YIELDED_LOOKS && !seat.decided; look++) relax(1);
  }

  #seen(role: i32): boolean {
    return !!this.#kernel.seatSeen(this.#channel, role, this.#thread.id);
  }

  #claim(role: i32): number {
    const seat = this.#kernel.seatClaim(this.#channel, role, this.#thread.id);
    if (seat === DAMAGED) throw damaged();
    if (seat >= 0) return (seat + SEAT_HEADER) * WORD_BYTES;
    // Somebody may have found himself claimed for a moment.
    if (seat === CLOSED) this.#wakeAll();
    return seat;
  }

  #wakeAll(): void {
    this.#thread.wakeAll(this.#channel + CHANNEL_RECEIVERS_WAITING);
    this.#thread.wakeAll(this.#channel + CHANNEL_SENDERS_WAITING);
  }

  #finish(at: number): i32 {
    const sitter = this.#kernel.seatFinish(this.#channel, at / WORD_BYTES - SEAT_HEADER);
    if (sitter < 0) {
      this.#thread.wakeAll(this.#channel + CHANNEL_RECEIVERS_WAITING);
      return BLOCKED;
    }
    this.#thread.wake(sitter);
    return ADVANCED;
  }
}

guard(RendezvousQueue);
