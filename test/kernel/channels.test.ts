import { beforeEach, expect, test } from 'vitest';
import { channelBlock, channelEnter, channelRemove, channelsUsed } from '../../src/kernel/channels.ts';
import { BLOCKED } from '../../src/kernel/codes.ts';
import { CHANNELS_MAX, HEADER_CHANNEL_TABLE } from '../../src/memory/layout.ts';
import { peek, poke } from '../../src/memory/words.ts';
import { freshSegment, MIB } from '../support/segment.ts';

beforeEach(() => {
  freshSegment({ memory: 4 * MIB });
});

test('a channel is found by its number', () => {
  expect([channelsUsed(), channelBlock(0)]).toEqual([0, -1]);
  expect([channelEnter(0), channelEnter(17)]).toEqual([0, 1]);
  expect([channelBlock(0), channelBlock(1), channelBlock(2), channelsUsed()]).toEqual([0, 17, -1, 2]);
});

test('a channel that nobody has heard of yet can be taken out again, and nothing else', () => {
  channelEnter(3);
  channelEnter(5);
  channelRemove(1, 4);
  expect([channelBlock(0), channelBlock(1)]).toEqual([3, 5]);
  channelRemove(1, 5);
  channelRemove(1, 5);
  expect([channelBlock(0), channelBlock(1), channelsUsed()]).toEqual([3, -1, 2]);
});

test('the table takes so many channels and no more', () => {
  // Filled by hand, because looking for a free entry begins at the first each time.
  for (let index = 0; index < CHANNELS_MAX - 1; index++) poke(peek(HEADER_CHANNEL_TABLE) + index, 1);
  expect([channelEnter(42), channelEnter(43)]).toEqual([CHANNELS_MAX - 1, BLOCKED]);
  expect([channelBlock(CHANNELS_MAX - 1), channelsUsed()]).toEqual([42, CHANNELS_MAX]);
});
