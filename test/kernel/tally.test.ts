import { beforeEach, expect, test } from 'vitest';
import { tallyAdd, tallyHigh, tallyLow } from '../../src/kernel/tally.ts';
import { CHANNEL_SEND_WAIT } from '../../src/memory/layout.ts';
import type { i32 } from '../../src/memory/words.ts';
import { freshSegment, layChannel, MIB } from '../support/segment.ts';

let at: i32;

beforeEach(() => {
  freshSegment({ memory: 4 * MIB });
  at = layChannel('mpmc', 1) + CHANNEL_SEND_WAIT;
});

const sum = () => (tallyHigh(at) >>> 0) * 2 ** 32 + (tallyLow(at) >>> 0);

test('adds up', () => {
  for (const amount of [0, 1, 2, 1000]) tallyAdd(at, amount);
  expect(sum()).toBe(1003);
});

test('carries into the high word', () => {
  for (let i = 0; i < 5; i++) tallyAdd(at, 2 ** 31 - 1);
  expect(sum()).toBe(5 * (2 ** 31 - 1));
});

test('carries exactly at the wrap', () => {
  tallyAdd(at, 2 ** 31 - 1);
  tallyAdd(at, 2 ** 31 - 1);
  tallyAdd(at, 1);
  expect([tallyHigh(at), sum()]).toEqual([0, 2 ** 32 - 1]);
  tallyAdd(at, 1);
  expect([tallyHigh(at), sum()]).toEqual([1, 2 ** 32]);
  tallyAdd(at, 0);
  expect(sum()).toBe(2 ** 32);
});
