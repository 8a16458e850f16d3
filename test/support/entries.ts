/** Where the worker threads of tests start. */

import { readdirSync } from 'node:fs';

const TESTS = new URL('../', import.meta.url);

/** Where `build.ts` puts them. */
export const BUILT_WORKERS = new URL('../node_modules/.cache/sluice-tests/', TESTS);

/** The files that worker threads of tests start with, relative to `test/`. */
export function workerFiles(): string[] {
  const shared = readdirSync(new URL('workers/', TESTS)).map((name) => `workers/${name}`);
  return [...shared, 'conformance/worker.ts', 'linear/worker.ts', 'fuzz/worker.ts'];
}

/** The worker at `path`, relative to `test/`: built beforehand under the test runner, and as it is elsewhere. */
export function workerEntry(path: string): URL {
  return process.env.VITEST ? new URL(path.replace(/\.ts$/, '.mjs'), BUILT_WORKERS) : new URL(path, TESTS);
}
