import { beforeEach, describe, expect, test } from 'vitest';
import {
  add,
  and,
  bind,
  bound,
  cas,
  load,
  lowestBit,
  notify,
  or,
  peek,
  poke,
  store,
  wait,
  waitAsync,
} from '../../src/memory/words.ts';

let words: Int32Array;

beforeEach(() => {
  words = new Int32Array(new SharedArrayBuffer(64));
  bind(words);
});

test('every function works on the segment bound last', () => {
  const other = new Int32Array(new SharedArrayBuffer(64));
  store(3, 1);
  bind(other);
  expect([bound(), load(3)]).toEqual([other, 0]);
  store(3, 2);
  bind(words);
  expect([load(3), other[3]]).toEqual([1, 2]);
});

test('updates answer the value from before, and wrap at 32 bits', () => {
  poke(0, 2 ** 31 - 1);
  expect([add(0, 1), load(0)]).toEqual([2 ** 31 - 1, -(2 ** 31)]);
  expect([or(1, 0b101), and(1, 0b100), peek(1)]).toEqual([0, 0b101, 0b100]);
});

test('compare-and-swap answers what it found, and swaps only what it expected', () => {
  expect([cas(0, 0, 5), cas(0, 0, 6), load(0)]).toEqual([0, 5, 5]);
});

describe('waiting', () => {
  test('ends at once when the word is another', () => {
    expect(wait(0, 1, Number.POSITIVE_INFINITY)).toBe(true);
    expect(waitAsync(0, 1)).toBeUndefined();
  });

  test('tells when the time ran out', () => {
    expect(wait(0, 0, 1)).toBe(false);
  });

  test('ends with a notification', async () => {
    const woken = waitAsync(0, 0);
    expect(woken).toBeDefined();
    notify(0);
    expect(await woken).toBe('ok');
  });
});

test('the lowest set bit is found in every word', () => {
  for (let bit = 0; bit < 32; bit++) {
    expect([lowestBit(1 << bit), lowestBit(-1 << bit)]).toEqual([bit, bit]);
  }
});
