/** R10 and R21 for many: a hundred thousand that wait on one thread, with one sleep among them. */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { type Channel, select, u32 } from '../../src/index.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';

const supervisor = newSupervisor();
afterAll(() => supervisor.close());
afterEach(() => void vi.restoreAllMocks());

const COUNT = 100_000;
let names = 0;
const newChannel = () => supervisor.channel<number>(`channel ${names++}`, { codec: u32, capacity: 8 });

const waiting = (channel: Channel<number>) => snapshotOf(supervisor, channel.name).receiversWaiting;

/** How many promises of `waitAsync` there are that nobody has woken, of those made since. */
function outstanding() {
  const promises = new Set<unknown>();
  const original = Atomics.waitAsync.bind(Atomics) as (...args: any[]) => any;
  let most = 0;
  vi.spyOn(Atomics, 'waitAsync').mockImplementation(((...args: any[]) => {
    const met = original(...args);
    if (met.async) {
      promises.add(met);
      most = Math.max(most, promises.size);
      met.value.then(() => promises.delete(met));
    }
    return met;
  }) as never);
  return { most: () => most };
}

test('R10: a hundred thousand receives that wait are all woken by a close, and sleep as one', async () => {
  const sleeps = outstanding();
  const channel = newChannel();
  const pending = Array.from({ length: COUNT }, () => channel.receive());
  // Long enough for the thread to give up polling.
  await sleep(20);
  expect(sleeps.most()).toBeLessThanOrEqual(1);
  // To the others this thread is one that waits.
  expect(waiting(channel)).toBe(1);
  for (let n = 0; n < 5; n++) channel.trySend(n);
  channel.close();
  const met = await Promise.all(pending);
  expect(met.slice(0, 5).map(({ value }) => value)).toEqual([0, 1, 2, 3, 4]);
  expect(met.slice(5).every(({ done }) => done)).toBe(true);
  expect(sleeps.most()).toBeLessThanOrEqual(1);
  expect(waiting(channel)).toBe(0);
}, 60_000);

test('R10, R14: a hundred thousand selects that wait are all woken by a close, and sleep as one', async () => {
  const sleeps = outstanding();
  const [a, b] = [newChannel(), newChannel()];
  const pending = Array.from({ length: COUNT }, () => select({ a: a.onReceive(), b: b.onReceive() }));
  await sleep(20);
  expect(sleeps.most()).toBeLessThanOrEqual(1);
  expect([waiting(a), waiting(b)]).toEqual([1, 1]);
  for (let n = 0; n < 3; n++) a.trySend(n);
  b.close();
  const met = await Promise.all(pending);
  const counts = { a: 0, b: 0 };
  for (const { key } of met) counts[key]++;
  expect(counts).toEqual({ a: 3 - a.length, b: COUNT - 3 + a.length });
  expect(sleeps.most()).toBeLessThanOrEqual(1);
  expect([waiting(a), waiting(b)]).toEqual([0, 0]);
}, 60_000);
