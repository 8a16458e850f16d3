import { expect, test } from 'vitest';
import { type Level, nextLevel } from '../../src/supervisor/levels.ts';

const DEFAULTS = { yellow: 0.6, red: 0.85 };

/** The levels of a channel of 100 that has so many messages, one after the other. */
function walk(lengths: readonly number[], thresholds = DEFAULTS, capacity = 100): Level[] {
  let level: Level = 'green';
  return lengths.map((length) => {
    level = nextLevel(level, length / capacity, thresholds);
    return level;
  });
}

test('green < yellow ≤ yellow level ≤ red < red level', () => {
  expect([0, 59, 60, 85, 86, 100].map((length) => walk([length])[0])).toEqual([
    'green',
    'green',
    'yellow',
    'yellow',
    'red',
    'red',
  ]);
});

test('a level goes down only once the occupancy fell five hundredths below', () => {
  expect(walk([86, 85, 81, 79, 60, 56, 54, 59, 60])).toEqual([
    'red',
    'red',
    'red',
    'yellow',
    'yellow',
    'yellow',
    'green',
    'green',
    'yellow',
  ]);
});

test('it goes straight from green to red and back, if the occupancy does', () => {
  expect(walk([0, 100, 0])).toEqual(['green', 'red', 'green']);
});

test('to and fro across a threshold is no change of level', () => {
  for (const [low, high] of [
    [58, 61],
    [83, 87],
  ] as const) {
    const levels = walk(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? high : low)));
    expect(new Set(levels).size).toBe(1);
  }
});

test.each([1, 2, 3, 7, 8, 20, 1000])('an empty channel of capacity %d is green, whatever it was', (capacity) => {
  const levels = walk([capacity, 0], DEFAULTS, capacity);
  expect(levels).toEqual(['red', 'green']);
});

test.each([
  [2, 1, 'green'],
  [3, 2, 'yellow'],
  [7, 5, 'yellow'],
] as const)('a channel of capacity %d that was full and now holds %d is %s', (capacity, length, level) => {
  expect(walk([capacity, length], DEFAULTS, capacity).at(-1)).toBe(level);
});

test('the thresholds can be moved', () => {
  const narrow = { yellow: 0.1, red: 0.2 };
  expect(walk([9, 10, 20, 21, 16, 14, 4, 100], narrow)).toEqual([
    'green',
    'yellow',
    'yellow',
    'red',
    'red',
    'yellow',
    'green',
    'red',
  ]);
  expect(walk([0, 50, 100], { yellow: 1, red: 1 })).toEqual(['green', 'green', 'yellow']);
  expect(walk([0, 1], { yellow: 0, red: 0 })).toEqual(['yellow', 'red']);
});
