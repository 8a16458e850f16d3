import { once } from 'node:events';
import { Piscina } from 'piscina';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPool, runWorkers } from '../../src/adapters/piscina.ts';
import { LimitError, type Recovered, Supervisor, struct, u32, utf8 } from '../../src/index.ts';

const doubling = new URL('./workers/double.ts', import.meta.url);
const shouting = new URL('./workers/shout.ts', import.meta.url);

let supervisor: Supervisor;
const pools: Piscina[] = [];

function pool(threads: number, entry = doubling): Piscina {
  const made = createPool(supervisor, { entry, threads });
  pools.push(made);
  return made;
}

function channels() {
  return {
    numbers: supervisor.channel('numbers', { codec: u32, capacity: 8 }),
    doubled: supervisor.channel('doubled', { codec: struct({ value: u32, thread: u32 }), capacity: 8 }),
  };
}

beforeEach(() => {
  supervisor = new Supervisor({ memory: 2 ** 24 });
});

afterEach(async () => {
  await Promise.all(pools.splice(0).map((each) => each.destroy()));
  await supervisor.close();
});

describe('channel workers on a Piscina pool', () => {
  test('share the work between their threads and close their channel when all of them are done', async () => {
    const { numbers, doubled } = channels();
    const working = runWorkers(pool(2), 2, { numbers: numbers.receiver, doubled: doubled.sender });
    const values: number[] = [];
    const threads = new Set<number>();
    let count = 0;
    const send = async () => {
      // A thread may start late, and then there has to be something left for it.
      while (count < 1000 || threads.size < 2) await numbers.send(count++);
      numbers.close();
    };
    const sending = send();

    for await (const { value, thread } of doubled) {
      values.push(value);
      threads.add(thread);
    }
    await Promise.all([sending, working]);

    expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index * 2));
  });

  test('fail as soon as one of them throws, with what it threw', async () => {
    const { numbers, doubled } = channels();
    const working = runWorkers(pool(2), 2, { numbers: numbers.receiver, doubled: doubled.sender, poison: 13 });
    await numbers.send(13);
    await expect(working).rejects.toThrow('13 cannot be doubled');
  });

  test('fail as soon as the thread of one of them ends', async () => {
    const { numbers, doubled } = channels();
    const threads = pool(2);
    const working = runWorkers(threads, 2, { numbers: numbers.receiver, doubled: doubled.sender });
    const failed = expect(working).rejects.toThrow('worker exited');
    await numbers.send(1);
    await doubled.receive();
    await threads.threads[0]!.terminate();
    await failed;
  });

  test('need a thread each', async () => {
    const ports = { numbers: channels().numbers.receiver };
    await expect(runWorkers(pool(1), 2, ports)).rejects.toThrow(
      'expected 1 to 1 workers, as the pool has threads, met 2',
    );
    await expect(runWorkers(pool(1), 0, ports)).rejects.toThrow(LimitError);
  });

  test('need a pool that createPool made', async () => {
    const foreign = new Piscina({ minThreads: 0 });
    pools.push(foreign);
    await expect(runWorkers(foreign, 1, {})).rejects.toThrow('expected a pool that createPool made');
  });
});

describe('the supervisor', () => {
  test('recovers what a thread of the pool held when it ended, also on the thread that takes its place', async () => {
    const { numbers, doubled } = channels();
    const threads = pool(1);
    for (const generation of [1, 2]) {
      const ports = { numbers: numbers.receiver, doubled: doubled.sender, pool: supervisor.pool };
      const working = runWorkers(threads, 1, ports).catch((error: Error) => error.message);
      // Not the last sender of the channel, which would close it.
      const kept = doubled.sender;
      await numbers.send(generation);
      await doubled.receive();
      expect(supervisor.snapshot().pool.leases).toBe(1);

      const ended = once(supervisor, 'thread-exit') as Promise<[{ recovered: Recovered }]>;
      await threads.threads[0]!.terminate();
      expect((await ended)[0].recovered).toMatchObject({ blocks: 1, ends: 2 });
      expect(await working).toContain('worker exited');
      expect(supervisor.snapshot().pool.leases).toBe(0);
      expect(kept.closed).toBe(false);
    }
  });
});

describe('a pool with ports', () => {
  test('hands them to each thread as it starts', async () => {
    const shouts = supervisor.channel('shouts', { codec: utf8(), capacity: 8 });
    const threads = createPool(supervisor, { entry: shouting, threads: { min: 0, max: 2 }, ports: { shouts } });
    pools.push(threads);
    await Promise.all([threads.run('one'), threads.run('two')]);
    expect((await shouts.receiveMany(8)).sort()).toEqual(['ONE', 'TWO']);
  });
});

describe('createPool', () => {
  test.each([
    ['an entry that is no URL', { entry: './double.ts' as never, threads: 1 }, 'expected the URL of a worker module'],
    ['no threads', { entry: doubling, threads: 0 }, 'expected a number of threads ≥ 1'],
    ['half a thread', { entry: doubling, threads: 1.5 }, 'met 1.5 to 1.5'],
    ['bounds the wrong way round', { entry: doubling, threads: { min: 2, max: 1 } }, 'met 2 to 1'],
  ])('refuses %s', (_, options, message) => {
    expect(() => createPool(supervisor, options)).toThrow(message);
  });
});
