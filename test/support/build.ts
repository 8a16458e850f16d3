/**
 * Builds once before any test runs: the package, because tests of it run side by side, and the worker threads of tests.
 * A build that fails is reported here, and fails the tests that need it, and no others.
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';
import { BUILT_WORKERS, workerFiles } from './entries.ts';

const tests = fileURLToPath(new URL('../', import.meta.url));

export default async function build(): Promise<void> {
  await buildWorkers();
  const script = fileURLToPath(new URL('../../build.mjs', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  if (status !== 0) console.error(`The build failed (status ${status}):\n${stdout}${stderr}`);
}

/** From the sources as they are, each into one file: a thread starts in a tenth of the time that the loader takes. */
async function buildWorkers(): Promise<void> {
  await bundle({
    entryPoints: workerFiles().map((path) => `${tests}${path}`),
    outbase: tests,
    outdir: fileURLToPath(BUILT_WORKERS),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: 'inline',
  });
}
