/** A small share of the chaos suite; `npm run test:chaos` is all of it. */

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { run } from '../support/child.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsc = createRequire(import.meta.url)
  .resolve('typescript/package.json')
  .replace('package.json', 'bin/tsc');

async function suite(...args: string[]) {
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', `${root}tsconfig.chaos.json`], {
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([0, '']);
  const {
    code,
    stdout: told,
    stderr,
  } = await run(`${root}dist-chaos/test/chaos/main.js`, {
    args: ['--json', ...args],
    limitMs: 50_000,
  });
  expect(code, stderr).toBe(0);
  return JSON.parse(told);
}

/** One of each kind. */
const STANDS = ['mpmc-at-least-once-bytes', 'mpmc-rendezvous-lease', 'select-mixed', 'locks', 'meetings'];

test('R29, R30: a few deaths at random moments, and one at each step of a receive', {
  timeout: 60_000,
}, async () => {
  const { kills, steps } = await suite(
    ...['--only', 'kills', '--kills', '16', ...STANDS.flatMap((stand) => ['--stand', stand])],
    ...['--only', 'steps', '--walk', 'mpmc: receive (pooled)'],
  );
  expect(kills.violations).toEqual([]);
  expect(kills.kills).toBeGreaterThanOrEqual(16);
  expect(kills.audit.accepted).toBeGreaterThan(0);
  expect(kills.audit.sections).toBeGreaterThan(0);
  expect(steps.deaths).toBeGreaterThan(10);
});
