/**
 * Closing a channel, once.
 *
 * `CHANNEL_CLOSED` goes from 0 to 1 (closed), 2 (with an error for which there was no memory) or 3 + the pool block that
 * holds the error; the first to change it wins (R8). That one step is the close of an mpmc queue. An spsc queue is closed
 * by the bit in its tail, set right after; everybody who closes, or sees the close, sets it, so nobody who looks later
 * finds the channel open, and a closer that died in between is made good.
 */

import { CHANNEL_CLOSED, CHANNEL_QUEUE, QUEUE_SPSC } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { cas, load, peek } from '../memory/words.ts';
import { spscClose } from './spsc.ts';

/** In the place of an error's block: there is none, or it found no memory. */
export const NO_ERROR = -1;
export const ERROR_LOST = -2;

const FIRST_BLOCK = 3;

/** Closes the channel, with the error in block `error`, NO_ERROR or ERROR_LOST. Returns whether this was the first. */
export function channelClose(channel: i32, error: i32): boolean {
  const first: boolean = cas(channel + CHANNEL_CLOSED, 0, error < 0 ? -error : FIRST_BLOCK + error) === 0;
  if (peek(channel + CHANNEL_QUEUE) === QUEUE_SPSC) spscClose(channel);
  return first;
}

/** Whoever sees that a channel is closed sees to it that everybody else will, too. */
export function channelClosed(channel: i32): boolean {
  if (load(channel + CHANNEL_CLOSED) === 0) return false;
  if (peek(channel + CHANNEL_QUEUE) === QUEUE_SPSC) spscClose(channel);
  return true;
}

/** The block that holds the error the channel was closed with, NO_ERROR (or open), or ERROR_LOST. */
export function channelErrorBlock(channel: i32): i32 {
  const word: i32 = load(channel + CHANNEL_CLOSED);
  if (word >= FIRST_BLOCK) return word - FIRST_BLOCK;
  return word === -ERROR_LOST ? ERROR_LOST : NO_ERROR;
}
