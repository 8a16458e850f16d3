/**
 * A bounded queue from one thread to one other.
 *
 * Shape: a circle of 2^shift slots; `CHANNEL_TAIL` counts messages published, `CHANNEL_HEAD` messages released. Both
 * are positions shifted left by one, so that bit 0 of the tail can say "closed". Positions wrap at 2^31; only their
 * difference is ever looked at.
 *
 * Roles: one thread sends (it alone writes SENT, HEAD_SEEN, PEAK, and advances TAIL), one receives (it alone writes HEAD
 * and TAIL_SEEN), anybody closes (sets bit 0 of TAIL, once and for ever).
 *
 * Invariants:
 *  - 0 ≤ tail − head ≤ capacity ≤ 2^shift, so a slot is written only after its last message was released.
 *  - SENT is TAIL without the closed bit, as of the sender's last publish.
 *
 * Pairs: the sender's cas on TAIL is read by the receiver's load of TAIL (payload); the receiver's store to HEAD by the
 * sender's load of HEAD (room). Each side keeps its last look at the other's word and looks again only when that is not
 * enough. Publishing is a compare-and-swap against a tail without the closed bit, so every message is either before the
 * close, and a receiver that sees the bit sees the message, or refused.
 *
 * Source: Lamport's queue with the cached indexes of Lee et al. (MCRingBuffer, 2010).
 */

import {
  CHANNEL_CAPACITY,
  CHANNEL_CLOSED,
  CHANNEL_HEAD,
  CHANNEL_HEAD_SEEN,
  CHANNEL_PEAK,
  CHANNEL_SENT,
  CHANNEL_SHIFT,
  CHANNEL_SLOTS,
  CHANNEL_STRIDE,
  CHANNEL_TAIL,
  CHANNEL_TAIL_SEEN,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { cas, load, or, peek, poke, store } from '../memory/words.ts';
import { BLOCKED, CLOSED } from './codes.ts';

/** Empties the queue and starts it at `position`. Only before anybody else knows the channel. */
export function spscInit(channel: i32, position: i32): void {
  const word: i32 = position << 1;
  poke(channel + CHANNEL_TAIL, word);
  poke(channel + CHANNEL_SENT, word);
  poke(channel + CHANNEL_HEAD_SEEN, word);
  poke(channel + CHANNEL_HEAD, word);
  poke(channel + CHANNEL_TAIL_SEEN, word);
}

/** Makes the caller the sender, after another thread was. */
export function spscAdoptSender(channel: i32): void {
  poke(channel + CHANNEL_SENT, load(channel + CHANNEL_TAIL) & ~1);
  poke(channel + CHANNEL_HEAD_SEEN, load(channel + CHANNEL_HEAD));
}

/** Makes the caller the receiver, after another thread was. */
export function spscAdoptReceiver(channel: i32): void {
  poke(channel + CHANNEL_TAIL_SEEN, load(channel + CHANNEL_TAIL) & ~1);
}

/**
 * Sender only. How many slots, at most `want`, may be written now; BLOCKED when full, CLOSED when full and closed.
 * (That a channel with room is closed shows when publishing.)
 */
export function spscWritable(channel: i32, want: i32): i32 {
  const sent: i32 = peek(channel + CHANNEL_SENT);
  const peak: i32 = peek(channel + CHANNEL_PEAK);
  // Below the highest occupancy ever there is room for sure, and no new peak to write down.
  if (((sent - peek(channel + CHANNEL_HEAD_SEEN)) >>> 1) + want <= peak) return want;
  const head: i32 = load(channel + CHANNEL_HEAD);
  poke(channel + CHANNEL_HEAD_SEEN, head);
  const used: i32 = (sent - head) >>> 1;
  const free: i32 = peek(channel + CHANNEL_CAPACITY) - used;
  if (free <= 0) return load(channel + CHANNEL_CLOSED) !== 0 ? CLOSED : BLOCKED;
  const count: i32 = want < free ? want : free;
  if (used + count > peak) store(channel + CHANNEL_PEAK, used + count);
  return count;
}

/** Sender only. Word index of the slot `ahead` of the next one to publish. */
export function spscWriteSlot(channel: i32, ahead: i32): i32 {
  const position: i32 = (peek(channel + CHANNEL_SENT) >>> 1) + ahead;
  return slotAt(channel, position);
}

/** Sender only. Publishes the next `count` slots. Returns `count`, or CLOSED: then none was accepted. */
export function spscPublish(channel: i32, count: i32): i32 {
  const sent: i32 = peek(channel + CHANNEL_SENT);
  const next: i32 = (sent + (count << 1)) | 0;
  if (cas(channel + CHANNEL_TAIL, sent, next) !== sent) return CLOSED;
  poke(channel + CHANNEL_SENT, next);
  return count;
}

/** Receiver only. How many messages, at most `want`, may be read now; BLOCKED when empty, CLOSED when drained. */
export function spscReadable(channel: i32, want: i32): i32 {
  const head: i32 = peek(channel + CHANNEL_HEAD);
  let ready: i32 = (peek(channel + CHANNEL_TAIL_SEEN) - head) >>> 1;
  if (ready === 0) {
    const tail: i32 = load(channel + CHANNEL_TAIL);
    poke(channel + CHANNEL_TAIL_SEEN, tail & ~1);
    ready = ((tail & ~1) - head) >>> 1;
    if (ready === 0) return (tail & 1) !== 0 ? CLOSED : BLOCKED;
  }
  return want < ready ? want : ready;
}

/** Receiver only. Word index of the slot `ahead` of the next one to release. */
export function spscReadSlot(channel: i32, ahead: i32): i32 {
  const position: i32 = (peek(channel + CHANNEL_HEAD) >>> 1) + ahead;
  return slotAt(channel, position);
}

/** Receiver only. Gives the next `count` slots back to the sender. */
export function spscRelease(channel: i32, count: i32): void {
  store(channel + CHANNEL_HEAD, (peek(channel + CHANNEL_HEAD) + (count << 1)) | 0);
}

/** Anybody. No message is accepted from here on. */
export function spscClose(channel: i32): void {
  or(channel + CHANNEL_TAIL, 1);
}

/** Anybody. Messages published and not released, at some instant during the call. */
export function spscLength(channel: i32): i32 {
  for (;;) {
    const head: i32 = load(channel + CHANNEL_HEAD);
    const tail: i32 = load(channel + CHANNEL_TAIL) & ~1;
    if (load(channel + CHANNEL_HEAD) === head) return (tail - head) >>> 1;
  }
}

function slotAt(channel: i32, position: i32): i32 {
  const mask: i32 = (1 << peek(channel + CHANNEL_SHIFT)) - 1;
  return peek(channel + CHANNEL_SLOTS) + (position & mask) * peek(channel + CHANNEL_STRIDE);
}
