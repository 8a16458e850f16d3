/** Worker threads under a supervisor: started, watched, ended, and cleaned up after. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { bytes, type Channel, LimitError, type Supervisor, u32 } from '../../src/index.ts';
import { Crew } from '../support/crew.ts';
import { workerEntry } from '../support/entries.ts';
import { errorOf, eventually } from '../support/eventually.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';
import { TOPOLOGY_NAMES } from '../support/topologies.ts';
import { numbersOf, receiveAll } from '../workers/programs.ts';

const entry = (name: string) => workerEntry(`workers/${name}.ts`);

const hold = (supervisor: Supervisor, how: string, ports: object, leases = 0) =>
  supervisor.spawn(entry('hold'), { ports: { pool: supervisor.pool, ...ports }, data: { how, leases } });

describe('spawn', () => {
  test('starts as many workers as asked for, each with ends of its own, its name and the data', async () => {
    await using supervisor = newSupervisor({ threads: 4 });
    const channel = supervisor.channel('out', { codec: u32, capacity: 10 });
    const group = supervisor.spawn(entry('send-and-end'), {
      ports: { out: channel.sender },
      count: 3,
      data: { sender: 1, count: 4 },
    });
    expect(group.workers.length).toBe(3);
    expect(snapshotOf(supervisor, 'out').senders).toBe(3);
    const received = await receiveAll(channel, 'async');
    expect(received.toSorted()).toEqual([...numbersOf(1, 4), ...numbersOf(1, 4), ...numbersOf(1, 4)].toSorted());
    await group.finished;
  });

  test('names workers after their entry, unless it is told a name', async () => {
    await using supervisor = newSupervisor({ threads: 4 });
    const jobs = supervisor.channel('jobs', { codec: u32, capacity: 1 });
    const full = supervisor.channel('full', { codec: bytes(), capacity: 1 });
    const ports = { jobs, full, pool: supervisor.pool };
    supervisor.spawn(entry('park'), { ports, data: 'receive', count: 2 });
    supervisor.spawn(entry('park'), { ports, data: 'receive', name: 'mill' });
    await eventually(() => supervisor.snapshot().threads.length === 4);
    expect(
      supervisor
        .snapshot()
        .threads.map(({ name }) => name)
        .toSorted(),
    ).toEqual(['main', 'mill-0', 'park-0', 'park-1']);
  });

  test.each([
    ['a path instead of a URL', './worker.ts', {}],
    ['no worker at all', entry('hold'), { count: 0 }],
    ['half a worker', entry('hold'), { count: 0.5 }],
    ['workers without number', entry('hold'), { count: Number.NaN }],
  ])('refuses %s with LimitError', async (_what, url, options) => {
    await using supervisor = newSupervisor();
    expect(() => supervisor.spawn(url as URL, { ports: {}, ...options })).toThrow(LimitError);
  });

  test('makes the group fail with the error that ended a worker, once all have ended', async () => {
    const supervisor = newSupervisor({ threads: 3 });
    const group = supervisor.spawn(entry('hold'), {
      ports: { pool: supervisor.pool },
      data: { how: 'throw', leases: 0 },
      count: 2,
    });
    expect(await errorOf(group.finished)).toMatchObject({ message: 'as ordered' });
    expect(await errorOf(supervisor.close())).toMatchObject({ message: 'as ordered' });
  });

  test('makes the group fail when the entry is not there', async () => {
    const supervisor = newSupervisor();
    const channel = supervisor.channel('a', { codec: u32, capacity: 1 });
    const group = supervisor.spawn(entry('not-there'), { ports: { out: channel.sender } });
    expect(await errorOf(group.finished)).toBeInstanceOf(Error);
    // The end that nobody came for is retired.
    expect([channel.closed, snapshotOf(supervisor, 'a').senders]).toEqual([true, 0]);
    await errorOf(supervisor.close());
  });
});

describe('respawn', () => {
  // Such a worker ends with exit code 0, as one does that ends in good order.
  test('replaces a worker that was terminated before its code began to run, with the same ends', async () => {
    await using supervisor = newSupervisor({ threads: 2 });
    const channel = supervisor.channel('out', { codec: u32, capacity: 10 });
    const group = supervisor.spawn(entry('send-and-end'), {
      ports: { out: channel.sender },
      data: { sender: 1, count: 4 },
      respawn: true,
    });
    await group.workers[0]!.terminate();
    expect(await receiveAll(channel, 'async')).toEqual(numbersOf(1, 4));
    await group.finished;
  });
});

describe('R12: an end is retired with its thread', () => {
  const ENDINGS: Record<string, (supervisor: Supervisor, ports: object) => Promise<unknown>> = {
    'returns, without having closed it': (supervisor, ports) => hold(supervisor, 'return', ports).finished,
    exits: (supervisor, ports) => hold(supervisor, 'exit', ports).finished,
    throws: (supervisor, ports) => errorOf(hold(supervisor, 'throw', ports).finished),
    'is terminated while it blocks': async (supervisor, ports) => {
      const group = hold(supervisor, 'block', ports);
      await eventually(() => supervisor.snapshot().threads.some(({ parkedOn }) => parkedOn?.startsWith('receive')));
      await group.terminate();
      await group.finished;
    },
    'is terminated while it runs': async (supervisor, ports) => {
      const group = hold(supervisor, 'loop', ports);
      await once(group.workers[0]!, 'message');
      await group.terminate();
      await group.finished;
    },
    'is terminated before it attaches': async (supervisor, ports) => {
      const group = hold(supervisor, 'loop', ports);
      await group.terminate();
      await group.finished;
    },
    'ends without ever attaching': (supervisor, ports) => supervisor.spawn(entry('never-attaches'), { ports }).finished,
  };

  test.each(Object.entries(ENDINGS))('that %s: the channel closes with the last one', async (_how, end) => {
    const supervisor = newSupervisor({ threads: 3 });
    const channel = supervisor.channel('out', { codec: u32, capacity: 1 });
    const guard = channel.sender;
    await end(supervisor, { out: channel.sender });
    await eventually(() => snapshotOf(supervisor, 'out').senders === 1);
    expect(channel.closed).toBe(false);
    guard.close();
    expect(channel.closed).toBe(true);
    const other = supervisor.channel('other', { codec: u32, capacity: 1 });
    const received = receiveAll(other, 'async');
    await end(supervisor, { out: other.sender });
    // The receiver that waits here is woken.
    await received;
    expect(other.closed).toBe(true);
    await supervisor.close().catch(() => {});
  });
});

describe.each(TOPOLOGY_NAMES)('R29: a worker that is terminated, on an %s channel', (topology) => {
  const capacity = 2;

  test('while it sends: what it sent is whole, and the channel works on', async () => {
    await using supervisor = newSupervisor({ threads: 2 });
    const channel = supervisor.channel('cut', { codec: u32, capacity, topology });
    const guard = channel.sender;
    const group = supervisor.spawn(entry('send-and-end'), {
      ports: { out: channel.sender },
      data: { sender: 0, count: 1_000_000 },
    });
    const received: number[] = [];
    while (received.length < 50) received.push((await channel.receive()).value!);
    const ended = group.terminate();
    received.push(...takeAll(channel));
    await ended;
    await group.finished;
    received.push(...takeAll(channel));
    expect(received).toEqual(numbersOf(0, received.length));
    expect([channel.trySend(1), channel.trySend(2), channel.trySend(3)]).toEqual([true, true, false]);
    expect([channel.length, channel.closed]).toEqual([capacity, false]);
    guard.close();
    expect(channel.closed).toBe(true);
  });

  test('while it receives: at most one message is lost, and counted', async () => {
    await using supervisor = newSupervisor({ threads: 2 });
    const channel = supervisor.channel('cut', { codec: u32, capacity, topology });
    const echo = supervisor.channel('echo', { codec: u32, capacity: 1000 });
    const group = supervisor.spawn(entry('pass-on'), { ports: { from: channel.receiver, to: echo.sender } });
    let sent = 0;
    while (sent < 50) await channel.send(sent++);
    const ended = group.terminate();
    for (let i = 0; i < 10; i++) if (channel.trySend(sent)) sent++;
    await ended;
    await group.finished;
    const received = await receiveAll(echo, 'async');
    received.push(...takeAll(channel));
    // In order, each once, and but for one message that it may have died with all of them.
    expect(received).toEqual([...new Set(received)].toSorted((a, b) => a - b));
    expect(sent - received.length).toBeLessThanOrEqual(1);
    expect(snapshotOf(supervisor, 'cut').lost).toBeLessThanOrEqual(sent - received.length);
    expect([channel.trySend(1), channel.trySend(2), channel.trySend(3)]).toEqual([true, true, false]);
  });
});

/** What a channel holds now. */
function takeAll(channel: Channel<number>): number[] {
  const values: number[] = [];
  for (let next = channel.tryReceive(); next && !next.done; next = channel.tryReceive()) values.push(next.value);
  return values;
}

describe('R29: after a worker was terminated', () => {
  test('every block it owned is back in the pool', async () => {
    await using supervisor = newSupervisor({ threads: 2 });
    const before = supervisor.pool.stats();
    const group = hold(supervisor, 'loop', {}, 3);
    await once(group.workers[0]!, 'message');
    expect(supervisor.pool.stats().leases).toBe(3);
    await group.terminate();
    await eventually(() => supervisor.snapshot().threads.length === 1);
    expect(supervisor.pool.stats()).toMatchObject({ leases: 0, inUse: before.inUse });
  });

  test('who waited for memory that it held is woken', async () => {
    await using supervisor = newSupervisor({ threads: 2 });
    const { pool } = supervisor;
    const group = hold(supervisor, 'loop', {}, 3);
    await once(group.workers[0]!, 'message');
    const largest = Math.floor((pool.stats().bytes - 65_536) / 65_536) * 65_536;
    const waiting = pool.lease(largest);
    await group.terminate();
    expect((await waiting).byteLength).toBe(largest);
  });

  test('it waits for nothing any more', async () => {
    await using supervisor = newSupervisor({ threads: 2 });
    const channel = supervisor.channel('full', { codec: u32, capacity: 1 });
    const group = hold(supervisor, 'send', { out: channel.sender });
    await eventually(() => snapshotOf(supervisor, 'full').sendersWaiting === 1);
    await group.terminate();
    await eventually(() => supervisor.snapshot().threads.length === 1);
    expect(snapshotOf(supervisor, 'full')).toMatchObject({ sendersWaiting: 0, senders: 0, length: 1 });
  });

  test('a wake-up that it took with it reaches somebody else', async () => {
    await using supervisor = newSupervisor({ threads: 4 });
    await using crew = new Crew(supervisor, 1);
    for (let round = 0; round < 3; round++) {
      const channel = supervisor.channel(`round ${round}`, { codec: u32, capacity: 1 });
      const doomed = supervisor.spawn(entry('park'), {
        ports: { jobs: channel.receiver, pool: supervisor.pool, full: channel },
        data: 'receive',
      });
      const received = crew.run(0, 'receiveNumbers', { from: channel.receiver }, { way: 'sync' });
      await eventually(() => snapshotOf(supervisor, channel.name).receiversWaiting === 2);
      const ended = doomed.terminate();
      channel.sendSync(round);
      await ended;
      await doomed.finished;
      // Either of them has it; if it was the one that died, the other must not sleep through the next.
      channel.sendSync(100);
      await eventually(() => channel.length === 0);
      channel.close();
      expect(await received).toContain(100);
    }
  });

  test('its place can be taken', async () => {
    await using supervisor = newSupervisor({ threads: 2 });
    for (let round = 0; round < 2; round++) {
      const group = hold(supervisor, 'loop', {}, 1);
      await once(group.workers[0]!, 'message');
      await group.terminate();
      await eventually(() => supervisor.snapshot().threads.length === 1);
    }
    expect(supervisor.pool.stats().leases).toBe(0);
  });
});

describe('watch', () => {
  test('recovers what a worker of one’s own held', async () => {
    await using supervisor = newSupervisor({ threads: 2 });
    const channel = supervisor.channel('out', { codec: u32, capacity: 1 });
    const shared = supervisor.share({ out: channel.sender, pool: supervisor.pool });
    const { execArgv } = await import('../support/typescript.ts');
    const worker = new Worker(entry('hold'), { workerData: { ...shared, data: { how: 'loop', leases: 2 } }, execArgv });
    supervisor.watch(worker);
    await once(worker, 'message');
    expect(supervisor.pool.stats().leases).toBe(2);
    await worker.terminate();
    await eventually(() => channel.closed);
    expect(supervisor.pool.stats().leases).toBe(0);
  });

  test('watches the threads of a pool, those it has and those to come', async () => {
    await using supervisor = newSupervisor({ threads: 3 });
    const { execArgv } = await import('../support/typescript.ts');
    const { EventEmitter } = await import('node:events');
    const start = () => {
      const shared = supervisor.share({ pool: supervisor.pool });
      return new Worker(entry('hold'), { workerData: { ...shared, data: { how: 'loop', leases: 1 } }, execArgv });
    };
    const pool = Object.assign(new EventEmitter(), { threads: [start()] });
    supervisor.watch(pool);
    const late = start();
    pool.threads.push(late);
    pool.emit('workerCreate', late);
    const workers = pool.threads;
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    expect(supervisor.pool.stats().leases).toBe(2);
    await Promise.all(workers.map((worker) => worker.terminate()));
    await eventually(() => supervisor.pool.stats().leases === 0);
  });
});

describe('a closed supervisor', () => {
  test('has closed every channel, and its workers have ended', async () => {
    const supervisor = newSupervisor({ threads: 3 });
    const channel = supervisor.channel('jobs', { codec: u32, capacity: 1 });
    const full = supervisor.channel('full', { codec: bytes(), capacity: 1 });
    const ports = { jobs: channel.receiver, full: full.sender, pool: supervisor.pool };
    const group = supervisor.spawn(entry('park'), { ports, data: 'receive', count: 2 });
    await eventually(() => snapshotOf(supervisor, 'jobs').receiversWaiting === 2);
    await supervisor.close();
    expect([channel.closed, full.closed]).toEqual([true, true]);
    await group.finished;
  });

  test('is closed once, however often it is asked to', async () => {
    const supervisor = newSupervisor();
    const closing = supervisor.close();
    expect(supervisor.close()).toBe(closing);
    await closing;
    await supervisor[Symbol.asyncDispose]();
  });

  test('settles what was pending on this thread', async () => {
    const supervisor = newSupervisor();
    const channel = supervisor.channel('a', { codec: u32, capacity: 1 });
    const other = supervisor.channel('b', { codec: u32, capacity: 1 });
    other.sendSync(1);
    const received = channel.receive();
    const refused = errorOf(other.send(2));
    await supervisor.close();
    expect(await received).toEqual({ done: true, value: undefined });
    expect((await refused).code).toBe('ERR_CHANNEL_CLOSED');
  });

  test('makes and shares nothing more, and still tells what there was', async () => {
    const supervisor = newSupervisor();
    const channel = supervisor.channel('a', { codec: u32, capacity: 1 });
    channel.sendSync(1);
    await supervisor.close();
    expect(() => supervisor.channel('b', { codec: u32, capacity: 1 })).toThrow(LimitError);
    expect(() => supervisor.share({ channel })).toThrow(LimitError);
    expect(() => supervisor.spawn(entry('park'), { ports: {} })).toThrow(LimitError);
    expect(supervisor.snapshot().channels).toMatchObject([{ name: 'a', length: 1, closed: true }]);
    expect(channel.tryReceive()).toEqual({ done: false, value: 1 });
  });
});
