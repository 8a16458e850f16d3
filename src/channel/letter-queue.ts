/** The queue inside an at-least-once channel, as this thread uses it: what is taken stays until it is acknowledged. */

import type { Kernel } from '../engine/engine.ts';
import { ADVANCED, ADVANCED_AWAITED, BLOCKED, CLOSED, DAMAGED, SKIPPED } from '../kernel/codes.ts';
import {
  CHANNEL_CAPACITY,
  CHANNEL_DROPPED,
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_REDELIVERED,
  CHANNEL_RETURNED,
  CHANNEL_SENDERS_WAITING,
  HEADER_POOL_WAITERS,
  WORD_BYTES,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { add, load, peek } from '../memory/words.ts';
import type { ThreadContext } from '../park/thread.ts';
import { damaged, guard } from './damage.ts';
import type { OnlyThread } from './only-thread.ts';
import type { Queue } from './queue.ts';

/** A letter that was taken: its number, and its word, which names this holding of it and no other. */
export interface Taken {
  readonly letter: i32;
  readonly word: i32;
}

export class LetterQueue implements Queue {
  readonly #thread: ThreadContext;
  readonly #kernel: Kernel;
  readonly #me: i32;
  readonly #channel: i32;
  readonly #sender: OnlyThread;
  readonly #receiver: OnlyThread;

  constructor(thread: ThreadContext, channel: i32, sender: OnlyThread, receiver: OnlyThread) {
    this.#thread = thread;
    this.#kernel = thread.kernel;
    this.#me = thread.id;
    this.#channel = channel;
    this.#sender = sender;
    this.#receiver = receiver;
  }

  claim(): number {
    if (!this.#sender.bound) this.#sender.bind();
    const letter = this.#kernel.letterClaim(this.#channel, this.#me);
    if (letter >= 0) return this.#kernel.letterPayload(this.#channel, letter) * WORD_BYTES;
    if (letter === DAMAGED) throw damaged();
    // What was claimed and given up again may be what the receivers are waiting for.
    if (letter === CLOSED) this.#thread.wakeAll(this.#channel + CHANNEL_RECEIVERS_WAITING);
    return letter;
  }

  draft(): number {
    return this.claim();
  }

  publish(at: number): i32 {
    this.#kernel.letterPost(this.#channel, this.#kernel.letterOf(this.#channel, at / WORD_BYTES));
    return this.#kernel.waitersAny(this.#channel + CHANNEL_RECEIVERS_WAITING) ? ADVANCED_AWAITED : ADVANCED;
  }

  take(): number {
    return this.#take(-1);
  }

  fetch(): number {
    return this.take();
  }

  /**
   * For a thread that is about to block: what it holds itself will not come back while it does, so a closed channel of
   * which nothing else is left is drained for it.
   */
  takeBlocking(): number {
    return this.#take(this.#me);
  }

  /** What was taken last, if it is at `at`. */
  taken(at: number): Taken {
    return { letter: this.#kernel.letterOf(this.#channel, at / WORD_BYTES), word: this.#kernel.letterTaken(this.#me) };
  }

  attempt({ letter, word }: Taken): number {
    return this.#kernel.letterAttempt(this.#channel, letter, word);
  }

  holds({ letter, word }: Taken): boolean {
    return this.#kernel.letterHeld(this.#channel, letter) === word;
  }

  /** Whether this thread has any letter in its hands. */
  get inHand(): boolean {
    return this.#kernel.lettersInHand(this.#channel, this.#me) > 0;
  }

  /** The message will not come again; call {@link release} once its blocks are settled. False: it was taken away. */
  acknowledge({ letter, word }: Taken): boolean {
    return !!this.#kernel.letterAcknowledge(this.#channel, letter, word);
  }

  release({ letter }: Taken): void {
    this.#kernel.letterFree(this.#channel, letter);
    this.#thread.wakeOne(this.#channel + CHANNEL_SENDERS_WAITING);
    if (this.#kernel.channelClosed(this.#channel)) this.#thread.wakeAll(this.#channel + CHANNEL_RECEIVERS_WAITING);
  }

  /** Hands the message back, for somebody to take it again. False: it was taken away before. */
  giveBack({ letter, word }: Taken): boolean {
    if (!this.#kernel.letterReturn(this.#channel, letter, word)) return false;
    forwardExhausted(this.#thread, this.#channel);
    this.#thread.wakeOne(this.#channel + CHANNEL_RECEIVERS_WAITING);
    return true;
  }

  /** Discards what was taken last. */
  free(at: number): i32 {
    this.discard(this.taken(at));
    return ADVANCED;
  }

  /** Nobody will get this message. */
  discard(taken: Taken): void {
    if (!this.acknowledge(taken)) return;
    this.#kernel.refsDrop(this.#channel, this.#kernel.letterPayload(this.#channel, taken.letter), this.#me);
    announceMemory(this.#thread);
    this.release(taken);
  }

  isEmpty(): boolean {
    if (load(this.#channel + CHANNEL_RETURNED) !== 0 || !this.#kernel.mpmcEmpty(this.#channel)) return false;
    // A closed channel is drained, unless there are letters in somebody's hands; those that move will be somewhere soon.
    return (
      !this.#kernel.channelClosed(this.#channel) ||
      (!this.#kernel.lettersMoving(this.#channel) && this.#kernel.lettersOut(this.#channel, -1) > 0)
    );
  }

  isFull(): boolean {
    return this.length === peek(this.#channel + CHANNEL_CAPACITY) && !this.#kernel.channelClosed(this.#channel);
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
  }

  get length(): number {
    return this.#kernel.lettersLength(this.#channel);
  }

  get waiting(): number {
    return this.#kernel.lettersWaiting(this.#channel);
  }

  /** @param settled the thread whose own holdings are no reason to wait at the end, or −1. */
  #take(settled: i32): number {
    if (!this.#receiver.bound) this.#receiver.bind();
    if (load(this.#channel + CHANNEL_RETURNED) !== 0) forwardExhausted(this.#thread, this.#channel);
    let letter = this.#kernel.letterTake(this.#channel, this.#me);
    while (letter === SKIPPED) {
      this.#thread.wakeOne(this.#channel + CHANNEL_SENDERS_WAITING);
      letter = this.#kernel.letterTake(this.#channel, this.#me);
    }
    if (letter === DAMAGED) throw damaged();
    if (letter === CLOSED) return this.#kernel.lettersOut(this.#channel, settled) === 0 ? CLOSED : BLOCKED;
    if (letter < 0) return letter;
    this.#passOn(letter);
    if (this.#kernel.letterAttempt(this.#channel, letter, this.#kernel.letterTaken(this.#me)) > 1)
      add(this.#channel + CHANNEL_REDELIVERED, 1);
    return this.#kernel.letterPayload(this.#channel, letter) * WORD_BYTES;
  }

  /** Wakes those who may have been stopped by what this take has cleared away. */
  #passOn(letter: i32): void {
    // More than one message may have been returned, and only the one who looks first finds the flag.
    if (load(this.#channel + CHANNEL_RETURNED) !== 0) this.#thread.wakeOne(this.#channel + CHANNEL_RECEIVERS_WAITING);
    // A sender may have had a letter, and no place for it in the queue while that was still being read.
    const senders = this.#channel + CHANNEL_SENDERS_WAITING;
    if (this.#kernel.waitersAny(senders) && this.#kernel.letterCleared(this.#channel, letter))
      this.#thread.wakeOne(senders);
  }
}

guard(LetterQueue);

/**
 * Moves messages that were handed out as often as they may be to the channel of dead letters. Those that find no room
 * there wait for the next call; where there is no such channel, or it is closed, they are dropped and counted.
 */
export function forwardExhausted(thread: ThreadContext, channel: i32): void {
  const { kernel } = thread;
  for (let letter = kernel.letterExhausted(channel); letter >= 0; letter = kernel.letterExhausted(channel)) {
    const target = kernel.deadLetters(channel);
    if (target < 0 || kernel.channelClosed(target)) {
      if (kernel.letterDrop(channel, letter, thread.id)) add(channel + CHANNEL_DROPPED, 1);
      announceMemory(thread);
    } else if (kernel.letterMove(channel, letter, target, thread.id)) {
      thread.wakeOne(target + CHANNEL_RECEIVERS_WAITING);
    } else {
      // A place there may have been claimed and given up again: those who receive there may have run into it.
      thread.wakeAll(target + CHANNEL_RECEIVERS_WAITING);
      return;
    }
    thread.wakeOne(channel + CHANNEL_SENDERS_WAITING);
    if (kernel.channelClosed(channel)) thread.wakeAll(channel + CHANNEL_RECEIVERS_WAITING);
  }
}

/** Blocks may have gone back to the pool. */
function announceMemory(thread: ThreadContext): void {
  if (thread.kernel.waitersAny(HEADER_POOL_WAITERS)) thread.wakeAll(HEADER_POOL_WAITERS);
}
