/** A thread that runs cases, and says beforehand which, so that somebody else can tell if one of them never ends. */

import { parentPort, workerData } from 'node:worker_threads';
import fc from 'fast-check';
import { FUZZERS, type FuzzerName } from './fuzzers.ts';

export interface Task {
  readonly name: FuzzerName;
  readonly seed: number;
  readonly cases: number;
  /** Runs only the case at this path, or shrinks from there. */
  readonly path?: string | undefined;
  /** How often a case was begun, and how many bytes of text follow that say which. */
  readonly beacon: SharedArrayBuffer;
}

export interface Failure {
  readonly name: FuzzerName;
  readonly seed: number;
  readonly path: string;
  readonly error: string;
  readonly counterexample: string;
}

export const BEACON_BYTES = 64 * 1024;
/** Words before the text. */
export const BEACON_BEGUN = 0;
export const BEACON_LENGTH = 1;
export const BEACON_TEXT = 8;

async function runTask({ name, seed, cases, path, beacon }: Task): Promise<Failure | undefined> {
  const words = new Int32Array(beacon, 0, 2);
  const text = new Uint8Array(beacon, BEACON_TEXT);
  const encoder = new TextEncoder();
  const fuzzer = FUZZERS[name];
  const property = fc.asyncProperty(fuzzer.cases as fc.Arbitrary<any>, async (each) => {
    Atomics.store(words, BEACON_LENGTH, encoder.encodeInto(fc.stringify(each), text).written);
    Atomics.add(words, BEACON_BEGUN, 1);
    await fuzzer.run(each as never);
  });
  const options = path === undefined ? { seed, numRuns: cases } : { seed, numRuns: 1, path };
  const details = await fc.check(property, options);
  if (!details.failed) return undefined;
  const error = details.errorInstance instanceof Error ? details.errorInstance.stack! : String(details.errorInstance);
  const counterexample = fc.stringify(details.counterexample);
  return { name, seed, path: details.counterexamplePath ?? '', error, counterexample };
}

// Supervisors by the hundred are the fuzzers' doing alone.
process.setMaxListeners(0);

// Imported for its constants elsewhere.
if (workerData?.beacon) parentPort!.postMessage(await runTask(workerData as Task));
