/**
 * The main job: a reader and a writer on this thread, compressing threads between them, channels in between.
 *
 * ```
 * source ─► reader ── blocks (spmc) ──► N compressing threads ── members (mpsc) ──► writer ─► output
 *              ▲                                                                      │
 *              └────────────────────── window: one permit a block ◄───────────────────┘
 * ```
 *
 * A block is in flight from when the reader enters the window for it until its member was written. The window has
 * `size` places, and every block in flight holds one lease at a time: its bytes or, once they were released, its
 * member. So what is resident is bounded by the window, however far the threads get out of step, and members that wait
 * in the writer for an earlier one count.
 *
 * Nothing of this can wait for ever. Say that blocks are in flight, and look at the one with the lowest index:
 *  - it is with the reader: a lease is to be had, since all in flight hold at most one each and the pool has room for
 *    twice as many; and if `blocks` is full, the threads are taking from it, or one of the cases below holds for them;
 *  - it is in `blocks`: the threads take in order, and none of them is held up for good by a later block: the pool
 *    has a lease for its member, and `members` has room for every block in flight, so that sending never blocks;
 *  - it is with a thread, which for the same reasons gets it into `members`;
 *  - it is in `members`: the writer takes whatever comes, and waits for nothing but members and the output;
 *  - it is with the writer, which writes it at once, because every earlier one has been written.
 * So the lowest index in flight rises for as long as the source gives and the output takes, which is when the window
 * has room again. A thread that ends, or a reader or writer that fails, ends all of it.
 */

import { createPool, runWorkers } from '../../adapters/piscina.ts';
import { type BufferPool, type Channel, type ChannelSnapshot, Supervisor } from '../../index.ts';
import { CommandError, missingPackage, UsageError } from '../errors.ts';
import { formatBlockSize, formatCount } from '../units.ts';
import type { Output } from './output.ts';
import { type Block, block, type GzipPorts, type Member, member } from './ports.ts';
import type { Source } from './source.ts';
import { Window } from './window.ts';

type Pool = ReturnType<typeof createPool>;

export interface Pipeline {
  readonly source: Source;
  readonly output: Output;
  readonly threads: number;
  readonly blockSize: number;
  readonly level: number;
  /** Aborting it ends the job with its reason. */
  readonly signal: AbortSignal;
  /** Told once all is running. */
  readonly onRunning?: ((running: Running) => void) | undefined;
}

/** The job, while it runs. */
export interface Running {
  readonly progress: Progress;
  readonly output: Output;
  readonly supervisor: Supervisor;
  /** The threads. */
  readonly pool: Pool;
}

export interface Progress {
  /** Bytes of the input that were read, and those whose members were written. */
  readBytes: number;
  doneBytes: number;
  /** Blocks read, and members written. */
  blocks: number;
  members: number;
}

export interface Piped {
  readonly progress: Progress;
  /** The channels as they were at the end. */
  readonly channels: readonly ChannelSnapshot[];
}

/** Milliseconds between samples: short, because the whole job often takes only a second or two. */
const SAMPLE_INTERVAL = 100;
/** Blocks that wait for each thread, so that none has to wait for the reader. */
const BLOCKS_AHEAD = 2;
/** Blocks in flight for each thread: those ahead, the one it compresses, and one whose member is being written. */
const IN_FLIGHT = BLOCKS_AHEAD + 2;
/** Many threads with large blocks get by with fewer in flight, to hold no more than this. */
const IN_FLIGHT_BYTES = 128 * 2 ** 20;
/** The segment's own words, and its two channels. */
const MEMORY_BESIDE_LEASES = 4 * 2 ** 20;
const PAGE_BYTES = 2 ** 16;

const worker = new URL(`../../../workers/gzip${import.meta.url.slice(-3)}`, import.meta.url);

/** Runs the job. Rejects with the first thing that went wrong, or the reason of the signal. */
export async function runPipeline(options: Pipeline): Promise<Piped> {
  const { source, output, threads, blockSize, level, signal, onRunning } = options;
  const leaseBytes = leaseBytesFor(blockSize);
  const window = new Window(windowFor(threads, leaseBytes));
  const supervisor = supervisorFor(threads, blockSize, MEMORY_BESIDE_LEASES + 2 * window.size * leaseBytes);
  const progress: Progress = { readBytes: 0, doneBytes: 0, blocks: 0, members: 0 };
  const stop = new AbortController();
  const stopped = AbortSignal.any([signal, stop.signal]);
  let pool: Pool | undefined;
  try {
    const blocks = supervisor.channel('blocks', { codec: block, capacity: BLOCKS_AHEAD * threads, topology: 'spmc' });
    const members = supervisor.channel('members', { codec: member, capacity: window.size, topology: 'mpsc' });
    const ports: GzipPorts = {
      blocks: blocks.receiver,
      members: members.sender,
      pool: supervisor.pool,
      leaseBytes,
      level,
    };
    pool = createPool(supervisor, { entry: worker, threads });
    const failed = failureOf(pool, stopped);
    const working = Promise.all([
      read({ source, blocks, blockSize, leaseBytes, pool: supervisor.pool, window, progress, signal: stopped }),
      write({ members, output, window, progress, signal: stopped }),
      runWorkers(pool, threads, ports).catch((error) => Promise.reject(threadFailure(error))),
    ]);
    onRunning?.({ progress, output, supervisor, pool });
    await Promise.race([working, failed]);
    checkComplete(progress);
    return { progress, channels: supervisor.snapshot().channels };
  } finally {
    stop.abort();
    await pool?.destroy();
    await supervisor.close();
  }
}

function supervisorFor(threads: number, blockSize: number, memory: number): Supervisor {
  try {
    // Piscina replaces a thread that ended before anybody can have seen to what that one held.
    return new Supervisor({ memory, threads: 2 * threads + 2, sampleInterval: SAMPLE_INTERVAL });
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(`${formatCount(threads, 'thread')} with blocks of ${formatBlockSize(blockSize)}: ${message}`);
  }
}

interface Reading {
  readonly source: Source;
  readonly blocks: Channel<Block>;
  readonly blockSize: number;
  readonly leaseBytes: number;
  readonly pool: BufferPool;
  readonly window: Window;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Sends the source, block by block, and then closes the channel. An empty source makes one empty block. */
async function read({ source, blocks, blockSize, leaseBytes, pool, window, progress, signal }: Reading): Promise<void> {
  for (let index = 0, last = false; !last; index++) {
    await window.enter();
    const body = (await pool.lease(leaseBytes, { signal })).truncate(blockSize);
    const filled = await source.fill(body.bytes);
    last = filled < blockSize;
    if (filled === 0 && index > 0) {
      body.release();
      break;
    }
    progress.readBytes += filled;
    progress.blocks++;
    await blocks.send({ index, body: body.truncate(filled) }, { signal });
  }
  blocks.close();
}

interface Writing {
  readonly members: Channel<Member>;
  readonly output: Output;
  readonly window: Window;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Writes the members in the order of their blocks, until the channel is closed. */
async function write({ members, output, window, progress, signal }: Writing): Promise<void> {
  const early = new Map<number, Member>();
  for (;;) {
    const received = await members.receive({ signal });
    if (received.done) return;
    early.set(received.value.index, received.value);
    for (let next = early.get(progress.members); next; next = early.get(progress.members)) {
      early.delete(next.index);
      await output.write(next.body.bytes);
      next.body.release();
      window.leave();
      progress.doneBytes += next.blockBytes;
      progress.members++;
    }
  }
}

/** What a block or its member needs: all leases alike, so that the memory cannot fall to pieces. */
function leaseBytesFor(blockSize: number): number {
  // What cannot be compressed becomes a little longer: 5 bytes for each 5000, and the header and trailer.
  const longest = blockSize + Math.ceil(blockSize / 512) + 64;
  return Math.ceil(longest / PAGE_BYTES) * PAGE_BYTES;
}

function windowFor(threads: number, leaseBytes: number): number {
  const affordable = Math.floor(IN_FLIGHT_BYTES / leaseBytes);
  return Math.min(IN_FLIGHT * threads, Math.max(threads + 2, affordable));
}

/** Rejects when the signal aborts, and when a thread fails that has nothing to do with a task. */
function failureOf(pool: Pool, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    pool.on('error', (error) => reject(threadFailure(error)));
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function threadFailure(error: unknown): CommandError {
  const missing = missingPackage(error);
  if (missing) return new CommandError(missing, { cause: error });
  const { message } = error as Error;
  const met = /^worker exited/.test(message) ? `one that ended early (${message})` : message;
  return new CommandError(`compressing threads: expected all of them to work to the end, met ${met}`, { cause: error });
}

function checkComplete({ blocks, members }: Progress): void {
  if (blocks === members) return;
  throw new CommandError(`expected a member for each of the ${blocks} blocks, met ${members}`);
}
