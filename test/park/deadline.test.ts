import { expect, test } from 'vitest';
import { LimitError } from '../../src/errors.ts';
import { deadlineOf } from '../../src/park/deadline.ts';

test('without a timeout there is no deadline', () => {
  expect([deadlineOf(undefined), deadlineOf(Number.POSITIVE_INFINITY)]).toEqual([
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  ]);
});

test('a timeout counts from now', () => {
  const before = performance.now();
  const deadline = deadlineOf(1000);
  expect(deadline).toBeGreaterThanOrEqual(before + 1000);
  expect(deadline).toBeLessThanOrEqual(performance.now() + 1000);
});

test('a timeout that is past, is past now', () => {
  const before = performance.now();
  for (const timeout of [0, -1, Number.NEGATIVE_INFINITY]) {
    const deadline = deadlineOf(timeout);
    expect(deadline).toBeGreaterThanOrEqual(before);
    expect(deadline).toBeLessThanOrEqual(performance.now());
  }
});

test.each([Number.NaN, '5', null, {}, 5n])('%s is no timeout', (timeout) => {
  expect(() => deadlineOf(timeout as number)).toThrow(LimitError);
});
