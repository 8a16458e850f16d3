/** Threads that run the programs of `programs.ts` on order, and may be killed at it. */

import type { Worker } from 'node:worker_threads';
import type { Supervisor } from '../../src/index.ts';
import { CrewError } from '../support/crew.ts';
import { workerEntry } from '../support/entries.ts';
import type { SyncOrder, SyncReport } from '../workers/syncing.ts';
import type { SyncProgramName, syncPrograms } from './programs.ts';

type Program<N extends SyncProgramName> = (typeof syncPrograms)[N];
type Ports<N extends SyncProgramName> = Parameters<Program<N>>[0];
type Data<N extends SyncProgramName> = Parameters<Program<N>> extends [any, infer D, ...any] ? D : object;

interface Waiting {
  said(what: unknown): void;
  resolve(result: any): void;
  reject(error: Error): void;
}

/** A program that runs: what it said, in order, and how it ends. */
export interface Running<T> {
  readonly said: () => Promise<unknown>;
  readonly result: Promise<T>;
}

let orders = 0;

/** One thread. */
export class Member {
  readonly #supervisor: Supervisor;
  readonly worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #finished: Promise<unknown>;

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
    const group = supervisor.spawn(workerEntry('workers/syncing.ts'), { ports: {} });
    this.worker = group.workers[0]!;
    this.#finished = group.finished.catch(() => {});
    this.worker.on('message', (report: SyncReport) => this.#hear(report));
  }

  run<N extends SyncProgramName>(
    program: N,
    ports: Ports<N>,
    ...[data]: Data<N> extends object ? [Data<N>?] : [Data<N>]
  ): Running<Awaited<ReturnType<Program<N>>>> {
    const id = orders++;
    const said: unknown[] = [];
    let tell: (() => void) | undefined;
    const result = new Promise<any>((resolve, reject) => {
      const hear = (what: unknown) => {
        said.push(what);
        tell?.();
      };
      this.#waiting.set(id, { said: hear, resolve, reject });
    });
    result.catch(() => {});
    const shared = this.#supervisor.share(ports);
    this.worker.postMessage({ id, program, ports: shared as never, data: data ?? {} } satisfies SyncOrder);
    const next = async () => {
      while (said.length === 0) {
        await Promise.race([
          result,
          new Promise<void>((resolve) => {
            tell = resolve;
          }),
        ]);
      }
      return said.shift();
    };
    return { said: next, result };
  }

  /** Kills it, wherever it is; what it held is recovered when this resolves. */
  async kill(): Promise<void> {
    await this.worker.terminate();
    await this.#finished;
  }

  dismiss(): void {
    this.worker.postMessage('dismissed');
  }

  #hear(report: SyncReport): void {
    const waiting = this.#waiting.get(report.id)!;
    if ('said' in report) {
      waiting.said(report.said);
      return;
    }
    this.#waiting.delete(report.id);
    if ('error' in report) waiting.reject(new CrewError(report.error));
    else waiting.resolve(report.result);
  }
}

/** Several, who take part in many tests, and others for a test that kills them. */
export class SyncCrew implements AsyncDisposable {
  readonly supervisor: Supervisor;
  readonly members: readonly Member[];

  constructor(supervisor: Supervisor, size: number) {
    this.supervisor = supervisor;
    this.members = Array.from({ length: size }, () => new Member(supervisor));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.members) member.dismiss();
    await this.supervisor.close();
  }
}
