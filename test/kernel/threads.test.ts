import { beforeEach, describe, expect, test } from 'vitest';
import { BLOCKED } from '../../src/kernel/codes.ts';
import { threadBury, threadClaim, threadFree, threadReady, threadState } from '../../src/kernel/threads.ts';
import { THREAD_ATTACHED, THREAD_ATTACHING, THREAD_FREE, THREAD_GONE } from '../../src/memory/layout.ts';
import { freshSegment, MIB } from '../support/segment.ts';

describe('the cells of a segment for three threads', () => {
  beforeEach(() => {
    freshSegment({ memory: 4 * MIB, threads: 3 });
  });

  test('are given to three threads and no more', () => {
    expect([threadClaim(), threadClaim(), threadClaim()]).toEqual([0, 1, 2]);
    expect([threadClaim(), threadClaim()]).toEqual([BLOCKED, BLOCKED]);
  });

  test('go from free to attaching, attached, gone, and back to free', () => {
    expect(threadState(0)).toBe(THREAD_FREE);
    threadClaim();
    expect(threadState(0)).toBe(THREAD_ATTACHING);
    threadReady(0);
    expect(threadState(0)).toBe(THREAD_ATTACHED);
    expect(threadBury(0)).toBe(true);
    expect(threadState(0)).toBe(THREAD_GONE);
    threadFree(0);
    expect(threadState(0)).toBe(THREAD_FREE);
  });

  test('are buried by one caller alone, and only with somebody in them', () => {
    expect(threadBury(0)).toBe(false);
    threadClaim();
    expect([threadBury(0), threadBury(0)]).toEqual([true, false]);
    threadFree(0);
    expect(threadBury(0)).toBe(false);
  });

  test('are not given away before their former holder is recovered', () => {
    for (let i = 0; i < 3; i++) threadReady(threadClaim());
    threadBury(1);
    expect(threadClaim()).toBe(BLOCKED);
    threadFree(1);
    expect([threadClaim(), threadState(1)]).toEqual([1, THREAD_ATTACHING]);
  });

  test('can be used again any number of times', () => {
    for (let i = 0; i < 1000; i++) {
      expect(threadClaim()).toBe(0);
      threadReady(0);
      threadBury(0);
      threadFree(0);
    }
  });
});

test('a segment can be made for 1024 threads', () => {
  freshSegment({ threads: 1024 });
  expect(Array.from({ length: 1024 }, () => threadClaim())).toEqual(Array.from({ length: 1024 }, (_, i) => i));
  expect(threadClaim()).toBe(BLOCKED);
});
