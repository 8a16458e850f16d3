/**
 * Sending that never waits: what becomes of a message for which a full channel has no room.
 *
 * - reject: it is refused, and stays its sender's.
 * - drop-newest: it is dropped.
 * - drop-oldest: the oldest one in the channel is dropped for it.
 *
 * What was refused or dropped goes to the channel's `onOverflow`, if there is one and it takes it; blocks of what nobody
 * takes go back to the pool. A lack of memory for a large message counts as a full channel. Whether it is full is judged
 * by `Sending.trySend`; a message in the middle of being received by another thread is waited for as there.
 */

import { type Codec, valueFrom, type Wire } from '../codec/codec.ts';
import { releaseLeases } from '../codec/release.ts';
import { ChannelFullError, CodecError } from '../errors.ts';
import { describe } from '../memory/describe.ts';
import {
  CHANNEL_DROPPED,
  CHANNEL_OVERFLOW,
  CHANNEL_REJECTED,
  OVERFLOW_BLOCK,
  OVERFLOW_DROP_NEWEST,
  OVERFLOW_REJECT,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { add, peek } from '../memory/words.ts';
import { deadlineOf, type WaitOptions } from '../park/deadline.ts';
import { assertUncancelled } from '../park/scope.ts';
import type { ChannelCore } from './core.ts';
import type { GoneQueue } from './gone-queue.ts';
import type { MpmcQueue } from './queue.ts';
import type { Sending } from './sending.ts';
import type { SyncWaitOptions } from './types.ts';

/** The sending half of a channel, whatever it does when the channel is full. */
export interface SendingSide<T> {
  trySend(value: T): boolean;
  sendSync(value: T, options?: SyncWaitOptions): void;
  send(value: T, options?: WaitOptions): Promise<void>;
  sendManySync(values: Iterable<T>, options?: SyncWaitOptions): void;
  sendMany(values: Iterable<T>, options?: WaitOptions): Promise<void>;
}

/** Where a message goes that has no room. Answers whether it was taken there; if not, it is still its sender's. */
export type Fallback<T> = (value: T) => boolean;

/** Sending as the channel was asked to: waiting for room, or not. */
export function sendingFor<T>(
  core: ChannelCore<T>,
  sending: Sending<T>,
  fallback: Fallback<T> | undefined,
): SendingSide<T> {
  const policy = peek(core.address + CHANNEL_OVERFLOW);
  return policy === OVERFLOW_BLOCK ? sending : new OverflowSending(core, sending, policy, fallback);
}

class OverflowSending<T> implements SendingSide<T> {
  readonly #core: ChannelCore<T>;
  readonly #wire: Wire<T>;
  readonly #codec: Codec<T>;
  readonly #sending: Sending<T>;
  readonly #policy: i32;
  readonly #fallback: Fallback<T> | undefined;

  constructor(core: ChannelCore<T>, sending: Sending<T>, policy: i32, fallback: Fallback<T> | undefined) {
    this.#core = core;
    this.#wire = core.wire;
    this.#codec = core.codec;
    this.#sending = sending;
    this.#policy = policy;
    this.#fallback = fallback;
  }

  trySend(value: T): boolean {
    if (this.#sending.trySend(value)) return true;
    if (this.#policy !== OVERFLOW_REJECT) {
      this.#makeDo(value);
      return true;
    }
    // It is its sender's still, who is told and can do better than anybody else.
    this.#count(CHANNEL_REJECTED);
    return false;
  }

  sendSync(value: T, options?: SyncWaitOptions): void {
    assertUncancelled(this.#core.thread, options);
    deadlineOf(options?.timeout);
    if (!this.#sending.trySend(value)) this.#makeDo(value);
  }

  send(value: T, options?: WaitOptions): Promise<void> {
    const { pump } = this.#core.thread;
    try {
      options?.signal?.throwIfAborted();
      this.sendSync(value, options);
      return pump.due ? pump.turn() : Promise.resolve();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  sendManySync(values: Iterable<T>, options?: SyncWaitOptions): void {
    for (const value of iterable(values)) this.sendSync(value, options);
  }

  async sendMany(values: Iterable<T>, options?: WaitOptions): Promise<void> {
    for (const value of iterable(values)) await this.send(value, options);
  }

  /** The channel is full: does what it was asked to do then. */
  #makeDo(value: T): void {
    switch (this.#policy) {
      case OVERFLOW_REJECT:
        this.#count(CHANNEL_REJECTED);
        if (!this.#fallback?.(value)) throw this.#fullError();
        return;
      case OVERFLOW_DROP_NEWEST:
        this.#drop(value);
        return;
      default:
        this.#replaceOldest(value);
    }
  }

  #replaceOldest(value: T): void {
    for (;;) {
      const found = this.#dropOldest();
      if (this.#sending.trySend(value)) return;
      // All that is in it is in the hands of receivers, or there is no memory even so: waiting is ruled out.
      if (!found) {
        this.#drop(value);
        return;
      }
    }
  }

  /** Drops the oldest message that nobody has begun to receive. Returns whether there was one. */
  #dropOldest(): boolean {
    const { segment } = this.#core;
    segment.enter();
    const queue = this.#core.queue as MpmcQueue | GoneQueue;
    const at = queue.takeOldest();
    if (at < 0) return false;
    this.#count(CHANNEL_DROPPED);
    if (!this.#fallback) {
      if (this.#wire.staged) this.#wire.discard(at);
      queue.free(at);
      return true;
    }
    const wire = this.#wire;
    let read: unknown;
    try {
      read = wire.read(at);
    } finally {
      queue.free(at);
    }
    const value = valueFrom(wire, read);
    if (!this.#fallback(value)) releaseLeases(this.#codec, value);
    return true;
  }

  /** Nobody will get it, unless the fallback takes it. */
  #drop(value: T): void {
    this.#count(CHANNEL_DROPPED);
    if (!this.#fallback?.(value)) releaseLeases(this.#codec, value);
  }

  #count(word: i32): void {
    this.#core.segment.enter();
    add(this.#core.address + word, 1);
  }

  #fullError(): ChannelFullError {
    const { name, length, capacity } = this.#core;
    return new ChannelFullError(
      `send on channel "${name}": expected room for a message, met ${length} of ${capacity} in it`,
    );
  }
}

function iterable<T>(values: Iterable<T>): Iterable<T> {
  if (typeof values?.[Symbol.iterator] === 'function') return values;
  throw new CodecError(`expected an iterable of values to send, met ${describe(values)}`);
}
