import { beforeEach, describe, expect, test } from 'vitest';
import {
  waitersAdd,
  waitersAny,
  waitersCount,
  waitersHas,
  waitersRemove,
  waitersTake,
} from '../../src/kernel/waiters.ts';
import { CHANNEL_RECEIVERS_WAITING, CHANNEL_SENDERS_WAITING } from '../../src/memory/layout.ts';
import type { i32 } from '../../src/memory/words.ts';
import { seeded } from '../support/random.ts';
import { freshSegment, layChannel, MIB } from '../support/segment.ts';

/** The first and last of the first word, of a group, of all. */
const THREADS = [0, 1, 30, 31, 32, 62, 63, 94, 95, 1022];
const HIGHEST = 1023;

let set: i32;

beforeEach(() => {
  freshSegment({ memory: 4 * MIB });
  set = layChannel('mpmc', 1) + CHANNEL_RECEIVERS_WAITING;
});

const takeAll = () => {
  const taken: number[] = [];
  for (let thread = waitersTake(set); thread >= 0; thread = waitersTake(set)) taken.push(thread);
  return taken;
};

describe.each([...THREADS, HIGHEST])('thread %d', (thread) => {
  test('waits from when it is added until it is removed', () => {
    expect([waitersHas(set, thread), waitersAny(set), waitersCount(set)]).toEqual([false, false, 0]);
    waitersAdd(set, thread);
    waitersAdd(set, thread);
    expect([waitersHas(set, thread), waitersAny(set), waitersCount(set)]).toEqual([true, true, 1]);
    expect([waitersRemove(set, thread), waitersRemove(set, thread)]).toEqual([true, false]);
    expect([waitersHas(set, thread), waitersCount(set), waitersTake(set)]).toEqual([false, 0, -1]);
  });

  test('is taken once; whoever removes it then learns that it was', () => {
    waitersAdd(set, thread);
    expect([waitersTake(set), waitersTake(set)]).toEqual([thread, -1]);
    expect(waitersRemove(set, thread)).toBe(false);
  });

  test('touches no other thread', () => {
    waitersAdd(set, thread);
    const others = [...THREADS, HIGHEST].filter((each) => each !== thread);
    expect(others.filter((each) => waitersHas(set, each))).toEqual([]);
    for (const other of others) waitersRemove(set, other);
    expect(waitersHas(set, thread)).toBe(true);
  });
});

test('takes everybody who waits, each once', () => {
  for (const thread of [...THREADS, HIGHEST].toReversed()) waitersAdd(set, thread);
  expect(waitersCount(set)).toBe(THREADS.length + 1);
  expect(takeAll()).toEqual([...THREADS, HIGHEST]);
});

test('serves in rotation: with n waiting again and again, each is served once in n turns', () => {
  const threads = [...THREADS, HIGHEST];
  for (const thread of threads) waitersAdd(set, thread);
  for (let round = 0; round < 3; round++) {
    const served = threads.map(() => {
      const thread = waitersTake(set);
      waitersAdd(set, thread);
      return thread;
    });
    expect(served).toEqual(threads);
  }
});

test('serves behind the one served last, and begins anew at the end', () => {
  for (const thread of [5, 10, 40, 70]) waitersAdd(set, thread);
  expect([waitersTake(set), waitersTake(set)]).toEqual([5, 10]);
  for (const thread of [3, 20, 35]) waitersAdd(set, thread);
  expect(takeAll()).toEqual([20, 35, 40, 70, 3]);
});

test('a thread that always waits does not keep the others waiting', () => {
  waitersAdd(set, 0);
  waitersAdd(set, 1000);
  expect(waitersTake(set)).toBe(0);
  waitersAdd(set, 0);
  expect(waitersTake(set)).toBe(1000);
});

test('sets of one channel are apart', () => {
  const other = set - CHANNEL_RECEIVERS_WAITING + CHANNEL_SENDERS_WAITING;
  for (const thread of [...THREADS, HIGHEST]) waitersAdd(set, thread);
  expect([waitersAny(other), waitersCount(other), waitersTake(other)]).toEqual([false, 0, -1]);
});

test('does what a set of numbers does, whatever the order of operations', () => {
  const random = seeded();
  const model = new Set<number>();
  for (let step = 0; step < 20_000; step++) {
    const thread = random.pick([random.int(0, 40), random.int(0, HIGHEST)]);
    switch (random.int(0, 2)) {
      case 0:
        waitersAdd(set, thread);
        model.add(thread);
        break;
      case 1:
        if (waitersRemove(set, thread) !== model.delete(thread)) throw new Error(`step ${step}: remove ${thread}`);
        break;
      default: {
        const taken = waitersTake(set);
        if (taken < 0 ? model.size > 0 : !model.delete(taken)) throw new Error(`step ${step}: took ${taken}`);
      }
    }
    if (step % 100 === 0) expect(waitersCount(set)).toBe(model.size);
  }
  expect(new Set(takeAll())).toEqual(model);
});
