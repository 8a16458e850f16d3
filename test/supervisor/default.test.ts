/** Channels without a supervisor in sight. */

import { describe, expect, test } from 'vitest';
import { channel, u32 } from '../../src/index.ts';
import { run, SOURCE, TSX_ARGS, withPrograms } from '../support/child.ts';
import { Crew } from '../support/crew.ts';
import { newSupervisor } from '../support/supervisors.ts';

test('on the main thread, a default supervisor is made on first use; the program ends by itself', async () => {
  const program = `
    import { channel, u32 } from '${SOURCE}';
    const numbers = channel({ codec: u32, capacity: 2 });
    const more = channel({ codec: u32, capacity: 2 });
    numbers.sendManySync([1, 2]);
    numbers.close();
    for await (const number of numbers) await more.send(10 * number);
    console.log(more.receiveManySync(9).join(), numbers.name !== more.name);
  `;
  const ending = await withPrograms({ 'main.ts': program }, (folder) =>
    run(`${folder}/main.ts`, { nodeArgs: TSX_ARGS }),
  );
  expect(ending).toEqual({ code: 0, stdout: '10,20 true\n', stderr: '' });
});

describe('on a worker', () => {
  test('channels are made in the segment it attached to, and the supervisor sees them', async () => {
    await using supervisor = newSupervisor({ threads: 2 });
    await using crew = new Crew(supervisor, 1);
    const name = await crew.run(0, 'makeChannel', { pool: supervisor.pool }, { capacity: 5 });
    expect(supervisor.snapshot().channels).toMatchObject([{ name, capacity: 5, length: 1 }]);
  });

  test('that is attached to nothing, no channel can be made', async () => {
    const programs = {
      'main.mjs': `
        import { Worker } from 'node:worker_threads';
        new Worker(new URL('./worker.mjs', import.meta.url)).on('message', console.log);`,
      'worker.mjs': `
        import { parentPort } from 'node:worker_threads';
        import { channel, u32 } from '../src/index.js';
        try {
          channel({ codec: u32, capacity: 1 });
        } catch ({ code }) {
          parentPort.postMessage(code);
        }`,
    };
    const { stdout } = await withPrograms(programs, (folder) => run(`${folder}/main.mjs`));
    expect(stdout).toBe('ERR_INCOMPATIBLE_SEGMENT\n');
  });
});

test('once the supervisor is closed, the next channel is in a new segment', async () => {
  const first = newSupervisor();
  await first.close();
  await using second = newSupervisor();
  channel({ codec: u32, capacity: 7 });
  expect(first.snapshot().channels).toEqual([]);
  expect(second.snapshot().channels).toMatchObject([{ capacity: 7 }]);
});
