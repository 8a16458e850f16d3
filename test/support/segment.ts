/** A segment, and channels laid out in it by hand: what kernel tests need, without the layers above. */

import { blockAddress, blockTake } from '../../src/kernel/blocks.ts';
import { MPMC_SLOT_HEADER, mpmcInit } from '../../src/kernel/mpmc.ts';
import { spscInit } from '../../src/kernel/spsc.ts';
import {
  CHANNEL_CAPACITY,
  CHANNEL_QUEUE,
  CHANNEL_SHIFT,
  CHANNEL_SLOTS,
  CHANNEL_STRIDE,
  CHANNEL_TOPOLOGY,
  CHANNEL_WORDS,
  QUEUE_MPMC,
  QUEUE_SPSC,
  SLOTS_MIN_SHIFT,
  TOPOLOGY_MPMC,
  TOPOLOGY_SPSC,
  WORD_BYTES,
} from '../../src/memory/layout.ts';
import { Segment } from '../../src/memory/segment.ts';
import type { i32 } from '../../src/memory/words.ts';
import { poke } from '../../src/memory/words.ts';

export const MIB = 1024 * 1024;

/** Thread ids that kernel tests act as. */
export const ME = 0;
export const YOU = 1;

/** A new segment, bound to this thread. */
export function freshSegment(options: { threads?: number; memory?: number } = {}): Segment {
  const { threads = 4, memory = 8 * MIB } = options;
  const segment = Segment.create({ memory, threads, spin: 0, debug: false });
  segment.enter();
  return segment;
}

const PAYLOAD_WORDS = 2;

/** Lays out a channel whose positions start at `start`. Returns its address. */
export function layChannel(topology: 'spsc' | 'mpmc', capacity: number, start = 0): i32 {
  const shift = Math.max(SLOTS_MIN_SHIFT, Math.ceil(Math.log2(capacity)));
  const stride = PAYLOAD_WORDS + (topology === 'spsc' ? 0 : MPMC_SLOT_HEADER);
  const block = blockTake(ME, (CHANNEL_WORDS + 2 ** shift * stride) * WORD_BYTES);
  if (block < 0) throw new Error(`no room for a channel of capacity ${capacity}`);
  const channel = blockAddress(block);
  for (let word = 0; word < CHANNEL_WORDS; word++) poke(channel + word, 0);
  poke(channel + CHANNEL_TOPOLOGY, topology === 'spsc' ? TOPOLOGY_SPSC : TOPOLOGY_MPMC);
  poke(channel + CHANNEL_QUEUE, topology === 'spsc' ? QUEUE_SPSC : QUEUE_MPMC);
  poke(channel + CHANNEL_CAPACITY, capacity);
  poke(channel + CHANNEL_SHIFT, shift);
  poke(channel + CHANNEL_STRIDE, stride);
  poke(channel + CHANNEL_SLOTS, channel + CHANNEL_WORDS);
  if (topology === 'spsc') spscInit(channel, start | 0);
  else mpmcInit(channel, start | 0);
  return channel;
}
