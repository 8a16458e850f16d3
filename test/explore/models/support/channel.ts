/** A whole channel as it ships, from `SharedChannel` down, used by several virtual threads. */

import type { Attachment } from '../../../../src/channel/attachment.ts';
import { SharedChannel } from '../../../../src/channel/channel.ts';
import type { ChannelPlace } from '../../../../src/channel/core.ts';
import { createChannel } from '../../../../src/channel/create.ts';
import type { Topology } from '../../../../src/channel/types.ts';
import type { DirectWire } from '../../../../src/codec/codec.ts';
import { u32 } from '../../../../src/codec/scalars.ts';
import { ChannelClosedError, TimeoutError } from '../../../../src/errors.ts';
import { HEADER_PAGES } from '../../../../src/memory/layout.ts';
import type { Segment } from '../../../../src/memory/segment.ts';
import { peek, poke } from '../../../../src/memory/words.ts';
import { ThreadContext } from '../../../../src/park/thread.ts';
import { BufferPool } from '../../../../src/pool/pool.ts';
import { freshSegment, MIB } from '../../../support/segment.ts';
import { nameChannel } from '../../model.ts';

export interface Place extends ChannelPlace<number> {
  readonly segment: Segment;
}

export interface Laying {
  readonly delivery?: 'at-least-once';
  readonly maxAttempts?: number;
}

/** A thread, and its object for the channel. */
export interface Party {
  readonly thread: ThreadContext;
  readonly pool: BufferPool;
  readonly channel: SharedChannel<number>;
}

/** Numbers in slots, written and read through the door, so that races are seen. */
const wire: DirectWire<number, number> = {
  staged: false,
  slotBytes: 8,
  prepare: (value) => value,
  keep: (value) => value,
  put: (value, at) => poke(at >>> 2, value),
  read: (at) => peek(at >>> 2),
};

function attach(segment: Segment, name: string, nodeThread: number) {
  const thread = new ThreadContext(segment, name, nodeThread);
  const pool = new BufferPool(thread);
  return { segment, thread, pool, channels: new Map(), customs: new Map() } as unknown as Attachment;
}

/** A segment of two pages for messages, with one channel in it; the main thread, number 0, takes no further part. */
export function layShared(topology: Topology, capacity: number, more: Laying = {}): Place {
  const segment = freshSegment({ threads: 6, memory: 4 * MIB });
  poke(HEADER_PAGES, 2);
  const { index, address, name, codec } = createChannel(attach(segment, 'main', 0), 'c', {
    codec: u32,
    capacity,
    topology,
    ...more,
  });
  nameChannel({ address, kind: topology === 'spsc' ? 'spsc' : 'mpmc' });
  return { segment, index, address, name, codec };
}

/** One more thread that uses the channel. */
export function join(place: Place, name: string): Party {
  const attachment = attach(place.segment, name, 100);
  const { thread, pool } = attachment;
  return { thread, pool, channel: new SharedChannel<number>(attachment, place, wire) };
}

/** Sends, blocking. Returns whether the message was accepted; if not, the channel was closed or the time was over. */
export function sends({ channel }: Party, value: number, timeout?: number): boolean {
  try {
    channel.sendSync(value, { timeout });
    return true;
  } catch (error) {
    if (error instanceof ChannelClosedError || error instanceof TimeoutError) return false;
    throw error;
  }
}

/** Receives, blocking. Returns undefined at the end, and when the time was over. */
export function receives({ channel }: Party, timeout?: number): number | undefined {
  try {
    return channel.receiveSync({ timeout }).value;
  } catch (error) {
    if (error instanceof TimeoutError) return undefined;
    throw error;
  }
}
