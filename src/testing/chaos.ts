/** Breaking things on purpose: what a test does to the threads and channels of a program. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import {
  type Channel,
  execArgvFor,
  LimitError,
  type SpawnOptions,
  type Supervisor,
  type WorkerGroup,
} from '../index.ts';
import { Orders, prepareControl } from './faults/orders.ts';
import { type Random, randomFrom } from './random.ts';

export interface ChaosOptions {
  /** Where `chaos.random` starts. Default: another one each time; tell it when a test fails. */
  readonly seed?: number;
}

const PRELOAD = new URL(`./faults/preload${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);

/**
 * Faults for the threads and channels of one supervisor.
 *
 * `kill` and the faults of channels work on any program as it is. The others need threads that `chaos.spawn` started: it
 * loads a module into them that looks for orders before each of their steps, a step being one atomic operation on shared
 * memory. That makes such threads several times slower, so measure throughput with others.
 *
 * ```ts
 * const chaos = new Chaos(supervisor, { seed: 7 });
 * const group = chaos.spawn(new URL('./worker.js', import.meta.url), { ports: { jobs }, respawn: true });
 * await chaos.killAtStep(group.workers[0]!, chaos.random.int(1, 50));
 * ```
 */
export class Chaos {
  readonly seed: number;
  /** Choices that the same seed makes again. */
  readonly random: Random;
  readonly #supervisor: Supervisor;
  /** The groups that run, with what they were given. */
  readonly #groups = new Map<WorkerGroup, unknown>();
  readonly #orders = new WeakMap<Worker, Orders>();
  readonly #segment: Int32Array;

  constructor(supervisor: Supervisor, { seed = Date.now() % 2 ** 31 }: ChaosOptions = {}) {
    this.#supervisor = supervisor;
    this.#segment = new Int32Array(supervisor.share({}).memory.buffer);
    this.seed = seed;
    this.random = randomFrom(seed);
  }

  // ── Threads ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Starts workers like `supervisor.spawn`, ready for the faults below. */
  spawn<P>(entry: URL, options: SpawnOptions<P>): WorkerGroup {
    prepareControl();
    const before = options.worker?.execArgv ?? execArgvFor(entry) ?? execArgvFor(PRELOAD) ?? [];
    const worker = { ...options.worker, execArgv: [...before, '--import', PRELOAD.href] };
    const group = this.#supervisor.spawn(entry, { ...options, worker });
    this.#groups.set(group, options.ports);
    void group.finished.catch(() => {}).then(() => this.#groups.delete(group));
    return group;
  }

  /** Ends a thread wherever it is. Settles once what it held is recovered; answers false if it had ended by itself. */
  async kill(worker: Worker): Promise<boolean> {
    // A thread that has ended has no id any more, and will not exit again.
    if (worker.threadId === -1) return false;
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    void worker.terminate();
    await exited;
    return true;
  }

  /**
   * Ends a thread right before its step number `step` from now on: a death at the same instruction each time. Settles
   * once what it held is recovered; answers false if it ended by itself before it got there.
   */
  async killAtStep(worker: Worker, step: number): Promise<boolean> {
    if (!Number.isInteger(step) || step < 1) {
      throw new LimitError(`killAtStep: expected the number of a step ≥ 1, met ${String(step)}`);
    }
    return (await this.#ordersFor(worker).stopIn(step)) && (await this.kill(worker));
  }

  /** How many steps a thread has taken. */
  steps(worker: Worker): number {
    return this.#ordersFor(worker).steps;
  }

  /** Holds a thread up at its next step: until `resume`, or for so many milliseconds, and then it settles after those. */
  async pause(worker: Worker, ms?: number): Promise<void> {
    this.#ordersFor(worker).pause();
    if (ms === undefined) return;
    await sleep(ms);
    this.resume(worker);
  }

  /** Lets a paused thread go on. */
  resume(worker: Worker): void {
    if (worker.threadId !== -1) this.#ordersFor(worker).resume();
  }

  /** Makes a thread sleep so many milliseconds before each step, fractions included; 0: no more. */
  slow(worker: Worker, stepDelay: number): void {
    this.#ordersFor(worker).slow(Math.round(stepDelay * 1000));
  }

  /**
   * Loses the next wake-up that this thread gives. Whoever it was meant for sleeps on, until its time is out or
   * `deliverWakeUps`: what no correct program can cause, but the way to see that one's own time-outs work. Settles when
   * the wake-up was lost, or the thread has ended; answers whether it was lost.
   */
  async dropWakeUp(worker: Worker): Promise<boolean> {
    const orders = this.#ordersFor(worker);
    const seen = orders.withheld;
    orders.drop(1);
    await orders.moreWithheld(seen);
    return orders.withheld > seen;
  }

  /** Gives the wake-ups of this thread that were lost. Answers how many. */
  deliverWakeUps(worker: Worker): number {
    return this.#ordersFor(worker).deliver();
  }

  /** Lets each wake-up that this thread gives arrive so many milliseconds late; 0: no more. */
  delayWakeUps(worker: Worker, ms: number): void {
    this.#ordersFor(worker).delay(ms);
  }

  // ── Channels ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends `value`, or what it answers, until the channel is full. Answers how many messages it took. */
  fill<T>(channel: Channel<T>, value: T | (() => T)): number {
    const make = typeof value === 'function' ? (value as () => T) : () => value;
    let sent = 0;
    while (channel.trySend(make())) sent++;
    return sent;
  }

  /**
   * Holds up, at their next steps, the threads that `spawn` gave the channel or a receiving end of it, whatever else
   * they do: until `resumeChannel`, or for so many milliseconds, and then it settles after those.
   */
  async stall(channel: Channel<any>, ms?: number): Promise<void> {
    for (const worker of this.#receiversOf(channel)) void this.pause(worker);
    if (ms === undefined) return;
    await sleep(ms);
    this.resumeChannel(channel);
  }

  /** Lets the threads of a stalled channel go on. */
  resumeChannel(channel: Channel<any>): void {
    for (const worker of this.#receiversOf(channel)) this.resume(worker);
  }

  /** Closes the channel for everybody, with an error unless it is told otherwise. */
  close(channel: Channel<any>, error: Error | undefined = new Error('closed by chaos')): void {
    channel.close(error);
  }

  #receiversOf(channel: Channel<any>): Worker[] {
    return [...this.#groups].flatMap(([group, ports]) =>
      receivesFrom(ports, channel.name) ? group.workers.filter(({ threadId }) => threadId !== -1) : [],
    );
  }

  #ordersFor(worker: Worker): Orders {
    const known = this.#orders.get(worker);
    if (known) return known;
    if (worker.threadId === -1) throw new LimitError('expected a thread that runs, met one that has ended');
    if (![...this.#groups.keys()].some((group) => group.workers.includes(worker))) {
      throw new LimitError('expected a worker that chaos.spawn started, met another: no orders reach it');
    }
    const orders = new Orders(worker, this.#segment);
    this.#orders.set(worker, orders);
    return orders;
  }
}

/** Whether there is a channel of this name, or a receiving end of one, in `ports`. */
function receivesFrom(ports: unknown, name: string): boolean {
  if (ports === null || typeof ports !== 'object') return false;
  if ('tryReceive' in ports) return (ports as { name?: unknown }).name === name;
  return Object.values(ports).some((each) => receivesFrom(each, name));
}
