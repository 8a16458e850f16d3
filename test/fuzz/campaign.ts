/** Any number of cases, in threads that are watched: a case that never ends is a failure like any other. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { execArgvFor } from '../../src/index.ts';
import { workerEntry } from '../support/entries.ts';
import type { FuzzerName } from './fuzzers.ts';
import { BEACON_BEGUN, BEACON_BYTES, BEACON_LENGTH, BEACON_TEXT, type Failure, type Task } from './worker.ts';

/** A case that takes longer hangs: none waits for more than milliseconds. */
const HANG_MS = 15_000;

export interface CampaignOptions {
  readonly name: FuzzerName;
  readonly seed: number;
  readonly cases: number;
  readonly path?: string | undefined;
}

/** Runs cases of one kind in a thread of their own. Answers what failed first, shrunk if it could be. */
export async function campaign(options: CampaignOptions): Promise<Failure | undefined> {
  const beacon = new SharedArrayBuffer(BEACON_BYTES);
  const entry = workerEntry('fuzz/worker.ts');
  const worker = new Worker(entry, {
    workerData: { ...options, beacon } satisfies Task,
    execArgv: execArgvFor(entry) ?? [],
  });
  const stop = new AbortController();
  const outcome = Promise.race([report(worker, stop.signal), hang(options, beacon, stop.signal)]);
  try {
    return await outcome;
  } finally {
    stop.abort();
    await worker.terminate();
  }
}

async function report(worker: Worker, signal: AbortSignal): Promise<Failure | undefined> {
  const ended = once(worker, 'exit', { signal }).then(([code]) => {
    throw new Error(`expected a thread that reports, met one that ended with status ${code}`);
  });
  ended.catch(() => {});
  const [failure] = (await Promise.race([once(worker, 'message', { signal }), ended])) as [Failure | undefined];
  return failure;
}

/** Settles if the same case is under way for too long. */
async function hang({ name, seed }: CampaignOptions, beacon: SharedArrayBuffer, signal: AbortSignal): Promise<Failure> {
  const words = new Int32Array(beacon, 0, 2);
  for (let begun = -1; ; ) {
    await sleep(HANG_MS, signal);
    const now = Atomics.load(words, BEACON_BEGUN);
    if (now === begun) break;
    begun = now;
  }
  const length = Atomics.load(words, BEACON_LENGTH);
  const counterexample = new TextDecoder().decode(new Uint8Array(beacon, BEACON_TEXT, length).slice());
  const path = String(Atomics.load(words, BEACON_BEGUN) - 1);
  return { name, seed, path, error: `it took longer than ${HANG_MS} ms`, counterexample };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}
