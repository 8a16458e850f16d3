/**
 * A bounded queue from one thread to one other: one atomic operation a message on either side.
 *
 * Shape: a circle of 2^shift slots; `CHANNEL_TAIL` counts messages published, `CHANNEL_HEAD` messages released. The
 * message at position p is in slot p mod 2^shift; each side steps from slot to slot. Positions have 30 bits and wrap;
 * only their difference is ever looked at. The two bits below a position are flags of the other side:
 *
 * ```
 *  31                                          2     1        0
 * ┌─────────────────────────────────────────────┬─────────┬────────┐
 * │ position                                    │ awaited │ closed │
 * └─────────────────────────────────────────────┴─────────┴────────┘
 * ```
 *
 * Roles: one thread sends (it alone writes SENT, HEAD_SEEN, PEAK, and advances TAIL), one receives (it alone writes
 * TAKEN, TAIL_SEEN, and advances HEAD), anybody closes (sets the bit in TAIL, once and for ever). A receiver that is
 * about to sleep sets `awaited` in TAIL, a sender that is about to sleep sets it in HEAD.
 *
 * Invariants:
 *  - 0 ≤ tail − head ≤ capacity ≤ 2^shift, so a slot is written only after its last message was released.
 *  - PEAK is the most messages that the sender found after publishing; a receiver may have taken some of more meanwhile.
 *  - SENT is the position in TAIL, TAKEN the one in HEAD, as of their owner's last step.
 *
 * Pairs: the sender's cas on TAIL is read by the receiver's load of TAIL (payload); the receiver's cas on HEAD by the
 * sender's load of HEAD (room). Each side keeps its last look at the other's word and looks again only when that is not
 * enough. Both sides advance by a compare-and-swap that expects no flag, and only when it fails look at what is there:
 *  - closed: a message is either before the close, and a receiver that sees the bit sees the message, or refused.
 *  - awaited: a sleeper sets the flag and THEN looks once more. Either its flag is before the other's advance, which
 *    fails, clears it and wakes; or the advance is before its look, which sees it. No wake-up falls in between, and
 *    nobody has to ask each time whether somebody sleeps.
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
  CHANNEL_TAKEN,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { cas, load, or, peek, poke, store } from '../memory/words.ts';
import { ADVANCED, ADVANCED_AWAITED, BLOCKED, CLOSED } from './codes.ts';
import { refsCount, refsDrop, refsTouched } from './refs.ts';

const CLOSED_FLAG = 1;
const AWAITED = 2;
const FLAGS = 3;
const POSITION_SHIFT = 2;

/** Bits of a position: counters of messages wrap at 2 to this power. */
export const SPSC_POSITION_BITS = 30;

/** So many messages in a channel at once are a stream. */
const STREAM = 8;
/** Words of a processor's cache line. */
const LINE = 16;
/** Words of slots that are fetched together: enough for the way there to be no matter, and little of a cache. */
const AHEAD = 1024;

/** The position in a word of TAIL or HEAD. */
export function spscPosition(word: i32): i32 {
  return word >>> POSITION_SHIFT;
}

/** Empties the queue and starts it at `position`. Only before anybody else knows the channel. */
export function spscInit(channel: i32, position: i32): void {
  const word: i32 = position << POSITION_SHIFT;
  poke(channel + CHANNEL_TAIL, word);
  poke(channel + CHANNEL_SENT, word);
  poke(channel + CHANNEL_HEAD_SEEN, word);
  poke(channel + CHANNEL_HEAD, word);
  poke(channel + CHANNEL_TAKEN, word);
  poke(channel + CHANNEL_TAIL_SEEN, word);
}

/** Makes the caller the sender, after another thread was. Returns the index of the slot to write first. */
export function spscAdoptSender(channel: i32): i32 {
  const sent: i32 = load(channel + CHANNEL_TAIL) & ~FLAGS;
  poke(channel + CHANNEL_SENT, sent);
  poke(channel + CHANNEL_HEAD_SEEN, load(channel + CHANNEL_HEAD) & ~FLAGS);
  return spscPosition(sent) & slotMask(channel);
}

/** Makes the caller the receiver, after another thread was. Returns the index of the slot to read first. */
export function spscAdoptReceiver(channel: i32): i32 {
  const taken: i32 = load(channel + CHANNEL_HEAD) & ~FLAGS;
  poke(channel + CHANNEL_TAKEN, taken);
  poke(channel + CHANNEL_TAIL_SEEN, load(channel + CHANNEL_TAIL) & ~FLAGS);
  return spscPosition(taken) & slotMask(channel);
}

/**
 * Sender only. How many slots, at most `want`, may be written now; BLOCKED when full, CLOSED when full and closed.
 * (That a channel with room is closed shows when publishing.)
 */
export function spscWritable(channel: i32, want: i32): i32 {
  const sent: i32 = peek(channel + CHANNEL_SENT);
  const capacity: i32 = peek(channel + CHANNEL_CAPACITY);
  // What was free at the last look still is.
  if (spscPosition((sent - peek(channel + CHANNEL_HEAD_SEEN)) | 0) + want <= capacity) return want;
  const free: i32 = capacity - occupancy(channel, sent);
  if (free <= 0) {
    if (load(channel + CHANNEL_CLOSED) === 0) return BLOCKED;
    // The closer may not have come to the tail yet, and the sender must not find it open after this.
    spscClose(channel);
    return CLOSED;
  }
  return want < free ? want : free;
}

/**
 * Sender only. How many slots may be written, one by one, before looking at the receiver's line again. BLOCKED when full,
 * CLOSED when full and closed.
 */
export function spscRoom(channel: i32): i32 {
  const first: i32 = spscWritable(channel, 1);
  if (first < 0) return first;
  const sent: i32 = peek(channel + CHANNEL_SENT);
  const used: i32 = spscPosition((sent - peek(channel + CHANNEL_HEAD_SEEN)) | 0);
  const count: i32 = fewer(peek(channel + CHANNEL_CAPACITY) - used, slotsIn(channel, AHEAD));
  // Where one message is under way at a time, it has the other side's line to come for, and nothing ahead of that.
  if (used > 1) fetchToWrite(channel, spscPosition(sent), count);
  return count;
}

/** Sender only. Publishes the next `count` slots: ADVANCED, ADVANCED_AWAITED, or CLOSED and none was accepted. */
export function spscPublish(channel: i32, count: i32): i32 {
  const sent: i32 = peek(channel + CHANNEL_SENT);
  const next: i32 = (sent + (count << POSITION_SHIFT)) | 0;
  let found: i32 = cas(channel + CHANNEL_TAIL, sent, next);
  if (found === sent) {
    noteSent(channel, next);
    return ADVANCED;
  }
  // Only flags can differ. The close may still come between two tries, so the flag it sets decides last.
  while ((found & CLOSED_FLAG) === 0) {
    const again: i32 = cas(channel + CHANNEL_TAIL, found, next);
    if (again === found) {
      noteSent(channel, next);
      return ADVANCED_AWAITED;
    }
    found = again;
  }
  return CLOSED;
}

/**
 * What is left to do once messages are out: writes down how far the sender is, and if there may be more of them than ever,
 * looks how many there are. (Before they were out, somebody might have been waiting for that look.)
 */
function noteSent(channel: i32, sent: i32): void {
  poke(channel + CHANNEL_SENT, sent);
  const peak: i32 = peek(channel + CHANNEL_PEAK);
  if (spscPosition((sent - peek(channel + CHANNEL_HEAD_SEEN)) | 0) <= peak) return;
  const used: i32 = occupancy(channel, sent);
  if (used > peak) store(channel + CHANNEL_PEAK, used);
}

/** Sender only: how many there are up to `sent`, by a new look at the head. */
function occupancy(channel: i32, sent: i32): i32 {
  const head: i32 = load(channel + CHANNEL_HEAD) & ~FLAGS;
  poke(channel + CHANNEL_HEAD_SEEN, head);
  return spscPosition((sent - head) | 0);
}

/** Receiver only. How many messages, at most `want`, may be read now; BLOCKED when empty, CLOSED when drained. */
export function spscReadable(channel: i32, want: i32): i32 {
  const taken: i32 = peek(channel + CHANNEL_TAKEN);
  let ready: i32 = spscPosition((peek(channel + CHANNEL_TAIL_SEEN) - taken) | 0);
  if (ready === 0) {
    const tail: i32 = load(channel + CHANNEL_TAIL);
    poke(channel + CHANNEL_TAIL_SEEN, tail & ~FLAGS);
    ready = spscPosition(((tail & ~FLAGS) - taken) | 0);
    if (ready === 0) return (tail & CLOSED_FLAG) !== 0 ? CLOSED : BLOCKED;
  }
  return want < ready ? want : ready;
}

/** Receiver only. How many messages may be read, one by one, before asking again. BLOCKED when empty, CLOSED when drained. */
export function spscBacklog(channel: i32): i32 {
  const ready: i32 = spscReadable(channel, AHEAD);
  if (ready < STREAM) return ready;
  const count: i32 = fewer(ready, slotsIn(channel, AHEAD));
  fetchToRead(channel, spscPosition(peek(channel + CHANNEL_TAKEN)), count);
  return count;
}

/** Receiver only. Gives the next `count` slots back to the sender: ADVANCED or ADVANCED_AWAITED. */
export function spscRelease(channel: i32, count: i32): i32 {
  const taken: i32 = peek(channel + CHANNEL_TAKEN);
  const next: i32 = (taken + (count << POSITION_SHIFT)) | 0;
  poke(channel + CHANNEL_TAKEN, next);
  if (cas(channel + CHANNEL_HEAD, taken, next) === taken) return ADVANCED;
  store(channel + CHANNEL_HEAD, next);
  return ADVANCED_AWAITED;
}

/**
 * Gives up the messages that a dead receiver had begun to take apart, so that the next one starts behind them. It may have
 * read several before it gave any back: in order, so those before the last that shows traces were read as well, though one
 * without blocks shows none. What it had only looked at behind that is still whole, and stays. Returns how many were lost.
 * Only once the thread can no longer run and before another receiver is let in; wake a sender afterwards.
 */
export function spscRecover(channel: i32, me: i32): i32 {
  const touched: i32 = touchedFromHead(channel);
  let lost: i32 = 0;
  while (lost < touched) {
    const word: i32 = load(channel + CHANNEL_HEAD);
    const head: i32 = word & ~FLAGS;
    refsDrop(channel, payloadAt(channel, spscPosition(head)), me);
    if (cas(channel + CHANNEL_HEAD, word, (head + (1 << POSITION_SHIFT)) | 0) === word) lost++;
  }
  return lost;
}

/** How many messages there are up to the last one that somebody has begun to take apart. */
function touchedFromHead(channel: i32): i32 {
  if (refsCount(channel) === 0) return 0;
  const head: i32 = spscPosition(load(channel + CHANNEL_HEAD));
  for (let count: i32 = spscLength(channel); count > 0; count--) {
    if (refsTouched(channel, payloadAt(channel, head + count - 1))) return count;
  }
  return 0;
}

/** The payload of slot number `i` while it holds a message, or −1. */
export function spscMessage(channel: i32, i: i32): i32 {
  const head: i32 = spscPosition(load(channel + CHANNEL_HEAD));
  const tail: i32 = spscPosition(load(channel + CHANNEL_TAIL));
  const behindHead: i32 = (i - head) & slotMask(channel);
  const length: i32 = (tail - head) & (2 ** SPSC_POSITION_BITS - 1);
  return behindHead < length ? payloadAt(channel, i) : -1;
}

/** A receiver that is about to sleep: the sender's next publish will say that it is awaited. Look again after this. */
export function spscAwaitMessage(channel: i32): void {
  or(channel + CHANNEL_TAIL, AWAITED);
}

/** A sender that is about to sleep: the receiver's next release will say that it is awaited. Look again after this. */
export function spscAwaitRoom(channel: i32): void {
  or(channel + CHANNEL_HEAD, AWAITED);
}

/** Receiver only. Looks at most so many times for a message, or the end. Returns whether it saw one. */
export function spscWatchMessage(channel: i32, looks: i32): boolean {
  const taken: i32 = peek(channel + CHANNEL_TAKEN);
  for (let look: i32 = 0; look < looks; look++) {
    if ((load(channel + CHANNEL_TAIL) & ~AWAITED) !== taken) return true;
  }
  return false;
}

/** Sender only. Looks at most so many times for room, or the end. Returns whether it saw one. */
export function spscWatchRoom(channel: i32, looks: i32): boolean {
  const seen: i32 = peek(channel + CHANNEL_HEAD_SEEN);
  for (let look: i32 = 0; look < looks; look++) {
    if ((load(channel + CHANNEL_HEAD) & ~AWAITED) !== seen || load(channel + CHANNEL_CLOSED) !== 0) return true;
  }
  return false;
}

/** Anybody. No message is accepted from here on. */
export function spscClose(channel: i32): void {
  or(channel + CHANNEL_TAIL, CLOSED_FLAG);
}

/** Anybody. Messages published and not released, at some instant during the call. */
export function spscLength(channel: i32): i32 {
  while (true) {
    const head: i32 = load(channel + CHANNEL_HEAD);
    const tail: i32 = load(channel + CHANNEL_TAIL);
    if (load(channel + CHANNEL_HEAD) === head) return spscPosition(((tail & ~FLAGS) - (head & ~FLAGS)) | 0);
  }
}

/**
 * Has the lines of the next `count` slots come from the other side's core, all of them at once: who reads one message
 * after the other waits for each line by itself, since nothing gets past the fence that each message takes.
 */
function fetchToRead(channel: i32, position: i32, count: i32): void {
  const step: i32 = slotsIn(channel, LINE);
  // No compiler leaves an atomic load out, though nobody needs what it answers.
  for (let i: i32 = 0; i < count; i += step) load(payloadAt(channel, position + i));
}

/** The same for slots that are free, to be written: what is in them is nobody's. */
function fetchToWrite(channel: i32, position: i32, count: i32): void {
  const step: i32 = slotsIn(channel, LINE);
  for (let i: i32 = 0; i < count; i += step) poke(payloadAt(channel, position + i), 0);
}

/** How many slots there are in so many words; one, if they are larger. */
function slotsIn(channel: i32, words: i32): i32 {
  const count: i32 = (words / peek(channel + CHANNEL_STRIDE)) | 0;
  return count > 1 ? count : 1;
}

function fewer(a: i32, b: i32): i32 {
  return a < b ? a : b;
}

function payloadAt(channel: i32, position: i32): i32 {
  return peek(channel + CHANNEL_SLOTS) + (position & slotMask(channel)) * peek(channel + CHANNEL_STRIDE);
}

function slotMask(channel: i32): i32 {
  return (1 << peek(channel + CHANNEL_SHIFT)) - 1;
}
