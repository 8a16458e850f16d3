/** When a program with a supervisor ends by itself, and what it costs while nothing happens. */

import { describe, expect, test } from 'vitest';
import { BUILT, run, withPrograms } from '../support/child.ts';

const START = `
  import { Supervisor, u32 } from '${BUILT}';
  const supervisor = new Supervisor({ memory: 8 << 20 });
  const channel = supervisor.channel('a', { codec: u32, capacity: 1 });
`;

const WORKER = `
  import { workerData } from 'node:worker_threads';
  import { attach } from '${BUILT}';
  const { channel } = attach(workerData);
  channel.receiveSync();
`;

/** Runs a program that may start \`worker.mjs\`. */
function ending(text: string, limitMs?: number) {
  return withPrograms({ 'main.mjs': START + text, 'worker.mjs': WORKER }, (folder) =>
    run(`${folder}/main.mjs`, limitMs === undefined ? {} : { limitMs }),
  );
}

const spawn = `supervisor.spawn(new URL('./worker.mjs', import.meta.url), { ports: { channel }, count: 2 });`;

describe('a program ends by itself', () => {
  test.each([
    ['with a supervisor that nobody closed', `console.log('done');`],
    ['after operations that were done at once', `await channel.send(1); await channel.receive(); console.log('done');`],
    [
      'after one that had to wait',
      `
      setTimeout(() => channel.sendSync(1), 30);
      await channel.receive();
      console.log('done');`,
    ],
    [
      'after one that timed out',
      `
      await channel.receive({ timeout: 20 }).catch(({ code }) => console.log(code));
      console.log('done');`,
    ],
    [
      'after one that was aborted',
      `
      await channel.receive({ signal: AbortSignal.timeout(20) }).catch(() => {});
      console.log('done');`,
    ],
    [
      'once a pending receive is settled by a close',
      `
      setTimeout(() => channel.close(), 30);
      console.log((await channel.receive()).done);
      console.log('done');`,
    ],
    [
      'once a pending receive is settled by the supervisor’s close',
      `
      setTimeout(() => supervisor.close(), 30);
      console.log((await channel.receive()).done);
      console.log('done');`,
    ],
    [
      'after close() with workers that block for ever',
      `
      ${spawn}
      while (supervisor.snapshot().threads.filter(({ state }) => state === 'parked').length < 2) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await supervisor.close();
      console.log('done');`,
    ],
    [
      'after close() with workers that have hardly begun',
      `
      ${spawn}
      await supervisor.close();
      console.log('done');`,
    ],
    [
      'after close() with everything else that can be pending',
      `
      const full = supervisor.channel('full', { codec: u32, capacity: 1 });
      full.sendSync(1);
      const pending = [channel.receive(), full.send(2), supervisor.pool.lease(7 << 20)];
      pending.push(supervisor.pool.lease(7 << 20));
      for (const each of pending) each.catch(() => {});
      await supervisor.close();
      await Promise.allSettled(pending);
      console.log('done');`,
    ],
    [
      'when `await using` ends, without another word',
      `
      {
        const disposed = supervisor;
        ${spawn}
        await disposed[Symbol.asyncDispose]();
      }
      console.log('done');`,
    ],
  ])('%s', async (_when, text) => {
    const { code, stdout, stderr } = await ending(text);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/done\n$/);
  });
});

describe('a program goes on', () => {
  test('while a receive is pending, though nothing else is', async () => {
    const { code, stdout } = await ending(
      `process.on('exit', () => console.log('ended'));
       channel.receive().then(() => console.log('received'));`,
      1500,
    );
    expect([code, stdout]).toEqual([null, '']);
  });

  test('while a send is pending, though nothing else is', async () => {
    const { code } = await ending('channel.sendSync(1); await channel.send(2);', 1500);
    expect(code).toBeNull();
  });
});

test('threads that wait use next to no processor time', async () => {
  const { code, stdout, stderr } = await ending(`
    ${spawn}
    channel.receive();
    while (supervisor.snapshot().threads.filter(({ state }) => state === 'parked').length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const { user, system } = process.cpuUsage(before);
    console.log(Math.round((user + system) / 1000));
    await supervisor.close();
  `);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  // A thread that looks instead of sleeping would use a thousand.
  expect(Number(stdout)).toBeLessThan(50);
});

test('a worker that throws fails the program, unless somebody looks after it', async () => {
  const failing = {
    'worker.mjs': `throw new Error('no luck');`,
    'main.mjs': `${START}${spawn}
      process.on('exit', (code) => console.log('exit', code));`,
  };
  const alone = await withPrograms(failing, (folder) => run(`${folder}/main.mjs`));
  expect(alone.stdout).toBe('exit 1\n');
  expect(alone.stderr).toContain('no luck');
  const minded = {
    ...failing,
    'main.mjs': `${START}
      const group = ${spawn}
      await group.finished.catch(({ message }) => console.log(message));
      await supervisor.close().catch(({ message }) => console.log(message));
      console.log('done');`,
  };
  const { code, stdout } = await withPrograms(minded, (folder) => run(`${folder}/main.mjs`));
  expect([code, stdout]).toEqual([0, 'no luck\nno luck\ndone\n']);
});
