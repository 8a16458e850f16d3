/**
 * After a thread's end: what it held goes back, and whoever slept because of it is woken.
 *
 * Only once the thread can no longer run: after its worker's `exit`, or by itself as the last thing it does. Each step
 * changes words that name the dead thread and nothing else, so everybody goes on working meanwhile, and a recovery that
 * is itself cut short can be done again.
 */

import { blockAddress, blocksRecover } from '../kernel/blocks.ts';
import { channelBlock, channelsUsed } from '../kernel/channels.ts';
import { channelClose, NO_ERROR } from '../kernel/close.ts';
import { endChannelAt, endCount, endNextHeld, endRetire, endRoleAt, ROLE_SENDER } from '../kernel/ends.ts';
import { mpmcRecover } from '../kernel/mpmc.ts';
import { threadBury, threadFree } from '../kernel/threads.ts';
import { waitersRemove } from '../kernel/waiters.ts';
import {
  CHANNEL_LOST,
  CHANNEL_ONLY_RECEIVER,
  CHANNEL_ONLY_SENDER,
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_SENDERS_WAITING,
  CHANNEL_TOPOLOGY,
  HEADER_POOL_WAITERS,
  TOPOLOGY_SPSC,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { add, cas, peek } from '../memory/words.ts';
import type { ThreadContext } from '../park/thread.ts';

/** What was found in a dead thread's hands. */
export interface Recovered {
  /** Pool blocks that went back. */
  readonly blocks: number;
  /** Sending and receiving ends that were retired. */
  readonly ends: number;
  /** Messages it had taken and not finished reading. */
  readonly lost: number;
}

const NOTHING: Recovered = { blocks: 0, ends: 0, lost: 0 };

/** Gives back what thread `dead` held; `thread` does the work. Nothing happens if that was done before. */
export function recoverThread(thread: ThreadContext, dead: i32): Recovered {
  thread.segment.enter();
  if (!threadBury(dead)) return NOTHING;
  let lost = 0;
  for (let index = 0; index < channelsUsed(); index++) {
    const block = channelBlock(index);
    if (block >= 0) lost += recoverChannel(thread, blockAddress(block), dead);
  }
  const ends = retireEnds(thread, dead);
  const blocks = blocksRecover(dead, thread.id);
  waitersRemove(HEADER_POOL_WAITERS, dead);
  thread.wakeAll(HEADER_POOL_WAITERS);
  threadFree(dead);
  return { blocks, ends, lost };
}

function recoverChannel(thread: ThreadContext, channel: i32, dead: i32): number {
  const spsc = peek(channel + CHANNEL_TOPOLOGY) === TOPOLOGY_SPSC;
  const lost = spsc ? 0 : mpmcRecover(channel, dead);
  if (lost > 0) add(channel + CHANNEL_LOST, lost);
  cas(channel + CHANNEL_ONLY_SENDER, dead + 1, 0);
  cas(channel + CHANNEL_ONLY_RECEIVER, dead + 1, 0);
  waitersRemove(channel + CHANNEL_RECEIVERS_WAITING, dead);
  waitersRemove(channel + CHANNEL_SENDERS_WAITING, dead);
  // It may have been woken and have died before it could act or hand the wake-up on.
  thread.wakeOne(channel + CHANNEL_RECEIVERS_WAITING);
  thread.wakeOne(channel + CHANNEL_SENDERS_WAITING);
  return lost;
}

function retireEnds(thread: ThreadContext, dead: i32): number {
  let ends = 0;
  for (let entry = endNextHeld(dead, 0); entry >= 0; entry = endNextHeld(dead, entry + 1)) {
    const index = endChannelAt(entry);
    const role = endRoleAt(entry);
    endRetire(entry, index, role, dead);
    ends++;
    if (role === ROLE_SENDER && endCount(index, role) === 0) closeAt(thread, index);
  }
  return ends;
}

/** Closes a channel by its number, whether or not this thread has met it. */
export function closeAt(thread: ThreadContext, index: number): void {
  const block = channelBlock(index);
  if (block < 0) return;
  const channel = blockAddress(block);
  channelClose(channel, NO_ERROR);
  thread.wakeAll(channel + CHANNEL_RECEIVERS_WAITING);
  thread.wakeAll(channel + CHANNEL_SENDERS_WAITING);
}
