/**
 * Builds the package once before any test runs, because tests of the built package run side by side. A build that fails
 * is reported here, and fails the tests that need it, and no others.
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export default function build(): void {
  const script = fileURLToPath(new URL('../../build.mjs', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  if (status !== 0) console.error(`The build failed (status ${status}):\n${stdout}${stderr}`);
}
