/** A thread of the arena: plays its part of each round, in step with the others, and sends home what happened. */

import { parentPort } from 'node:worker_threads';
import { attach, type Channel, type Shared } from '../../src/index.ts';
import type { Mutex, Semaphore } from '../../src/sync/index.ts';
import { Barrier } from './barrier.ts';
import type { Operation } from './call.ts';
import { Holder } from './holder.ts';
import { closes, type Plan, planRound } from './plan.ts';
import { type Ends, ofChannel, Player } from './player.ts';

/** What makes one channel different from another. */
export type Kind = Pick<Plan, 'topology' | 'capacity' | 'codec' | 'keeps'>;

/** What a thread is told once. */
export interface Assignment {
  readonly thread: number;
  readonly threads: number;
  readonly seed: number;
  readonly barrier: SharedArrayBuffer;
  /** The word of the common clock, then one for each thread: the round that it is in. */
  readonly clock: SharedArrayBuffer;
  readonly lasting: Shared<Lasting>;
}

/** What serves many rounds. */
export interface Lasting {
  /** By `channelKey`. */
  readonly channels: Readonly<Record<string, Channel<number>>>;
  /** By how many permits there are. */
  readonly semaphores: Readonly<Record<number, Mutex | Semaphore>>;
}

/** Rounds to play, with a channel of its own for each of those that end with a close. */
export interface Order {
  readonly rounds: readonly number[];
  readonly closing: Shared<readonly Ends[]>;
}

/** What this thread did, round by round. */
export type Report = readonly (readonly Operation[])[];

export function channelKey({ topology, capacity, codec, keeps }: Kind): string {
  return `${topology} ${capacity} ${codec}${keeps ? ' keeping' : ''}`;
}

/** One line between words that different threads write. */
export const CLOCK_STRIDE = 32;

class Member {
  readonly #assignment: Assignment;
  readonly #barrier: Barrier;
  readonly #words: Int32Array;
  readonly #lasting: Lasting;
  readonly #clock = () => Atomics.add(this.#words, 0, 1);

  constructor(assignment: Assignment) {
    this.#assignment = assignment;
    this.#barrier = new Barrier(assignment.barrier, assignment.threads);
    this.#words = new Int32Array(assignment.clock);
    this.#lasting = attach(assignment.lasting);
  }

  async play({ rounds, closing }: Order): Promise<Report> {
    const { seed, threads } = this.#assignment;
    const channels = attach(closing).values();
    const report: Operation[][] = [];
    for (const round of rounds) {
      const plan = planRound(seed, round, threads);
      if (plan.permits) {
        report.push(await this.#playPermits(round, plan));
        continue;
      }
      const ends = closes(plan) ? channels.next().value! : { channel: this.#lasting.channels[channelKey(plan)]! };
      report.push(await this.#playChannel(round, plan, ends));
    }
    return report;
  }

  async #playPermits(round: number, plan: Plan): Promise<Operation[]> {
    const holder = new Holder(this.#lasting.semaphores[plan.permits]!);
    const player = new Player(this.#assignment.thread, holder, this.#clock);
    await this.#together(round, () => player.play(plan.parts[this.#assignment.thread]!));
    while (holder.holds) player.make({ kind: 'give' });
    return player.history;
  }

  async #playChannel(round: number, plan: Plan, ends: Ends): Promise<Operation[]> {
    const { thread } = this.#assignment;
    const player = new Player(thread, ofChannel(ends), this.#clock);
    await this.#together(round, () => player.play(plan.parts[thread]!));
    // Nobody is left to receive from a channel whose receivers have cancelled.
    if (plan.parts[thread]!.receives && plan.style !== 'cancel') player.drain();
    return player.history;
  }

  /** Begins when all are there, and ends when all have ended. */
  async #together(round: number, play: () => Promise<void>): Promise<void> {
    this.#words[CLOCK_STRIDE * (this.#assignment.thread + 1)] = round;
    this.#barrier.pass();
    await play();
    this.#barrier.pass();
  }
}

// Imported for its types and constants on the main thread, where there is no port.
const port = parentPort;
let member: Member | undefined;

port?.on('message', async (message: Assignment | Order | 'dismissed') => {
  if (message === 'dismissed') port.close();
  else if ('thread' in message) member = new Member(message);
  else port.postMessage(await member!.play(message));
});
