import { beforeEach, expect, test } from 'vitest';
import { blockTake } from '../../src/kernel/blocks.ts';
import { channelBlock, channelsUsed } from '../../src/kernel/channels.ts';
import { BLOCKED } from '../../src/kernel/codes.ts';
import {
  channelDispose,
  channelEnter,
  channelHold,
  channelHolds,
  channelLeave,
  channelNextDisposed,
  channelRecover,
} from '../../src/kernel/holds.ts';
import { CHANNELS_MAX, ENTRY_STATE, ENTRY_WORDS, HEADER_CHANNEL_TABLE } from '../../src/memory/layout.ts';
import { peek, poke } from '../../src/memory/words.ts';
import { freshSegment, MIB } from '../support/segment.ts';

const [ME, YOU] = [1, 2];

beforeEach(() => {
  freshSegment({ memory: 4 * MIB });
});

function enter(overflowTo = 0, deadLetters = 0): number {
  return channelEnter(blockTake(ME, 4096), overflowTo, deadLetters, ME);
}

/** How many entries are in use. */
function live(): number[] {
  return Array.from({ length: channelsUsed() }, (_, index) => index).filter((index) => channelBlock(index) >= 0);
}

test('a channel is found by its number, and held by who entered it', () => {
  expect([channelsUsed(), channelBlock(0)]).toEqual([0, -1]);
  expect([enter(), enter(), channelsUsed()]).toEqual([0, 1, 2]);
  expect(channelBlock(0)).not.toBe(channelBlock(1));
  expect([channelHolds(1, ME), channelHolds(1, YOU)]).toEqual([true, false]);
});

test('an entry goes back with the last who lets go of a channel that was disposed of, and is the next one to be used', () => {
  enter();
  expect(channelHold(0, 1, YOU)).toBe(true);
  expect([channelDispose(0), channelDispose(0)]).toEqual([true, false]);
  expect([channelNextDisposed(ME, 0), channelNextDisposed(YOU, 0), channelNextDisposed(3, 0)]).toEqual([0, 0, BLOCKED]);
  expect([channelLeave(0, ME), live()]).toEqual([false, [0]]);
  expect([channelLeave(0, YOU), live()]).toEqual([true, []]);
  expect([enter(), live()]).toEqual([0, [0]]);
});

test('a name that is kept for too long, or of a channel that was disposed of, is not held', () => {
  enter();
  expect([channelHold(0, 0, YOU), channelHold(0, 2, YOU), channelHold(1, 1, YOU)]).toEqual([false, false, false]);
  channelDispose(0);
  expect(channelHold(0, 1, YOU)).toBe(false);
  channelLeave(0, ME);
  enter();
  expect([channelHold(0, 1, YOU), channelHold(0, 2, YOU)]).toEqual([false, true]);
});

test('a channel stays for as long as another one names it', () => {
  const [target, letters] = [enter(), enter()];
  const namer = enter(target + 1, letters + 1);
  for (const index of [target, letters]) channelDispose(index);
  expect([channelLeave(target, ME), channelLeave(letters, ME)]).toEqual([false, false]);
  channelDispose(namer);
  expect([channelLeave(namer, ME), live()]).toEqual([true, []]);
});

test('what was entered is left alone by the recovery of somebody else', () => {
  enter();
  expect([channelRecover(0, YOU), live()]).toEqual([false, [0]]);
  channelDispose(0);
  expect(channelRecover(0, YOU)).toBe(true);
});

test('the table takes so many channels and no more', () => {
  const table = peek(HEADER_CHANNEL_TABLE);
  for (let index = 0; index < CHANNELS_MAX - 1; index++) poke(table + index * ENTRY_WORDS + ENTRY_STATE, 2);
  const last = enter();
  expect([last, enter(), channelsUsed()]).toEqual([CHANNELS_MAX - 1, BLOCKED, CHANNELS_MAX]);
});
