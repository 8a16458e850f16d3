/** A thread of the arena: plays its part of each round, in step with the others, and sends home what happened. */

import { parentPort } from 'node:worker_threads';
import { attach, type Channel, type Shared } from '../../src/index.ts';
import { Barrier } from './barrier.ts';
import type { Operation } from './call.ts';
import { closes, type Plan, planRound } from './plan.ts';
import { type Ends, Player } from './player.ts';

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
  /** The channels that serve many rounds, by `channelKey`. */
  readonly lasting: Shared<Record<string, Channel<number>>>;
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
  readonly #lasting: Record<string, Channel<number>>;
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
      const ends = closes(plan) ? channels.next().value! : { channel: this.#lasting[channelKey(plan)]! };
      report.push(await this.#playRound(round, plan, ends));
    }
    return report;
  }

  async #playRound(round: number, plan: Plan, ends: Ends): Promise<Operation[]> {
    const { thread } = this.#assignment;
    const player = new Player(thread, ends, this.#clock);
    this.#words[CLOCK_STRIDE * (thread + 1)] = round;
    this.#barrier.pass();
    await player.play(plan.parts[thread]!);
    this.#barrier.pass();
    // Nobody is left to receive from a channel whose receivers have cancelled.
    if (plan.parts[thread]!.receives && plan.style !== 'cancel') player.drain();
    return player.history;
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
