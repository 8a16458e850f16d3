/** What docs/coming-from.md shows compiles. */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { withPrograms } from '../support/child.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsc = `${root}node_modules/typescript/bin/tsc`;

/** Each snippet with what is given before it, and the line it stands on. */
function snippetsOf(page: string): readonly { readonly line: number; readonly code: string }[] {
  const pattern = /(?:<!-- given\n([\s\S]*?)-->\n\n)?^```ts\n([\s\S]*?)^```/gm;
  return [...page.matchAll(pattern)].map(({ 1: given = '', 2: code, index }) => ({
    line: page.slice(0, index).split('\n').length,
    code: `${given}${code}export {};\n`,
  }));
}

async function errorsOf(snippets: readonly { readonly line: number; readonly code: string }[]): Promise<string[]> {
  const programs: Record<string, string> = {
    'tsconfig.json': JSON.stringify({
      extends: '../../tsconfig.json',
      compilerOptions: { noUnusedLocals: false },
      include: ['*.ts'],
    }),
  };
  for (const { line, code } of snippets) programs[`line-${line}.ts`] = code;
  // Inside the package, so that `sluice` is found under the name that users import it by.
  return await withPrograms(programs, async (folder) => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [tsc, '--noEmit', '--pretty', 'false', '-p', `${folder}/tsconfig.json`],
      { cwd: root },
    ).catch((failed: { stdout: string }) => failed);
    return stdout.split('\n').filter((text) => /error TS\d+/.test(text));
  });
}

test('every snippet of docs/coming-from.md compiles', async () => {
  const snippets = snippetsOf(await readFile(`${root}docs/coming-from.md`, 'utf8'));
  expect(snippets.length).toBeGreaterThanOrEqual(20);
  expect(await errorsOf(snippets)).toEqual([]);
}, 60_000);

test('one that does not would be found', async () => {
  const page =
    "<!-- given\nimport { channel, u32 } from 'sluice';\n-->\n\n```ts\nchannel({ codec: u32, capacity: 1 }).trySend('x');\n```\n";
  const errors = await errorsOf(snippetsOf(page));
  expect(errors.map((error) => /line-\d+\.ts.*TS\d+/.exec(error)?.[0])).toEqual([
    expect.stringMatching(/line-1\.ts\(2,.*TS2345/),
  ]);
}, 60_000);
