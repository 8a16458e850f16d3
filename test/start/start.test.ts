/** Workers start wherever sluice runs: from sources under tsx, and from the built package, on each node there is. */

import { describe, expect, test } from 'vitest';
import { BUILT, otherNode, run, SOURCE, TSX_ARGS, withPrograms } from '../support/child.ts';

const main = (library: string, worker: string) => `
  import { bytes, json, Supervisor } from '${library}';
  const supervisor = new Supervisor({ memory: 16 << 20 });
  const jobs = supervisor.channel('jobs', { codec: json(), capacity: 4 });
  const results = supervisor.channel('results', { codec: bytes(), capacity: 4, topology: 'mpsc' });
  supervisor.spawn(new URL('./${worker}', import.meta.url), {
    ports: { jobs: jobs.receiver, results: results.sender },
    count: 2,
    data: 3,
  });
  for (let size = 1; size <= 1000; size *= 10) await jobs.send({ size });
  jobs.close();
  const sizes = [];
  for await (const result of results) sizes.push(result.length);
  console.log(sizes.sort((a, b) => a - b).join());
  await supervisor.close();
`;

const worker = (library: string, types: boolean) => `
  import { workerData } from 'node:worker_threads';
  import { attach } from '${library}';
  const { jobs, results } = attach(workerData);
  const factor${types ? ': number' : ''} = workerData.data;
  for (const { size } of jobs) results.sendSync(new Uint8Array(factor * size));
`;

const inTypeScript = { 'main.ts': main(SOURCE, 'worker.ts'), 'worker.ts': worker(SOURCE, true) };
const inJavaScript = { 'main.mjs': main(BUILT, 'worker.mjs'), 'worker.mjs': worker(BUILT, false) };
/** TypeScript workers on the built package, and the other way round. */
const mixed = { 'main.mjs': main(BUILT, 'worker.ts'), 'worker.ts': worker(BUILT, true) };

const expectDone = (ending: { code: number | null; stdout: string; stderr: string }) =>
  expect(ending).toEqual({ code: 0, stdout: '3,30,300,3000\n', stderr: '' });

describe('on this node', () => {
  test('from sources, under tsx', async () => {
    expectDone(await withPrograms(inTypeScript, (folder) => run(`${folder}/main.ts`, { nodeArgs: TSX_ARGS })));
  });

  test('from the built package', async () => {
    expectDone(await withPrograms(inJavaScript, (folder) => run(`${folder}/main.mjs`)));
  });

  test('from the built package, with a worker in TypeScript', async () => {
    expectDone(await withPrograms(mixed, (folder) => run(`${folder}/main.mjs`)));
  });
});

const other = otherNode();
const skipped = 'missing' in other;
if (skipped) console.info(`Skipped: workers on another node (${other.missing})`);

describe.skipIf(skipped)('on another node', () => {
  const node = 'path' in other ? other.path : '';

  test('from the built package', async () => {
    expectDone(await withPrograms(inJavaScript, (folder) => run(`${folder}/main.mjs`, { node })));
  });

  test('from sources, which it strips of their types by itself', async () => {
    expectDone(await withPrograms(inTypeScript, (folder) => run(`${folder}/main.ts`, { node })));
  });
});
