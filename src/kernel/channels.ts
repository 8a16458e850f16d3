/** The channel table: an entry is 0, or 1 + the pool block that the channel lives in. */

import {
  CHANNEL_WORDS,
  CHANNELS_MAX,
  HEADER_CHANNEL_TABLE,
  HEADER_CHANNELS_USED,
  WORD_BYTES,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { cas, load, peek } from '../memory/words.ts';
import { blockAddress, blockHolds } from './blocks.ts';
import { BLOCKED } from './codes.ts';

/** Enters a channel. Returns its index, or BLOCKED when the table is full. */
export function channelEnter(block: i32): i32 {
  const table: i32 = peek(HEADER_CHANNEL_TABLE);
  const start: i32 = channelsUsed();
  for (let step: i32 = 0; step < CHANNELS_MAX; step++) {
    const index: i32 = (start + step) % CHANNELS_MAX;
    if (load(table + index) !== 0) continue;
    raiseUsed(index + 1);
    if (cas(table + index, 0, block + 1) === 0) return index;
  }
  return BLOCKED;
}

/** Before an entry is filled scans must reach it. */
function raiseUsed(least: i32): void {
  while (true) {
    const used: i32 = load(HEADER_CHANNELS_USED);
    if (used >= least || cas(HEADER_CHANNELS_USED, used, least) === used) return;
  }
}

/** Takes a channel out again that nobody else has heard of yet. */
export function channelRemove(index: i32, block: i32): void {
  cas(peek(HEADER_CHANNEL_TABLE) + index, block + 1, 0);
}

/** The block of the channel at `index`, or −1. */
export function channelBlock(index: i32): i32 {
  return load(peek(HEADER_CHANNEL_TABLE) + index) - 1;
}

/** Word index of the channel at `index`, or −1: there is none, or the tables do not lead to one. */
export function channelAddress(index: i32): i32 {
  const block: i32 = channelBlock(index);
  return blockHolds(block, CHANNEL_WORDS * WORD_BYTES) ? blockAddress(block) : -1;
}

/** One past the highest index ever used. */
export function channelsUsed(): i32 {
  const used: i32 = load(HEADER_CHANNELS_USED);
  return used >= 0 && used <= CHANNELS_MAX ? used : CHANNELS_MAX;
}
