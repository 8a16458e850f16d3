/**
 * A few worker threads that run the programs of `test/workers/programs.ts` on order, so that a test need not start
 * threads of its own. They share one supervisor, and thus one segment, with the tests of a file.
 */

import type { Worker } from 'node:worker_threads';
import type { Shared, Supervisor } from '../../src/index.ts';
import type { Order, Report } from '../workers/crew.ts';
import type { DataOf, PortsOf, ProgramName, ResultOf } from '../workers/programs.ts';
import { workerEntry } from './entries.ts';

/** How an error looks after it crossed from another thread. */
export class CrewError extends Error {
  readonly code: unknown;

  constructor({ name, code, message }: { name: string; code: unknown; message: string }) {
    super(message);
    this.name = name;
    this.code = code;
  }
}

interface Waiting {
  resolve(result: any): void;
  reject(error: Error): void;
}

export class Crew implements AsyncDisposable {
  readonly #supervisor: Supervisor;
  readonly #workers: readonly Worker[];
  readonly #waiting = new Map<number, Waiting>();
  #orders = 0;
  #failure: Error | undefined;

  /** Starts the threads; they are ready when they are. Those of another entry do programs of their own. */
  constructor(supervisor: Supervisor, size: number, entry = workerEntry('workers/crew.ts')) {
    this.#supervisor = supervisor;
    const group = supervisor.spawn(entry, { ports: {}, count: size });
    this.#workers = group.workers;
    for (const worker of this.#workers) worker.on('message', (report: Report) => this.#settle(report));
    group.finished.catch((error) => this.#fail(error));
  }

  get size(): number {
    return this.#workers.length;
  }

  /** Runs a program on one of the threads, after those it was given before. */
  run<N extends ProgramName>(member: number, program: N, ports: PortsOf<N>, data: DataOf<N>): Promise<ResultOf<N>> {
    return this.runShared(member, program, this.#supervisor.share(ports), data);
  }

  /** The same, with ports that were shared before. */
  runShared<N extends ProgramName>(
    member: number,
    program: N,
    ports: Shared<PortsOf<N>>,
    data: DataOf<N>,
  ): Promise<ResultOf<N>> {
    return this.order(member, program, ports, data) as Promise<ResultOf<N>>;
  }

  /** Runs whatever the entry of these threads knows by that name. */
  order(member: number, program: string, ports: Shared<any>, data: unknown): Promise<unknown> {
    const worker = this.#workers[member];
    if (!worker) throw new Error(`expected a member from 0 to ${this.size - 1}, met ${member}`);
    if (this.#failure) throw this.#failure;
    const id = this.#orders++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ id, program, ports, data } satisfies Order<string>);
    });
  }

  /** Lets the threads go: each ends once it has done what it was given. */
  dismiss(): void {
    for (const worker of this.#workers) worker.postMessage('dismissed');
  }

  /** The same, and closes their supervisor. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.dismiss();
    await this.#supervisor.close();
  }

  #fail(error: Error): void {
    this.#failure = error;
    for (const { reject } of this.#waiting.values()) reject(error);
  }

  #settle(report: Report): void {
    const { resolve, reject } = this.#waiting.get(report.id)!;
    this.#waiting.delete(report.id);
    if ('error' in report) reject(new CrewError(report.error));
    else resolve(report.result);
  }
}
