/**
 * Piscina as the worker pool: it owns the threads, sluice carries the bytes between them.
 *
 * Piscina starts, replaces and ends threads and hands out tasks; what a task then works on travels through channels,
 * without a copy, and what a thread held when it ended goes back to the supervisor.
 *
 * ```ts
 * // main.ts
 * const pool = createPool(supervisor, { entry: new URL('./worker.js', import.meta.url), threads: 4 });
 * const working = runWorkers(pool, 4, { jobs: jobs.receiver, results: results.sender });
 *
 * // worker.ts
 * export default function work(shared: Shared<Ports>): void {
 *   const { jobs, results } = attach(shared);
 *   for (const job of jobs) results.sendSync(answerTo(job));
 *   results.close();
 * }
 * ```
 */

import { Piscina } from 'piscina';
import { execArgvFor, LimitError, type Supervisor } from '../index.ts';

type PiscinaOptions = NonNullable<ConstructorParameters<typeof Piscina>[0]>;

export interface PoolOptions<P = unknown> {
  /** The module that the threads run; `.ts` is fine where tsx is installed or Node strips types by itself. */
  readonly entry: URL;
  /** How many threads: exactly so many, or as many as the load asks for between two bounds. */
  readonly threads: number | { readonly min: number; readonly max: number };
  /**
   * What `attach(workerData)` answers on every thread, also on one that Piscina starts later. Since it is not known how
   * many threads there will be, put channels in it rather than their ends; each thread reads the ends it needs.
   */
  readonly ports?: P;
  /** Whatever else Piscina is to be told. */
  readonly piscina?: Omit<PiscinaOptions, 'filename' | 'minThreads' | 'maxThreads' | 'workerData'>;
}

/** The supervisor that watches a pool. */
const supervisors = new WeakMap<Piscina, Supervisor>();

/**
 * Makes a Piscina pool whose threads may attach to the segment of `supervisor`, which watches them: what a thread held
 * when it ended is recovered, and the supervisor emits `thread-exit`.
 *
 * End the pool with its own `close()` (once the tasks are done) or `destroy()` (now) before you close the supervisor.
 * Throws LimitError for an entry or a number of threads that cannot be.
 */
export function createPool<P>(supervisor: Supervisor, options: PoolOptions<P>): Piscina {
  const { entry, threads, ports, piscina } = options;
  if (!(entry instanceof URL)) {
    throw new LimitError(`createPool: expected the URL of a worker module, met ${String(entry)}`);
  }
  const { min, max } = typeof threads === 'number' ? { min: threads, max: threads } : threads;
  checkThreads(min, max);
  const execArgv = execArgvFor(entry);
  const pool = new Piscina({
    ...(execArgv && { execArgv }),
    ...piscina,
    filename: entry.href,
    minThreads: min,
    maxThreads: max,
    ...(ports !== undefined && { workerData: supervisor.share(ports) }),
  });
  supervisors.set(pool, supervisor);
  supervisor.watch(pool);
  return pool;
}

/**
 * Runs the default export of the pool's entry on `count` threads at once, each time with ports of its own to attach to:
 * long-lived workers that go on until their channels are closed.
 *
 * Settles when all of them have returned, and rejects as soon as one throws or its thread ends. The others go on then;
 * close the channels they work on, or destroy the pool, to end them. Throws LimitError when the pool is not one that
 * `createPool` made, or has fewer threads than that: a worker without a thread would wait for ever, and so would those
 * who wait for it.
 */
export async function runWorkers<P>(pool: Piscina, count: number, ports: P): Promise<void> {
  const supervisor = supervisors.get(pool);
  if (!supervisor) throw new LimitError('runWorkers: expected a pool that createPool made, met another');
  if (!Number.isInteger(count) || count < 1 || count > pool.maxThreads) {
    throw new LimitError(`runWorkers: expected 1 to ${pool.maxThreads} workers, as the pool has threads, met ${count}`);
  }
  // All ends are handed out before the first worker can close one, or a channel might close too early.
  const shares = Array.from({ length: count }, () => supervisor.share(ports));
  await Promise.all(
    shares.map(async (shared) => {
      try {
        await pool.run(shared);
      } finally {
        // A thread that ended before it attached left ends that nobody will ever take up.
        supervisor.revoke(shared);
      }
    }),
  );
}

function checkThreads(min: number, max: number): void {
  if (Number.isInteger(min) && Number.isInteger(max) && min >= 0 && max >= 1 && min <= max) return;
  throw new LimitError(`createPool: expected a number of threads ≥ 1, or bounds 0 ≤ min ≤ max, met ${min} to ${max}`);
}
