/** Workers that are replaced when they die: with the same ends, which nobody sees closed in between. */

import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type Channel, type Supervisor, utf8, type WorkerGroup } from '../../src/index.ts';
import { workerEntry } from '../support/entries.ts';
import { errorOf, eventually } from '../support/eventually.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';

const entry = workerEntry('workers/phoenix.ts');

function phoenix(supervisor: Supervisor, options: { data?: unknown; count?: number; delivery?: 'at-least-once' } = {}) {
  const { data, count = 1, delivery = 'at-most-once' } = options;
  const orders = supervisor.channel('orders', { codec: utf8(), capacity: 10, delivery });
  const out = supervisor.channel('out', { codec: utf8(), capacity: 100 });
  const group = supervisor.spawn(entry, {
    ports: { orders: orders.receiver, out: out.sender },
    respawn: true,
    count,
    data,
  });
  return { orders, out, group };
}

/** Makes a worker die, in one of several ways. */
const DEATHS: Record<string, (orders: Channel<string>, group: WorkerGroup) => unknown> = {
  throws: (orders) => orders.sendSync('throw'),
  'exits with 7': (orders) => orders.sendSync('exit'),
  'is terminated from outside': (_orders, group) => group.workers[0]!.terminate(),
  'is terminated while it runs': async (orders, group) => {
    orders.sendSync('loop');
    await eventually(() => orders.length === 0);
    await group.workers[0]!.terminate();
  },
};

describe.each(Object.entries(DEATHS))('a worker that %s', (_how, die) => {
  test('is replaced by another with the same ends, and the channel stays open though it is the only sender', async () => {
    await using supervisor = newSupervisor({ threads: 3 });
    const { orders, out, group } = phoenix(supervisor);
    const names: string[] = [];
    supervisor.on('thread-exit', ({ name }) => names.push(name));
    const first = (await out.receive()).value;
    // Whoever receives meanwhile sees nothing but the next worker.
    const second = out.receive();
    const [worker] = group.workers;
    await die(orders, group);
    expect((await second).value).toMatch(/^born/);
    expect((await second).value).not.toBe(first);
    expect(group.workers[0]).not.toBe(worker);
    expect(snapshotOf(supervisor, 'out')).toMatchObject({ senders: 1, closed: false });
    expect(snapshotOf(supervisor, 'orders')).toMatchObject({ receivers: 1 });
    orders.sendSync('echo');
    expect((await out.receive()).value).toBe('echo');
    expect(names).toEqual(['phoenix-0']);
    expect(supervisor.snapshot().threads.map(({ name }) => name)).toEqual(['main', 'phoenix-0']);
    orders.close();
    expect(await out.receive()).toEqual({ done: true, value: undefined });
    await group.finished;
  });
});

test('R30: what the dead one had not acknowledged goes to the one in its place', async () => {
  await using supervisor = newSupervisor({ threads: 3 });
  const { orders, out, group } = phoenix(supervisor, { delivery: 'at-least-once' });
  await out.receive();
  orders.sendSync('loop');
  await eventually(() => snapshotOf(supervisor, 'orders').received === 1);
  await group.workers[0]!.terminate();
  expect((await out.receive()).value).toMatch(/^born/);
  await eventually(() => snapshotOf(supervisor, 'orders').redelivered === 1);
  await group.terminate();
  await group.finished;
});

test('each place of a group is kept filled by itself', async () => {
  await using supervisor = newSupervisor({ threads: 4 });
  const { orders, out, group } = phoenix(supervisor, { count: 2 });
  const born = new Set([(await out.receive()).value, (await out.receive()).value]);
  const before = group.workers;
  orders.sendSync('exit');
  born.add((await out.receive()).value);
  expect(born.size).toBe(3);
  expect(group.workers.filter((worker) => before.includes(worker)).length).toBe(1);
  expect(snapshotOf(supervisor, 'out').senders).toBe(2);
  orders.close();
  await group.finished;
});

test('a worker that ends in good order is not replaced, and the channel closes with it', async () => {
  await using supervisor = newSupervisor({ threads: 3 });
  const { orders, out, group } = phoenix(supervisor);
  await out.receive();
  orders.sendSync('return');
  expect(await out.receive()).toEqual({ done: true, value: undefined });
  await group.finished;
  expect([out.closed, supervisor.snapshot().threads.length]).toEqual([true, 1]);
});

describe('nobody is replaced any more', () => {
  test('once the group is terminated', async () => {
    await using supervisor = newSupervisor({ threads: 3 });
    const { out, group } = phoenix(supervisor);
    await out.receive();
    await group.terminate();
    await group.finished;
    expect(await out.receive()).toEqual({ done: true, value: undefined });
    expect([snapshotOf(supervisor, 'out').senders, snapshotOf(supervisor, 'orders').receivers]).toEqual([0, 0]);
  });

  test('once the supervisor is closed', async () => {
    const supervisor = newSupervisor({ threads: 3 });
    const { out, group } = phoenix(supervisor);
    await out.receive();
    await supervisor.close();
    await group.finished;
    expect(supervisor.snapshot().threads.length).toBe(1);
  });

  test('also when that happens between two lives', async () => {
    const supervisor = newSupervisor({ threads: 3 });
    const { out, group } = phoenix(supervisor, { data: 'stillborn' });
    for (let life = 0; life < 3; life++) await out.receive();
    await eventually(() => supervisor.snapshot().threads.length === 1);
    await group.terminate();
    await group.finished;
    expect(out.closed).toBe(true);
    await supervisor.close();
  });
});

test('one that keeps failing is started again ever later, and the channels stay open for it', async () => {
  const supervisor = newSupervisor({ threads: 3 });
  const { out, group } = phoenix(supervisor, { data: 'stillborn' });
  const births: number[] = [];
  for (let life = 0; life < 6; life++) {
    expect((await out.receive()).done).toBe(false);
    births.push(performance.now());
  }
  const waits = births.slice(1).map((birth, index) => birth - births[index]!);
  // What it waits doubles from 10 ms; how long a start takes is anybody's guess.
  expect(waits[4]!).toBeGreaterThanOrEqual(80);
  expect(out.closed).toBe(false);
  // It may be the last one's failure that the group tells of, or there may be none that is alive.
  await Promise.allSettled([supervisor.close(), group.finished]);
});

test('without respawn the first death is the last, and the group tells of it', async () => {
  const supervisor = newSupervisor({ threads: 3 });
  const orders = supervisor.channel('orders', { codec: utf8(), capacity: 10 });
  const out = supervisor.channel('out', { codec: utf8(), capacity: 10 });
  const group = supervisor.spawn(entry, { ports: { orders: orders.receiver, out: out.sender } });
  orders.sendSync('throw');
  expect(await errorOf(group.finished)).toMatchObject({ message: 'as ordered' });
  await errorOf(supervisor.close());
});

test('what else Node is to be told reaches every worker, those that take a place as well', async () => {
  await using supervisor = newSupervisor({ threads: 3 });
  const orders = supervisor.channel('orders', { codec: utf8(), capacity: 10 });
  const out = supervisor.channel('out', { codec: utf8(), capacity: 10 });
  const group = supervisor.spawn(entry, {
    ports: { orders: orders.receiver, out: out.sender },
    respawn: true,
    data: { tell: 'env' },
    worker: { env: { SLUICE_TEST: 'told' }, resourceLimits: { maxOldGenerationSizeMb: 100 } },
  });
  for (let life = 0; life < 2; life++) {
    expect((await out.receive()).value).toBe('born told');
    expect(group.workers[0]!.resourceLimits).toMatchObject({ maxOldGenerationSizeMb: 100 });
    if (life === 0) orders.sendSync('exit');
  }
  orders.close();
  const [worker] = group.workers;
  await once(worker!, 'exit');
});
