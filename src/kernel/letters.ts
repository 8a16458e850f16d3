/**
 * Letters: messages that are kept until they are acknowledged.
 *
 * Shape: an at-least-once channel has exactly `capacity` letters, each with a state word, a payload, and a bit in a
 * bitmap. What stands in its queue (`kernel/mpmc.ts`) is not messages but references to letters: number and generation.
 * So the queue says in which order, and the letters hold what; one that is long in somebody's hands holds up nobody.
 *
 * ```
 *  31                            13 12          3 2    0
 * ┌────────────────────────────────┬─────────────┬──────┐
 * │ generation (19 bits)           │ thread      │ state│
 * └────────────────────────────────┴─────────────┴──────┘
 *            post                 take                          acknowledge
 *   FREE g ───────► POSTED me g ───────► HELD you g + 1 ───────► (ACKED you g + 1) ───────► FREE g + 1
 *     ▲                │                  ▲        │ nack, death, time-out
 *     └── not accepted ┘                  │        ▼
 *                                         └── RETURNED g + 1
 *   too many attempts:   RETURNED g ───► HELD me g + 1 ───► MOVING me g + 1 ───► FREE g + 1
 * ```
 *
 * Roles: any thread posts, takes, acknowledges or returns what it holds; the supervisor also returns what is held for
 * too long. Every step is one compare-and-swap on the letter's word, so of an acknowledgement and a time-out one wins.
 *
 * Invariants:
 *  - A letter is POSTED from its claim on, and only the slot that names its number and its generation makes it a
 *    message. A sender that dies in between has posted nothing; recovery frees the letter.
 *  - Each handing out moves the generation on. So a late acknowledgement finds another word and is refused, and the
 *    number of attempts is the distance from the generation it was posted with: no counter could miss a death.
 *  - ACKED, and nothing before it, is the point from which a message never comes again. The blocks it refers to go to
 *    the receiver, or back to the pool, only after that; until then they stay on their way, whoever holds the letter.
 *  - `CHANNEL_RETURNED` is set after a letter was returned, and cleared only by one that found none and then looks
 *    again. So while a letter is RETURNED it is set, or somebody is about to set it who has found the letter.
 *  - The bitmap of free letters only hints: its bit is set after a letter became free, and cleared after it was claimed.
 *
 * Pairs: the publishing of the slot, or the step to RETURNED, is read by the take (payload); the step to FREE by the
 * claim (room).
 */

import {
  CELL_TAKEN,
  CHANNEL_ATTEMPTS,
  CHANNEL_CAPACITY,
  CHANNEL_CLOSED,
  CHANNEL_DEAD_LETTERS,
  CHANNEL_HEAD,
  CHANNEL_LETTER_BITMAP,
  CHANNEL_LETTER_FIRST,
  CHANNEL_LETTER_STRIDE,
  CHANNEL_LETTERS,
  CHANNEL_RETURNED,
  CHANNEL_SHIFT,
  CHANNEL_SLOTS,
  CHANNEL_STRIDE,
  CHANNEL_TAIL,
  CHANNELS_MAX,
  LETTER_HEADER,
  LETTER_POSITION,
  LETTER_POSTED,
  LETTER_SLOT,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { and, cas, load, lowestBit, or, peek, poke, store } from '../memory/words.ts';
import { channelAddress } from './channels.ts';
import { BLOCKED, CLOSED } from './codes.ts';
import {
  MPMC_SLOT_HEADER,
  mpmcBury,
  mpmcClaim,
  mpmcCleared,
  mpmcFree,
  mpmcLength,
  mpmcPublish,
  mpmcRemind,
  mpmcRoom,
  mpmcTake,
  SLOT_CLAIMED,
  SLOT_FULL,
  SLOT_READING,
  slotOwned,
  slotState,
} from './mpmc.ts';
import { refsDrop } from './refs.ts';
import { threadCell } from './threads.ts';

const FREE = 0;
const POSTED = 1;
const HELD = 2;
const RETURNED = 3;
const ACKED = 4;
const MOVING = 5;

const STATE_BITS = 3;
const STATE_MASK = 7;
const OWNER_BITS = 10;
const OWNER_MASK = 1023;
const GENERATION_SHIFT = STATE_BITS + OWNER_BITS;
const GENERATION_MASK = 2 ** 19 - 1;

function letterWord(state: i32, owner: i32, generation: i32): i32 {
  return (generation << GENERATION_SHIFT) | (owner << STATE_BITS) | state;
}

function generationOf(word: i32): i32 {
  return word >>> GENERATION_SHIFT;
}

function ownerOf(word: i32): i32 {
  return (word >>> STATE_BITS) & OWNER_MASK;
}

function stateAt(channel: i32, letter: i32): i32 {
  return peek(channel + CHANNEL_LETTERS) + letter;
}

function letterAt(channel: i32, letter: i32): i32 {
  return peek(channel + CHANNEL_LETTER_FIRST) + letter * peek(channel + CHANNEL_LETTER_STRIDE);
}

/** Word index of a letter's payload. */
export function letterPayload(channel: i32, letter: i32): i32 {
  return letterAt(channel, letter) + LETTER_HEADER;
}

/** The letter whose payload is at this word index. */
export function letterOf(channel: i32, payload: i32): i32 {
  return ((payload - peek(channel + CHANNEL_LETTER_FIRST)) / peek(channel + CHANNEL_LETTER_STRIDE)) | 0;
}

/** Makes all letters free. Only before anybody else knows the channel. */
export function lettersInit(channel: i32): void {
  const letters: i32 = peek(channel + CHANNEL_CAPACITY);
  for (let letter: i32 = 0; letter < letters; letter++) {
    poke(stateAt(channel, letter), FREE);
    poke(letterAt(channel, letter) + LETTER_SLOT, 0);
    or(bitmapWord(channel, letter), 1 << (letter & 31));
  }
  poke(channel + CHANNEL_RETURNED, 0);
}

// ── Posting ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Takes a free letter, and a place for it in the queue, for `me` to write. Returns it, BLOCKED when full, or CLOSED.
 *
 * A letter that finds no place (somebody is still reading there) is put back; meanwhile another sender may have found
 * none, or a receiver one too many. So whoever puts one back looks again: either there is a place now, or the channel is
 * closed, or whoever clears the place comes after this look, and wakes a sender ({@link letterCleared}).
 */
export function letterClaim(channel: i32, me: i32): i32 {
  while (true) {
    const letter: i32 = claimFree(channel, me);
    if (letter < 0) return letter;
    const slot: i32 = mpmcClaim(channel, me);
    if (slot >= 0) return address(channel, letter, slot);
    free(channel, letter, load(stateAt(channel, letter)));
    if (slot === CLOSED || load(channel + CHANNEL_CLOSED) !== 0) return CLOSED;
    if (!mpmcRoom(channel)) return BLOCKED;
  }
}

/** Makes a slot that was claimed name a letter that was claimed. Returns the letter. */
function address(channel: i32, letter: i32, slot: i32): i32 {
  const at: i32 = letterAt(channel, letter);
  const generation: i32 = generationOf(load(stateAt(channel, letter)));
  poke(at + LETTER_POSTED, generation);
  poke(at + LETTER_POSITION, peek(slot + 1));
  poke(at + LETTER_SLOT, slot);
  poke(slot + MPMC_SLOT_HEADER, letter);
  poke(slot + MPMC_SLOT_HEADER + 1, generation);
  return letter;
}

/** Owner of a claim only: the message is there. */
export function letterPost(channel: i32, letter: i32): void {
  mpmcPublish(channel, peek(letterAt(channel, letter) + LETTER_SLOT));
}

function claimFree(channel: i32, me: i32): i32 {
  const letters: i32 = peek(channel + CHANNEL_CAPACITY);
  const bitmap: i32 = peek(channel + CHANNEL_LETTER_BITMAP);
  const words: i32 = (letters + 31) >>> 5;
  // Letters become free about in the order they were posted in.
  const start: i32 = ((load(channel + CHANNEL_TAIL) >>> 5) % words) | 0;
  for (let step: i32 = 0; step < words; step++) {
    const i: i32 = (start + step) % words;
    let vacant: i32 = load(bitmap + i);
    while (vacant !== 0) {
      const letter: i32 = (i << 5) + lowestBit(vacant);
      vacant &= vacant - 1;
      const word: i32 = load(stateAt(channel, letter));
      if ((word & STATE_MASK) !== FREE) continue;
      if (cas(stateAt(channel, letter), word, letterWord(POSTED, me, generationOf(word))) !== word) continue;
      and(bitmapWord(channel, letter), ~(1 << (letter & 31)));
      return letter;
    }
  }
  return load(channel + CHANNEL_CLOSED) !== 0 ? CLOSED : BLOCKED;
}

// ── Taking ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Takes the next message for `me`, one that was returned before a new one. Returns the letter ({@link letterTaken} is its
 * word), BLOCKED, SKIPPED, or CLOSED when the queue is closed and drained; letters may still be in somebody's hands then,
 * see {@link lettersOut}.
 */
export function letterTake(channel: i32, me: i32): i32 {
  if (load(channel + CHANNEL_RETURNED) !== 0) {
    const letter: i32 = takeReturned(channel, me);
    if (letter !== BLOCKED) return letter;
  }
  const slot: i32 = mpmcTake(channel, me);
  if (slot < 0) return slot;
  const letter: i32 = peek(slot + MPMC_SLOT_HEADER);
  // Posted and in the queue: it is for whoever takes it out there.
  const word: i32 = load(stateAt(channel, letter));
  hold(channel, letter, word, me);
  mpmcFree(channel, slot);
  return letter;
}

/** The word of the letter that `me` took last. */
export function letterTaken(me: i32): i32 {
  return peek(threadCell(me) + CELL_TAKEN);
}

/** Whether a sender may have been refused because of the place in the queue that this letter was just taken from. */
export function letterCleared(channel: i32, letter: i32): boolean {
  return mpmcCleared(channel, peek(letterAt(channel, letter) + LETTER_POSITION));
}

function hold(channel: i32, letter: i32, word: i32, me: i32): boolean {
  const held: i32 = letterWord(HELD, me, next(generationOf(word)));
  poke(threadCell(me) + CELL_TAKEN, held);
  return cas(stateAt(channel, letter), word, held) === word;
}

/** Takes, of the letters that were returned, the one that was posted first. */
function takeReturned(channel: i32, me: i32): i32 {
  while (true) {
    let letter: i32 = firstReturned(channel);
    if (letter < 0) {
      store(channel + CHANNEL_RETURNED, 0);
      letter = firstReturned(channel);
      if (letter < 0) return BLOCKED;
      store(channel + CHANNEL_RETURNED, 1);
    }
    const word: i32 = load(stateAt(channel, letter));
    if ((word & STATE_MASK) !== RETURNED || exhausted(channel, letter, word)) continue;
    if (hold(channel, letter, word, me)) return letter;
  }
}

/** The letter that was posted first, of those that are to be handed out again, or −1. */
function firstReturned(channel: i32): i32 {
  const letters: i32 = peek(channel + CHANNEL_CAPACITY);
  const head: i32 = load(channel + CHANNEL_HEAD);
  let first: i32 = -1;
  let age: i32 = 0;
  for (let letter: i32 = 0; letter < letters; letter++) {
    const word: i32 = load(stateAt(channel, letter));
    if ((word & STATE_MASK) !== RETURNED || exhausted(channel, letter, word)) continue;
    const behind: i32 = (head - peek(letterAt(channel, letter) + LETTER_POSITION)) | 0;
    if (first >= 0 && behind <= age) continue;
    first = letter;
    age = behind;
  }
  return first;
}

/** How often a letter has been handed out, this time included. */
export function letterAttempt(channel: i32, letter: i32, word: i32): i32 {
  return (generationOf(word) - peek(letterAt(channel, letter) + LETTER_POSTED)) & GENERATION_MASK;
}

function exhausted(channel: i32, letter: i32, word: i32): boolean {
  const most: i32 = peek(channel + CHANNEL_ATTEMPTS);
  return most > 0 && letterAttempt(channel, letter, word) >= most;
}

// ── Settling ────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Holder only, `word` is what the letter was when it was taken. The message will not come again; returns false if it was
 * returned for it took too long. Free the letter with {@link letterFree} once its blocks are settled.
 */
export function letterAcknowledge(channel: i32, letter: i32, word: i32): boolean {
  return cas(stateAt(channel, letter), word, letterWord(ACKED, ownerOf(word), generationOf(word))) === word;
}

/** Holder of an acknowledged letter only. Wake a sender afterwards; if the channel is closed, all receivers. */
export function letterFree(channel: i32, letter: i32): void {
  free(channel, letter, load(stateAt(channel, letter)));
}

/** Hands a held letter back. Returns whether it was still held as `word` says. Wake a receiver afterwards. */
export function letterReturn(channel: i32, letter: i32, word: i32): boolean {
  const returned: i32 = letterWord(RETURNED, 0, generationOf(word));
  if (cas(stateAt(channel, letter), word, returned) !== word) return false;
  store(channel + CHANNEL_RETURNED, 1);
  return true;
}

/** Whether the letter is in somebody's hands: its word then, or 0. */
export function letterHeld(channel: i32, letter: i32): i32 {
  const word: i32 = load(stateAt(channel, letter));
  return (word & STATE_MASK) === HELD ? word : 0;
}

/** How many letters `thread` has in its hands. */
export function lettersInHand(channel: i32, thread: i32): i32 {
  const capacity: i32 = peek(channel + CHANNEL_CAPACITY);
  let count: i32 = 0;
  for (let letter: i32 = 0; letter < capacity; letter++) {
    const word: i32 = load(stateAt(channel, letter));
    if ((word & STATE_MASK) === HELD && ownerOf(word) === thread) count++;
  }
  return count;
}

function free(channel: i32, letter: i32, word: i32): void {
  store(stateAt(channel, letter), letterWord(FREE, 0, generationOf(word)));
  or(bitmapWord(channel, letter), 1 << (letter & 31));
}

// ── Dead letters ────────────────────────────────────────────────────────────────────────────────────────────────────

/** A returned letter that was handed out as often as it may be, or −1. */
export function letterExhausted(channel: i32): i32 {
  if (peek(channel + CHANNEL_ATTEMPTS) === 0) return -1;
  const letters: i32 = peek(channel + CHANNEL_CAPACITY);
  for (let letter: i32 = 0; letter < letters; letter++) {
    const word: i32 = load(stateAt(channel, letter));
    if ((word & STATE_MASK) === RETURNED && exhausted(channel, letter, word)) return letter;
  }
  return -1;
}

/** The channel that a message goes to after too many attempts, or −1. */
export function deadLetters(channel: i32): i32 {
  const index: i32 = peek(channel + CHANNEL_DEAD_LETTERS) - 1;
  return index < 0 || index >= CHANNELS_MAX ? -1 : channelAddress(index);
}

/**
 * Moves an exhausted letter into `target`, blocks and all. Returns whether it did: not if there is no room, or somebody
 * else has it. Wake a receiver of `target` and a sender of `channel` afterwards.
 */
export function letterMove(channel: i32, letter: i32, target: i32, me: i32): boolean {
  const slot: i32 = mpmcClaim(target, me);
  if (slot < 0) return false;
  const word: i32 = load(stateAt(channel, letter));
  const held: i32 = letterWord(HELD, me, next(generationOf(word)));
  if ((word & STATE_MASK) !== RETURNED || cas(stateAt(channel, letter), word, held) !== word) {
    mpmcBury(target, slot);
    return false;
  }
  const at: i32 = letterAt(channel, letter);
  // Should this thread die while it is MOVING, the slot tells: while it is claimed, nothing has moved.
  poke(at + LETTER_SLOT, slot);
  const moving: i32 = letterWord(MOVING, me, generationOf(held));
  if (cas(stateAt(channel, letter), held, moving) !== held) {
    mpmcBury(target, slot);
    return false;
  }
  const payload: i32 = peek(channel + CHANNEL_LETTER_STRIDE) - LETTER_HEADER;
  for (let i: i32 = 0; i < payload; i++) poke(slot + MPMC_SLOT_HEADER + i, peek(at + LETTER_HEADER + i));
  mpmcPublish(target, slot);
  poke(at + LETTER_SLOT, 0);
  free(channel, letter, moving);
  return true;
}

/** Gives an exhausted letter up, with its blocks. Returns whether this call did. Wake a sender afterwards. */
export function letterDrop(channel: i32, letter: i32, me: i32): boolean {
  const word: i32 = load(stateAt(channel, letter));
  const acked: i32 = letterWord(ACKED, me, generationOf(word));
  if ((word & STATE_MASK) !== RETURNED || cas(stateAt(channel, letter), word, acked) !== word) return false;
  refsDrop(channel, letterPayload(channel, letter), me);
  free(channel, letter, acked);
  return true;
}

// ── Anybody ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Messages that were accepted and not acknowledged, at some instant during the call. */
export function lettersLength(channel: i32): i32 {
  const letters: i32 = peek(channel + CHANNEL_CAPACITY);
  const bitmap: i32 = peek(channel + CHANNEL_LETTER_BITMAP);
  let length: i32 = letters;
  for (let i: i32 = 0; i < (letters + 31) >>> 5; i++) length -= bits(load(bitmap + i));
  return length;
}

/** How many messages wait to be taken; those that were returned count as one. */
export function lettersWaiting(channel: i32): i32 {
  return mpmcLength(channel) + load(channel + CHANNEL_RETURNED);
}

/** How many letters are not free, beside those that thread `exceptHeldBy` holds (−1: none). */
export function lettersOut(channel: i32, exceptHeldBy: i32): i32 {
  const letters: i32 = peek(channel + CHANNEL_CAPACITY);
  let out: i32 = 0;
  for (let letter: i32 = 0; letter < letters; letter++) {
    const word: i32 = load(stateAt(channel, letter));
    if ((word & STATE_MASK) === FREE) continue;
    if ((word & STATE_MASK) === HELD && ownerOf(word) === exceptHeldBy) continue;
    out++;
  }
  return out;
}

/** Whether somebody is in the middle of a step with a letter: posting it, giving that up, or freeing it. */
export function lettersMoving(channel: i32): boolean {
  const letters: i32 = peek(channel + CHANNEL_CAPACITY);
  for (let letter: i32 = 0; letter < letters; letter++) {
    const state: i32 = load(stateAt(channel, letter)) & STATE_MASK;
    if (state === POSTED || state === ACKED || state === MOVING) return true;
  }
  return false;
}

/** The payload of a letter that is a message, or −1. One whose sender is still at it may hold what was in it before. */
export function letterMessage(channel: i32, letter: i32): i32 {
  while (true) {
    const word: i32 = load(stateAt(channel, letter));
    const state: i32 = word & STATE_MASK;
    if (state === FREE) return -1;
    if (state !== POSTED || inQueue(channel, letter, word)) return letterPayload(channel, letter);
    // Unless it was taken out of the queue between the two looks.
    if (load(stateAt(channel, letter)) === word) return -1;
  }
}

/** Whether a posted letter, whose word is `word`, stands in the queue. */
function inQueue(channel: i32, letter: i32, word: i32): boolean {
  const slot: i32 = peek(letterAt(channel, letter) + LETTER_SLOT);
  if (slot === 0 || peek(slot + MPMC_SLOT_HEADER) !== letter || !names(slot, word)) return false;
  const state: i32 = slotState(load(slot));
  return state === SLOT_FULL || state === SLOT_READING;
}

// ── After a death ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Finishes or undoes moves that `dead` was at. Before its claims in any channel are buried: they tell which. */
export function lettersRecoverMoves(channel: i32, dead: i32): void {
  if (peek(channel + CHANNEL_ATTEMPTS) === 0) return;
  const letters: i32 = peek(channel + CHANNEL_CAPACITY);
  const states: i32 = peek(channel + CHANNEL_LETTERS);
  for (let letter: i32 = 0; letter < letters; letter++) {
    const word: i32 = load(states + letter);
    if ((word & STATE_MASK) !== MOVING || ownerOf(word) !== dead) continue;
    const slotWord: i32 = load(peek(letterAt(channel, letter) + LETTER_SLOT));
    if (slotState(slotWord) === SLOT_CLAIMED && slotOwned(slotWord, dead)) letterReturn(channel, letter, word);
    else free(channel, letter, word);
  }
}

/**
 * Settles what `dead` left: what it held is returned, what it had acknowledged is freed, what it had not posted never
 * was. Returns how many messages were returned. Only once the thread can no longer run; wake as many receivers, and one
 * more, and a sender afterwards.
 */
export function lettersRecover(channel: i32, dead: i32, me: i32): i32 {
  let returned: i32 = recoverQueue(channel, dead);
  const letters: i32 = peek(channel + CHANNEL_CAPACITY);
  const states: i32 = peek(channel + CHANNEL_LETTERS);
  for (let letter: i32 = 0; letter < letters; letter++) {
    const word: i32 = load(states + letter);
    const state: i32 = word & STATE_MASK;
    if (state === FREE) {
      showFree(channel, letter);
      continue;
    }
    if (ownerOf(word) !== dead) continue;
    if (state === HELD && letterReturn(channel, letter, word)) returned++;
    else if (state === POSTED) recoverPosted(channel, letter, word);
    else if (state === ACKED) {
      refsDrop(channel, letterPayload(channel, letter), me);
      free(channel, letter, word);
    }
  }
  // It may have cleared the flag and not yet looked again.
  store(channel + CHANNEL_RETURNED, 1);
  return returned;
}

/** Frees the slots that it had claimed or was reading; what it had taken from the queue and not yet held is returned. */
function recoverQueue(channel: i32, dead: i32): i32 {
  const slots: i32 = 1 << peek(channel + CHANNEL_SHIFT);
  const stride: i32 = peek(channel + CHANNEL_STRIDE);
  let slot: i32 = peek(channel + CHANNEL_SLOTS) - stride;
  let returned: i32 = 0;
  for (let i: i32 = 0; i < slots; i++) {
    slot += stride;
    const slotWord: i32 = load(slot);
    if (!slotOwned(slotWord, dead)) continue;
    mpmcRemind(channel, i, slotWord);
    if (slotState(slotWord) === SLOT_CLAIMED) {
      mpmcBury(channel, slot);
      continue;
    }
    const letter: i32 = peek(slot + MPMC_SLOT_HEADER);
    const word: i32 = load(stateAt(channel, letter));
    if (names(slot, word) && letterReturn(channel, letter, word)) returned++;
    mpmcFree(channel, slot);
  }
  return returned;
}

/** Frees a letter that its sender had not posted before it died. */
function recoverPosted(channel: i32, letter: i32, word: i32): void {
  if (inQueue(channel, letter, word)) return;
  if (cas(stateAt(channel, letter), word, letterWord(FREE, 0, generationOf(word))) === word) showFree(channel, letter);
}

/** Whether a slot of the queue names the posted letter whose word is `word`. */
function names(slot: i32, word: i32): boolean {
  return (word & STATE_MASK) === POSTED && peek(slot + MPMC_SLOT_HEADER + 1) === generationOf(word);
}

function showFree(channel: i32, letter: i32): void {
  const at: i32 = bitmapWord(channel, letter);
  if ((load(at) & (1 << (letter & 31))) === 0) or(at, 1 << (letter & 31));
}

function bitmapWord(channel: i32, letter: i32): i32 {
  return peek(channel + CHANNEL_LETTER_BITMAP) + (letter >>> 5);
}

function next(generation: i32): i32 {
  return (generation + 1) & GENERATION_MASK;
}

function bits(word: i32): i32 {
  let rest: i32 = word;
  let count: i32 = 0;
  while (rest !== 0) {
    rest &= rest - 1;
    count++;
  }
  return count;
}
