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

import { tellHolders, visitChannel, visitChannels } from '../channel/holdings.ts';
import { forwardExhausted } from '../channel/letter-queue.ts';
import { recoverScopes } from '../channel/scope-end.ts';
import type { Kernel } from '../engine/engine.ts';
import { NO_ERROR } from '../kernel/close.ts';
import { ROLE_SENDER } from '../kernel/ends.ts';
import {
  CELL_LEFT_BLOCKS,
  CELL_LEFT_ENDS,
  CELL_LEFT_LOST,
  CELL_LEFT_RETURNED,
  CHANNEL_COUNTED,
  CHANNEL_LOST,
  CHANNEL_ONLY_RECEIVER,
  CHANNEL_ONLY_SENDER,
  CHANNEL_QUEUE,
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_SENDERS_WAITING,
  HEADER_DISPOSAL_WAITERS,
  HEADER_POOL_WAITERS,
  QUEUE_LETTERS,
  QUEUE_RENDEZVOUS,
  QUEUE_SPSC,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { add, cas, load, peek, poke, store } from '../memory/words.ts';
import type { ThreadContext } from '../park/thread.ts';
import { recoverSyncs } from './syncs.ts';

/** What was found in a dead thread's hands. */
export interface Recovered {
  /** Pool blocks that went back. */
  readonly blocks: number;
  /** Sending and receiving ends that were retired. */
  readonly ends: number;
  /** Messages it had taken and not finished receiving. */
  readonly lost: number;
  /** Messages it had not acknowledged, which somebody else gets now. */
  readonly returned: number;
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
  const { kernel } = thread;
  thread.segment.enter();
  if (!kernel.threadBury(dead)) return undefined;
  const recovery = giveBack(thread, dead, false);
  kernel.threadFree(dead);
  return recovery;
}

/**
 * Gives back what `thread` itself holds, as its last act: no operation of its own may follow. What others expect of it
 * will not come any more, unless it ends in good order.
 */
export function leaveSegment(thread: ThreadContext, inGoodOrder: boolean): void {
  const { kernel } = thread;
  thread.segment.enter();
  if (!kernel.threadBury(thread.id)) return;
  const { blocks, ends, lost, returned } = giveBack(thread, thread.id, inGoodOrder);
  poke(thread.cell + CELL_LEFT_BLOCKS, blocks);
  poke(thread.cell + CELL_LEFT_ENDS, ends);
  poke(thread.cell + CELL_LEFT_LOST, lost);
  poke(thread.cell + CELL_LEFT_RETURNED, returned);
  kernel.threadLeave(thread.id);
}

/** What a thread that has left had given back. */
export function recoveredByItself({ kernel }: ThreadContext, dead: i32): Recovered {
  const cell = kernel.threadCell(dead);
  return {
    blocks: peek(cell + CELL_LEFT_BLOCKS),
    ends: peek(cell + CELL_LEFT_ENDS),
    lost: peek(cell + CELL_LEFT_LOST),
    returned: peek(cell + CELL_LEFT_RETURNED),
  };
}

function giveBack(thread: ThreadContext, dead: i32, inGoodOrder: boolean): Recovery {
  const { kernel } = thread;
  const losses: Loss[] = [];
  let returned = 0;
  // What it died while making, and nobody else has ever heard of, or while giving back.
  for (let index = 0; index < kernel.channelsUsed(); index++) kernel.channelRecover(index, dead);
  // A message on its way to another channel is told from one that arrived by its slot there, which is settled below.
  visitChannels(thread, (channel) => {
    if (queueOf(channel) === QUEUE_LETTERS) kernel.lettersRecoverMoves(channel, dead);
  });
  visitChannels(thread, (channel, index, disposed) => {
    const settled = recoverChannel(thread, channel, dead);
    if (settled.lost > 0) losses.push({ channel: index, count: settled.lost });
    returned += settled.returned;
    if (disposed) finishDisposal(thread, channel, index);
  });
  const ends = retireEnds(thread, dead);
  closeForsaken(thread);
  const blocks = kernel.blocksRecover(dead, thread.id) + groundBlocks(thread, dead);
  recoverSyncs(thread, dead, inGoodOrder);
  // Nothing more is done for it in any channel.
  kernel.channelsForget(dead, thread.id);
  recoverScopes(thread, dead);
  kernel.waitersRemove(HEADER_DISPOSAL_WAITERS, dead);
  kernel.waitersRemove(HEADER_POOL_WAITERS, dead);
  thread.wakeAll(HEADER_POOL_WAITERS);
  // And those that it had taken out of a set and not woken yet.
  thread.rouse();
  return { blocks, ends, lost: losses.reduce((sum, { count }) => sum + count, 0), returned, losses };
}

function recoverChannel(thread: ThreadContext, channel: i32, dead: i32): Settled {
  const { kernel } = thread;
  const settled = recoverMessages(kernel, channel, dead, thread.id);
  if (settled.lost > 0) add(channel + CHANNEL_LOST, settled.lost);
  recoverClose(kernel, channel, dead);
  cas(channel + CHANNEL_ONLY_SENDER, dead + 1, 0);
  cas(channel + CHANNEL_ONLY_RECEIVER, dead + 1, 0);
  kernel.waitersRemove(channel + CHANNEL_RECEIVERS_WAITING, dead);
  kernel.waitersRemove(channel + CHANNEL_SENDERS_WAITING, dead);
  // It may have been woken and have died before it could act or hand the wake-up on; or have owed one to somebody.
  for (let owed = settled.returned; owed >= 0; owed--) thread.wakeOne(channel + CHANNEL_RECEIVERS_WAITING);
  thread.wakeOne(channel + CHANNEL_SENDERS_WAITING);
  if (queueOf(channel) === QUEUE_RENDEZVOUS) {
    // Whoever it was about to meet, here or elsewhere, waits for somebody else now.
    thread.wakeAll(channel + CHANNEL_RECEIVERS_WAITING);
    thread.wakeAll(channel + CHANNEL_SENDERS_WAITING);
  }
  if (queueOf(channel) === QUEUE_LETTERS) forwardExhausted(thread, channel);
  return settled;
}

/** What became of the messages of one channel that a dead thread had taken. */
interface Settled {
  readonly lost: number;
  readonly returned: number;
}

function recoverMessages(kernel: Kernel, channel: i32, dead: i32, me: i32): Settled {
  switch (queueOf(channel)) {
    case QUEUE_SPSC:
      return {
        lost: load(channel + CHANNEL_ONLY_RECEIVER) === dead + 1 ? kernel.spscRecover(channel, me) : 0,
        returned: 0,
      };
    case QUEUE_LETTERS:
      return { lost: 0, returned: kernel.lettersRecover(channel, dead, me) };
    case QUEUE_RENDEZVOUS:
      return { lost: kernel.rendezvousRecover(channel, dead, me), returned: 0 };
    default:
      return { lost: kernel.mpmcRecover(channel, dead, me), returned: 0 };
  }
}

function queueOf(channel: i32): i32 {
  return peek(channel + CHANNEL_QUEUE);
}

/** Whoever disposed of the channel may have died before it could close it and tell those who hold it. */
function finishDisposal(thread: ThreadContext, channel: i32, index: i32): void {
  thread.kernel.markDisposed(index);
  closeChannel(thread, channel);
  tellHolders(thread, index);
}

/** Finishes a close that it died in the middle of. */
function recoverClose(kernel: Kernel, channel: i32, dead: i32): void {
  if (!kernel.channelClosed(channel)) return;
  if (queueOf(channel) === QUEUE_SPSC) kernel.spscClose(channel);
  const error = kernel.channelErrorBlock(channel);
  if (error >= 0) kernel.blockDonate(error, dead);
}

/** Retires its ends. Channels that have no sender left are closed by `closeForsaken`, which looks once for all of them. */
function retireEnds(thread: ThreadContext, dead: i32): number {
  const { kernel } = thread;
  let ends = 0;
  for (let entry = kernel.endNextHeld(dead, 0); entry >= 0; entry = kernel.endNextHeld(dead, entry + 1)) {
    const index = kernel.endChannelAt(entry);
    const role = kernel.endRoleAt(entry);
    kernel.endRetire(entry, index, role, dead);
    ends++;
    if (role === ROLE_SENDER) countSenders(thread, index);
  }
  return ends;
}

/** It may have died before it had said that the channel has a sending end that counts. */
function countSenders(thread: ThreadContext, index: i32): void {
  visitChannel(thread, index, (channel) => store(channel + CHANNEL_COUNTED, 1));
}

/** Closes channels whose last sending end is retired, also those that somebody else died before it could close. */
function closeForsaken(thread: ThreadContext): void {
  const { kernel } = thread;
  const forsaken = new Set<number>();
  // Marked as counted only once its first end stands: so whoever is marked here has its ends seen below.
  visitChannels(thread, (channel, index) => {
    if (load(channel + CHANNEL_COUNTED) !== 0 && !kernel.channelClosed(channel)) forsaken.add(index);
  });
  let placed: i32;
  do {
    placed = kernel.endsPlaced();
    for (let entry = 0; entry < kernel.endsUsed() && forsaken.size > 0; entry++) {
      if (kernel.endLive(entry) && kernel.endRoleAt(entry) === ROLE_SENDER) forsaken.delete(kernel.endChannelAt(entry));
    }
  } while (kernel.endsPlaced() !== placed);
  for (const index of forsaken) visitChannel(thread, index, (channel) => closeChannel(thread, channel));
}

/** Frees the blocks that `dead` had put on their way and then published no message with. Returns how many. */
function groundBlocks(thread: ThreadContext, dead: i32): number {
  const { kernel, id: me } = thread;
  const flying = new Set<i32>();
  for (let block = kernel.blockNextFlying(dead, 0); block >= 0; block = kernel.blockNextFlying(dead, block + 1))
    flying.add(block);
  // Where messages may move away from is looked at before where they move to: none slips past.
  for (const keeping of [true, false]) {
    if (flying.size === 0) break;
    visitChannels(thread, (channel) => {
      if ((queueOf(channel) === QUEUE_LETTERS) === keeping) withoutReferred(kernel, flying, channel);
    });
  }
  let grounded = 0;
  for (const block of flying) if (kernel.blockGround(block, dead, me)) grounded++;
  return grounded;
}

/** Takes the blocks that messages of the channel refer to out of `blocks`. */
function withoutReferred(kernel: Kernel, blocks: Set<i32>, channel: i32): void {
  const refs = kernel.refsCount(channel);
  if (refs === 0) return;
  const places = kernel.messagePlaces(channel);
  for (let place = 0; place < places; place++) {
    const payload = kernel.messageAt(channel, place);
    if (payload < 0) continue;
    for (let ref = 0; ref < refs; ref++) blocks.delete(kernel.refAt(channel, payload, ref));
  }
}

/** Closes every channel there is. */
export function closeChannels(thread: ThreadContext): void {
  visitChannels(thread, (channel) => closeChannel(thread, channel));
}

/** Closes a channel, whether or not this thread has met it. */
function closeChannel(thread: ThreadContext, channel: i32): void {
  thread.kernel.channelClose(channel, NO_ERROR);
  thread.wakeAll(channel + CHANNEL_RECEIVERS_WAITING);
  thread.wakeAll(channel + CHANNEL_SENDERS_WAITING);
}
