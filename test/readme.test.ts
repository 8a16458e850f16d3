/** What the README says is what happens. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

test('the ten lines of the README run as they stand', async () => {
  const readme = await readFile(`${root}README.md`, 'utf8');
  const examples = [...readme.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code!);
  expect(examples).toHaveLength(2);
  // Inside the package, so that `sluice` is found under the name that users import it by.
  await promisify(execFile)(process.execPath, ['build.mjs'], { cwd: root });
  const folder = await mkdtemp(`${root}dist/readme-`);
  try {
    await writeFile(`${folder}/main.mjs`, examples[0]!);
    await writeFile(`${folder}/worker.mjs`, examples[1]!);
    const { stdout } = await promisify(execFile)(process.execPath, ['main.mjs'], { cwd: folder, timeout: 20_000 });
    expect(stdout.trim().split('\n')).toHaveLength(3);
    // sha256 of a mebibyte of ones, as any other tool computes it.
    expect(stdout).toContain('ee78cd29d3a534713b36e6ff6fa3668c8a8f851a542d5eb2401c25ca4e057d02  1048576');
  } finally {
    await rm(folder, { recursive: true });
  }
});
