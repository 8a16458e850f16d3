/** Waiting for another thread that is in the middle of a step, with that thread only pretended. */

import { beforeEach, expect, test, vi } from 'vitest';
import { BLOCKED } from '../../src/kernel/codes.ts';
import { outlast } from '../../src/park/outlast.ts';
import { ThreadContext } from '../../src/park/thread.ts';
import { freshSegment, MIB } from '../support/segment.ts';

let me: ThreadContext;

beforeEach(() => {
  me = ThreadContext.attach(freshSegment({ memory: 4 * MIB }), 'me', 1);
});

const never = () => false;

test('answers what the attempt answers once the other is done, however many looks that takes', () => {
  for (const looks of [1, 63, 64, 70]) {
    let left = looks;
    expect(outlast(me, () => (--left > 0 ? BLOCKED : 42), never)).toBe(42);
  }
});

test('is BLOCKED, without another attempt, for a reason that lasts', () => {
  const attempt = vi.fn(() => BLOCKED);
  expect(outlast(me, attempt, () => true)).toBe(BLOCKED);
  expect(attempt).not.toHaveBeenCalled();
});

test('gives a thread up that never gets on: it may be dead', () => {
  expect(outlast(me, () => BLOCKED, never)).toBe(BLOCKED);
});
