/**
 * After a thread's end: what it held goes back, and whoever slept because of it is woken.
 *
 * Only once the thread can no longer run: after its worker's `exit`, or by itself as the last thing it does. Each step
 * changes words that name the dead thread and nothing else, so everybody goes on working meanwhile; no lock is held; and
 * a recovery that is itself cut short is simply done again, from the start.
 *
 * The order matters twice. Channels come before blocks: whether a block is still owned by the dead thread tells how far
 * it had come with a message. And blocks it had put on their way come last of all: they are freed only if no message,
 * of those that are left, refers to them.
 */

import {
  blockAddress,
  blockDonate,
  blockGround,
  blockNextFlying,
  blockOwned,
  blocksRecover,
} from '../kernel/blocks.ts';
import { channelBlock, channelRemove, channelsUsed } from '../kernel/channels.ts';
import { channelClose, channelClosed, channelErrorBlock, NO_ERROR } from '../kernel/close.ts';
import {
  endChannelAt,
  endCount,
  endLive,
  endNextHeld,
  endRetire,
  endRoleAt,
  endsPlaced,
  endsUsed,
  ROLE_SENDER,
} from '../kernel/ends.ts';
import { mpmcMessage, mpmcRecover } from '../kernel/mpmc.ts';
import { refAt, refsCount } from '../kernel/refs.ts';
import { spscClose, spscMessage, spscRecover } from '../kernel/spsc.ts';
import { threadBury, threadCell, threadFree, threadLeave } from '../kernel/threads.ts';
import { waitersRemove } from '../kernel/waiters.ts';
import {
  CELL_LEFT_BLOCKS,
  CELL_LEFT_ENDS,
  CELL_LEFT_LOST,
  CHANNEL_COUNTED,
  CHANNEL_LOST,
  CHANNEL_ONLY_RECEIVER,
  CHANNEL_ONLY_SENDER,
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_SENDERS_WAITING,
  CHANNEL_SHIFT,
  CHANNEL_TOPOLOGY,
  HEADER_POOL_WAITERS,
  TOPOLOGY_SPSC,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { add, cas, load, peek, poke } from '../memory/words.ts';
import type { ThreadContext } from '../park/thread.ts';

/** What was found in a dead thread's hands. */
export interface Recovered {
  /** Pool blocks that went back. */
  readonly blocks: number;
  /** Sending and receiving ends that were retired. */
  readonly ends: number;
  /** Messages it had taken and not finished receiving. */
  readonly lost: number;
}

/** Messages that a channel, by its number, lost with the thread. */
export interface Loss {
  readonly channel: number;
  readonly count: number;
}

export interface Recovery extends Recovered {
  readonly losses: readonly Loss[];
}

/** Gives back what thread `dead` held; `thread` does the work. Undefined if there was nothing left to be done. */
export function recoverThread(thread: ThreadContext, dead: i32): Recovery | undefined {
  thread.segment.enter();
  if (!threadBury(dead)) return undefined;
  const recovery = giveBack(thread, dead);
  threadFree(dead);
  return recovery;
}

/** Gives back what `thread` itself holds, as its last act: no operation of its own may follow. */
export function leaveSegment(thread: ThreadContext): void {
  thread.segment.enter();
  if (!threadBury(thread.id)) return;
  const { blocks, ends, lost } = giveBack(thread, thread.id);
  poke(thread.cell + CELL_LEFT_BLOCKS, blocks);
  poke(thread.cell + CELL_LEFT_ENDS, ends);
  poke(thread.cell + CELL_LEFT_LOST, lost);
  threadLeave(thread.id);
}

/** What a thread that has left had given back. */
export function recoveredByItself(dead: i32): Recovered {
  const cell = threadCell(dead);
  return {
    blocks: peek(cell + CELL_LEFT_BLOCKS),
    ends: peek(cell + CELL_LEFT_ENDS),
    lost: peek(cell + CELL_LEFT_LOST),
  };
}

function giveBack(thread: ThreadContext, dead: i32): Recovery {
  const losses: Loss[] = [];
  for (let index = 0; index < channelsUsed(); index++) {
    const block = channelBlock(index);
    if (block < 0) continue;
    // It died while it made the channel: nobody else has ever heard of it.
    if (blockOwned(block, dead)) channelRemove(index, block);
    else {
      const count = recoverChannel(thread, blockAddress(block), dead);
      if (count > 0) losses.push({ channel: index, count });
    }
  }
  const ends = retireEnds(thread, dead);
  closeForsaken(thread);
  const blocks = blocksRecover(dead, thread.id) + groundBlocks(thread.id, dead);
  waitersRemove(HEADER_POOL_WAITERS, dead);
  thread.wakeAll(HEADER_POOL_WAITERS);
  return { blocks, ends, lost: losses.reduce((sum, { count }) => sum + count, 0), losses };
}

/** Returns how many messages were lost. */
function recoverChannel(thread: ThreadContext, channel: i32, dead: i32): number {
  const lost = recoverMessages(channel, dead, thread.id);
  if (lost > 0) add(channel + CHANNEL_LOST, lost);
  recoverClose(channel, dead);
  cas(channel + CHANNEL_ONLY_SENDER, dead + 1, 0);
  cas(channel + CHANNEL_ONLY_RECEIVER, dead + 1, 0);
  waitersRemove(channel + CHANNEL_RECEIVERS_WAITING, dead);
  waitersRemove(channel + CHANNEL_SENDERS_WAITING, dead);
  // It may have been woken and have died before it could act or hand the wake-up on; or have owed one to somebody.
  thread.wakeOne(channel + CHANNEL_RECEIVERS_WAITING);
  thread.wakeOne(channel + CHANNEL_SENDERS_WAITING);
  return lost;
}

function recoverMessages(channel: i32, dead: i32, me: i32): number {
  if (peek(channel + CHANNEL_TOPOLOGY) !== TOPOLOGY_SPSC) return mpmcRecover(channel, dead, me);
  return load(channel + CHANNEL_ONLY_RECEIVER) === dead + 1 ? spscRecover(channel, me) : 0;
}

/** Finishes a close that it died in the middle of. */
function recoverClose(channel: i32, dead: i32): void {
  if (!channelClosed(channel)) return;
  if (peek(channel + CHANNEL_TOPOLOGY) === TOPOLOGY_SPSC) spscClose(channel);
  const error = channelErrorBlock(channel);
  if (error >= 0) blockDonate(error, dead);
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

/** Closes channels whose last sending end was retired by somebody who died before it could close them. */
function closeForsaken(thread: ThreadContext): void {
  const forsaken = new Set<number>();
  // Marked as counted only once its first end stands: so whoever is marked here has its ends seen below.
  for (let index = 0; index < channelsUsed(); index++) {
    const block = channelBlock(index);
    if (block < 0) continue;
    const channel = blockAddress(block);
    if (load(channel + CHANNEL_COUNTED) !== 0 && !channelClosed(channel)) forsaken.add(index);
  }
  let placed: i32;
  do {
    placed = endsPlaced();
    for (let entry = 0; entry < endsUsed() && forsaken.size > 0; entry++) {
      if (endLive(entry) && endRoleAt(entry) === ROLE_SENDER) forsaken.delete(endChannelAt(entry));
    }
  } while (endsPlaced() !== placed);
  for (const index of forsaken) closeAt(thread, index);
}

/** Frees the blocks that `dead` had put on their way and then published no message with. Returns how many. */
function groundBlocks(me: i32, dead: i32): number {
  const flying = new Set<i32>();
  for (let block = blockNextFlying(dead, 0); block >= 0; block = blockNextFlying(dead, block + 1)) flying.add(block);
  for (let index = 0; index < channelsUsed() && flying.size > 0; index++) {
    const block = channelBlock(index);
    if (block >= 0) withoutReferred(flying, blockAddress(block));
  }
  let grounded = 0;
  for (const block of flying) if (blockGround(block, dead, me)) grounded++;
  return grounded;
}

/** Takes the blocks that messages of the channel refer to out of `blocks`. */
function withoutReferred(blocks: Set<i32>, channel: i32): void {
  const refs = refsCount(channel);
  if (refs === 0) return;
  const messageAt = peek(channel + CHANNEL_TOPOLOGY) === TOPOLOGY_SPSC ? spscMessage : mpmcMessage;
  for (let slot = 0; slot < 1 << peek(channel + CHANNEL_SHIFT); slot++) {
    const payload = messageAt(channel, slot);
    if (payload < 0) continue;
    for (let ref = 0; ref < refs; ref++) blocks.delete(refAt(channel, payload, ref));
  }
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
