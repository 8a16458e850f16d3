import { beforeEach, describe, expect, test } from 'vitest';
import { BLOCKED } from '../../src/kernel/codes.ts';
import {
  threadBury,
  threadClaim,
  threadFind,
  threadForget,
  threadFree,
  threadLeave,
  threadReady,
  threadState,
} from '../../src/kernel/threads.ts';
import { THREAD_ATTACHED, THREAD_ATTACHING, THREAD_FREE, THREAD_GONE, THREAD_LEFT } from '../../src/memory/layout.ts';
import { freshSegment, MIB } from '../support/segment.ts';

/** What Node calls the thread. */
const NODE = 7;

describe('the cells of a segment for three threads', () => {
  beforeEach(() => {
    freshSegment({ memory: 4 * MIB, threads: 3 });
  });

  test('are given to three threads and no more', () => {
    expect([threadClaim(NODE), threadClaim(NODE), threadClaim(NODE)]).toEqual([0, 1, 2]);
    expect([threadClaim(NODE), threadClaim(NODE)]).toEqual([BLOCKED, BLOCKED]);
  });

  test('go from free to attaching, attached, gone, and back to free', () => {
    expect(threadState(0)).toBe(THREAD_FREE);
    threadClaim(NODE);
    expect(threadState(0)).toBe(THREAD_ATTACHING);
    threadReady(0);
    expect(threadState(0)).toBe(THREAD_ATTACHED);
    expect(threadBury(0)).toBe(true);
    expect(threadState(0)).toBe(THREAD_GONE);
    threadFree(0);
    expect(threadState(0)).toBe(THREAD_FREE);
  });

  test('are buried only with somebody in them, and again while that was not brought to its end', () => {
    expect(threadBury(0)).toBe(false);
    threadClaim(NODE);
    expect([threadBury(0), threadBury(0)]).toEqual([true, true]);
    threadFree(0);
    expect(threadBury(0)).toBe(false);
  });

  test('say from the first moment which thread of Node it is, until they are free', () => {
    expect(threadFind(NODE, 0)).toBe(BLOCKED);
    threadClaim(NODE + 1);
    threadClaim(NODE);
    expect([threadFind(NODE, 0), threadFind(NODE, 2)]).toEqual([1, BLOCKED]);
    threadReady(1);
    threadBury(1);
    expect(threadFind(NODE, 0)).toBe(1);
    threadFree(1);
    expect(threadFind(NODE, 0)).toBe(BLOCKED);
  });

  test('remember a thread that has left, until that is known or the cell is needed', () => {
    for (let i = 0; i < 3; i++) threadReady(threadClaim(NODE + i));
    for (const thread of [0, 1]) {
      threadBury(thread);
      threadLeave(thread);
    }
    expect([threadState(0), threadFind(NODE, 0), threadBury(0)]).toEqual([THREAD_LEFT, 0, false]);
    threadForget(1, NODE + 1);
    expect([threadState(1), threadClaim(100), threadClaim(101), threadClaim(102)]).toEqual([
      THREAD_FREE,
      1,
      0,
      BLOCKED,
    ]);
    // Too late: another has the cell.
    threadForget(0, NODE);
    expect(threadFind(101, 0)).toBe(0);
  });

  test('are not given away before their former holder is recovered', () => {
    for (let i = 0; i < 3; i++) threadReady(threadClaim(NODE));
    threadBury(1);
    expect(threadClaim(NODE)).toBe(BLOCKED);
    threadFree(1);
    expect([threadClaim(NODE), threadState(1)]).toEqual([1, THREAD_ATTACHING]);
  });

  test('can be used again any number of times', () => {
    for (let i = 0; i < 1000; i++) {
      expect(threadClaim(NODE)).toBe(0);
      threadReady(0);
      threadBury(0);
      threadFree(0);
    }
  });
});

test('a segment can be made for 1024 threads', () => {
  freshSegment({ threads: 1024 });
  expect(Array.from({ length: 1024 }, () => threadClaim(NODE))).toEqual(Array.from({ length: 1024 }, (_, i) => i));
  expect(threadClaim(NODE)).toBe(BLOCKED);
});
