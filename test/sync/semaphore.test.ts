/** Semaphores: never more permits in use than there are, all or none, and back when their holder dies. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DeadlockError, LimitError } from '../../src/index.ts';
import { Semaphore } from '../../src/sync/index.ts';
import { errorOf, eventually, turns, watched } from '../support/eventually.ts';
import { newSupervisor } from '../support/supervisors.ts';
import { Member, SyncCrew } from './crew.ts';

const supervisor = newSupervisor({ threads: 12 });
let crew: SyncCrew;

beforeAll(() => {
  crew = new SyncCrew(supervisor, 3);
});

afterAll(() => crew[Symbol.asyncDispose]());

const newSemaphore = (permits: number) => new Semaphore(permits, { supervisor });

test('takes and gives back any number of permits, all or none', () => {
  using semaphore = newSemaphore(5);
  expect([semaphore.permits, semaphore.available]).toEqual([5, 5]);
  const three = semaphore.acquireSync(3);
  expect(semaphore.tryAcquire(3)).toBeUndefined();
  expect(semaphore.available).toBe(2);
  {
    using two = semaphore.tryAcquire(2)!;
    expect([two.count, semaphore.available]).toEqual([2, 0]);
    expect(semaphore.tryAcquire()).toBeUndefined();
  }
  expect([three.release(), three.release(), semaphore.available]).toEqual([true, false, 5]);
});

test.each([0, -1, 1.5, 16_384, Number.NaN, '2' as never])('cannot have %s permits', async (permits) => {
  expect(await errorOf(() => newSemaphore(permits))).toBeInstanceOf(LimitError);
});

test('refuses to take more than there are, or no number', async () => {
  using semaphore = newSemaphore(3);
  for (const count of [4, 0, -1, 1.5]) {
    expect(await errorOf(() => semaphore.acquireSync(count))).toBeInstanceOf(LimitError);
    expect(await errorOf(semaphore.acquire(count))).toBeInstanceOf(LimitError);
    expect(await errorOf(() => semaphore.tryAcquire(count))).toBeInstanceOf(LimitError);
  }
});

test('tells a thread that would wait for itself', async () => {
  using semaphore = newSemaphore(3);
  using _ = await semaphore.acquire(2);
  expect(await errorOf(() => semaphore.acquireSync(2))).toBeInstanceOf(DeadlockError);
  semaphore.acquireSync(1).release();
});

test.each([
  ['sync', 1],
  ['async', 1],
  ['sync', 2],
  ['async', 3],
] as const)('lets in no more than there are permits, on four threads: %s, %s at a time', async (way, count) => {
  using semaphore = newSemaphore(4);
  const words = new Int32Array(new SharedArrayBuffer(16));
  const there = crew.members.map((member, index) => {
    // Some want one, whatever the others want: nobody sleeps beside a permit that is free.
    return member.run('crowd', { semaphore, words }, { times: 200, count: index === 0 ? 1 : count, way }).result;
  });
  for (let i = 0; i < 200; i++) {
    using permit = await semaphore.acquire(count);
    expect(Atomics.add(words, 0, permit.count) + permit.count).toBeLessThanOrEqual(4);
    Atomics.sub(words, 0, permit.count);
  }
  for (const most of await Promise.all(there)) expect(most).toBeLessThanOrEqual(4);
  expect(semaphore.available).toBe(4);
});

test('serves the tasks of a thread first come, first served, however many they want', async () => {
  using semaphore = newSemaphore(3);
  const two = semaphore.acquireSync(2);
  const order: string[] = [];
  const many = semaphore.acquire(3).then((permit) => {
    order.push('many');
    permit.release();
  });
  const few = semaphore.acquire(1).then((permit) => {
    order.push('few');
    permit.release();
  });
  await turns();
  expect([order, semaphore.tryAcquire()]).toEqual([[], undefined]);
  two.release();
  await Promise.all([many, few]);
  expect(order).toEqual(['many', 'few']);
});

describe('R29: a thread that dies', () => {
  test('with permits gives them back, and whoever waits gets them', async () => {
    using semaphore = newSemaphore(4);
    const victim = new Member(supervisor);
    await victim.run('acquireAndStop', { semaphore }, { count: 3 }).said();
    const all = watched(semaphore.acquire(4));
    await turns();
    expect([all.settled, semaphore.available]).toEqual([undefined, 1]);
    await victim.kill();
    await eventually(() => all.settled !== undefined);
    expect(semaphore.available).toBe(0);
  });

  test('while it waits for permits takes none with it', async () => {
    using semaphore = newSemaphore(2);
    const permit = semaphore.acquireSync(1);
    const victim = new Member(supervisor);
    const doomed = victim.run('acquireAndStop', { semaphore }, { count: 2 });
    await eventually(() => supervisor.snapshot().threads.some(({ parkedOn }) => parkedOn?.startsWith('semaphore')));
    await victim.kill();
    permit.release();
    expect(semaphore.available).toBe(2);
    void doomed;
  });
});
