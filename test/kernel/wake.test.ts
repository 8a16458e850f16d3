import { beforeEach, expect, test } from 'vitest';
import { threadCell } from '../../src/kernel/threads.ts';
import { wakeArm, wakeDisarm, wakeRead, wakeSignal } from '../../src/kernel/wake.ts';
import { CELL_WAKE } from '../../src/memory/layout.ts';
import type { i32 } from '../../src/memory/words.ts';
import { poke } from '../../src/memory/words.ts';
import { freshSegment, MIB, YOU } from '../support/segment.ts';

let cell: i32;

beforeEach(() => {
  freshSegment({ memory: 4 * MIB });
  cell = threadCell(YOU);
});

test('a signal to a thread that is awake need not be notified, and keeps it from sleeping', () => {
  const seen = wakeRead(cell);
  expect(wakeSignal(cell)).toBe(false);
  expect(wakeArm(cell, seen)).toBe(false);
});

test('a signal to a thread that has announced its sleep has to be notified, once', () => {
  const seen = wakeRead(cell);
  expect(wakeArm(cell, seen)).toBe(true);
  expect(wakeRead(cell)).toBe(seen | 1);
  expect([wakeSignal(cell), wakeSignal(cell)]).toEqual([true, false]);
  expect(wakeRead(cell)).not.toBe(seen | 1);
});

test('a thread may announce its sleep twice, as for a synchronous wait on top of an asynchronous one', () => {
  const seen = wakeRead(cell);
  expect([wakeArm(cell, seen), wakeArm(cell, seen), wakeArm(cell, seen | 1)]).toEqual([true, true, true]);
  expect(wakeSignal(cell)).toBe(true);
});

test('an announcement that is taken back need not be notified', () => {
  const seen = wakeRead(cell);
  wakeArm(cell, seen);
  wakeDisarm(cell, seen);
  expect(wakeRead(cell)).toBe(seen);
  expect(wakeSignal(cell)).toBe(false);
});

test('taking an announcement back leaves a signal that came before in place', () => {
  const seen = wakeRead(cell);
  wakeArm(cell, seen);
  wakeSignal(cell);
  const word = wakeRead(cell);
  wakeDisarm(cell, seen);
  expect(wakeRead(cell)).toBe(word);
  expect(wakeArm(cell, seen)).toBe(false);
});

test('epochs wrap', () => {
  poke(cell + CELL_WAKE, -2);
  const seen = wakeRead(cell);
  expect(wakeArm(cell, seen)).toBe(true);
  expect(wakeSignal(cell)).toBe(true);
  expect(wakeRead(cell)).toBe(0);
  expect(wakeArm(cell, seen)).toBe(false);
});
