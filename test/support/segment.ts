/** A segment, and channels laid out in it by hand: what kernel tests need, without the layers above. */

import { blockAddress, blockTake } from '../../src/kernel/blocks.ts';
import { channelEnter } from '../../src/kernel/holds.ts';
import { MPMC_SLOT_HEADER, mpmcInit } from '../../src/kernel/mpmc.ts';
import { rendezvousInit } from '../../src/kernel/seats.ts';
import { spscInit } from '../../src/kernel/spsc.ts';
import {
  CHANNEL_CAPACITY,
  CHANNEL_QUEUE,
  CHANNEL_SHIFT,
  CHANNEL_SLOTS,
  CHANNEL_STRIDE,
  CHANNEL_TOPOLOGY,
  CHANNEL_WORDS,
  HEADER_THREADS,
  QUEUE_MPMC,
  QUEUE_RENDEZVOUS,
  QUEUE_SPSC,
  SEAT_HEADER,
  SLOTS_MIN_SHIFT,
  TOPOLOGY_MPMC,
  TOPOLOGY_SPSC,
  WORD_BYTES,
} from '../../src/memory/layout.ts';
import { Segment } from '../../src/memory/segment.ts';
import type { i32 } from '../../src/memory/words.ts';
import { peek, poke } from '../../src/memory/words.ts';

export const MIB = 1024 * 1024;

/** Thread ids that kernel tests act as. */
export const ME = 0;
export const YOU = 1;

/** A new segment, bound to this thread. */
export function freshSegment(options: { threads?: number; memory?: number; spin?: number } = {}): Segment {
  const { threads = 4, memory = 8 * MIB, spin = 0 } = options;
  const segment = Segment.create({ memory, threads, spin, debug: false });
  segment.enter();
  return segment;
}

const PAYLOAD_WORDS = 2;

/** Lays out a channel whose positions start at `start`. Returns its address. */
export function layChannel(topology: 'spsc' | 'mpmc', capacity: number, start = 0): i32 {
  const shift = Math.max(SLOTS_MIN_SHIFT, Math.ceil(Math.log2(capacity)));
  const stride = PAYLOAD_WORDS + (topology === 'spsc' ? 0 : MPMC_SLOT_HEADER);
  const channel = layWords(takeBlock(2 ** shift, stride), capacity, stride);
  poke(channel + CHANNEL_TOPOLOGY, topology === 'spsc' ? TOPOLOGY_SPSC : TOPOLOGY_MPMC);
  poke(channel + CHANNEL_QUEUE, topology === 'spsc' ? QUEUE_SPSC : QUEUE_MPMC);
  poke(channel + CHANNEL_SHIFT, shift);
  if (topology === 'spsc') spscInit(channel, start | 0);
  else mpmcInit(channel, start | 0);
  return channel;
}

/** Lays out a channel of capacity 0. Returns its address. */
export function layRendezvous(): i32 {
  const block = takeBlock(2 * peek(HEADER_THREADS), SEAT_HEADER + PAYLOAD_WORDS);
  const channel = layWords(block, 0, SEAT_HEADER + PAYLOAD_WORDS);
  poke(channel + CHANNEL_TOPOLOGY, TOPOLOGY_MPMC);
  poke(channel + CHANNEL_QUEUE, QUEUE_RENDEZVOUS);
  rendezvousInit(channel);
  // Threads that claim a seat of a select hold its channel.
  channelEnter(block, 0, 0, ME);
  return channel;
}

/** A block for a channel with so many slots, or seats. */
function takeBlock(slots: number, stride: number): i32 {
  const block = blockTake(ME, (CHANNEL_WORDS + slots * stride) * WORD_BYTES);
  if (block < 0) throw new Error(`no room for a channel with ${slots} slots`);
  return block;
}

/** The words of a channel, all 0 but those that say where its slots, or seats, are. */
function layWords(block: i32, capacity: number, stride: number): i32 {
  const channel = blockAddress(block);
  for (let word = 0; word < CHANNEL_WORDS; word++) poke(channel + word, 0);
  poke(channel + CHANNEL_CAPACITY, capacity);
  poke(channel + CHANNEL_STRIDE, stride);
  poke(channel + CHANNEL_SLOTS, channel + CHANNEL_WORDS);
  return channel;
}
