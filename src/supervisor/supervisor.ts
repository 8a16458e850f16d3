/** The supervisor: makes a segment, hands its channels out, and sees how everybody is doing. */

import { EventEmitter } from 'node:events';
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import type { Attachment } from '../channel/attachment.ts';
import { createChannel } from '../channel/create.ts';
import type { Parcel } from '../channel/ports.ts';
import { closeScopes } from '../channel/scope-end.ts';
import type { Channel, ChannelOptions } from '../channel/types.ts';
import { LimitError } from '../errors.ts';
import { describe } from '../memory/describe.ts';
import { HEADER_CLOSING, HEADER_POOL_WAITERS } from '../memory/layout.ts';
import { Segment } from '../memory/segment.ts';
import { store } from '../memory/words.ts';
import type { Scope, ScopeOptions } from '../park/scope.ts';
import type { BufferPool } from '../pool/pool.ts';
import type { Level } from './levels.ts';
import { OverdueWatch } from './overdue.ts';
import { closeChannels, type Recovered, recoveredByItself, recoverThread } from './recovery.ts';
import { attachThread, type Share, type Shared, shareOf } from './shared.ts';
import { type ChannelSnapshot, Observer, type Snapshot } from './snapshot.ts';
import { closeSyncs } from './syncs.ts';
import { checkSpawn, type SpawnOptions, WorkerGroup } from './workers.ts';

export interface SupervisorOptions {
  /** Bytes of the one shared segment; reserved, not resident. Default 256 MiB. */
  readonly memory?: number;
  /** Most threads attached at once. Default 64, at most 1024. */
  readonly threads?: number;
  /** Milliseconds between samples for rates and levels; false: none. Default 250. */
  readonly sampleInterval?: number | false;
  /** Remember where each thread parks and who took each lease. */
  readonly debug?: boolean;
  /** Most looks at a channel before a thread goes to sleep; 0: none. Default 2000, and 0 on a single core. */
  readonly spin?: number;
}

export interface SupervisorEvents {
  /** A channel changed its level. */
  level: [event: { channel: string; from: Level; to: Level; snapshot: ChannelSnapshot }];
  /** Senders wait at a channel, and nobody received from it for three samples in a row. */
  stall: [event: { channel: string; snapshot: ChannelSnapshot }];
  /** A watched thread ended; what it still held was recovered. */
  'thread-exit': [event: { id: number; name: string; exitCode: number; recovered: Recovered }];
  /** A thread died with messages in its hands that nobody will get now. */
  lost: [event: { channel: string; count: number; thread: string }];
}

/** A pool of worker threads such as Piscina: all that matters of it is which threads it has, and when that changes. */
export interface ThreadPool {
  readonly threads: readonly Worker[];
  on(event: 'workerCreate' | 'workerDestroy', listener: () => void): unknown;
}

interface Spawned {
  readonly parcel: Parcel;
  /** Makes ends for the worker that replaces one that ended like this, if any does; what it answers starts it. */
  replacement(exitCode: number): (() => void) | undefined;
}

const MEMORY_DEFAULT = 256 * 1024 * 1024;
const THREADS_DEFAULT = 64;
const SAMPLE_DEFAULT = 250;
const SPIN_DEFAULT = 2000;
const OVERDUE_EVERY_MS = 100;

/**
 * Owns one shared segment. Usually there is one supervisor in a process, on the main thread.
 *
 * ```ts
 * await using supervisor = new Supervisor();
 * const jobs = supervisor.channel('jobs', { codec: utf8(), capacity: 64 });
 * supervisor.spawn(new URL('./worker.js', import.meta.url), { ports: { jobs: jobs.receiver }, count: 4 });
 * await jobs.send('hello');
 * ```
 */
export class Supervisor extends EventEmitter<SupervisorEvents> implements AsyncDisposable {
  readonly pool: BufferPool;
  readonly #attachment: Attachment;
  readonly #observer: Observer;
  readonly #groups = new Set<WorkerGroup>();
  readonly #watched = new WeakSet<Worker>();
  /** What is to be done when a spawned worker exits. */
  readonly #spawned = new WeakMap<Worker, Spawned>();
  readonly #sharedParcels = new WeakMap<Shared<unknown>, Parcel>();
  readonly #sampler: NodeJS.Timeout | undefined;
  readonly #housekeeper: NodeJS.Timeout;
  #closed: Promise<void> | undefined;

  /** Throws LimitError for options that cannot be kept. */
  constructor(options: SupervisorOptions = {}) {
    super();
    const {
      memory = MEMORY_DEFAULT,
      threads = THREADS_DEFAULT,
      sampleInterval = SAMPLE_DEFAULT,
      debug = false,
      spin = availableParallelism() > 1 ? SPIN_DEFAULT : 0,
    } = options;
    if (sampleInterval !== false && !(sampleInterval > 0)) {
      throw new LimitError(`sampleInterval: expected milliseconds > 0 or false, met ${describe(sampleInterval)}`);
    }
    const segment = Segment.create({ memory, threads, spin, debug });
    this.#attachment = attachThread(segment, undefined);
    this.pool = this.#attachment.pool;
    this.#observer = new Observer(this.#attachment.thread, this.pool);
    if (sampleInterval !== false) {
      this.#sampler = setInterval(() => this.#sample(), sampleInterval);
      this.#sampler.unref();
    }
    const overdue = new OverdueWatch(this.#attachment.thread);
    this.#housekeeper = setInterval(() => overdue.look(), OVERDUE_EVERY_MS).unref();
  }

  /** @internal What the layers above need of it. Throws LimitError when it was closed. */
  get attachment(): Attachment {
    this.#assertOpen();
    return this.#attachment;
  }

  /** Makes a channel. Throws LimitError or CodecError for options that cannot be kept. */
  channel<T>(name: string, options: ChannelOptions<T>): Channel<T> {
    this.#assertOpen();
    if (typeof name !== 'string') throw new LimitError(`name: expected a string, met ${describe(name)}`);
    return createChannel(this.#attachment, name, options);
  }

  /**
   * Puts ports, any value with channels, ends or the pool in it, into a form that structured clone takes. Ends in it
   * move: they are counted for the thread that attaches.
   */
  share<P>(ports: P): Shared<P> {
    this.#assertOpen();
    const { shared, parcel } = shareOf(this.#attachment, ports);
    parcel.moved();
    this.#sharedParcels.set(shared, parcel);
    return shared;
  }

  /** Starts worker threads that run `entry`, each with ends of its own, and watches them. */
  spawn<P>(entry: URL, options: SpawnOptions<P>): WorkerGroup {
    this.#assertOpen();
    const { ports, count = 1, data, respawn = false, worker = {} } = options;
    checkSpawn(entry, count);
    const name =
      options.name ??
      entry.pathname
        .split('/')
        .at(-1)!
        .replace(/\.[^.]*$/, '');
    const group = new WorkerGroup(entry, { respawn, worker });
    const share = (index: number, again = false) =>
      shareOf(this.#attachment, ports, { name: `${name}-${index}`, data, ...(respawn && { respawn }) }, again);
    const shares: Share[] = [];
    try {
      for (let index = 0; index < count; index++) {
        shares.push(share(index));
        this.#start(group, index, shares[index]!, share);
      }
    } catch (error) {
      for (const { parcel } of shares) parcel.revoke();
      void group.terminate();
      throw error;
    }
    shares[0]!.parcel.moved();
    this.#groups.add(group);
    return group;
  }

  /** Retires the ends in `shared` that no thread has attached: it was never sent, or went to a thread that died. */
  revoke(shared: Shared<unknown>): void {
    this.#sharedParcels.get(shared)?.expire();
  }

  /** Recovers what threads held when they exit: workers, or those of a pool, present and to come. */
  watch(...workers: readonly (Worker | ThreadPool)[]): void {
    for (const each of workers) {
      if ('threads' in each) this.#watchPool(each);
      else this.#watchWorker(each);
    }
  }

  /**
   * Makes a scope: what runs under it, on whatever thread, can be called off together. It takes memory until it is over:
   * cancel it, best by `using`. Throws LimitError for a bad time-out and when there are too many scopes.
   */
  scope(options?: ScopeOptions): Scope {
    this.#assertOpen();
    return this.#attachment.scopes.open(undefined, options);
  }

  /** What there is to see now, as plain JSON. */
  snapshot(): Snapshot {
    return this.#observer.snapshot();
  }

  /** Closes every channel and primitive, ends every scope, waits for the worker groups to end, and lets go of everything. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const { thread, segment } = this.#attachment;
    for (const group of this.#groups) group.stopReplacing();
    segment.enter();
    closeChannels(thread);
    closeScopes(thread);
    closeSyncs(thread);
    store(HEADER_CLOSING, 1);
    thread.wakeAll(HEADER_POOL_WAITERS);
    const ends = await Promise.allSettled([...this.#groups].map((group) => group.finished));
    clearInterval(this.#sampler);
    clearInterval(this.#housekeeper);
    // Operations of this thread that the closing settled get their turn before the pump stops.
    await thread.pump.turn();
    thread.pump.serviceWoken();
    this.#attachment.detach();
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /**
   * Piscina announces a new thread once it is ready, by a description without the Worker in it; one that takes another's
   * place is there when that one's end is announced. So each announcement is a reason to look through the list.
   */
  #watchPool(pool: ThreadPool): void {
    const look = () => {
      for (const worker of pool.threads) this.#watchWorker(worker);
    };
    look();
    pool.on('workerCreate', look);
    pool.on('workerDestroy', () => queueMicrotask(look));
  }

  #watchWorker(worker: Worker): void {
    if (this.#watched.has(worker)) return;
    this.#watched.add(worker);
    // After its exit a worker no longer tells its id.
    const nodeThreadId = worker.threadId;
    worker.once('exit', (exitCode) => {
      const spawned = this.#spawned.get(worker);
      // First the ends of the one that takes its place: the channels must not close in between.
      const replace = spawned?.replacement(exitCode);
      this.#reap(nodeThreadId, exitCode);
      spawned?.parcel.expire();
      replace?.();
    });
  }

  #start(
    group: WorkerGroup,
    index: number,
    { shared, parcel }: Share,
    share: (index: number, again?: boolean) => Share,
  ): void {
    const worker = group.start(index, shared);
    const replacement = (exitCode: number) => {
      if (!group.replaces(index, exitCode)) return undefined;
      const next = share(index, true);
      return () =>
        group.replaceLater(
          index,
          () => this.#start(group, index, next, share),
          () => next.parcel.expire(),
        );
    };
    this.#spawned.set(worker, { parcel, replacement });
    this.#watchWorker(worker);
  }

  /** Recovers what Node's thread held, if it ever attached, and tells of it. */
  #reap(nodeThreadId: number, exitCode: number): void {
    const { thread, segment } = this.#attachment;
    const { kernel } = thread;
    segment.enter();
    for (let id = kernel.threadFind(nodeThreadId, 0); id >= 0; id = kernel.threadFind(nodeThreadId, id + 1)) {
      const { name } = this.#observer.thread(id);
      const recovery = recoverThread(thread, id);
      const recovered = recovery ?? recoveredByItself(thread, id);
      kernel.threadForget(id, nodeThreadId);
      const { blocks, ends, lost, returned } = recovered;
      for (const loss of recovery?.losses ?? []) {
        this.emit('lost', { channel: this.#observer.channelName(loss.channel), count: loss.count, thread: name });
      }
      this.emit('thread-exit', { id, name, exitCode, recovered: { blocks, ends, lost, returned } });
    }
  }

  #sample(): void {
    for (const { kind, channel, from } of this.#observer.sample()) {
      if (kind === 'level') {
        this.emit('level', { channel: channel.name, from, to: channel.level, snapshot: channel });
      } else {
        this.emit('stall', { channel: channel.name, snapshot: channel });
      }
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new LimitError('expected an open supervisor, met one that was closed');
  }
}
