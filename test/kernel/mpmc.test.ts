import { beforeEach, describe, expect, test } from 'vitest';
import { channelClose, NO_ERROR } from '../../src/kernel/close.ts';
import { ADVANCED, BLOCKED, CLOSED, SKIPPED } from '../../src/kernel/codes.ts';
import {
  MPMC_SLOT_HEADER,
  mpmcBury,
  mpmcClaim,
  mpmcCleared,
  mpmcEmpty,
  mpmcFree,
  mpmcFull,
  mpmcLength,
  mpmcPublish,
  mpmcRecover,
  mpmcRoom,
  mpmcTake,
  SLOT_CLAIMED,
  SLOT_READING,
  slotOwner,
  slotState,
} from '../../src/kernel/mpmc.ts';
import { shortReceive, shortSend } from '../../src/kernel/short.ts';
import { threadCell } from '../../src/kernel/threads.ts';
import {
  CELL_DRAFT,
  CHANNEL_BURIED,
  CHANNEL_HEAD,
  CHANNEL_PEAK,
  CHANNEL_SKIPPED,
  CHANNEL_TAIL,
} from '../../src/memory/layout.ts';
import type { i32 } from '../../src/memory/words.ts';
import { load, peek, poke, store } from '../../src/memory/words.ts';
import { mpmcReceive, mpmcSend } from '../support/rings.ts';
import { freshSegment, layChannel, ME, MIB, YOU } from '../support/segment.ts';

/** Where the laps of 8 slots pass 19 bits, 29 bits, and where positions change their sign. */
const STARTS = [0, 2 ** 19 * 8 - 3, -3, 2 ** 31 - 3, 2 ** 32 - 2];

beforeEach(() => {
  freshSegment({ memory: 4 * MIB, threads: 4 });
});

function claim(channel: i32, value: number, me: i32 = ME): i32 {
  const slot = mpmcClaim(channel, me);
  expect(slot).toBeGreaterThan(0);
  poke(slot + MPMC_SLOT_HEADER, value);
  return slot;
}

describe.each(STARTS)('from position %d', (start) => {
  test('a claim and a take name their owner, up to the highest thread id', () => {
    const channel = layChannel('mpmc', 7, start);
    for (const owner of [0, 1, 31, 512, 1023]) {
      const slot = claim(channel, owner, owner);
      expect([slotState(load(slot)), slotOwner(load(slot))]).toEqual([SLOT_CLAIMED, owner]);
      mpmcPublish(channel, slot);
      expect(mpmcTake(channel, 1023 - owner)).toBe(slot);
      expect([slotState(load(slot)), slotOwner(load(slot))]).toEqual([SLOT_READING, 1023 - owner]);
      mpmcFree(channel, slot);
    }
  });

  test('R4: while the oldest claim is not published, the queue is not empty though there is nothing to take', () => {
    const channel = layChannel('mpmc', 7, start);
    expect(mpmcEmpty(channel)).toBe(true);
    const first = claim(channel, 1, ME);
    mpmcPublish(channel, claim(channel, 2, YOU));
    expect([mpmcTake(channel, ME), mpmcEmpty(channel)]).toEqual([BLOCKED, false]);
    mpmcPublish(channel, first);
    expect([mpmcReceive(channel), mpmcReceive(channel), mpmcEmpty(channel)]).toEqual([1, 2, true]);
    channelClose(channel, NO_ERROR);
    expect([mpmcReceive(channel), mpmcEmpty(channel)]).toEqual(['drained', true]);
  });

  test('R4: while the next slot is being read, the queue is not full though there is nothing to claim', () => {
    const channel = layChannel('mpmc', 8, start);
    for (let value = 0; value < 8; value++) mpmcSend(channel, value);
    expect(mpmcFull(channel)).toBe(true);
    const reading = mpmcTake(channel, YOU);
    expect(mpmcReceive(channel)).toBe(1);
    expect([mpmcClaim(channel, ME), mpmcFull(channel)]).toEqual([BLOCKED, false]);
    mpmcFree(channel, reading);
    expect([mpmcSend(channel, 8), mpmcSend(channel, 9), mpmcFull(channel)]).toEqual(['accepted', 'accepted', true]);
  });

  test('R1: messages are taken in the order of their claims, however late the first is published', () => {
    const channel = layChannel('mpmc', 7, start);
    const first = claim(channel, 1, ME);
    const second = claim(channel, 2, YOU);
    mpmcPublish(channel, second);
    expect(mpmcReceive(channel)).toBe('empty');
    mpmcPublish(channel, first);
    expect([mpmcReceive(channel), mpmcReceive(channel), mpmcReceive(channel)]).toEqual([1, 2, 'empty']);
  });

  test('R3: a slot that is still being read is not claimed again', () => {
    const channel = layChannel('mpmc', 8, start);
    for (let i = 0; i < 8; i++) mpmcSend(channel, i);
    const first = mpmcTake(channel, ME);
    const second = mpmcTake(channel, YOU);
    expect(mpmcClaim(channel, ME)).toBe(BLOCKED);
    mpmcFree(channel, second);
    // The next position is the slot of the first.
    expect(mpmcClaim(channel, ME)).toBe(BLOCKED);
    mpmcFree(channel, first);
    expect([mpmcSend(channel, 8), mpmcSend(channel, 9), mpmcSend(channel, 10)]).toEqual([
      'accepted',
      'accepted',
      'full',
    ]);
    expect(Array.from({ length: 9 }, () => mpmcReceive(channel))).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 'empty']);
  });

  test('a claim that is given up is passed over', () => {
    const channel = layChannel('mpmc', 3, start);
    mpmcSend(channel, 1);
    mpmcBury(channel, claim(channel, 2));
    mpmcSend(channel, 3);
    expect(mpmcReceive(channel)).toBe(1);
    expect(mpmcTake(channel, ME)).toBe(SKIPPED);
    expect(mpmcReceive(channel)).toBe(3);
    expect([load(channel + CHANNEL_BURIED), load(channel + CHANNEL_SKIPPED)]).toEqual([1, 1]);
    expect(mpmcLength(channel)).toBe(0);
  });

  test('R11: with a claim open, a closed channel is not drained', () => {
    const channel = layChannel('mpmc', 3, start);
    const slot = claim(channel, 7);
    channelClose(channel, NO_ERROR);
    expect(mpmcTake(channel, YOU)).toBe(BLOCKED);
    mpmcPublish(channel, slot);
    expect([mpmcReceive(channel), mpmcReceive(channel)]).toEqual([7, 'drained']);
  });

  test('R7: a sender that sees the close only after its claim gives the claim up', () => {
    const channel = layChannel('mpmc', 3, start);
    mpmcSend(channel, 1);
    channelClose(channel, NO_ERROR);
    expect(mpmcClaim(channel, ME)).toBe(CLOSED);
    expect([mpmcReceive(channel), mpmcReceive(channel), mpmcReceive(channel)]).toEqual([1, 'drained', 'drained']);
    expect(mpmcClaim(channel, ME)).toBe(CLOSED);
    // Sealed: nothing was claimed any more.
    expect(load(channel + CHANNEL_BURIED)).toBe(1);
  });

  test('is empty when it is drained, as before its first message: there is nobody to wait for', () => {
    const channel = layChannel('mpmc', 3, start);
    expect(mpmcEmpty(channel)).toBe(true);
    const slot = claim(channel, 1);
    expect(mpmcEmpty(channel)).toBe(false);
    mpmcPublish(channel, slot);
    channelClose(channel, NO_ERROR);
    expect([mpmcEmpty(channel), mpmcReceive(channel), mpmcReceive(channel)]).toEqual([false, 1, 'drained']);
    expect(mpmcEmpty(channel)).toBe(true);
  });

  test('has room again as soon as the slot at the tail is free, which whoever frees it can tell', () => {
    const channel = layChannel('mpmc', 8, start);
    for (let i = 0; i < 8; i++) mpmcSend(channel, i);
    const [first, second] = [mpmcTake(channel, YOU), mpmcTake(channel, ME)];
    expect([mpmcRoom(channel), mpmcClaim(channel, ME)]).toEqual([false, BLOCKED]);
    mpmcFree(channel, second);
    expect([mpmcRoom(channel), mpmcCleared(channel, (start + 1) | 0)]).toEqual([false, false]);
    mpmcFree(channel, first);
    expect([mpmcRoom(channel), mpmcCleared(channel, start | 0)]).toEqual([true, true]);
  });

  test('while a tombstone stands behind a message, taking that one may let a sender go', () => {
    const channel = layChannel('mpmc', 2, start);
    mpmcSend(channel, 1);
    mpmcBury(channel, claim(channel, 2));
    expect([mpmcLength(channel), mpmcSend(channel, 3)]).toEqual([1, 'full']);
    expect(mpmcReceive(channel)).toBe(1);
    expect([mpmcCleared(channel, start | 0), mpmcSend(channel, 3)]).toEqual([true, 'accepted']);
    expect([mpmcReceive(channel), mpmcReceive(channel)]).toEqual([3, 'empty']);
  });

  test('R3: the length counts no tombstones, wherever they stand', () => {
    const channel = layChannel('mpmc', 7, start);
    mpmcBury(channel, claim(channel, 0));
    mpmcSend(channel, 1);
    mpmcBury(channel, claim(channel, 0));
    mpmcBury(channel, claim(channel, 0));
    mpmcSend(channel, 2);
    expect(mpmcLength(channel)).toBe(2);
    expect([mpmcReceive(channel), mpmcLength(channel)]).toEqual([1, 1]);
    expect([mpmcReceive(channel), mpmcLength(channel), mpmcReceive(channel)]).toEqual([2, 0, 'empty']);
    for (let lap = 0; lap < 4; lap++) {
      for (let i = 0; i < 7; i++) mpmcSend(channel, i);
      expect(mpmcLength(channel)).toBe(7);
      for (let i = 0; i < 7; i++) mpmcReceive(channel);
    }
  });

  test('whoever comes next helps a cursor along that was left behind', () => {
    const channel = layChannel('mpmc', 7, start);
    mpmcSend(channel, 1);
    mpmcSend(channel, 2);
    // Its sender has claimed the slot and not moved the tail yet.
    store(channel + CHANNEL_TAIL, (start + 1) | 0);
    expect(mpmcSend(channel, 3)).toBe('accepted');
    expect(load(channel + CHANNEL_TAIL)).toBe((start + 3) | 0);
    expect(mpmcReceive(channel)).toBe(1);
    const slot = mpmcTake(channel, YOU);
    // Its taker has not moved the head yet.
    store(channel + CHANNEL_HEAD, (start + 1) | 0);
    expect([mpmcReceive(channel), load(channel + CHANNEL_HEAD)]).toEqual([3, (start + 3) | 0]);
    mpmcFree(channel, slot);
    expect(mpmcReceive(channel)).toBe('empty');
  });

  test('a full channel is not mistaken for one whose head was left behind, nor the other way round', () => {
    const channel = layChannel('mpmc', 2, start);
    mpmcSend(channel, 1);
    mpmcSend(channel, 2);
    expect(mpmcSend(channel, 3)).toBe('full');
    const slot = mpmcTake(channel, YOU);
    store(channel + CHANNEL_HEAD, start | 0);
    expect(mpmcSend(channel, 3)).toBe('accepted');
    store(channel + CHANNEL_HEAD, start | 0);
    mpmcFree(channel, slot);
    expect(mpmcSend(channel, 4)).toBe('full');
    expect([mpmcReceive(channel), mpmcReceive(channel)]).toEqual([2, 3]);
  });

  describe.each([
    ['before it wrote its position down', true],
    ['after it wrote its position down', false],
  ])('R29: of a thread that died %s', (_when, early) => {
    const forget = (slot: i32) => {
      if (early) poke(slot + 1, 0x5a5a5a5a);
    };

    test('claims are buried and what it was reading is lost, and the rest goes on', () => {
      const channel = layChannel('mpmc', 7, start);
      for (let i = 1; i <= 4; i++) mpmcSend(channel, i);
      expect(mpmcReceive(channel)).toBe(1);
      forget(mpmcTake(channel, YOU));
      forget(claim(channel, 5, YOU));
      mpmcSend(channel, 6);
      expect(mpmcRecover(channel, YOU, ME)).toBe(1);
      expect([1, 2, 3, 4].map(() => mpmcReceive(channel))).toEqual([3, 4, 6, 'empty']);
      for (let lap = 0; lap < 5; lap++) {
        for (let i = 0; i < 7; i++) expect(mpmcSend(channel, i)).toBe('accepted');
        expect(mpmcSend(channel, 7)).toBe('full');
        for (let i = 0; i < 7; i++) expect(mpmcReceive(channel)).toBe(i);
      }
    });

    test('nothing that others hold is touched, and doing it again changes nothing', () => {
      const channel = layChannel('mpmc', 7, start);
      mpmcSend(channel, 1);
      const mine = mpmcTake(channel, ME);
      const open = claim(channel, 2, ME);
      forget(claim(channel, 3, YOU));
      expect([mpmcRecover(channel, YOU, ME), mpmcRecover(channel, YOU, ME)]).toEqual([0, 0]);
      expect([slotOwner(load(mine)), slotOwner(load(open))]).toEqual([ME, ME]);
      mpmcFree(channel, mine);
      mpmcPublish(channel, open);
      expect([mpmcReceive(channel), mpmcReceive(channel)]).toEqual([2, 'empty']);
    });

    test('a claim whose tail was not moved yet is found, too', () => {
      const channel = layChannel('mpmc', 7, start);
      forget(claim(channel, 1, YOU));
      store(channel + CHANNEL_TAIL, start | 0);
      mpmcRecover(channel, YOU, ME);
      expect(mpmcSend(channel, 2)).toBe('accepted');
      expect([mpmcReceive(channel), mpmcReceive(channel)]).toEqual([2, 'empty']);
    });

    test('R3: what is buried takes no room from the living', () => {
      const channel = layChannel('mpmc', 1, start);
      forget(claim(channel, 1, YOU));
      mpmcRecover(channel, YOU, ME);
      expect([mpmcLength(channel), mpmcSend(channel, 2), mpmcSend(channel, 3)]).toEqual([0, 'accepted', 'full']);
      expect([mpmcReceive(channel), mpmcReceive(channel)]).toEqual([2, 'empty']);
    });

    test('what it read a lap ago, with the slots around it used again, is found, too', () => {
      const channel = layChannel('mpmc', 8, start);
      for (let i = 0; i < 8; i++) mpmcSend(channel, i);
      expect(mpmcReceive(channel)).toBe(0);
      forget(mpmcTake(channel, YOU));
      expect(mpmcReceive(channel)).toBe(2);
      expect(mpmcSend(channel, 8)).toBe('accepted');
      expect(mpmcSend(channel, 9)).toBe('full');
      expect(mpmcRecover(channel, YOU, ME)).toBe(1);
      expect([mpmcSend(channel, 9), mpmcSend(channel, 10)]).toEqual(['accepted', 'accepted']);
      expect(Array.from({ length: 9 }, () => mpmcReceive(channel))).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 'empty']);
    });
  });
});

test('a payload stays in its slot until it is freed', () => {
  const channel = layChannel('mpmc', 7);
  for (let i = 0; i < 7; i++) mpmcSend(channel, 42 + i);
  const slot = mpmcTake(channel, ME);
  // There are eight slots: one more message fits, and the one after it would need the slot that is being read.
  expect([mpmcSend(channel, 1), mpmcReceive(channel), mpmcSend(channel, 2)]).toEqual(['accepted', 43, 'full']);
  expect(peek(slot + MPMC_SLOT_HEADER)).toBe(42);
});

test.each([3, 13, 14, 16])(
  'R3: where positions wrap, 2^%d slots are full while the last of the laps is being read',
  (shift) => {
    freshSegment({ memory: 64 * MIB, threads: 4 });
    const capacity = 2 ** shift;
    const channel = layChannel('mpmc', capacity, -capacity);
    for (let value = 0; value < capacity; value++) mpmcSend(channel, value);
    const reading = mpmcTake(channel, ME);
    expect([mpmcClaim(channel, YOU), mpmcLength(channel)]).toEqual([BLOCKED, capacity - 1]);
    mpmcFree(channel, reading);
    expect([mpmcSend(channel, capacity), mpmcReceive(channel), mpmcLength(channel)]).toEqual([
      'accepted',
      1,
      capacity - 1,
    ]);
  },
);

describe.each(STARTS)('short messages, from position %d', (start) => {
  const draft = (me: i32) => threadCell(me) + CELL_DRAFT;

  test('what was sent in one call is received in one, or taken, read and freed, on every lap', () => {
    const channel = layChannel('mpmc', 7, start);
    for (let value = 1; value <= 40; value++) {
      poke(draft(ME), value);
      expect(shortSend(channel, ME)).toBe(ADVANCED);
      if (value % 3 === 0) {
        expect(mpmcReceive(channel)).toBe(value);
      } else {
        expect(shortReceive(channel, YOU)).toBe(ADVANCED);
        expect(peek(draft(YOU))).toBe(value);
      }
    }
    expect([shortReceive(channel, YOU), mpmcLength(channel), load(channel + CHANNEL_PEAK)]).toEqual([BLOCKED, 0, 1]);
  });

  test('as many are accepted as the capacity says, and none once it is closed', () => {
    const channel = layChannel('mpmc', 7, start);
    for (let value = 0; value < 7; value++) expect(shortSend(channel, ME)).toBe(ADVANCED);
    expect([shortSend(channel, ME), shortReceive(channel, YOU)]).toEqual([BLOCKED, ADVANCED]);
    channelClose(channel, NO_ERROR);
    expect([shortSend(channel, ME), mpmcLength(channel)]).toEqual([CLOSED, 6]);
    let received = 0;
    for (let code = ADVANCED as i32; code !== CLOSED; code = shortReceive(channel, YOU))
      if (code === ADVANCED) received++;
    expect(received - 1).toBe(6);
  });
});
