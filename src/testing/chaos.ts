/** Breaking things on purpose: what a test does to the threads and channels of a program. */

import type { Worker } from 'node:worker_threads';
import type { SpawnOptions, Supervisor, WorkerGroup } from '../index.ts';
import { type Random, randomFrom } from './random.ts';

export interface ChaosOptions {
  /** Where `chaos.random` starts. Default: another one each time; tell it when a test fails. */
  readonly seed?: number;
}

export class Chaos {
  readonly seed: number;
  /** Choices that the same seed makes again. */
  readonly random: Random;
  readonly #supervisor: Supervisor;

  constructor(supervisor: Supervisor, { seed = Date.now() % 2 ** 31 }: ChaosOptions = {}) {
    this.#supervisor = supervisor;
    this.seed = seed;
    this.random = randomFrom(seed);
  }

  /** Starts workers like `supervisor.spawn`. */
  spawn<P>(entry: URL, options: SpawnOptions<P>): WorkerGroup {
    return this.#supervisor.spawn(entry, options);
  }

  /** Ends a thread wherever it is. Settles once what it held is recovered; answers whether it was alive. */
  async kill(worker: Worker): Promise<boolean> {
    const exited = new Promise<number>((resolve) => worker.once('exit', resolve));
    // A thread that ended before has no id any more, and will not exit again.
    if (worker.threadId === -1) return false;
    void worker.terminate();
    return (await exited) !== 0;
  }
}
