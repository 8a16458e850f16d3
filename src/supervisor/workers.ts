/** Threads that a supervisor started. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { LimitError } from '../errors.ts';
import type { Shared } from './shared.ts';
import { execArgvFor } from './typescript.ts';

export interface SpawnOptions<P> {
  /** What the workers get: `attach(workerData)` answers it. */
  readonly ports: P;
  /** How many threads. Default 1. */
  readonly count?: number;
  /** What they are called in snapshots, followed by their number. Default: the file name of the entry. */
  readonly name?: string;
  /** Structured-cloneable; `workerData.data` in the worker. */
  readonly data?: unknown;
}

export class WorkerGroup {
  readonly #workers: Worker[] = [];
  readonly #ends: Promise<void>[] = [];
  #finished: Promise<void> | undefined;

  get workers(): readonly Worker[] {
    return this.#workers;
  }

  /** Settles when all of them have ended; rejects with the first error that ended one. */
  get finished(): Promise<void> {
    this.#finished ??= Promise.allSettled(this.#ends).then(async () => {
      await Promise.all(this.#ends);
    });
    return this.#finished;
  }

  /** @internal */
  start(entry: URL, shared: Shared<unknown>): Worker {
    const execArgv = execArgvFor(entry);
    const worker = new Worker(entry, { workerData: shared, name: shared.name!, ...(execArgv && { execArgv }) });
    this.#workers.push(worker);
    this.#ends.push(endOf(worker));
    return worker;
  }

  /** Stops all of them where they are. What they held is recovered. */
  async terminate(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

async function endOf(worker: Worker): Promise<void> {
  // `once` also rejects on 'error', which precedes the exit of a worker that threw.
  await once(worker, 'exit').catch(async (error) => {
    await once(worker, 'exit');
    throw error;
  });
}

export function checkSpawn(entry: URL, count: number): void {
  if (!(entry instanceof URL)) throw new LimitError(`spawn: expected the URL of a worker module, met ${String(entry)}`);
  if (!Number.isInteger(count) || count < 1) {
    throw new LimitError(`spawn: expected a count of threads ≥ 1, met ${String(count)}`);
  }
}
