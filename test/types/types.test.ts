/** The files beside this one compile: with every line that must not, and not without. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { withPrograms } from '../support/child.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsc = `${root}node_modules/typescript/bin/tsc`;

/** The errors of a project, by their codes. */
async function errorsOf(project: string): Promise<string[]> {
  const done = promisify(execFile)(process.execPath, [tsc, '--noEmit', '--pretty', 'false', '-p', project], {
    cwd: root,
  }).catch((failed: { stdout: string }) => failed);
  const { stdout } = await done;
  return stdout.split('\n').filter((line) => /error TS\d+/.test(line));
}

test('the public face has the types it promises, and refuses what it should', async () => {
  expect(await errorsOf(`${root}test/types/tsconfig.json`)).toEqual([]);
});

test('a promise that is not kept would be found', async () => {
  const programs = {
    'tsconfig.json': '{ "extends": "../../tsconfig.json", "include": ["*.ts"] }',
    'wrong.ts': `
      import { type Channel, u32, type Supervisor } from '../../src/index.ts';
      import { type Equal, holds } from '../../test/types/equal.ts';
      declare const supervisor: Supervisor;
      const channel = supervisor.channel('a', { codec: u32, capacity: 1 });
      holds<Equal<typeof channel, Channel<string>>>();
      holds<Equal<unknown, any>>();
      // @ts-expect-error nothing is wrong with this
      channel.sendSync(1);
      channel.sendSync('1');
    `,
  };
  const errors = await withPrograms(programs, (folder) => errorsOf(`${folder}/tsconfig.json`));
  expect(errors.map((line) => /\((\d+),.*error (TS\d+)/.exec(line)!.slice(1, 3))).toEqual([
    ['6', 'TS2344'],
    ['7', 'TS2344'],
    ['8', 'TS2578'],
    ['10', 'TS2345'],
  ]);
});
