/** A segment with a thread that stays, one that is going to die, and one that sleeps at everything there is. */

import { expect } from 'vitest';
import type { Attachment } from '../../src/channel/attachment.ts';
import type { SharedChannel } from '../../src/channel/channel.ts';
import { createChannel, takeUp } from '../../src/channel/create.ts';
import { describePorts, revivePorts } from '../../src/channel/ports.ts';
import {
  bytes,
  ChannelClosedError,
  type ChannelOptions,
  type Codec,
  type Lease,
  lease,
  struct,
  u32,
} from '../../src/index.ts';
import { blockAddress, blockCapacity } from '../../src/kernel/blocks.ts';
import { channelBlock, channelsUsed } from '../../src/kernel/channels.ts';
import { channelErrorBlock } from '../../src/kernel/close.ts';
import { lettersOut, lettersWaiting } from '../../src/kernel/letters.ts';
import { waitersAdd, waitersHas } from '../../src/kernel/waiters.ts';
import {
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_SENDERS_WAITING,
  HEADER_PAGE_TABLE,
  HEADER_POOL_WAITERS,
  PAGE_BYTES,
  PAGE_ENTRY,
  PAGE_OWNERS,
} from '../../src/memory/layout.ts';
import { Segment } from '../../src/memory/segment.ts';
import { load, peek } from '../../src/memory/words.ts';
import type { BufferPool } from '../../src/pool/pool.ts';
import { attachAgain, Mortal } from './mortal.ts';
import { MIB } from './segment.ts';

/** Messages that are numbers at heart, in the guise of some codec. */
export interface Guise<T = any> {
  readonly codec: Codec<T>;
  of(value: number, pool: BufferPool): T;
  /** The number of a message that is whole; what came with it goes back to the pool. */
  valueOf(message: T): number;
}

function filled(value: number, pool: BufferPool): Lease {
  const held = pool.leaseSync(300);
  held.bytes.fill(value);
  return held;
}

function whole(content: Uint8Array): number {
  expect(content.every((byte) => byte === content[0])).toBe(true);
  return content[0]!;
}

function emptied(held: Lease): number {
  using it = held;
  return whole(it.bytes);
}

export const GUISES: Record<string, Guise> = {
  numbers: { codec: u32, of: (value) => value, valueOf: (message) => message },
  'large bytes': { codec: bytes(), of: (value) => new Uint8Array(5000).fill(value), valueOf: whole },
  'structs with two leases': {
    codec: struct({ id: u32, first: lease(), second: lease() }),
    of: (value, pool) => ({ id: value, first: filled(value, pool), second: filled(value, pool) }),
    valueOf: ({ id, first, second }) => {
      expect([emptied(first), emptied(second)]).toEqual([id, id]);
      return id;
    },
  },
};

export const KINDS: Record<string, Partial<ChannelOptions<any>>> = {
  spsc: { topology: 'spsc' },
  mpmc: { topology: 'mpmc' },
  'at-least-once': { delivery: 'at-least-once' },
};

export const CAPACITY = 3;
export const WAITS_FOR_MEMORY = 'waits for memory';
/** Thread ids on a stage. */
export const MAIN = 0;
export const SLEEPER = 1;
export const MORTAL = 2;
/** What Node calls the mortal. */
export const MORTAL_NODE_THREAD = 7;

export class Stage {
  readonly main: Attachment;
  readonly mortal: Mortal;
  /** Those the staying thread made. */
  readonly channels: SharedChannel<any>[] = [];
  readonly guise: Guise;

  constructor(guise: Guise = GUISES.numbers!) {
    const segment = Segment.create({ memory: 4 * MIB, threads: 4, spin: 0, debug: false });
    this.guise = guise;
    this.main = attachAgain(segment, 'main', 0);
    attachAgain(segment, 'sleeper', 1);
    this.mortal = new Mortal(segment.memory, MORTAL_NODE_THREAD);
    this.main.segment.enter();
    // Cutting pages into blocks takes hundreds of writes, and has a test of its own.
    for (const size of [300, 1000, 2000, 5000]) this.pool.leaseSync(size).release();
  }

  get pool(): BufferPool {
    return this.main.pool;
  }

  /** A channel of the staying thread's, with these messages in it. */
  channel(options: Partial<ChannelOptions<any>>, values: readonly number[] = []): SharedChannel<any> {
    const whole = { codec: this.guise.codec, capacity: CAPACITY, ...options } as ChannelOptions<any>;
    const channel = createChannel(this.main, undefined, whole);
    this.channels.push(channel);
    for (const value of values) this.send(channel, value);
    return channel;
  }

  send(channel: SharedChannel<any>, value: number): boolean {
    const message = this.guise.of(value, channel.attachment.pool);
    const accepted = channel.trySend(message);
    if (!accepted && typeof message === 'object')
      for (const part of [message, message.first, message.second]) part?.release?.();
    return accepted;
  }

  /** The same channel, as the mortal has it. */
  theirs(channel: SharedChannel<any>): SharedChannel<any> {
    const { index, generation, name, codec } = channel;
    return quietly(this.mortal.attachment, (mortal) => takeUp(mortal, { index, generation, name, codec }));
  }

  /** The ports, as they arrive at the mortal. */
  shared<P>(ports: P): () => P {
    const parcel = quietly(this.main, (main) => describePorts(ports, main));
    parcel.moved();
    return () => quietly(this.mortal.attachment, (mortal) => revivePorts(parcel.described, mortal, []) as P);
  }

  /** What a channel still gives now. */
  drain(channel: SharedChannel<any>): number[] {
    const values: number[] = [];
    for (let next = receive(channel); next && !next.done; next = receive(channel)) {
      values.push(this.guise.valueOf(next.value));
    }
    return values;
  }

  /** Puts the sleeper to sleep. What it answers tells afterwards who should have been woken and was not. */
  fallAsleep(): () => string[] {
    this.main.segment.enter();
    const before = this.channels.map((channel) => {
      waitersAdd(channel.address + CHANNEL_RECEIVERS_WAITING, SLEEPER);
      waitersAdd(channel.address + CHANNEL_SENDERS_WAITING, SLEEPER);
      return { channel, receives: !hasAnswer(channel), sends: !hasRoom(channel) };
    });
    waitersAdd(HEADER_POOL_WAITERS, SLEEPER);
    return () => {
      this.main.segment.enter();
      const sleeps = (set: number) => waitersHas(set, SLEEPER);
      const asleep = before.flatMap(({ channel, receives, sends }) => {
        const { address, name } = channel;
        const receiver = receives && hasAnswer(channel) && sleeps(address + CHANNEL_RECEIVERS_WAITING);
        const sender = sends && hasRoom(channel) && sleeps(address + CHANNEL_SENDERS_WAITING);
        return [...(receiver ? [`receives from ${name}`] : []), ...(sender ? [`sends to ${name}`] : [])];
      });
      return [...asleep, ...(sleeps(HEADER_POOL_WAITERS) ? [WAITS_FOR_MEMORY] : [])];
    };
  }

  /** Every channel works to its exact capacity, drains, and is closed; every block and page is where it belongs. */
  expectSound(): void {
    for (const channel of this.channels) {
      if (!channel.closed) this.#expectWorking(channel);
      channel.close();
      expect(this.drain(channel)).toEqual([]);
      expect(receive(channel)?.done).toBe(true);
      expect(channel.length).toBe(0);
    }
    this.#expectAllMemoryBack();
  }

  #expectWorking(channel: SharedChannel<any>): void {
    const { capacity } = channel;
    const values = Array.from({ length: capacity }, (_, index) => 100 + index);
    for (let round = 0; round < 2; round++) {
      expect(values.map((value) => this.send(channel, value))).toEqual(values.map(() => true));
      expect([channel.length, this.send(channel, 200)]).toEqual([capacity, false]);
      expect(this.drain(channel)).toEqual(values);
    }
  }

  #expectAllMemoryBack(): void {
    const { pool } = this;
    const { pages } = this.main.segment;
    // Retires what slabs are empty.
    const all = pool.tryLease(pages * PAGE_BYTES);
    all?.release();
    const resident = new Set<number>();
    let bytesResident = 0;
    for (const block of residents()) {
      const first = Math.floor(block / PAGE_OWNERS);
      bytesResident += blockCapacity(block);
      for (let page = first; page < first + Math.ceil(blockCapacity(block) / PAGE_BYTES); page++) resident.add(page);
    }
    const taken = Array.from({ length: pages }, (_, page) => page).filter(
      (page) => load(peek(HEADER_PAGE_TABLE) + page * PAGE_ENTRY) !== 0,
    );
    expect(pool.stats()).toMatchObject({ leases: 0, inUse: bytesResident });
    expect(taken).toEqual([...resident].toSorted((a, b) => a - b));
  }
}

/** On a stage nobody listens in an event loop, where a mortal's steps could not be counted. */
function quietly<R>(attachment: Attachment, act: (attachment: Attachment) => R): R {
  try {
    return act(attachment);
  } finally {
    attachment.thread.pump.stop();
  }
}

/** Whether somebody who receives would be told something. */
function hasAnswer(channel: SharedChannel<any>): boolean {
  const { address, closed, keeps } = channel;
  if (!keeps) return closed || channel.length > 0;
  return lettersWaiting(address) > 0 || (closed && lettersOut(address, -1) === 0);
}

/** Whether somebody who sends would be. */
function hasRoom({ closed, length, capacity }: SharedChannel<any>): boolean {
  return closed || length < capacity;
}

/** The next message; that there is none any more, whatever the channel was closed with. */
function receive(channel: SharedChannel<any>): IteratorResult<any, undefined> | undefined {
  try {
    return channel.tryReceive();
  } catch (error) {
    if (!(error instanceof ChannelClosedError)) throw error;
    return { done: true, value: undefined };
  }
}

/** The blocks that belong to the segment: those of channels, and of errors that they were closed with. */
function residents(): number[] {
  const blocks: number[] = [];
  for (let index = 0; index < channelsUsed(); index++) {
    const block = channelBlock(index);
    if (block < 0) continue;
    blocks.push(block);
    const error = channelErrorBlock(blockAddress(block));
    if (error >= 0) blocks.push(error);
  }
  return blocks;
}
