/** The messages that stand in a channel, whatever its queue: for those who go through all of them after an end. */

import {
  CHANNEL_CAPACITY,
  CHANNEL_QUEUE,
  CHANNEL_SHIFT,
  HEADER_THREADS,
  QUEUE_LETTERS,
  QUEUE_RENDEZVOUS,
  QUEUE_SPSC,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { peek } from '../memory/words.ts';
import { letterMessage } from './letters.ts';
import { mpmcMessage } from './mpmc.ts';
import { rendezvousMessage } from './seats.ts';
import { spscMessage } from './spsc.ts';

/** How many places for messages it has. */
export function messagePlaces(channel: i32): i32 {
  const queue: i32 = peek(channel + CHANNEL_QUEUE);
  if (queue === QUEUE_LETTERS) return peek(channel + CHANNEL_CAPACITY);
  if (queue === QUEUE_RENDEZVOUS) return 2 * peek(HEADER_THREADS);
  return 1 << peek(channel + CHANNEL_SHIFT);
}

/** The payload of the message at place number `i`, or −1. */
export function messageAt(channel: i32, i: i32): i32 {
  const queue: i32 = peek(channel + CHANNEL_QUEUE);
  if (queue === QUEUE_LETTERS) return letterMessage(channel, i);
  if (queue === QUEUE_RENDEZVOUS) return rendezvousMessage(channel, i);
  if (queue === QUEUE_SPSC) return spscMessage(channel, i);
  return mpmcMessage(channel, i);
}
