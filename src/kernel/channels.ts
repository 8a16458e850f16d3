/**
 * The channel table: which channels there are. An entry belongs to one channel after the other; its generation tells
 * them apart, and a channel is named by both. How an entry goes from hand to hand is said in `kernel/holds.ts`.
 */

import {
  CHANNEL_WORDS,
  CHANNELS_MAX,
  ENTRY_BLOCK,
  ENTRY_GENERATION,
  ENTRY_STATE,
  ENTRY_WORDS,
  HEADER_CHANNEL_TABLE,
  HEADER_CHANNELS_USED,
  WORD_BYTES,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { cas, load, peek } from '../memory/words.ts';
import { blockAddress, blockHolds } from './blocks.ts';

export const ENTRY_FREE = 0;
export const ENTRY_LAYING = 1;
export const ENTRY_LIVE = 2;
export const ENTRY_DISPOSED = 3;
export const ENTRY_CLEARING = 4;
const STATE_MASK = 7;

/** Word index of the entry at `index`. */
export function channelEntry(index: i32): i32 {
  return peek(HEADER_CHANNEL_TABLE) + index * ENTRY_WORDS;
}

/** ENTRY_*. */
export function channelState(index: i32): i32 {
  return load(channelEntry(index) + ENTRY_STATE) & STATE_MASK;
}

/** Scans reach so many entries from now on: before one of them is filled. */
export function channelsReach(least: i32): void {
  while (true) {
    const used: i32 = load(HEADER_CHANNELS_USED);
    if (used >= least || cas(HEADER_CHANNELS_USED, used, least) === used) return;
  }
}

/**
 * The block of the channel at `index`, or −1. It may be gone, unless it is held; held, it may still be CLEARING for a
 * moment, until whoever tries that has found out.
 */
export function channelBlock(index: i32): i32 {
  if (channelState(index) === ENTRY_LAYING) return -1;
  return load(channelEntry(index) + ENTRY_BLOCK) - 1;
}

/** Word index of the channel at `index`, or −1: there is none, or the tables do not lead to one. */
export function channelAddress(index: i32): i32 {
  const block: i32 = channelBlock(index);
  return blockHolds(block, CHANNEL_WORDS * WORD_BYTES) ? blockAddress(block) : -1;
}

/** A holder's look: which of the channels that have had the entry it is. */
export function channelGeneration(index: i32): i32 {
  return load(channelEntry(index) + ENTRY_GENERATION);
}

/** One past the highest index ever used. */
export function channelsUsed(): i32 {
  const used: i32 = load(HEADER_CHANNELS_USED);
  return used >= 0 && used <= CHANNELS_MAX ? used : CHANNELS_MAX;
}
