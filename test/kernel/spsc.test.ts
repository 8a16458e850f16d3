import { beforeEach, describe, expect, test } from 'vitest';
import {
  blockAddress,
  blockFlying,
  blockReceive,
  blockRelease,
  blockSend,
  blockTake,
} from '../../src/kernel/blocks.ts';
import { channelClose, channelClosed, NO_ERROR } from '../../src/kernel/close.ts';
import { ADVANCED, ADVANCED_AWAITED, BLOCKED, CLOSED } from '../../src/kernel/codes.ts';
import { REF_CONSUMED, REF_NONE } from '../../src/kernel/refs.ts';
import {
  spscAdoptReceiver,
  spscAdoptSender,
  spscAwaitMessage,
  spscAwaitRoom,
  spscBacklog,
  spscClose,
  spscLength,
  spscMessage,
  spscPosition,
  spscPublish,
  spscReadable,
  spscRecover,
  spscRelease,
  spscRoom,
  spscWritable,
} from '../../src/kernel/spsc.ts';
import { CHANNEL_CLOSED, CHANNEL_PEAK, CHANNEL_REFS, CHANNEL_REFS_AT, CHANNEL_SENT } from '../../src/memory/layout.ts';
import type { i32 } from '../../src/memory/words.ts';
import { peek, poke, store } from '../../src/memory/words.ts';
import { slotAt, spscReceive, spscSend } from '../support/rings.ts';
import { freshSegment, layChannel, ME, MIB, YOU } from '../support/segment.ts';

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

describe('one by one', () => {
  const MANY = 4096;

  beforeEach(() => {
    channel = layChannel('spsc', MANY);
  });

  test('as many are written, and read, without asking again as can be fetched together', () => {
    const values = Array.from({ length: MANY }, (_, i) => i + 1);
    spscSend(channel, values.slice(0, 3000));
    const ready = spscBacklog(channel);
    expect([ready > 8, ready < 3000]).toEqual([true, true]);
    const room = spscRoom(channel);
    expect([room > 8, room < MANY - 3000]).toEqual([true, true]);
    expect(spscReceive(channel, 2990)).toEqual(values.slice(0, 2990));
    expect([spscBacklog(channel), spscReadable(channel, MANY)]).toEqual([10, 10]);
  });

  test('fetching the slots that are written next leaves all messages as they are, also around the end of the circle', () => {
    let sent = 0;
    let received = 0;
    for (let round = 0; round < 40; round++) {
      const room = spscRoom(channel);
      const count = Math.min(room, 500);
      spscSend(
        channel,
        Array.from({ length: count }, () => ++sent),
      );
      const ready = spscBacklog(channel);
      for (const value of spscReceive(channel, Math.min(ready, 290)) ?? []) expect(value).toBe(++received);
    }
    for (let rest = spscReceive(channel, MANY); rest; rest = spscReceive(channel, MANY)) {
      for (const value of rest) expect(value).toBe(++received);
    }
    expect([sent > MANY, received]).toEqual([true, sent]);
  });

  test('a full channel has no room, an empty one no messages', () => {
    expect([spscBacklog(channel), spscRoom(channel) > 8]).toEqual([BLOCKED, true]);
    spscSend(
      channel,
      Array.from({ length: MANY }, () => 7),
    );
    expect(spscRoom(channel)).toBe(BLOCKED);
    channelClose(channel, NO_ERROR);
    expect(spscRoom(channel)).toBe(CLOSED);
    expect(spscReceive(channel, MANY)?.length).toBe(MANY);
    expect(spscBacklog(channel)).toBe(CLOSED);
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

describe('R29: of a receiver that died', () => {
  /** Makes the second word of a payload refer to a block. */
  function withRefs(): void {
    const at = blockAddress(blockTake(ME, 64));
    poke(at, 1);
    poke(channel + CHANNEL_REFS, 1);
    poke(channel + CHANNEL_REFS_AT, at);
  }

  function sendBlocks(count: number): i32[] {
    return Array.from({ length: count }, (_, index) => {
      const block = blockTake(ME, 64);
      const position = spscPosition(peek(channel + CHANNEL_SENT));
      spscWritable(channel, 1);
      poke(slotAt(channel, position), index);
      poke(slotAt(channel, position) + 1, block + 1);
      blockSend(block, ME);
      spscPublish(channel, 1);
      return block;
    });
  }

  test('what it had only looked at is still whole, and stays', () => {
    withRefs();
    sendBlocks(3);
    expect(spscReadable(channel, 3)).toBe(3);
    expect([spscRecover(channel, ME), spscLength(channel)]).toEqual([0, 3]);
  });

  test('what it had begun to take apart is given up, up to there, and the next one starts behind it', () => {
    withRefs();
    const blocks = sendBlocks(4);
    spscReadable(channel, 4);
    // The first was read and given back, the second is its own.
    blockReceive(blocks[0]!, YOU);
    poke(slotAt(channel, 0) + 1, REF_CONSUMED);
    blockRelease(blocks[0]!, YOU);
    blockReceive(blocks[1]!, YOU);
    expect([spscRecover(channel, ME), spscRecover(channel, ME), spscLength(channel)]).toEqual([2, 0, 2]);
    expect([spscAdoptReceiver(channel), spscReadable(channel, 9), blockFlying(blocks[2]!)]).toEqual([2, 2, true]);
    expect([spscMessage(channel, 1), spscMessage(channel, 2), spscMessage(channel, 4)]).toEqual([
      -1,
      slotAt(channel, 2),
      -1,
    ]);
  });

  test('a message without blocks that it read between two others is given up as well', () => {
    withRefs();
    const blocks = sendBlocks(4);
    const take = (position: number, ref: i32) => {
      blockReceive(blocks[position]!, YOU);
      poke(slotAt(channel, position) + 1, ref);
      blockRelease(blocks[position]!, YOU);
    };
    take(1, REF_NONE);
    spscReadable(channel, 4);
    take(0, REF_CONSUMED);
    take(2, REF_CONSUMED);
    expect([spscRecover(channel, ME), spscRecover(channel, ME), spscLength(channel)]).toEqual([3, 0, 1]);
    expect([spscAdoptReceiver(channel), blockFlying(blocks[3]!)]).toEqual([3, true]);
  });

  test('an empty channel has nothing to give up, closed or not', () => {
    withRefs();
    expect(spscRecover(channel, ME)).toBe(0);
    spscAwaitRoom(channel);
    spscClose(channel);
    expect(spscRecover(channel, ME)).toBe(0);
    expect(spscReadable(channel, 1)).toBe(CLOSED);
  });
});
