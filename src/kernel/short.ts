/**
 * Short messages: claim, write and publish in one call, and take, read and free in one.
 *
 * A message of at most `DRAFT_WORDS` words is written to the sender's draft, a line in its thread cell, and copied from
 * there into the slot; a receiver finds it in its own. So a slot is claimed, or being read, for some nanoseconds: neither
 * the collection of garbage nor anything else that stops a thread between two calls finds it in the middle, and holds up
 * everybody behind it. The steps are those of `kernel/mpmc.ts`, in the same order.
 *
 * Pairs: publish, then the look at the receivers' set; free, then the look at the senders'. See `kernel/waiters.ts`.
 */

import { CELL_DRAFT, CHANNEL_RECEIVERS_WAITING, CHANNEL_SENDERS_WAITING, CHANNEL_STRIDE } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { peek, poke } from '../memory/words.ts';
import { ADVANCED, ADVANCED_AWAITED } from './codes.ts';
import { MPMC_SLOT_HEADER, mpmcClaim, mpmcFree, mpmcPublish, mpmcTake } from './mpmc.ts';
import { threadCell } from './threads.ts';
import { waitersAny } from './waiters.ts';

/** Sends what is in the draft of `me`. Answers ADVANCED, ADVANCED_AWAITED (wake a receiver), or like `mpmcClaim`. */
export function shortSend(channel: i32, me: i32): i32 {
  const slot: i32 = mpmcClaim(channel, me);
  if (slot < 0) return slot;
  copyPayload(channel, threadCell(me) + CELL_DRAFT, slot + MPMC_SLOT_HEADER);
  mpmcPublish(channel, slot);
  return waitersAny(channel + CHANNEL_RECEIVERS_WAITING) ? ADVANCED_AWAITED : ADVANCED;
}

/** Receives into the draft of `me`. Answers ADVANCED, ADVANCED_AWAITED (wake a sender), or like `mpmcTake`. */
export function shortReceive(channel: i32, me: i32): i32 {
  const slot: i32 = mpmcTake(channel, me);
  if (slot < 0) return slot;
  copyPayload(channel, slot + MPMC_SLOT_HEADER, threadCell(me) + CELL_DRAFT);
  mpmcFree(channel, slot);
  return waitersAny(channel + CHANNEL_SENDERS_WAITING) ? ADVANCED_AWAITED : ADVANCED;
}

function copyPayload(channel: i32, from: i32, to: i32): void {
  const words: i32 = peek(channel + CHANNEL_STRIDE) - MPMC_SLOT_HEADER;
  for (let i: i32 = 0; i < words; i++) poke(to + i, peek(from + i));
}
