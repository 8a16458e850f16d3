/** What looking before sleeping promises, however the budget is tuned. */

import { availableParallelism } from 'node:os';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BLOCKED } from '../../src/kernel/codes.ts';
import { SpinBudget } from '../../src/park/spin.ts';

const FOR_EVER = Number.POSITIVE_INFINITY;
const LIMIT = 500;

/** Runs a budget against an answer that comes at the given look. Answers the result and how often it looked. */
function looked(spin: SpinBudget, answerAt: number, deadline = FOR_EVER): [result: number, looks: number] {
  let looks = 0;
  const result = spin.run(
    () => (++looks >= answerAt ? 42 : BLOCKED),
    () => 1,
    deadline,
  );
  return [result, looks];
}

const NEVER = Number.POSITIVE_INFINITY;

/** How far each look moves the clock. */
let lookMs = 0;

beforeEach(() => {
  let now = 0;
  lookMs = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += lookMs));
});

afterEach(() => {
  vi.restoreAllMocks();
});

test('a limit of 0 never looks', () => {
  expect(looked(new SpinBudget(0), 1)).toEqual([BLOCKED, 0]);
});

test('ends with the first answer', () => {
  for (const look of [1, 2, 100]) expect(looked(new SpinBudget(LIMIT), look)).toEqual([42, look]);
});

test('gives up at the limit', () => {
  expect(looked(new SpinBudget(LIMIT), NEVER)).toEqual([BLOCKED, LIMIT]);
});

test('gives up soon after the deadline', () => {
  lookMs = 1;
  const [result, looks] = looked(new SpinBudget(1_000_000_000), NEVER, 5);
  expect([result, looks < 1000]).toEqual([BLOCKED, true]);
});

test('gives up after some milliseconds where looks take long, whatever the budget', () => {
  lookMs = 8;
  expect(looked(new SpinBudget(LIMIT), NEVER)).toEqual([BLOCKED, 16]);
});

test('gives up early where others sleep for the same thing, and only while they do', () => {
  let others = true;
  const spin = new SpinBudget(LIMIT, undefined, () => others);
  expect(looked(spin, NEVER)).toEqual([BLOCKED, 64]);
  expect(looked(spin, 60)).toEqual([42, 60]);
  others = false;
  expect(looked(spin, NEVER)).toEqual([BLOCKED, LIMIT]);
});

describe('with a history', () => {
  test('of looking in vain it looks less, but goes on looking', () => {
    const spin = new SpinBudget(LIMIT);
    for (let i = 0; i < 50; i++) {
      looked(spin, NEVER);
      spin.slept(5, 2);
    }
    const [, looks] = looked(spin, NEVER);
    expect(looks).toBeLessThan(LIMIT / 4);
    expect(looks).toBeGreaterThan(0);
  });

  test('of short sleeps it looks as long as it may', () => {
    const spin = new SpinBudget(LIMIT);
    for (let i = 0; i < 50; i++) {
      looked(spin, NEVER);
      spin.slept(5, 2);
    }
    for (let i = 0; i < 50; i++) {
      looked(spin, NEVER);
      spin.slept(0.05, 1);
    }
    expect(looked(spin, NEVER)).toEqual([BLOCKED, LIMIT]);
  });

  test('in a crowd it looks for as much shorter as there are threads for a core, whatever it has met', () => {
    const crowd = availableParallelism() * 10;
    const spin = new SpinBudget(LIMIT);
    for (let i = 0; i < 50; i++) {
      looked(spin, NEVER);
      spin.slept(0.05, crowd);
    }
    expect(looked(spin, NEVER)).toEqual([BLOCKED, LIMIT / 10]);
    const never = new SpinBudget(0);
    never.slept(0.05, crowd);
    expect(looked(never, NEVER)).toEqual([BLOCKED, 0]);
  });

  test.each([1, 2, 500])('of answers at look %d it still ends with the first answer', (look) => {
    const spin = new SpinBudget(LIMIT);
    for (let i = 0; i < 200; i++) expect(looked(spin, look)).toEqual([42, look]);
  });
});
