/** Threads that a supervisor started, and starts again when they die. */

import { Worker, type WorkerOptions } from 'node:worker_threads';
import { LimitError } from '../errors.ts';
import { describe } from '../memory/describe.ts';
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
  /**
   * Whether another one takes the place of a worker that did not end in good order (with exit code 0), with the same
   * ends: they are not retired in between. One that keeps dying early is started again ever later, up to a second.
   * Default false.
   */
  readonly respawn?: boolean;
  /** Whatever else Node is to be told: resource limits, environment, arguments … */
  readonly worker?: Omit<WorkerOptions, 'workerData' | 'name' | 'eval'>;
}

/** A worker that lived for less than this died early. */
const EARLY_MS = 1000;
const DELAY_FIRST_MS = 10;
const DELAY_MOST_MS = 1000;

/** One place in a group. */
interface Place {
  worker: Worker;
  startedAt: number;
  /** How often in a row it died early. */
  early: number;
  /** Whether its code began to run. One that is terminated before that ends with exit code 0, too. */
  begun: boolean;
}

export class WorkerGroup {
  /** @internal */
  readonly entry: URL;
  readonly #options: Pick<SpawnOptions<unknown>, 'respawn' | 'worker'>;
  readonly #places: Place[] = [];
  /** Replacements that wait for their start. */
  readonly #delayed = new Map<NodeJS.Timeout, () => void>();
  readonly #finished: Promise<void>;
  #finish: () => void = () => {};
  #failures: unknown[] = [];
  #running = 0;
  #stopping = false;

  /** @internal */
  constructor(entry: URL, options: Pick<SpawnOptions<unknown>, 'respawn' | 'worker'>) {
    this.entry = entry;
    this.#options = options;
    this.#finished = new Promise((resolve, reject) => {
      this.#finish = () => {
        if (this.#failures.length > 0) reject(this.#failures[0]);
        else resolve();
      };
    });
  }

  /** Those that run now, or ran last: a replacement stands in the place of the one it replaces. */
  get workers(): readonly Worker[] {
    return this.#places.map(({ worker }) => worker);
  }

  /** Settles when all of them have ended and none is started again; rejects with the first error that ended one. */
  get finished(): Promise<void> {
    return this.#finished;
  }

  /** Stops all of them where they are, for good. What they held is recovered. */
  async terminate(): Promise<void> {
    this.stopReplacing();
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }

  /** @internal Starts a worker in place number `index`. */
  start(index: number, shared: Shared<unknown>): Worker {
    const execArgv = execArgvFor(this.entry);
    const worker = new Worker(this.entry, {
      ...(execArgv && { execArgv }),
      ...this.#options.worker,
      workerData: shared,
      name: shared.name!,
    });
    const before = this.#places[index];
    const place = { worker, startedAt: performance.now(), early: before?.early ?? 0, begun: false };
    this.#places[index] = place;
    this.#running++;
    worker.once('online', () => {
      place.begun = true;
    });
    let failure: { readonly error: unknown } | undefined;
    worker.once('error', (error) => {
      failure = { error };
    });
    worker.once('exit', (exitCode) => {
      if (failure && !this.replaces(index, exitCode)) this.#failures.push(failure.error);
      // Whoever replaces it has counted it by then.
      queueMicrotask(() => this.#ended());
    });
    return worker;
  }

  /** @internal Whether the worker in place number `index`, which ended like this, is replaced. */
  replaces(index: number, exitCode: number): boolean {
    const inGoodOrder = exitCode === 0 && this.#places[index]!.begun;
    return this.#options.respawn === true && !inGoodOrder && !this.#stopping;
  }

  /** @internal Calls `start` when it is time to replace the worker at `index`, or `cancel` should that never be. */
  replaceLater(index: number, start: () => void, cancel: () => void): void {
    const place = this.#places[index]!;
    const early = performance.now() - place.startedAt < EARLY_MS;
    place.early = early ? place.early + 1 : 0;
    // The first time at once: that it died may have had nothing to do with it.
    const delay = place.early <= 1 ? 0 : Math.min(DELAY_MOST_MS, DELAY_FIRST_MS * 2 ** (place.early - 2));
    this.#running++;
    const timer = setTimeout(() => {
      this.#delayed.delete(timer);
      try {
        start();
      } finally {
        this.#ended();
      }
    }, delay);
    this.#delayed.set(timer, cancel);
  }

  /** @internal From here on nobody is replaced. */
  stopReplacing(): void {
    this.#stopping = true;
    for (const [timer, cancel] of this.#delayed) {
      clearTimeout(timer);
      cancel();
      this.#ended();
    }
    this.#delayed.clear();
  }

  #ended(): void {
    this.#running--;
    if (this.#running === 0) this.#finish();
  }
}

export function checkSpawn(entry: URL, count: number): void {
  if (!(entry instanceof URL))
    throw new LimitError(`spawn: expected the URL of a worker module, met ${describe(entry)}`);
  if (!Number.isInteger(count) || count < 1) {
    throw new LimitError(`spawn: expected a count of threads ≥ 1, met ${describe(count)}`);
  }
}
