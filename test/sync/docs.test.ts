/** What docs/sync.md says is what happens. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the example in docs/sync.md runs as it stands', async () => {
  const page = await readFile(`${root}docs/sync.md`, 'utf8');
  const [worker, main] = [...page.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code!);
  // Inside the package, so that `sluice` is found under the name that users import it by.
  await promisify(execFile)(process.execPath, ['build.mjs'], { cwd: root });
  const folder = await mkdtemp(`${root}dist/docs-`);
  try {
    await writeFile(`${folder}/worker.mjs`, worker!);
    await writeFile(`${folder}/main.mjs`, main!);
    const { stdout } = await promisify(execFile)(process.execPath, ['main.mjs'], { cwd: folder, timeout: 20_000 });
    expect(stdout.trim()).toBe('4000');
  } finally {
    await rm(folder, { recursive: true });
  }
});
