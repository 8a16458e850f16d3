import { beforeEach, describe, expect, test } from 'vitest';
import { channelClose, channelClosed, NO_ERROR } from '../../src/kernel/close.ts';
import { BLOCKED, CLOSED } from '../../src/kernel/codes.ts';
import {
  ADVANCED,
  ADVANCED_AWAITED,
  spscAdoptReceiver,
  spscAdoptSender,
  spscAwaitMessage,
  spscAwaitRoom,
  spscClose,
  spscLength,
  spscPublish,
  spscReadable,
  spscRelease,
  spscWritable,
} from '../../src/kernel/spsc.ts';
import { CHANNEL_CLOSED, CHANNEL_PEAK } from '../../src/memory/layout.ts';
import type { i32 } from '../../src/memory/words.ts';
import { peek, store } from '../../src/memory/words.ts';
import { spscReceive, spscSend } from '../support/rings.ts';
import { freshSegment, layChannel, MIB } from '../support/segment.ts';

let channel: i32;

beforeEach(() => {
  freshSegment({ memory: 4 * MIB });
  channel = layChannel('spsc', 7);
});

describe('batches', () => {
  test('are cut to the room there is', () => {
    expect(spscSend(channel, [1, 2, 3, 4, 5])).toBe('accepted');
    expect(spscWritable(channel, 5)).toBe(2);
    expect(spscSend(channel, [6, 7, 8])).toBe('accepted');
    expect(spscReceive(channel, 100)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(spscReceive(channel, 100)).toBeUndefined();
  });

  test('are cut to what there is to read', () => {
    spscSend(channel, [1, 2, 3]);
    expect(spscReceive(channel, 2)).toEqual([1, 2]);
    expect(spscReceive(channel, 2)).toEqual([3]);
  });

  test('cross the end of the circle', () => {
    for (let base = 0; base < 50; base += 5) {
      spscSend(channel, [base, base + 1, base + 2, base + 3, base + 4]);
      expect(spscReceive(channel, 5)).toEqual([base, base + 1, base + 2, base + 3, base + 4]);
    }
  });

  test('become visible at once, and not before they are published', () => {
    expect(spscWritable(channel, 3)).toBe(3);
    expect([spscLength(channel), spscReadable(channel, 3)]).toEqual([0, BLOCKED]);
    spscPublish(channel, 3);
    expect([spscLength(channel), spscReadable(channel, 3)]).toEqual([3, 3]);
  });

  test('R7: are refused as a whole when the close comes before they are published', () => {
    spscSend(channel, [1]);
    expect(spscWritable(channel, 3)).toBe(3);
    channelClose(channel, NO_ERROR);
    expect(spscPublish(channel, 3)).toBe(CLOSED);
    expect(spscReceive(channel, 9)).toEqual([1]);
    expect(spscReadable(channel, 9)).toBe(CLOSED);
  });
});

describe('the limit', () => {
  test('counts what is being read until it is released', () => {
    spscSend(channel, [1, 2, 3, 4, 5, 6, 7]);
    expect(spscReadable(channel, 7)).toBe(7);
    expect(spscWritable(channel, 1)).toBe(BLOCKED);
    spscRelease(channel, 1);
    expect(spscWritable(channel, 7)).toBe(1);
  });

  test('keeps a peak that grows with the filling alone', () => {
    spscSend(channel, [1, 2, 3]);
    spscReceive(channel, 3);
    for (let i = 0; i < 20; i++) {
      spscSend(channel, [i]);
      spscReceive(channel, 1);
    }
    expect(peek(channel + CHANNEL_PEAK)).toBe(3);
    spscSend(channel, [1, 2, 3, 4]);
    expect(peek(channel + CHANNEL_PEAK)).toBe(4);
  });
});

describe('a side that is about to sleep', () => {
  test('is told of by the next step of the other side, once', () => {
    spscAwaitMessage(channel);
    spscWritable(channel, 1);
    expect(spscPublish(channel, 1)).toBe(ADVANCED_AWAITED);
    spscWritable(channel, 1);
    expect(spscPublish(channel, 1)).toBe(ADVANCED);
    spscReadable(channel, 1);
    spscAwaitRoom(channel);
    expect(spscRelease(channel, 1)).toBe(ADVANCED_AWAITED);
    spscReadable(channel, 1);
    expect(spscRelease(channel, 1)).toBe(ADVANCED);
  });

  test('does not change what is in the channel', () => {
    spscSend(channel, [1, 2]);
    spscAwaitMessage(channel);
    spscAwaitRoom(channel);
    expect(spscLength(channel)).toBe(2);
    expect(spscSend(channel, [3, 4, 5, 6, 7])).toBe('accepted');
    expect(spscWritable(channel, 1)).toBe(BLOCKED);
    expect(spscReceive(channel, 9)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(spscReadable(channel, 1)).toBe(BLOCKED);
  });

  test('R7: does not hide a close from the sender', () => {
    spscAwaitMessage(channel);
    channelClose(channel, NO_ERROR);
    spscWritable(channel, 1);
    expect(spscPublish(channel, 1)).toBe(CLOSED);
    expect(spscReadable(channel, 1)).toBe(CLOSED);
  });
});

describe('R8: a closer that has not come to the tail yet', () => {
  test.each<[string, () => unknown]>([
    ['a sender that met the channel full and closed', () => spscWritable(channel, 1)],
    ['anybody who asked whether it is closed', () => channelClosed(channel)],
  ])('is helped by %s: nobody finds the channel open after that', (_who, look) => {
    spscSend(channel, [1, 2, 3, 4, 5, 6, 7]);
    store(channel + CHANNEL_CLOSED, 1);
    look();
    expect(spscReceive(channel, 9)).toHaveLength(7);
    expect(spscReadable(channel, 1)).toBe(CLOSED);
    expect(spscSend(channel, [8])).toBe('closed');
  });
});

describe('another thread that takes a side over', () => {
  test('goes on where the last one stopped', () => {
    spscSend(channel, [1, 2, 3]);
    spscReceive(channel, 1);
    spscAwaitMessage(channel);
    expect(spscAdoptSender(channel)).toBe(3);
    expect(spscAdoptReceiver(channel)).toBe(1);
    spscSend(channel, [4, 5]);
    // Its first look finds what was there when it took over.
    expect(spscReceive(channel, 9)).toEqual([2, 3]);
    expect(spscReceive(channel, 9)).toEqual([4, 5]);
  });

  test('finds a closed channel closed', () => {
    spscSend(channel, [1]);
    spscClose(channel);
    spscAdoptSender(channel);
    spscAdoptReceiver(channel);
    expect(spscSend(channel, [2])).toBe('closed');
    expect(spscReceive(channel, 9)).toEqual([1]);
    expect(spscReadable(channel, 1)).toBe(CLOSED);
  });
});
