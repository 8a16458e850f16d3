import { expect, test } from 'vitest';
import { choosing, unfairShare } from './cases/choosing.ts';
import { suite } from './suite.ts';

suite(choosing);

test('R15: a choice that prefers one case by a little would be found', () => {
  expect(unfairShare([5000, 5000])).toBeUndefined();
  expect(unfairShare([5220, 4780])).toBeUndefined();
  expect(unfairShare([5222, 4778])).toBeDefined();
  expect(unfairShare([3333, 3333, 3334])).toBeUndefined();
  expect(unfairShare([3550, 3225, 3225])).toBeDefined();
  expect(unfairShare([1250, 1250, 1250, 1250, 1250, 1250, 1100, 1400])).toBeDefined();
});
