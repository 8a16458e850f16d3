/**
 * The seats of a channel of capacity 0: where they are, and how they stand. What happens there is in `kernel/rendezvous.ts`.
 *
 * Seats of senders come first, one for each thread, then those of receivers.
 */

import {
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_SENDERS_WAITING,
  CHANNEL_SLOTS,
  CHANNEL_STRIDE,
  HEADER_THREADS,
  SEAT_GENERATION,
  SEAT_HEADER,
  SEAT_STATE,
  SET_MET,
  SET_OFFERS,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { load, peek, poke } from '../memory/words.ts';

export const SEAT_VACANT = 0;
export const SEAT_OFFERED = 1;
export const SEAT_CLAIMED = 2;
export const SEAT_MET = 3;
export const SEAT_BROKEN = 4;
export const SEAT_LED = 5;
export const SEAT_ORPHANED = 6;

const STATE_MASK = 7;

/** The seat of `thread` in that role. Its message is `SEAT_HEADER` words behind. */
export function seatOf(channel: i32, role: i32, thread: i32): i32 {
  return peek(channel + CHANNEL_SLOTS) + (role * peek(HEADER_THREADS) + thread) * peek(channel + CHANNEL_STRIDE);
}

/** Empties all seats. Only before anybody else knows the channel. */
export function rendezvousInit(channel: i32): void {
  const seats: i32 = 2 * peek(HEADER_THREADS);
  for (let i: i32 = 0; i < seats; i++) {
    const seat: i32 = peek(channel + CHANNEL_SLOTS) + i * peek(channel + CHANNEL_STRIDE);
    poke(seat + SEAT_STATE, SEAT_VACANT);
    poke(seat + SEAT_GENERATION, 0);
  }
}

export function seatState(seat: i32): i32 {
  return load(seat + SEAT_STATE) & STATE_MASK;
}

/** How often somebody has sat down at a channel, in either role. */
export function rendezvousOffers(channel: i32): i32 {
  return load(channel + CHANNEL_RECEIVERS_WAITING + SET_OFFERS) + load(channel + CHANNEL_SENDERS_WAITING + SET_OFFERS);
}

/** How many messages were handed over. */
export function rendezvousMet(channel: i32): i32 {
  return load(channel + CHANNEL_RECEIVERS_WAITING + SET_MET) + load(channel + CHANNEL_SENDERS_WAITING + SET_MET);
}

/** The message at seat number `i` while it has one, or −1. */
export function rendezvousMessage(channel: i32, i: i32): i32 {
  const seat: i32 = peek(channel + CHANNEL_SLOTS) + i * peek(channel + CHANNEL_STRIDE);
  const state: i32 = seatState(seat);
  if (i >= peek(HEADER_THREADS)) return state === SEAT_MET ? seat + SEAT_HEADER : -1;
  const holds: boolean = state === SEAT_OFFERED || state === SEAT_CLAIMED || state === SEAT_ORPHANED;
  return holds ? seat + SEAT_HEADER : -1;
}
