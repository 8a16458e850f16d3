/**
 * Which pool blocks the messages of a channel refer to.
 *
 * A payload may hold descriptors of blocks, at word offsets that are the same for every message of the channel; the list
 * of them stands behind the slots (`CHANNEL_REFS`). A descriptor's first word is 1 + the block, 0 when there is none, or
 * CONSUMED. A message that is published refers to blocks that are on their way; whoever takes it makes each of them its
 * own, and marks the descriptor CONSUMED before it gives the block back, while the slot is still its own. So whatever
 * an unfinished slot still names was never given to anybody else, and after a death it is known what to do with it.
 */

import { CHANNEL_REFS, CHANNEL_REFS_AT, PAGE } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { peek, poke } from '../memory/words.ts';
import { blockFlying, blockHolds, blockReceive, blockRelease } from './blocks.ts';

/** More than a message of one page has room for. */
const REFS_MOST = PAGE;

export const REF_NONE = 0;
export const REF_CONSUMED = -1;

/** How many blocks a message of the channel may refer to. */
export function refsCount(channel: i32): i32 {
  const count: i32 = peek(channel + CHANNEL_REFS);
  return count >= 0 && count <= REFS_MOST ? count : 0;
}

/** The block that descriptor number `i` of the payload names, or −1. */
export function refAt(channel: i32, payload: i32, i: i32): i32 {
  const word: i32 = peek(refWord(channel, payload, i));
  return blockHolds(word - 1, 0) ? word - 1 : -1;
}

/** Frees the blocks of a message that will not be received: those that are still on their way. */
export function refsDrop(channel: i32, payload: i32, me: i32): void {
  const count: i32 = refsCount(channel);
  for (let i: i32 = 0; i < count; i++) {
    const block: i32 = refAt(channel, payload, i);
    if (block < 0) continue;
    if (!blockReceive(block, me)) continue;
    poke(refWord(channel, payload, i), REF_CONSUMED);
    blockRelease(block, me);
  }
}

/** Whether somebody has begun to take the blocks of a message over. */
export function refsTouched(channel: i32, payload: i32): boolean {
  const count: i32 = refsCount(channel);
  for (let i: i32 = 0; i < count; i++) {
    const word: i32 = peek(refWord(channel, payload, i));
    if (word === REF_CONSUMED || (blockHolds(word - 1, 0) && !blockFlying(word - 1))) return true;
  }
  return false;
}

function refWord(channel: i32, payload: i32, i: i32): i32 {
  return payload + peek(peek(channel + CHANNEL_REFS_AT) + i);
}
