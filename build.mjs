// Builds dist/ with tsc when it is older than what it is made from; does nothing (in a few ms) when it is not.
// `npm install` and `npm start` both pass through here, so a checkout never runs a stale build.

import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('.', import.meta.url));
const stamp = `${root}dist/.built`;

function newest(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(`${path}/${name}`)), stats.mtimeMs);
}

const sources = ['src', 'workers', 'tsconfig.json', 'tsconfig.build.json', 'build.mjs'];
const changed = Math.max(...sources.map((source) => newest(root + source)));

if (newest(stamp) < changed) {
  rmSync(`${root}dist`, { recursive: true, force: true });
  const tsc = fileURLToPath(import.meta.resolve('typescript/package.json')).replace('package.json', 'bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', `${root}tsconfig.build.json`], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(stamp, '');
}
