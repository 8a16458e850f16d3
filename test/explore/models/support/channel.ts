/** A whole channel as it ships, from `SharedChannel` down, used by several virtual threads. */

import type { Attachment } from '../../../../src/channel/attachment.ts';
import { SharedChannel } from '../../../../src/channel/channel.ts';
import type { ChannelPlace } from '../../../../src/channel/core.ts';
import { createChannel } from '../../../../src/channel/create.ts';
import { Holdings } from '../../../../src/channel/holdings.ts';
import { Scopes } from '../../../../src/channel/scopes.ts';
import type { Overflow, Topology } from '../../../../src/channel/types.ts';
import type { Codec, DirectWire, Wire } from '../../../../src/codec/codec.ts';
import { LeaseWire, lease } from '../../../../src/codec/lease.ts';
import { u32 } from '../../../../src/codec/scalars.ts';
import { ChannelClosedError, TimeoutError } from '../../../../src/errors.ts';
import { mpmcInit } from '../../../../src/kernel/mpmc.ts';
import { CHANNEL_SHIFT, HEADER_PAGES } from '../../../../src/memory/layout.ts';
import type { Segment } from '../../../../src/memory/segment.ts';
import { peek, poke } from '../../../../src/memory/words.ts';
import { ThreadContext } from '../../../../src/park/thread.ts';
import type { Lease } from '../../../../src/pool/lease.ts';
import { BufferPool } from '../../../../src/pool/pool.ts';
import { freshSegment, MIB } from '../../../support/segment.ts';
import type { NamedChannel } from '../../engine/names.ts';
import { nameChannel } from '../../model.ts';

export interface Place<T = number> extends ChannelPlace<T> {
  readonly segment: Segment;
}

/** A thread, and its object for the channel. */
export interface Party<T = number> {
  readonly thread: ThreadContext;
  readonly pool: BufferPool;
  readonly scopes: Scopes;
  readonly channel: SharedChannel<T>;
}

export interface Laying {
  readonly delivery?: 'at-least-once';
  readonly maxAttempts?: number;
  readonly overflow?: Overflow;
  /** An mpmc queue of a single slot, its position about to wrap, instead of the eight that a channel has at least. */
  readonly tiny?: boolean;
  /** Looks before a thread sleeps. Default: none. */
  readonly spin?: number;
}

/** Numbers in slots, written and read through the door, so that races are seen. */
export const numbers: DirectWire<number, number> = {
  staged: false,
  slotBytes: 8,
  prepare: (value) => value,
  keep: (value) => value,
  put: (value, at) => poke(at >>> 2, value),
  read: (at) => peek(at >>> 2),
};

export function attach(segment: Segment, name: string, nodeThread: number): Attachment {
  const thread = ThreadContext.attach(segment, name, nodeThread);
  const pool = new BufferPool(thread);
  const scopes = new Scopes(thread);
  const attachment = { segment, thread, pool, scopes, channels: new Map(), customs: new Map(), busy: 0 };
  const holdings = new Holdings(attachment as unknown as Attachment);
  return Object.assign(attachment, { holdings }) as unknown as Attachment;
}

/** A segment of two pages for messages, with one channel in it; the main thread, number 0, takes no further part. */
function lay<T>(codec: Codec<T>, topology: Topology, capacity: number, laying: Laying): Place<T> {
  const { tiny = false, spin = 0, ...more } = laying;
  const segment = freshSegment({ threads: 6, memory: 4 * MIB, spin });
  poke(HEADER_PAGES, 2);
  const { index, generation, address, name } = createChannel(attach(segment, 'main', 0), 'c', {
    codec,
    capacity,
    topology,
    ...more,
  });
  if (tiny) {
    poke(address + CHANNEL_SHIFT, 0);
    mpmcInit(address, -1);
  }
  nameChannel({ address, kind: kindOf(topology, capacity, more) });
  return { segment, index, generation, address, name, codec };
}

function kindOf(topology: Topology, capacity: number, { delivery, overflow }: Laying): NamedChannel['kind'] {
  if (capacity === 0) return 'rendezvous';
  return topology === 'spsc' && !delivery && overflow !== 'drop-oldest' ? 'spsc' : 'mpmc';
}

export function layShared(topology: Topology, capacity: number, more: Laying = {}): Place {
  return lay(u32, topology, capacity, more);
}

/** A channel of leases. The channel has a block of one page; the other page is for two leases of half a page. */
export function layLeases(topology: Topology, capacity: number, more: Laying = {}): Place<Lease> {
  return lay(lease(), topology, capacity, more);
}

/** One more thread that uses the channel. */
export function join(place: Place, name: string): Party {
  return joinWith(place, name, () => numbers);
}

export function joinLeases(place: Place<Lease>, name: string): Party<Lease> {
  return joinWith(place, name, (pool) => new LeaseWire(pool));
}

function joinWith<T>(place: Place<T>, name: string, wireOf: (pool: BufferPool) => Wire<T>): Party<T> {
  const attachment = attach(place.segment, name, 100);
  const { thread, pool, scopes } = attachment;
  return { thread, pool, scopes, channel: new SharedChannel<T>(attachment, place, wireOf(pool)) };
}

/** Sends, blocking. Returns whether the message was accepted; if not, the channel was closed or the time was over. */
export function sends<T>({ channel }: Party<T>, value: T, timeout?: number): boolean {
  try {
    channel.sendSync(value, { timeout });
    return true;
  } catch (error) {
    if (error instanceof ChannelClosedError || error instanceof TimeoutError) return false;
    throw error;
  }
}

/** Receives, blocking. Returns undefined at the end, and when the time was over. */
export function receives<T>({ channel }: Party<T>, timeout?: number): T | undefined {
  try {
    return channel.receiveSync({ timeout }).value;
  } catch (error) {
    if (error instanceof TimeoutError) return undefined;
    throw error;
  }
}
