/**
 * One instant at which nothing was ready (R16).
 *
 * A select looks at its channels one after the other. While it looks at the second, a message may come to the first,
 * where it was before, and one may leave the second: then it finds nothing, although at every instant something was
 * there. So before it concludes "none", it looks twice: at each case in turn, whether it is barred, and with what mark;
 * and at each once more. If all were barred both times, with the same marks, then all of them were barred in between.
 *
 * That holds if a channel that is barred at two instants, with one mark at both, is barred from the one to the other.
 * The mark is the head: it only grows, one a message taken.
 *  - No message, twice, with the head at the same position p: had p been claimed in between, its slot (or the tail of an
 *    spsc queue) would not be as it was before the claim; and if p was not claimed, nothing behind it was.
 *  - Full, twice, with the head at p: nothing was taken in between, and so nothing could be claimed.
 *  - Closed: once, and for ever, so a channel that is open at the second look was open at the first.
 *
 * A rendezvous keeps no head; its mark is the number of offers made. If nobody waited there twice, and no offer was made
 * in between, nobody waited there from the one to the other.
 *
 * An at-least-once channel has more that comes and goes: letters returned and acknowledged. Its mark adds what is counted
 * of that, after the fact; two threads that are in the middle of both steps may be overlooked.
 *
 * A mark wraps after 2^32 messages (2^30 spsc), all of them between two looks.
 */

import { CHANNEL_HEAD, CHANNEL_REDELIVERED, CHANNEL_TAIL } from '../../memory/layout.ts';
import { load } from '../../memory/words.ts';
import type { ChannelCore } from '../core.ts';
import { LetterQueue } from '../letter-queue.ts';
import { SpscQueue } from '../queue.ts';
import { RendezvousQueue } from '../rendezvous.ts';

/** Bits of a mark above those of the head. */
const REST = 2 ** 21 - 1;

/** What changes between two instants at which the channel was barred, unless it was all the time. */
export function markOf({ queue, address }: ChannelCore<any>): number {
  if (queue instanceof RendezvousQueue) return queue.offers;
  const head = load(address + CHANNEL_HEAD) >>> 0;
  if (!(queue instanceof LetterQueue)) return head;
  const letters = load(address + CHANNEL_REDELIVERED) + load(address + CHANNEL_TAIL);
  return (letters & REST) * 2 ** 32 + head;
}

/** Whether a receive had nothing to answer, at some instant during the call. */
export function nothingToTake(core: ChannelCore<any>): boolean {
  const { queue } = core;
  // Closed, it still waits for those letters that are in somebody's hands, and says so itself.
  if (queue instanceof LetterQueue) return queue.isEmpty();
  if (core.closed) return false;
  if (queue instanceof RendezvousQueue) return !queue.expected('receiver');
  return queue instanceof SpscQueue ? queue.length === 0 : queue.isEmpty();
}

/** Whether a send had no room, at some instant during the call. */
export function noRoom(core: ChannelCore<any>): boolean {
  const { queue } = core;
  if (core.closed) return false;
  if (queue instanceof RendezvousQueue) return !queue.expected('sender');
  return queue instanceof SpscQueue ? queue.length >= core.capacity : queue.isFull();
}
