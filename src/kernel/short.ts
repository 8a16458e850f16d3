/**
 * Short messages: claim, write and publish in one call, and take, read and free in one.
 *
 * A message of at most `DRAFT_WORDS` words is written to the sender's draft, a line in its thread cell, and copied from
 * there into the slot; a receiver finds it in its own. So a slot is claimed, or being read, for some nanoseconds: neither
 * the collection of garbage nor anything else that stops a thread between two calls finds it in the middle, and holds up
 * everybody behind it.
 *
 * What most messages meet is written out here in one piece: the first look of `mpmcClaim`, or `mpmcTake`, and what follows
 * if it succeeds, step by step as there and in the same order. Everything else (a ring that is full or empty, a new peak, a
 * lost race) has done nothing yet, and starts again in `kernel/mpmc.ts`.
 *
 * Pairs: publish, then the look at the receivers' set; free, then the look at the senders'. See `kernel/waiters.ts`.
 */

import {
  CELL_DRAFT,
  CHANNEL_CLOSED,
  CHANNEL_HEAD,
  CHANNEL_HEAD_SEEN,
  CHANNEL_PEAK,
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_SENDERS_WAITING,
  CHANNEL_SHIFT,
  CHANNEL_STRIDE,
  CHANNEL_TAIL,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { below, cas, load, peek, poke, store } from '../memory/words.ts';
import { ADVANCED, ADVANCED_AWAITED, CLOSED } from './codes.ts';
import {
  lapAfter,
  MPMC_SLOT_HEADER,
  mpmcBury,
  mpmcClaim,
  mpmcFree,
  mpmcPublish,
  mpmcTake,
  SLOT_CLAIMED,
  SLOT_FREE,
  SLOT_FULL,
  SLOT_READING,
  slotAt,
  slotWord,
  slotWordOf,
} from './mpmc.ts';
import { threadCell } from './threads.ts';
import { waitersAny } from './waiters.ts';

/** Sends what is in the draft of `me`. Answers ADVANCED, ADVANCED_AWAITED (wake a receiver), or like `mpmcClaim`. */
export function shortSend(channel: i32, me: i32): i32 {
  const tail: i32 = load(channel + CHANNEL_TAIL);
  if (below((tail - load(channel + CHANNEL_HEAD_SEEN)) | 0, load(channel + CHANNEL_PEAK))) {
    const lap: i32 = tail >>> peek(channel + CHANNEL_SHIFT);
    const slot: i32 = slotAt(channel, tail);
    const free: i32 = slotWord(SLOT_FREE, lap);
    if (cas(slot, free, slotWordOf(SLOT_CLAIMED, me, lap)) === free) {
      cas(channel + CHANNEL_TAIL, tail, (tail + 1) | 0);
      poke(slot + 1, tail);
      if (load(channel + CHANNEL_CLOSED) !== 0) {
        mpmcBury(channel, slot);
        return CLOSED;
      }
      copyPayload(channel, threadCell(me) + CELL_DRAFT, slot + MPMC_SLOT_HEADER);
      store(slot, slotWord(SLOT_FULL, lap));
      return waitersAny(channel + CHANNEL_RECEIVERS_WAITING) ? ADVANCED_AWAITED : ADVANCED;
    }
  }
  return sendAnyhow(channel, me);
}

/** The same, whatever it meets. */
function sendAnyhow(channel: i32, me: i32): i32 {
  const slot: i32 = mpmcClaim(channel, me);
  if (slot < 0) return slot;
  copyPayload(channel, threadCell(me) + CELL_DRAFT, slot + MPMC_SLOT_HEADER);
  mpmcPublish(channel, slot);
  return waitersAny(channel + CHANNEL_RECEIVERS_WAITING) ? ADVANCED_AWAITED : ADVANCED;
}

/** Receives into the draft of `me`. Answers ADVANCED, ADVANCED_AWAITED (wake a sender), or like `mpmcTake`. */
export function shortReceive(channel: i32, me: i32): i32 {
  const shift: i32 = peek(channel + CHANNEL_SHIFT);
  const head: i32 = load(channel + CHANNEL_HEAD);
  const lap: i32 = head >>> shift;
  const slot: i32 = slotAt(channel, head);
  const full: i32 = slotWord(SLOT_FULL, lap);
  if (load(slot) === full && cas(slot, full, slotWordOf(SLOT_READING, me, lap)) === full) {
    cas(channel + CHANNEL_HEAD, head, (head + 1) | 0);
    copyPayload(channel, slot + MPMC_SLOT_HEADER, threadCell(me) + CELL_DRAFT);
    store(slot, slotWord(SLOT_FREE, lapAfter(head, shift)));
    return waitersAny(channel + CHANNEL_SENDERS_WAITING) ? ADVANCED_AWAITED : ADVANCED;
  }
  return receiveAnyhow(channel, me);
}

/** The same, whatever it meets. */
function receiveAnyhow(channel: i32, me: i32): i32 {
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
