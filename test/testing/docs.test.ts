/** What docs/chaos.md says is what happens. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('the test in docs/chaos.md runs as it stands', async () => {
  const page = await readFile(`${root}docs/chaos.md`, 'utf8');
  const [worker, main] = [...page.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code!);
  // Inside the package, so that `sluice` is found under the name that users import it by.
  const folder = await mkdtemp(`${root}dist/docs-`);
  try {
    await writeFile(`${folder}/worker.mjs`, worker!);
    // Older lines of Node do not know `using`.
    await writeFile(`${folder}/main.mjs`, main!.replace('await using', 'const'));
    const { stdout } = await promisify(execFile)(process.execPath, ['main.mjs'], { cwd: folder, timeout: 20_000 });
    expect(stdout).toMatch(/kill a worker: [1-9]\d* times/);
    expect(stdout).toContain('✓ errors: expected 0, met 0');
  } finally {
    await rm(folder, { recursive: true });
  }
});
