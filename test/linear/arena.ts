/** Threads that play round after round on channels and semaphores of one supervisor. */

import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { type Channel, json, type Supervisor, u32 } from '../../src/index.ts';
import { Mutex, Semaphore } from '../../src/sync/index.ts';
import { workerEntry } from '../support/entries.ts';
import { newSupervisor } from '../support/supervisors.ts';
import { Barrier } from './barrier.ts';
import type { Operation } from './call.ts';
import { CAPACITIES, CODECS, closes, PERMITS, type Plan, planRound, TOPOLOGIES } from './plan.ts';
import type { Ends } from './player.ts';
import { type Assignment, CLOCK_STRIDE, channelKey, type Kind, type Order, type Report } from './worker.ts';

/** A round that was played: its plan, and what everybody did. */
export interface Played {
  readonly round: number;
  readonly plan: Plan;
  readonly history: readonly Operation[];
}

/** How long all threads may be in the same round: if they are longer, somebody was not woken. */
const ROUND_LIMIT_MS = 30_000;
const MIB = 1024 * 1024;

export class Arena implements AsyncDisposable {
  readonly #seed: number;
  readonly #threads: number;
  readonly #supervisor: Supervisor;
  readonly #workers: readonly Worker[];
  readonly #clock: Int32Array;

  constructor(seed: number, threads: number) {
    this.#seed = seed;
    this.#threads = threads;
    this.#supervisor = newSupervisor({ memory: 128 * MIB, threads: threads + 1 });
    const barrier = Barrier.memory();
    const clock = new SharedArrayBuffer((threads + 1) * CLOCK_STRIDE * Int32Array.BYTES_PER_ELEMENT);
    this.#clock = new Int32Array(clock);
    const group = this.#supervisor.spawn(workerEntry('linear/worker.ts'), { ports: {}, count: threads });
    group.finished.catch(() => {});
    this.#workers = group.workers;
    const serving = { channels: this.#lastingChannels(), semaphores: this.#lastingSemaphores() };
    for (const [thread, worker] of this.#workers.entries()) {
      const lasting = this.#supervisor.share(serving);
      worker.postMessage({ thread, threads, seed, barrier, clock, lasting } satisfies Assignment);
    }
  }

  /** Plays rounds, given by their numbers. */
  async play(rounds: readonly number[]): Promise<Played[]> {
    const plans = rounds.map((round) => planRound(this.#seed, round, this.#threads));
    const closing = plans.filter(closes);
    const channels = closing.map((plan) => this.#newChannel(plan));
    const reports = await Promise.all(
      this.#workers.map((worker, thread) => {
        const ends = channels.map((channel, index) => endsOf(channel, closing[index]!, thread));
        return this.#order(worker, { rounds, closing: this.#supervisor.share(ends) });
      }),
    );
    return plans.map((plan, index) => ({
      round: rounds[index]!,
      plan,
      history: reports.flatMap((report) => report[index]!).sort((a, b) => a.invoked - b.invoked),
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) worker.postMessage('dismissed');
    await this.#supervisor.close();
  }

  async #order(worker: Worker, order: Order): Promise<Report> {
    worker.postMessage(order);
    const answered = once(worker, 'message') as Promise<[Report]>;
    for (let rounds = this.#rounds(); ; ) {
      const answer = await within(answered, ROUND_LIMIT_MS);
      if (answer) return answer[0];
      const now = this.#rounds();
      if (now === rounds)
        throw new Error(`expected every call to end, met threads that wait for ever: ${this.#where()}`);
      rounds = now;
    }
  }

  #rounds(): string {
    return this.#workers.map((_, thread) => this.#clock[CLOCK_STRIDE * (thread + 1)]).join(', ');
  }

  #where(): string {
    const parked = this.#supervisor.snapshot().threads.flatMap(({ parkedOn }) => parkedOn ?? []);
    return `in rounds ${this.#rounds()}, parked on ${parked.join(', ') || 'nothing'}`;
  }

  #lastingChannels(): Record<string, Channel<number>> {
    const kinds = TOPOLOGIES.flatMap((topology) =>
      CAPACITIES.flatMap((capacity) =>
        CODECS.flatMap((codec) =>
          (capacity === 0 ? [false] : [false, true]).map((keeps) => ({ topology, capacity, codec, keeps })),
        ),
      ),
    );
    return Object.fromEntries(kinds.map((kind) => [channelKey(kind), this.#newChannel(kind)]));
  }

  #lastingSemaphores(): Record<number, Mutex | Semaphore> {
    const supervisor = this.#supervisor;
    const made = (permits: number) =>
      permits === 1 ? new Mutex({ supervisor }) : new Semaphore(permits, { supervisor });
    return Object.fromEntries(PERMITS.map((permits) => [permits, made(permits)]));
  }

  #newChannel(kind: Kind): Channel<number> {
    return newChannel(this.#supervisor, kind);
  }
}

/** What a promise answers, or undefined if that takes longer. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export function newChannel(supervisor: Supervisor, { topology, capacity, codec, keeps }: Kind): Channel<number> {
  const delivery = keeps ? 'at-least-once' : 'at-most-once';
  return supervisor.channel('', { topology, capacity, delivery, codec: codec === 'u32' ? u32 : json<number>() });
}

/** Ends are counted where the round is about giving them up. */
function endsOf(channel: Channel<number>, { style, parts }: Plan, thread: number): Ends {
  const { sends, receives } = parts[thread]!;
  return {
    channel,
    sender: style === 'retire' && sends ? channel.sender : undefined,
    receiver: style === 'cancel' && receives ? channel.receiver : undefined,
  };
}
