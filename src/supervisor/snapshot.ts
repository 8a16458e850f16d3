/**
 * Everything there is to see, read from the segment: nothing is asked of the threads, nothing is added to their paths.
 *
 * Counters in the segment have 30 or 32 bits and wrap; the observer adds up what they moved by since its last look.
 */

import { visitChannel, visitChannels } from '../channel/holdings.ts';
import { nameAt } from '../channel/lay.ts';
import { TOPOLOGIES } from '../channel/options.ts';
import type { Topology } from '../channel/types.ts';
import type { Compilation, Engine, Kernel } from '../engine/engine.ts';
import { ROLE_RECEIVER, ROLE_SENDER } from '../kernel/ends.ts';
import { SPSC_POSITION_BITS } from '../kernel/spsc.ts';
import {
  CELL_NAME,
  CELL_NAME_BYTES,
  CELL_PARKED_ON,
  CELL_PARKED_SINCE,
  CHANNEL_BURIED,
  CHANNEL_CAPACITY,
  CHANNEL_DROPPED,
  CHANNEL_HEAD,
  CHANNEL_LOST,
  CHANNEL_OVERFLOW,
  CHANNEL_PEAK,
  CHANNEL_QUEUE,
  CHANNEL_RECEIVE_WAIT,
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_RED,
  CHANNEL_REDELIVERED,
  CHANNEL_REJECTED,
  CHANNEL_SEND_WAIT,
  CHANNEL_SENDERS_WAITING,
  CHANNEL_SKIPPED,
  CHANNEL_TAIL,
  CHANNEL_TOPOLOGY,
  CHANNEL_YELLOW,
  HEADER_SCOPES,
  HEADER_SYNCS,
  OVERFLOW_DROP_OLDEST,
  PARKED_POOL,
  PARKED_RECEIVE,
  PARKED_RUNNING,
  PARKED_SELECT,
  QUEUE_LETTERS,
  QUEUE_RENDEZVOUS,
  QUEUE_SPSC,
  SYNC_BARRIER,
  SYNC_KIND,
  SYNC_MUTEX,
  SYNC_NAME,
  SYNC_NAME_BYTES,
  SYNC_ONCE,
  SYNC_SEMAPHORE,
  SYNC_WAIT_GROUP,
  THREAD_ATTACHED,
  THREAD_GONE,
} from '../memory/layout.ts';
import type { Segment } from '../memory/segment.ts';
import { readName } from '../memory/text.ts';
import type { i32 } from '../memory/words.ts';
import { load, peek } from '../memory/words.ts';
import type { ThreadContext } from '../park/thread.ts';
import type { BufferPool, PoolStats } from '../pool/pool.ts';
import { type Level, nextLevel } from './levels.ts';

export interface ChannelSnapshot {
  readonly name: string;
  readonly topology: Topology;
  readonly capacity: number;
  /** Messages in it now, and the most there ever were. */
  readonly length: number;
  readonly peak: number;
  readonly level: Level;
  /** Messages accepted and taken since the channel was made. */
  readonly sent: number;
  readonly received: number;
  readonly dropped: number;
  readonly rejected: number;
  /** Taken by threads that died before they had read them. */
  readonly lost: number;
  readonly redelivered: number;
  /** Messages a second, over the last sampling interval. */
  readonly sendRate: number;
  readonly receiveRate: number;
  /** Threads that wait. */
  readonly sendersWaiting: number;
  readonly receiversWaiting: number;
  /** Milliseconds that operations have waited here, added up; those that still wait are not in it yet. */
  readonly sendWaitMs: number;
  readonly receiveWaitMs: number;
  /** Ends handed out and not retired. */
  readonly senders: number;
  readonly receivers: number;
  readonly closed: boolean;
}

export interface ThreadSnapshot {
  readonly id: number;
  readonly name: string;
  readonly state: 'running' | 'parked' | 'gone';
  /**
   * What it sleeps on: `send NAME`, `receive NAME`, `pool`, `select` (among several, or nothing), or a primitive of
   * `sluice/sync`: `mutex NAME`, `semaphore NAME`, `once NAME`, `wait group NAME`, `barrier NAME`. Null while it does not.
   */
  readonly parkedOn: string | null;
  readonly parkedForMs: number;
}

export interface Snapshot {
  readonly channels: readonly ChannelSnapshot[];
  readonly threads: readonly ThreadSnapshot[];
  readonly pool: PoolStats;
  /** Scopes that are not over, or of whose end some thread has not heard yet; and the most there can be. */
  readonly scopes: { readonly inUse: number; readonly most: number };
  /** Primitives of `sluice/sync` that are not closed, or of whose end some thread has not heard yet; and the most. */
  readonly syncs: { readonly inUse: number; readonly most: number };
  /** Which compilation of the kernel this thread runs; if not the default one, though nobody asked for that, why. */
  readonly kernel: { readonly compilation: Compilation; readonly reason?: string };
}

/** A change of level, or a channel whose senders wait while nobody receives. */
export interface Observation {
  readonly kind: 'level' | 'stall';
  readonly channel: ChannelSnapshot;
  readonly from: Level;
}

const SYNC_TITLES: Readonly<Record<i32, string>> = {
  [SYNC_MUTEX]: 'mutex',
  [SYNC_SEMAPHORE]: 'semaphore',
  [SYNC_ONCE]: 'once',
  [SYNC_WAIT_GROUP]: 'wait group',
  [SYNC_BARRIER]: 'barrier',
};

/** Looks in a row with waiting senders and no message received that make a stall. */
const STALL_LOOKS = 3;

const TOPOLOGY_NAMES = Object.fromEntries(Object.entries(TOPOLOGIES).map(([name, value]) => [value, name])) as Record<
  i32,
  Topology
>;

/** What is remembered of a channel between looks. */
interface Memory {
  /** Which of the channels that have had its number. */
  readonly generation: i32;
  tail: number;
  head: number;
  sent: number;
  received: number;
  sendRate: number;
  receiveRate: number;
  sampledAt: number;
  sampledSent: number;
  sampledReceived: number;
  level: Level;
  stalledLooks: number;
  peak: number;
}

export class Observer {
  readonly #thread: ThreadContext;
  readonly #segment: Segment;
  readonly #engine: Engine;
  readonly #kernel: Kernel;
  readonly #pool: BufferPool;
  readonly #memories = new Map<number, Memory>();

  constructor(thread: ThreadContext, pool: BufferPool) {
    const { segment, engine } = thread;
    this.#thread = thread;
    this.#segment = segment;
    this.#engine = engine;
    this.#kernel = engine.kernel;
    this.#pool = pool;
  }

  snapshot(): Snapshot {
    this.#segment.enter();
    const { compilation, reason } = this.#engine;
    return {
      channels: this.#channels(),
      threads: [...this.#threads()],
      pool: this.#pool.stats(),
      scopes: { inUse: this.#scopesInUse(), most: peek(HEADER_SCOPES) },
      syncs: { inUse: this.#syncsInUse(), most: peek(HEADER_SYNCS) },
      kernel: { compilation, ...(reason !== undefined && { reason }) },
    };
  }

  /** A look at regular intervals: works out rates, and answers what is worth telling. */
  sample(): Observation[] {
    this.#segment.enter();
    const observations: Observation[] = [];
    visitChannels(this.#thread, (address, index, disposed) => {
      if (disposed) return;
      const memory = this.#remember(index, address);
      const before = memory.level;
      memory.level = nextLevel(before, occupancyOf(this.#kernel, address), thresholdsOf(address));
      const received = memory.sampledReceived;
      this.#updateRates(memory);
      const stalled = this.#kernel.waitersCount(address + CHANNEL_SENDERS_WAITING) > 0 && memory.received === received;
      memory.stalledLooks = stalled ? memory.stalledLooks + 1 : 0;
      if (memory.level !== before) {
        observations.push({
          kind: 'level',
          channel: this.#channel(index, address, countEnds(this.#kernel)),
          from: before,
        });
      }
      if (memory.stalledLooks === STALL_LOOKS) {
        observations.push({
          kind: 'stall',
          channel: this.#channel(index, address, countEnds(this.#kernel)),
          from: before,
        });
      }
    });
    return observations;
  }

  #channels(): ChannelSnapshot[] {
    const ends = countEnds(this.#kernel);
    const channels: ChannelSnapshot[] = [];
    visitChannels(this.#thread, (address, index, disposed) => {
      if (!disposed) channels.push(this.#channel(index, address, ends));
    });
    return channels;
  }

  #channel(index: number, address: i32, ends: EndCounts): ChannelSnapshot {
    const memory = this.#remember(index, address);
    const buried = load(address + CHANNEL_BURIED);
    const skipped = load(address + CHANNEL_SKIPPED);
    const dropped = load(address + CHANNEL_DROPPED);
    const length = lengthOf(this.#kernel, address);
    return {
      name: this.channelName(index),
      topology: TOPOLOGY_NAMES[peek(address + CHANNEL_TOPOLOGY)]!,
      capacity: peek(address + CHANNEL_CAPACITY),
      length,
      // What an at-least-once channel notes down is how many messages waited at once.
      peak: memory.peak,
      level: nextLevel(memory.level, occupancyOf(this.#kernel, address), thresholdsOf(address)),
      sent: memory.sent - buried,
      // What a sender dropped to make room has gone the way of what was received.
      received: memory.received - skipped - (peek(address + CHANNEL_OVERFLOW) === OVERFLOW_DROP_OLDEST ? dropped : 0),
      dropped,
      rejected: load(address + CHANNEL_REJECTED),
      lost: load(address + CHANNEL_LOST),
      redelivered: load(address + CHANNEL_REDELIVERED),
      sendRate: memory.sendRate,
      receiveRate: memory.receiveRate,
      sendersWaiting: this.#kernel.waitersCount(address + CHANNEL_SENDERS_WAITING),
      receiversWaiting: this.#kernel.waitersCount(address + CHANNEL_RECEIVERS_WAITING),
      sendWaitMs: tally(this.#kernel, address + CHANNEL_SEND_WAIT) / 1000,
      receiveWaitMs: tally(this.#kernel, address + CHANNEL_RECEIVE_WAIT) / 1000,
      senders: ends.get(endKey(index, ROLE_SENDER)) ?? 0,
      receivers: ends.get(endKey(index, ROLE_RECEIVER)) ?? 0,
      closed: !!this.#kernel.channelClosed(address),
    };
  }

  /** What the channel with this number is called. */
  channelName(index: number): string {
    let name = '';
    visitChannel(this.#thread, index, (address) => {
      name = nameAt(this.#segment, address);
    });
    return name || `channel-${index}`;
  }

  /** What there is to say of a thread, present or gone. */
  thread(id: number): ThreadSnapshot {
    this.#segment.enter();
    const cell = this.#kernel.threadCell(id);
    const name = readName(this.#segment, cell + CELL_NAME, peek(cell + CELL_NAME_BYTES));
    if (this.#kernel.threadState(id) !== THREAD_ATTACHED)
      return { id, name, state: 'gone', parkedOn: null, parkedForMs: 0 };
    const parkedOn = load(cell + CELL_PARKED_ON);
    if (parkedOn === PARKED_RUNNING) return { id, name, state: 'running', parkedOn: null, parkedForMs: 0 };
    const parkedForMs = Math.max(0, this.#segment.now() - load(cell + CELL_PARKED_SINCE));
    return { id, name, state: 'parked', parkedOn: this.#parkedOn(parkedOn), parkedForMs };
  }

  #scopesInUse(): number {
    let inUse = 0;
    for (let index = 0; index < this.#kernel.scopesUsed(); index++) if (this.#kernel.scopeLive(index)) inUse++;
    return inUse;
  }

  #syncsInUse(): number {
    let inUse = 0;
    for (let index = 0; index < this.#kernel.syncsUsed(); index++) if (this.#kernel.syncLive(index)) inUse++;
    return inUse;
  }

  *#threads(): Generator<ThreadSnapshot> {
    for (let id = 0; id < this.#segment.threads; id++) {
      const state = this.#kernel.threadState(id);
      // One that is attaching has not said yet who it is.
      if (state === THREAD_ATTACHED || state === THREAD_GONE) yield this.thread(id);
    }
  }

  #parkedOn(word: number): string {
    const what = word & 3;
    if (what === PARKED_POOL) return word >>> 2 === 0 ? 'pool' : this.#syncTitle((word >>> 2) - 1);
    if (word === PARKED_SELECT) return 'select';
    return `${what === PARKED_RECEIVE ? 'receive' : 'send'} ${this.channelName(word >>> 2)}`;
  }

  /** What the primitive with this number is, and is called. */
  #syncTitle(index: number): string {
    const address = index < peek(HEADER_SYNCS) ? this.#kernel.syncAddress(index) : -1;
    if (address < 0 || !this.#kernel.syncLive(index)) return `primitive ${index}`;
    const what = SYNC_TITLES[peek(address + SYNC_KIND)] ?? 'primitive';
    const name = readName(this.#segment, address + SYNC_NAME, peek(address + SYNC_NAME_BYTES));
    return `${what} ${name || `${what}-${index}`}`;
  }

  /** Adds up what the cursors moved by since the last look. */
  #remember(index: number, address: i32): Memory {
    const spsc = peek(address + CHANNEL_QUEUE) === QUEUE_SPSC;
    const position = (at: i32) => (spsc ? this.#kernel.spscPosition(load(at)) : load(at));
    // Where threads meet, what is sent is received.
    const meets = peek(address + CHANNEL_QUEUE) === QUEUE_RENDEZVOUS;
    const tail = meets ? this.#kernel.rendezvousMet(address) : position(address + CHANNEL_TAIL);
    const head = meets ? tail : position(address + CHANNEL_HEAD);
    const wrap = 2 ** (spsc ? SPSC_POSITION_BITS : 32);
    const moved = (now: number, before: number) => (now - before + wrap) % wrap;
    const generation = this.#kernel.channelGeneration(index);
    let memory = this.#memories.get(index);
    if (memory?.generation !== generation) {
      const fresh = {
        generation,
        tail: 0,
        head: 0,
        sent: 0,
        received: 0,
        sendRate: 0,
        receiveRate: 0,
        level: 'green' as Level,
      };
      memory = { ...fresh, sampledAt: performance.now(), sampledSent: 0, sampledReceived: 0, stalledLooks: 0, peak: 0 };
      this.#memories.set(index, memory);
    }
    memory.sent += moved(tail, memory.tail);
    memory.received += moved(head, memory.head);
    memory.tail = tail;
    memory.head = head;
    memory.peak = Math.max(memory.peak, load(address + CHANNEL_PEAK), lengthOf(this.#kernel, address));
    return memory;
  }

  #updateRates(memory: Memory): void {
    const now = performance.now();
    const seconds = (now - memory.sampledAt) / 1000;
    if (seconds <= 0) return;
    memory.sendRate = (memory.sent - memory.sampledSent) / seconds;
    memory.receiveRate = (memory.received - memory.sampledReceived) / seconds;
    memory.sampledAt = now;
    memory.sampledSent = memory.sent;
    memory.sampledReceived = memory.received;
  }
}

/** How many ends there are of each channel and role, by `endKey`. */
type EndCounts = ReadonlyMap<number, number>;

function endKey(index: number, role: i32): number {
  return index * 2 + role;
}

function countEnds(kernel: Kernel): EndCounts {
  const counts = new Map<number, number>();
  for (let entry = 0; entry < kernel.endsUsed(); entry++) {
    if (!kernel.endLive(entry)) continue;
    const key = endKey(kernel.endChannelAt(entry), kernel.endRoleAt(entry));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function lengthOf(kernel: Kernel, address: i32): number {
  switch (peek(address + CHANNEL_QUEUE)) {
    case QUEUE_SPSC:
      return kernel.spscLength(address);
    case QUEUE_LETTERS:
      return kernel.lettersLength(address);
    case QUEUE_RENDEZVOUS:
      return 0;
    default:
      return kernel.mpmcLength(address);
  }
}

/** How full a channel is, from 0 to 1. */
function occupancyOf(kernel: Kernel, address: i32): number {
  return lengthOf(kernel, address) / Math.max(1, peek(address + CHANNEL_CAPACITY));
}

function thresholdsOf(address: i32) {
  return { yellow: peek(address + CHANNEL_YELLOW) / 1000, red: peek(address + CHANNEL_RED) / 1000 };
}

function tally(kernel: Kernel, at: i32): number {
  const high = kernel.tallyHigh(at);
  return (high >>> 0) * 2 ** 32 + (kernel.tallyLow(at) >>> 0);
}
