/**
 * A bounded queue between any number of threads, in which no death leaves an anonymous hole.
 *
 * Shape: a circle of 2^shift slots. Position p (32 bits, wrapping) is slot p mod 2^shift on lap p >>> shift. Each slot
 * opens with a state word and the position of its present claim:
 *
 * ```
 *  31                            13 12          3 2    0
 * ┌────────────────────────────────┬─────────────┬──────┐
 * │ lap (29 bits)                                │ state│  FREE FULL TOMBSTONE SEALED
 * ├────────────────────────────────┬─────────────┼──────┤
 * │ lap (low 19 bits)              │ owner       │ state│  CLAIMED READING
 * └────────────────────────────────┴─────────────┴──────┘
 *            claim              publish              take             free
 *   FREE lap ─────► CLAIMED me ────────► FULL lap ─────────► READING me ────► FREE lap + 1
 *       │                └────────► TOMBSTONE lap ── skip ──────────────────────►
 *       └─► SEALED lap (closed and drained; for ever)
 * ```
 *
 * Roles: any thread sends, receives, closes. A claim and its owner, a take and its taker, are one compare-and-swap on
 * the slot, so recovery can tell whose every unfinished slot is. `CHANNEL_TAIL` and `CHANNEL_HEAD` follow: whoever sees
 * that the slot at the cursor is claimed (taken) helps the cursor along.
 *
 * Contention: where two senders (or receivers) are at it at once, each of their steps waits for a line that the other one
 * has just written, and the two together get less done than one alone. So whoever finds that it has lost a race helps the
 * cursor along and then steps aside, while the winner has the lines to itself for some dozens of messages. Nothing
 * depends on how long that is, or on what happens meanwhile. A sender does not look before its claim: the compare-and-swap
 * is the look, and brings the line in once, to be written, instead of once to be read and once more to be written. A
 * receiver does look, as it also comes when there is nothing, and must not take the line from the sender then.
 *
 * Invariants:
 *  - Positions are claimed in order: p is tried only after tail reached p, and tail reaches p only once p − 1 is
 *    claimed. They are taken in order for the same reason. Hence R1.
 *  - A claim at p was made when p − head < capacity, and head only grows. Hence R3.
 *  - `CHANNEL_HEAD_SEEN`, on the senders' line, is a head that some sender has met, so never ahead of the head. While
 *    there are fewer messages than ever since then, there is room for sure and no new peak to note down: only else is
 *    it worth a look at the line that receivers write with every message. (Compared as unsigned: a sender that slept
 *    before writing it down can leave one from long ago, and fool others only after 2^32 messages.)
 *  - A claim expects FREE with all 29 bits of the lap, so a thread that slept between its look at the tail and its claim
 *    can be fooled only after exactly 2^32 messages.
 *  - Closing: `CHANNEL_CLOSED` is set once. A sender looks at it AFTER its claim, and buries the claim if it is set. A
 *    receiver concludes "drained" only by sealing the free slot at the head (then nothing can be claimed any more), or
 *    when it saw the flag and THEN that slot still being read on the lap before (then every claim of it is later, sees
 *    the flag and is buried). So no accepted message is left behind. Claims before that are waited for.
 *
 * Pairs: publish's store to the slot is read by take's cas (payload, ticket); free's store by claim's cas (room).
 */

import {
  CHANNEL_BURIED,
  CHANNEL_BURIED_BELOW,
  CHANNEL_CAPACITY,
  CHANNEL_CLOSED,
  CHANNEL_HEAD,
  CHANNEL_HEAD_SEEN,
  CHANNEL_PEAK,
  CHANNEL_SHIFT,
  CHANNEL_SKIPPED,
  CHANNEL_SLOTS,
  CHANNEL_STRIDE,
  CHANNEL_TAIL,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { add, below, cas, load, pause, peek, poke, store } from '../memory/words.ts';
import { BLOCKED, CLOSED, DAMAGED, SKIPPED } from './codes.ts';
import { refsDrop } from './refs.ts';

/** Words of a slot before its payload: state, ticket. */
export const MPMC_SLOT_HEADER = 2;

export const SLOT_FREE = 0;
export const SLOT_CLAIMED = 1;
export const SLOT_FULL = 2;
export const SLOT_READING = 3;
export const SLOT_TOMBSTONE = 4;
export const SLOT_SEALED = 5;

/**
 * Each look that is not the last means that another thread has moved on meanwhile. Nobody is overtaken so often: there
 * is no such place.
 */
const LOOKS_MOST = 1 << 20;

/** How long to step aside after a lost race, in turns of `pause`: while the winner sends, or receives, some 50 messages. */
const ASIDE = 32;

const STATE_BITS = 3;
const OWNER_BITS = 10;
const STATE_MASK = 7;
const OWNER_MASK = 1023;

export function slotState(word: i32): i32 {
  return word & STATE_MASK;
}

/** The owner of a CLAIMED or READING slot. */
export function slotOwner(word: i32): i32 {
  return (word >>> STATE_BITS) & OWNER_MASK;
}

/** Whether `owner` has claimed the slot or is reading it. */
export function slotOwned(word: i32, owner: i32): boolean {
  const state: i32 = word & STATE_MASK;
  return (state === SLOT_CLAIMED || state === SLOT_READING) && slotOwner(word) === owner;
}

/** The word of a slot in nobody's hands. */
export function slotWord(state: i32, lap: i32): i32 {
  return (lap << STATE_BITS) | state;
}

/** The word of a slot that `owner` has claimed or is reading. */
export function slotWordOf(state: i32, owner: i32, lap: i32): i32 {
  return (lap << (STATE_BITS + OWNER_BITS)) | (owner << STATE_BITS) | state;
}

/** Whether an owned word is of this lap, as far as its 19 bits tell. */
function ofLap(word: i32, lap: i32): boolean {
  return ((word >>> (STATE_BITS + OWNER_BITS)) ^ lap) << (32 - 19) === 0;
}

/** Empties the queue and starts it at `position`. Only before anybody else knows the channel. */
export function mpmcInit(channel: i32, position: i32): void {
  const shift: i32 = peek(channel + CHANNEL_SHIFT);
  const slots: i32 = 1 << shift;
  for (let i: i32 = 0; i < slots; i++) {
    const at: i32 = (position + i) | 0;
    poke(slotAt(channel, at), slotWord(SLOT_FREE, at >>> shift));
  }
  poke(channel + CHANNEL_TAIL, position);
  poke(channel + CHANNEL_HEAD, position);
  poke(channel + CHANNEL_HEAD_SEEN, position);
  poke(channel + CHANNEL_BURIED_BELOW, position);
}

/**
 * Claims the next slot for `me`. Returns its word index, BLOCKED when full, DAMAGED, or CLOSED; after CLOSED, wake the receivers
 * (a buried claim may be what they wait for).
 */
export function mpmcClaim(channel: i32, me: i32): i32 {
  const shift: i32 = peek(channel + CHANNEL_SHIFT);
  const capacity: i32 = peek(channel + CHANNEL_CAPACITY);
  for (let looks: i32 = 0; looks < LOOKS_MOST; looks++) {
    const tail: i32 = load(channel + CHANNEL_TAIL);
    let used: i32 = (tail - load(channel + CHANNEL_HEAD_SEEN)) | 0;
    if (!below(used, load(channel + CHANNEL_PEAK))) {
      const head: i32 = load(channel + CHANNEL_HEAD);
      store(channel + CHANNEL_HEAD_SEEN, head);
      used = (tail - head) | 0;
      if (used >= capacity) {
        // Full, unless a taker has not moved the head yet, or this look at the tail is older than the one at the head.
        if (passHead(channel, head, shift)) continue;
        if (load(channel + CHANNEL_TAIL) !== tail) continue;
        return load(channel + CHANNEL_CLOSED) !== 0 ? CLOSED : BLOCKED;
      }
    }
    const lap: i32 = tail >>> shift;
    const slot: i32 = slotAt(channel, tail);
    const free: i32 = slotWord(SLOT_FREE, lap);
    const word: i32 = cas(slot, free, slotWordOf(SLOT_CLAIMED, me, lap));
    if (word === free) {
      cas(channel + CHANNEL_TAIL, tail, (tail + 1) | 0);
      poke(slot + 1, tail);
      if (load(channel + CHANNEL_CLOSED) !== 0) {
        mpmcBury(channel, slot);
        return CLOSED;
      }
      notePeak(channel, used + 1);
      return slot;
    }
    if (word === slotWord(SLOT_SEALED, lap)) return CLOSED;
    // The taker of the lap before is still reading: as good as full, and it wakes a sender when it frees the slot.
    if ((word & STATE_MASK) === SLOT_READING && ofLap(word, lapBefore(tail, shift))) {
      return load(channel + CHANNEL_CLOSED) !== 0 ? CLOSED : BLOCKED;
    }
    // Claimed by somebody who may not have moved the tail yet.
    cas(channel + CHANNEL_TAIL, tail, (tail + 1) | 0);
    pause(ASIDE);
  }
  return DAMAGED;
}

/** Whether a claim would find a free slot, at some instant during the call. */
export function mpmcRoom(channel: i32): boolean {
  const tail: i32 = load(channel + CHANNEL_TAIL);
  if (((tail - load(channel + CHANNEL_HEAD)) | 0) >= peek(channel + CHANNEL_CAPACITY)) return false;
  return load(slotAt(channel, tail)) === slotWord(SLOT_FREE, tail >>> peek(channel + CHANNEL_SHIFT));
}

/**
 * Whether a claim may have been refused because of the slot that was just freed at `position`: it is the next to be
 * claimed, or there are tombstones, which count as long as there is a message before them.
 */
export function mpmcCleared(channel: i32, position: i32): boolean {
  if (((load(channel + CHANNEL_TAIL) - position) | 0) === 1 << peek(channel + CHANNEL_SHIFT)) return true;
  return ((load(channel + CHANNEL_BURIED_BELOW) - load(channel + CHANNEL_HEAD)) | 0) > 0;
}

/** Looks at most so many times for room, or the end. Returns whether it saw one. */
export function mpmcWatchRoom(channel: i32, looks: i32): boolean {
  for (let look: i32 = 0; look < looks; look++) {
    if (mpmcRoom(channel) || load(channel + CHANNEL_CLOSED) !== 0) return true;
  }
  return false;
}

/** Owner of a claim only: the message is there. */
export function mpmcPublish(channel: i32, slot: i32): void {
  store(slot, slotWord(SLOT_FULL, peek(slot + 1) >>> peek(channel + CHANNEL_SHIFT)));
}

/** Owner of a claim only: there will be no message. Wake a receiver: it may wait for this slot. */
export function mpmcBury(channel: i32, slot: i32): void {
  const position: i32 = peek(slot + 1);
  noteBuried(channel, position);
  store(slot, slotWord(SLOT_TOMBSTONE, position >>> peek(channel + CHANNEL_SHIFT)));
  add(channel + CHANNEL_BURIED, 1);
}

/** Before a tombstone stands, those who count messages have to look for it. */
function noteBuried(channel: i32, position: i32): void {
  while (true) {
    const below: i32 = load(channel + CHANNEL_BURIED_BELOW);
    const ahead: i32 = (below - position) | 0;
    if (ahead > 0 && ahead <= 1 << peek(channel + CHANNEL_SHIFT)) return;
    if (cas(channel + CHANNEL_BURIED_BELOW, below, (position + 1) | 0) === below) return;
  }
}

/** Takes the next message for `me`. Returns the word index of its slot, BLOCKED, CLOSED (and drained), SKIPPED or DAMAGED. */
export function mpmcTake(channel: i32, me: i32): i32 {
  const shift: i32 = peek(channel + CHANNEL_SHIFT);
  for (let looks: i32 = 0; looks < LOOKS_MOST; looks++) {
    const head: i32 = load(channel + CHANNEL_HEAD);
    const lap: i32 = head >>> shift;
    const slot: i32 = slotAt(channel, head);
    const word: i32 = load(slot);
    if (word === slotWord(SLOT_FULL, lap)) {
      const taken: boolean = cas(slot, word, slotWordOf(SLOT_READING, me, lap)) === word;
      cas(channel + CHANNEL_HEAD, head, (head + 1) | 0);
      if (taken) return slot;
      pause(ASIDE);
    } else if (word === slotWord(SLOT_FREE, lap)) {
      if (load(channel + CHANNEL_CLOSED) === 0) return BLOCKED;
      if (cas(slot, word, slotWord(SLOT_SEALED, lap)) === word) return CLOSED;
    } else if (word === slotWord(SLOT_SEALED, lap)) {
      return CLOSED;
    } else if (word === slotWord(SLOT_TOMBSTONE, lap)) {
      if (passTombstone(channel, head, shift)) return SKIPPED;
    } else if ((word & STATE_MASK) === SLOT_CLAIMED && ofLap(word, lap)) {
      return BLOCKED;
    } else if ((word & STATE_MASK) === SLOT_READING && ofLap(word, lapBefore(head, shift))) {
      // Empty, and the taker of the lap before has not even freed the slot. If that is still so after the channel was
      // closed, whoever claims the slot later will see that it is, and bury the claim: drained.
      if (load(channel + CHANNEL_CLOSED) === 0) return BLOCKED;
      if (load(slot) === word) return CLOSED;
    } else {
      // Taken by somebody who has not moved the head yet, or this look at the head is old.
      cas(channel + CHANNEL_HEAD, head, (head + 1) | 0);
      pause(ASIDE);
    }
  }
  return DAMAGED;
}

/** Looks at most so many times for a message, a tombstone, or the end. Returns whether it saw one. */
export function mpmcWatchMessage(channel: i32, looks: i32): boolean {
  for (let look: i32 = 0; look < looks; look++) {
    const state: i32 = slotState(load(slotAt(channel, load(channel + CHANNEL_HEAD))));
    if (state === SLOT_FULL || state === SLOT_TOMBSTONE || load(channel + CHANNEL_CLOSED) !== 0) return true;
  }
  return false;
}

/** Taker of a message only: its slot may be claimed again. */
export function mpmcFree(channel: i32, slot: i32): void {
  store(slot, slotWord(SLOT_FREE, lapAfter(peek(slot + 1), peek(channel + CHANNEL_SHIFT))));
}

/**
 * Settles the slots that `dead` left in the middle: claims are buried; what it was reading is given up, with the blocks
 * it had not taken over yet. Returns how many messages were lost that way. Only once the thread can no longer run; wake
 * senders and receivers afterwards.
 */
export function mpmcRecover(channel: i32, dead: i32, me: i32): i32 {
  const slots: i32 = 1 << peek(channel + CHANNEL_SHIFT);
  const stride: i32 = peek(channel + CHANNEL_STRIDE);
  let slot: i32 = peek(channel + CHANNEL_SLOTS) - stride;
  let lost: i32 = 0;
  for (let i: i32 = 0; i < slots; i++) {
    slot += stride;
    const word: i32 = load(slot);
    if (!slotOwned(word, dead)) continue;
    const state: i32 = slotState(word);
    mpmcRemind(channel, i, word);
    if (state === SLOT_CLAIMED) {
      mpmcBury(channel, slot);
    } else {
      refsDrop(channel, slot + MPMC_SLOT_HEADER, me);
      mpmcFree(channel, slot);
      lost++;
    }
  }
  return lost;
}

/** The payload of slot number `i` while it holds a message, taken or not, or −1. */
export function mpmcMessage(channel: i32, i: i32): i32 {
  const slot: i32 = slotAt(channel, i);
  const state: i32 = slotState(load(slot));
  return state === SLOT_FULL || state === SLOT_READING ? slot + MPMC_SLOT_HEADER : -1;
}

/**
 * Recovery only: does for the owner of slot number `i`, whose word is `word`, what it may have died before doing. It
 * writes the position down; and it moves the head past a message that was taken, which would be counted until then.
 */
export function mpmcRemind(channel: i32, i: i32, word: i32): void {
  const position: i32 = positionOf(channel, i, word);
  poke(slotAt(channel, i) + 1, position);
  if (slotState(word) === SLOT_READING) cas(channel + CHANNEL_HEAD, position, (position + 1) | 0);
}

/** The position of an owned slot: the one next to the cursors whose lap ends in the 19 bits of its word. */
function positionOf(channel: i32, slotIndex: i32, word: i32): i32 {
  const shift: i32 = peek(channel + CHANNEL_SHIFT);
  const tail: i32 = load(channel + CHANNEL_TAIL);
  const mask: i32 = (1 << shift) - 1;
  const position: i32 = (tail & ~mask) | slotIndex;
  if (ofLap(word, position >>> shift)) return position;
  return (position - (1 << shift)) | 0;
}

/** Anybody. Messages claimed and not taken, at some instant during the call. */
export function mpmcLength(channel: i32): i32 {
  const capacity: i32 = peek(channel + CHANNEL_CAPACITY);
  while (true) {
    const head: i32 = load(channel + CHANNEL_HEAD);
    const tail: i32 = load(channel + CHANNEL_TAIL);
    if (load(channel + CHANNEL_HEAD) !== head) continue;
    const length: i32 = (tail - head - tombstones(channel, head, tail)) | 0;
    if (length < 0) return 0;
    return length > capacity ? capacity : length;
  }
}

/** Positions from `head` to `tail` that were claimed and given up: they hold no message. */
function tombstones(channel: i32, head: i32, tail: i32): i32 {
  if (((load(channel + CHANNEL_BURIED_BELOW) - head) | 0) <= 0) return 0;
  const shift: i32 = peek(channel + CHANNEL_SHIFT);
  // The two were not read at one instant, if one is so far ahead of the other.
  if (below(1 << shift, (tail - head) | 0)) return 0;
  let count: i32 = 0;
  for (let position: i32 = head; position !== tail; position = (position + 1) | 0) {
    if (load(slotAt(channel, position)) === slotWord(SLOT_TOMBSTONE, position >>> shift)) count++;
  }
  return count;
}

/**
 * Anybody. Whether there was an instant during the call at which every message claimed was taken. While the oldest claim
 * is not published, `mpmcTake` answers BLOCKED and this answers false: a message behind it may have been accepted.
 */
export function mpmcEmpty(channel: i32): boolean {
  const shift: i32 = peek(channel + CHANNEL_SHIFT);
  const head: i32 = load(channel + CHANNEL_HEAD);
  const lap: i32 = head >>> shift;
  const word: i32 = load(slotAt(channel, head));
  if (word === slotWord(SLOT_FREE, lap) || word === slotWord(SLOT_SEALED, lap)) return true;
  return (word & STATE_MASK) === SLOT_READING && ofLap(word, lapBefore(head, shift));
}

/**
 * Anybody. Whether there was an instant during the call at which as many messages were claimed and not taken as there may
 * be. While the next slot is still being read `mpmcClaim` answers BLOCKED, and this answers false if there is room.
 */
export function mpmcFull(channel: i32): boolean {
  const shift: i32 = peek(channel + CHANNEL_SHIFT);
  const tail: i32 = load(channel + CHANNEL_TAIL);
  const head: i32 = load(channel + CHANNEL_HEAD);
  if (((tail - head) | 0) < peek(channel + CHANNEL_CAPACITY)) return false;
  // Claimed and not taken now, so nothing behind it is taken either.
  const word: i32 = load(slotAt(channel, head));
  const lap: i32 = head >>> shift;
  return word === slotWord(SLOT_FULL, lap) || ((word & STATE_MASK) === SLOT_CLAIMED && ofLap(word, lap));
}

/** Frees a tombstone at the head and moves the head on. Returns whether this call freed it. */
function passTombstone(channel: i32, head: i32, shift: i32): boolean {
  const tombstone: i32 = slotWord(SLOT_TOMBSTONE, head >>> shift);
  const freed: boolean =
    cas(slotAt(channel, head), tombstone, slotWord(SLOT_FREE, lapAfter(head, shift))) === tombstone;
  cas(channel + CHANNEL_HEAD, head, (head + 1) | 0);
  if (freed) add(channel + CHANNEL_SKIPPED, 1);
  return freed;
}

/** Moves the head on if the message there is taken, or there is none. */
function passHead(channel: i32, head: i32, shift: i32): boolean {
  const lap: i32 = head >>> shift;
  const word: i32 = load(slotAt(channel, head));
  const state: i32 = word & STATE_MASK;
  if (state === SLOT_READING) {
    if (!ofLap(word, lap)) return false;
  } else if (word === slotWord(SLOT_TOMBSTONE, lap)) {
    passTombstone(channel, head, shift);
    return true;
  } else if (word !== slotWord(SLOT_FREE, lapAfter(head, shift))) {
    return false;
  }
  cas(channel + CHANNEL_HEAD, head, (head + 1) | 0);
  return true;
}

function notePeak(channel: i32, used: i32): void {
  while (true) {
    const peak: i32 = load(channel + CHANNEL_PEAK);
    if (used <= peak || cas(channel + CHANNEL_PEAK, peak, used) === peak) return;
  }
}

/** The lap on which the slot of `position` was before. */
function lapBefore(position: i32, shift: i32): i32 {
  return ((position - (1 << shift)) | 0) >>> shift;
}

/** The lap on which the slot of `position` comes round again. */
export function lapAfter(position: i32, shift: i32): i32 {
  return ((position + (1 << shift)) | 0) >>> shift;
}

/** The slot of a position. */
export function slotAt(channel: i32, position: i32): i32 {
  const mask: i32 = (1 << peek(channel + CHANNEL_SHIFT)) - 1;
  return peek(channel + CHANNEL_SLOTS) + (position & mask) * peek(channel + CHANNEL_STRIDE);
}
