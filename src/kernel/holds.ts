/**
 * Who holds which channel, and how one is given back.
 *
 * ```
 *   FREE ─► LAYING by me ─► LIVE ─► DISPOSED ─┬─► CLEARING by me ─► FREE
 *    generation + 1                  ▲         │        │
 *                                    └─────────┴────────┘ (held again, or named)
 * ```
 *
 * **Holding.** A thread that has a handle of a channel holds it: a bit in a row of its own, which nobody else writes while
 * it lives. Channels that are not held may be gone, so whoever wants to look at one without a handle (the observer,
 * recovery) holds it meanwhile, too: that is called a pin.
 *
 * **Disposing.** LIVE → DISPOSED is the one step: whoever comes later is refused. Only then is the channel closed, so that
 * whoever finds it closed because of that finds it disposed of as well: the way of a message looks at neither. Then its
 * holders are told, and let go when they are in the middle of nothing.
 *
 * **Giving back.** The memory and the entry go back once the channel is DISPOSED and nobody holds it.
 *  - No use after free: a holder sets its bit, then looks at the state; the one who clears changes the state, then looks
 *    at the bits. Both orders are sequentially consistent, so either the holder finds it CLEARING (or gone) and leaves
 *    again, or the clearer finds the bit and puts the entry back to DISPOSED. From the look that found it LIVE or DISPOSED
 *    on, the holder has it: its generation, its block and all that is in it stay.
 *  - Nobody is left to do it: each one who takes its bit back looks afterwards whether it can be cleared. A clearer that
 *    put it back looks once more after that, as one who found it CLEARING meanwhile has left without looking.
 *  - ABA: a holder's looks are at an entry that cannot change hands; a name that is kept for too long has another
 *    generation (of 32 bits, and so could be fooled after 2³² channels at one entry). The step DISPOSED → CLEARING may hit
 *    a later channel of the entry than the one that was looked at: then that one is disposed of as well, and nothing but
 *    that is asked; its holders and names are looked at again behind the step.
 *  - Channels that others name, to send there what overflowed or was not acknowledged, stay for as long as those do: who
 *    holds the one may go to the other. The names stand in the table, where they can be read without holding anything.
 *    Whoever makes a channel that names another holds that one, marks it NAMED, then writes the name.
 *
 * **Deaths.** What the dead thread held is not cleared before recovery takes its bits back, as the last of what it does
 * to channels. LAYING and CLEARING say by whom; recovery undoes the one and does the other again: each step of clearing
 * may be done twice, because blocks are first made the clearer's own, then forgotten by the words that name them, and
 * only then freed. A channel whose disposer died before it had closed it and told its holders is still DISPOSED, and for
 * such recovery does both.
 */

import {
  CHANNEL_CLOSED,
  CHANNEL_ENDED,
  CHANNEL_INDEX,
  CHANNEL_WORDS,
  CHANNELS_MAX,
  ENTRY_BLOCK,
  ENTRY_GENERATION,
  ENTRY_NAMES,
  ENTRY_STATE,
  HEADER_CHANNEL_HOLDS,
  HEADER_CHANNELS_HINT,
  HEADER_THREADS,
  HOLD_WORDS,
  WORD_BYTES,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { add, and, cas, load, lowestBit, or, peek, poke, store } from '../memory/words.ts';
import { blockAddress, blockDonate, blockHolds, blockReclaim, blockRelease } from './blocks.ts';
import {
  channelEntry,
  channelGeneration,
  channelState,
  channelsReach,
  channelsUsed,
  ENTRY_CLEARING,
  ENTRY_DISPOSED,
  ENTRY_FREE,
  ENTRY_LAYING,
  ENTRY_LIVE,
} from './channels.ts';
import { channelErrorBlock } from './close.ts';
import { BLOCKED } from './codes.ts';
import { endsClear } from './ends.ts';
import { messageAt, messagePlaces } from './messages.ts';
import { refsCount, refsDrop } from './refs.ts';

const WHO_SHIFT = 3;

/** 1 + the index of a channel that is named. */
const NAME_MASK = 2 ** 15 - 1;
const DEAD_LETTERS_SHIFT = 15;
const NAMED = 1 << 31;

function by(state: i32, who: i32): i32 {
  return (who << WHO_SHIFT) | state;
}

// ── Making one ──────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Enters a channel that `me` has laid out in a block of its own, and gives the block to the segment: `me` holds it.
 * `overflowTo` and `deadLetters` are 1 + the index of a channel that `me` holds, or 0. Returns its index, or BLOCKED when
 * the table is full.
 */
export function channelEnter(block: i32, overflowTo: i32, deadLetters: i32, me: i32): i32 {
  const hint: i32 = load(HEADER_CHANNELS_HINT);
  const start: i32 = hint >= 0 && hint < CHANNELS_MAX ? hint : 0;
  for (let step: i32 = 0; step < CHANNELS_MAX; step++) {
    const index: i32 = (start + step) % CHANNELS_MAX;
    const at: i32 = channelEntry(index);
    if (load(at + ENTRY_STATE) !== ENTRY_FREE) continue;
    channelsReach(index + 1);
    if (cas(at + ENTRY_STATE, ENTRY_FREE, by(ENTRY_LAYING, me)) !== ENTRY_FREE) continue;
    store(HEADER_CHANNELS_HINT, index + 1);
    store(at + ENTRY_BLOCK, block + 1);
    if (overflowTo > 0) or(channelEntry(overflowTo - 1) + ENTRY_NAMES, NAMED);
    if (deadLetters > 0) or(channelEntry(deadLetters - 1) + ENTRY_NAMES, NAMED);
    store(at + ENTRY_NAMES, (deadLetters << DEAD_LETTERS_SHIFT) | overflowTo);
    add(at + ENTRY_GENERATION, 1);
    poke(blockAddress(block) + CHANNEL_INDEX, index);
    setHold(me, index);
    blockDonate(block, me);
    store(at + ENTRY_STATE, ENTRY_LIVE);
    return index;
  }
  return BLOCKED;
}

// ── Holding ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function holdAt(thread: i32, index: i32): i32 {
  return peek(HEADER_CHANNEL_HOLDS) + (thread + 1) * HOLD_WORDS + (index >>> 5);
}

function setHold(thread: i32, index: i32): void {
  or(holdAt(thread, index), 1 << (index & 31));
}

function clearHold(thread: i32, index: i32): void {
  and(holdAt(thread, index), ~(1 << (index & 31)));
}

/** Whether `thread` holds the channel. */
export function channelHolds(index: i32, thread: i32): boolean {
  return (load(holdAt(thread, index)) & (1 << (index & 31))) !== 0;
}

/** Makes `me` a holder of the channel of that name. Returns false if it was disposed of; then `me` is none. */
export function channelHold(index: i32, generation: i32, me: i32): boolean {
  setHold(me, index);
  if (channelState(index) === ENTRY_LIVE && channelGeneration(index) === generation) return true;
  channelLeave(index, me);
  return false;
}

/**
 * For `me`, who does not hold it: pins whatever channel there is at `index`, disposed of or not. Returns whether there is
 * one; leave it then.
 */
export function channelPin(index: i32, me: i32): boolean {
  setHold(me, index);
  const state: i32 = channelState(index);
  if (state === ENTRY_LIVE || state === ENTRY_DISPOSED) return true;
  channelLeave(index, me);
  return false;
}

/** `me` lets go of it. Returns whether its memory went back to the pool: tell those who wait for that. */
export function channelLeave(index: i32, me: i32): boolean {
  clearHold(me, index);
  return channelGiveBack(index, me);
}

/** The first thread at or behind `from` that holds the channel, or BLOCKED. */
export function channelNextHolder(index: i32, from: i32): i32 {
  const threads: i32 = peek(HEADER_THREADS);
  for (let thread: i32 = from; thread < threads; thread++) if (channelHolds(index, thread)) return thread;
  return BLOCKED;
}

// ── Disposing ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** A holder disposes of it: close it then, and tell its holders. Returns whether this was the first to do so. */
export function channelDispose(index: i32): boolean {
  if (cas(channelEntry(index) + ENTRY_STATE, ENTRY_LIVE, ENTRY_DISPOSED) !== ENTRY_LIVE) return false;
  markDisposed(index);
  return true;
}

/** Makes its holders find it. */
export function markDisposed(index: i32): void {
  or(holdAt(-1, index), 1 << (index & 31));
}

/** A holder's look: whether it was disposed of. */
export function channelDisposed(index: i32): boolean {
  return channelState(index) !== ENTRY_LIVE;
}

/** The first channel at or behind `from` that `me` holds and that was disposed of, or BLOCKED. */
export function channelNextDisposed(me: i32, from: i32): i32 {
  const words: i32 = (channelsUsed() + 31) >>> 5;
  let mask: i32 = ~((1 << (from & 31)) - 1);
  for (let word: i32 = from >>> 5; word < words; word++) {
    const disposed: i32 = load(holdAt(-1, word << 5)) & mask;
    mask = -1;
    if (disposed === 0) continue;
    const found: i32 = disposed & load(holdAt(me, word << 5));
    if (found !== 0) return (word << 5) + lowestBit(found);
  }
  return BLOCKED;
}

// ── Giving back ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Gives memory and entry back, if it was disposed of and nobody holds or names it. Returns whether they went back. */
export function channelGiveBack(index: i32, me: i32): boolean {
  const at: i32 = channelEntry(index);
  while (true) {
    if (load(at + ENTRY_STATE) !== ENTRY_DISPOSED || isWanted(index)) return false;
    if (cas(at + ENTRY_STATE, ENTRY_DISPOSED, by(ENTRY_CLEARING, me)) !== ENTRY_DISPOSED) return false;
    if (!isWanted(index)) {
      const names: i32 = load(at + ENTRY_NAMES);
      clear(index, me);
      giveBackNamed(names, me);
      return true;
    }
    // Who entered meanwhile either found it standing, or has left again without giving it back: so look once more.
    store(at + ENTRY_STATE, ENTRY_DISPOSED);
  }
}

function isWanted(index: i32): boolean {
  return channelNextHolder(index, 0) >= 0 || isNamed(index);
}

/** Whether a channel names this one. */
function isNamed(index: i32): boolean {
  if ((load(channelEntry(index) + ENTRY_NAMES) & NAMED) === 0) return false;
  const used: i32 = channelsUsed();
  for (let other: i32 = 0; other < used; other++) {
    const names: i32 = load(channelEntry(other) + ENTRY_NAMES);
    if ((names & NAME_MASK) === index + 1 || ((names >>> DEAD_LETTERS_SHIFT) & NAME_MASK) === index + 1) return true;
  }
  return false;
}

/** Those that it named may have been kept for its sake alone. */
function giveBackNamed(names: i32, me: i32): void {
  const overflowTo: i32 = names & NAME_MASK;
  const deadLetters: i32 = (names >>> DEAD_LETTERS_SHIFT) & NAME_MASK;
  if (overflowTo > 0) channelGiveBack(overflowTo - 1, me);
  if (deadLetters > 0) channelGiveBack(deadLetters - 1, me);
}

/** CLEARING by `who`: nobody else touches it. May be begun again from the start. */
function clear(index: i32, who: i32): void {
  const at: i32 = channelEntry(index);
  const block: i32 = load(at + ENTRY_BLOCK) - 1;
  if (blockHolds(block, CHANNEL_WORDS * WORD_BYTES)) {
    const channel: i32 = blockAddress(block);
    dropMessages(channel, who);
    dropError(channel, who);
    if (load(channel + CHANNEL_ENDED) !== 0) endsClear(index);
    blockReclaim(block, who);
  }
  vacate(index);
  if (block >= 0) blockRelease(block, who);
}

/** The entry forgets its channel, whose block is somebody's own by now. */
function vacate(index: i32): void {
  const at: i32 = channelEntry(index);
  store(at + ENTRY_BLOCK, 0);
  store(at + ENTRY_NAMES, 0);
  and(holdAt(-1, index), ~(1 << (index & 31)));
  store(at + ENTRY_STATE, ENTRY_FREE);
  store(HEADER_CHANNELS_HINT, index);
}

/** Frees the blocks of messages that nobody has received. */
function dropMessages(channel: i32, who: i32): void {
  if (refsCount(channel) === 0) return;
  const places: i32 = messagePlaces(channel);
  for (let place: i32 = 0; place < places; place++) {
    const payload: i32 = messageAt(channel, place);
    if (payload >= 0) refsDrop(channel, payload, who);
  }
}

/** Frees the error that it was closed with. */
function dropError(channel: i32, who: i32): void {
  const error: i32 = channelErrorBlock(channel);
  if (!blockHolds(error, 0)) return;
  blockReclaim(error, who);
  store(channel + CHANNEL_CLOSED, 1);
  blockRelease(error, who);
}

// ── After a death ───────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Undoes what `dead` was laying, and finishes what it was clearing. Before the blocks of `dead` are freed. Returns whether
 * the channel is one that was disposed of: nobody may have been left to close it and to tell its holders.
 */
export function channelRecover(index: i32, dead: i32): boolean {
  const at: i32 = channelEntry(index);
  const word: i32 = load(at + ENTRY_STATE);
  if (word === by(ENTRY_LAYING, dead)) {
    const block: i32 = load(at + ENTRY_BLOCK) - 1;
    if (block >= 0) blockReclaim(block, dead);
    vacate(index);
  } else if (word === by(ENTRY_CLEARING, dead)) {
    clear(index, dead);
  }
  return word === ENTRY_DISPOSED;
}

/** Takes back what `dead` held: nothing more is to be done for it in any channel. Returns how many went back. */
export function channelsForget(dead: i32, me: i32): i32 {
  const used: i32 = channelsUsed();
  let freed: i32 = 0;
  for (let index: i32 = 0; index < used; index++) {
    if (channelHolds(index, dead)) clearHold(dead, index);
    // Whether it held it or not: it may have died before it gave back what it was the last to let go of.
    if (channelGiveBack(index, me)) freed++;
  }
  return freed;
}
