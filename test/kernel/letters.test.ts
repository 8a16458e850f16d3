import { beforeEach, describe, expect, test } from 'vitest';
import { blockAddress, blockFlying, blockReceive, blockSend, blockTake } from '../../src/kernel/blocks.ts';
import { channelClose, NO_ERROR } from '../../src/kernel/close.ts';
import { BLOCKED, CLOSED, SKIPPED } from '../../src/kernel/codes.ts';
import {
  letterAcknowledge,
  letterAttempt,
  letterClaim,
  letterDrop,
  letterExhausted,
  letterFree,
  letterHeld,
  letterMessage,
  letterMove,
  letterOf,
  letterPayload,
  letterPost,
  letterReturn,
  lettersInit,
  lettersLength,
  lettersOut,
  lettersRecover,
  letterTake,
  letterTaken,
} from '../../src/kernel/letters.ts';
import { mpmcInit, mpmcTake } from '../../src/kernel/mpmc.ts';
import { refAt, refsCount, refsDrop, refsTouched } from '../../src/kernel/refs.ts';
import {
  CHANNEL_ATTEMPTS,
  CHANNEL_LETTER_BITMAP,
  CHANNEL_LETTER_FIRST,
  CHANNEL_LETTER_STRIDE,
  CHANNEL_LETTERS,
  CHANNEL_QUEUE,
  CHANNEL_REFS,
  CHANNEL_REFS_AT,
  CHANNEL_RETURNED,
  LETTER_HEADER,
  QUEUE_LETTERS,
  WORD_BYTES,
} from '../../src/memory/layout.ts';
import type { i32 } from '../../src/memory/words.ts';
import { load, peek, poke } from '../../src/memory/words.ts';
import { freshSegment, layChannel, ME, MIB, YOU } from '../support/segment.ts';

/** A payload is its value, and 1 + a block or 0. */
const PAYLOAD = 2;
const STARTS = [0, -3, 2 ** 31 - 3];

beforeEach(() => {
  freshSegment({ memory: 4 * MIB, threads: 4 });
});

/** A channel of letters, whose queue starts at this position. */
function layLetters(capacity: number, start = 0, attempts = 0): i32 {
  const channel = layChannel('mpmc', capacity, start);
  const part = (words: number) => blockAddress(blockTake(ME, words * WORD_BYTES));
  poke(channel + CHANNEL_QUEUE, QUEUE_LETTERS);
  poke(channel + CHANNEL_ATTEMPTS, attempts);
  poke(channel + CHANNEL_LETTERS, part(capacity));
  poke(channel + CHANNEL_LETTER_BITMAP, part(Math.ceil(capacity / 32)));
  poke(channel + CHANNEL_LETTER_FIRST, part(capacity * (LETTER_HEADER + PAYLOAD)));
  poke(channel + CHANNEL_LETTER_STRIDE, LETTER_HEADER + PAYLOAD);
  withRef(channel);
  mpmcInit(channel, start | 0);
  lettersInit(channel);
  return channel;
}

/** Says that the second word of a payload refers to a block. */
function withRef(channel: i32): void {
  const at = blockAddress(blockTake(ME, WORD_BYTES));
  poke(at, 1);
  poke(channel + CHANNEL_REFS, 1);
  poke(channel + CHANNEL_REFS_AT, at);
}

function write(channel: i32, letter: i32, value: number, block = -1): void {
  poke(letterPayload(channel, letter), value);
  poke(letterPayload(channel, letter) + 1, block + 1);
}

function post(channel: i32, value: number, me = ME, block = -1): i32 {
  const letter = letterClaim(channel, me);
  if (letter < 0) return letter;
  write(channel, letter, value, block);
  if (block >= 0) blockSend(block, me);
  letterPost(channel, letter);
  return letter;
}

interface Held {
  readonly letter: i32;
  readonly word: i32;
  readonly value: number;
  readonly attempt: number;
}

function take(channel: i32, me = ME): Held | undefined {
  const letter = letterTake(channel, me);
  if (letter < 0) return undefined;
  const word = letterTaken(me);
  return { letter, word, value: peek(letterPayload(channel, letter)), attempt: letterAttempt(channel, letter, word) };
}

function acknowledge(channel: i32, { letter, word }: Held): boolean {
  if (!letterAcknowledge(channel, letter, word)) return false;
  letterFree(channel, letter);
  return true;
}

const giveBack = (channel: i32, { letter, word }: Held) => letterReturn(channel, letter, word);

describe.each(STARTS)('from position %d', (start) => {
  test.each([1, 3, 8, 32, 33])('R3: there are exactly as many letters as the capacity says: %d', (capacity) => {
    const channel = layLetters(capacity, start);
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < capacity; i++) expect(post(channel, i)).toBeGreaterThanOrEqual(0);
      expect([post(channel, 0), lettersLength(channel)]).toEqual([BLOCKED, capacity]);
      const held = Array.from({ length: capacity }, () => take(channel)!);
      expect(held.map(({ value }) => value)).toEqual(held.map((_, index) => index));
      expect([post(channel, 0), lettersLength(channel), lettersOut(channel, -1)]).toEqual([
        BLOCKED,
        capacity,
        capacity,
      ]);
      expect(lettersOut(channel, ME)).toBe(0);
      for (const each of held.toReversed()) expect(acknowledge(channel, each)).toBe(true);
      expect([lettersLength(channel), letterTake(channel, ME)]).toEqual([0, BLOCKED]);
    }
  });

  test('R30: an acknowledgement that comes too late finds another holding, and is refused', () => {
    const channel = layLetters(3, start);
    post(channel, 7);
    const first = take(channel)!;
    expect(letterHeld(channel, first.letter)).toBe(first.word);
    expect([giveBack(channel, first), giveBack(channel, first)]).toEqual([true, false]);
    expect([acknowledge(channel, first), letterHeld(channel, first.letter)]).toEqual([false, 0]);
    const second = take(channel, YOU)!;
    expect(second).toMatchObject({ value: 7, attempt: 2 });
    expect([acknowledge(channel, first), giveBack(channel, first), acknowledge(channel, second)]).toEqual([
      false,
      false,
      true,
    ]);
    // Nor does it find the next message in the same letter.
    post(channel, 8);
    post(channel, 9);
    const third = take(channel)!;
    expect([acknowledge(channel, second), third.attempt]).toEqual([false, 1]);
  });

  test('what was returned comes first, the oldest of it before the rest', () => {
    const channel = layLetters(5, start);
    for (let value = 1; value <= 5; value++) post(channel, value);
    const held = [1, 2, 3].map(() => take(channel)!);
    for (const each of [held[2]!, held[0]!]) giveBack(channel, each);
    expect([1, 2, 3, 4].map(() => take(channel)!.value)).toEqual([1, 3, 4, 5]);
    expect([letterTake(channel, ME), load(channel + CHANNEL_RETURNED)]).toEqual([BLOCKED, 0]);
  });

  test('R7: on a closed channel there is no letter, and none is kept', () => {
    const channel = layLetters(3, start);
    post(channel, 1);
    channelClose(channel, NO_ERROR);
    expect([letterClaim(channel, ME), lettersLength(channel)]).toEqual([CLOSED, 1]);
    const held = take(channel)!;
    // Its place in the queue is passed over first.
    expect([letterTake(channel, ME), letterTake(channel, YOU), lettersOut(channel, -1)]).toEqual([SKIPPED, CLOSED, 1]);
    giveBack(channel, held);
    expect(acknowledge(channel, take(channel, YOU)!)).toBe(true);
    expect(lettersOut(channel, -1)).toBe(0);
  });

  test('too many attempts: not handed out any more, moved with its block, or dropped with it', () => {
    const channel = layLetters(3, start, 2);
    const target = layChannel('mpmc', 1, start);
    withRef(target);
    const blocks = [blockTake(ME, 64), blockTake(ME, 64)];
    for (const [value, block] of blocks.entries()) post(channel, value, ME, block);
    for (let attempt = 0; attempt < 2; attempt++) {
      const both = [take(channel, YOU)!, take(channel, YOU)!];
      for (const each of both) giveBack(channel, each);
    }
    expect(letterTake(channel, ME)).toBe(BLOCKED);
    const first = letterExhausted(channel);
    expect([letterMove(channel, first, target, ME), letterMove(channel, first, target, ME)]).toEqual([true, false]);
    const second = letterExhausted(channel);
    expect(letterMove(channel, second, target, ME)).toBe(false);
    expect([letterDrop(channel, second, ME), letterDrop(channel, second, ME), letterExhausted(channel)]).toEqual([
      true,
      false,
      -1,
    ]);
    expect([lettersLength(channel), blockFlying(blocks[0]!), blockFlying(blocks[1]!)]).toEqual([0, true, false]);
    const slot = mpmcTake(target, YOU);
    expect([peek(slot + 2), refAt(target, slot + 2, 0)]).toEqual([0, blocks[0]]);
  });
});

describe('R29: of a thread that died', () => {
  test('what it held is returned, what it had acknowledged is gone, what it had not posted never was', () => {
    const channel = layLetters(8);
    const block = blockTake(ME, 64);
    for (let value = 1; value <= 3; value++) post(channel, value, ME, value === 2 ? block : -1);
    const [held, acked] = [take(channel, YOU)!, take(channel, YOU)!];
    letterAcknowledge(channel, acked.letter, acked.word);
    const unposted = letterClaim(channel, YOU);
    write(channel, unposted, 99);
    expect(letterMessage(channel, unposted)).toBe(-1);
    post(channel, 4, YOU);
    expect([lettersRecover(channel, YOU, ME), lettersLength(channel), blockFlying(block)]).toEqual([1, 3, false]);
    expect([1, 2, 3].map(() => take(channel)).map((each) => [each?.value, each?.attempt])).toEqual([
      [held.value, 2],
      [3, 1],
      // The unposted letter's place in the queue was passed over.
      [undefined, undefined],
    ]);
    expect(take(channel)).toMatchObject({ value: 4, attempt: 1 });
    expect(lettersRecover(channel, YOU, ME)).toBe(0);
  });

  test('what it was just taking out of the queue is returned as if it had not been touched', () => {
    const channel = layLetters(3);
    post(channel, 1);
    expect(mpmcTake(channel, YOU)).toBeGreaterThan(0);
    expect(lettersRecover(channel, YOU, ME)).toBe(1);
    expect(take(channel)).toMatchObject({ value: 1, attempt: 1 });
  });

  test('nothing of anybody else is touched', () => {
    const channel = layLetters(3);
    post(channel, 1);
    post(channel, 2);
    const mine = take(channel)!;
    const claimed = letterClaim(channel, ME);
    expect(lettersRecover(channel, YOU, ME)).toBe(0);
    expect(letterHeld(channel, mine.letter)).toBe(mine.word);
    write(channel, claimed, 3);
    letterPost(channel, claimed);
    expect([acknowledge(channel, mine), take(channel)!.value, take(channel)!.value]).toEqual([true, 2, 3]);
  });
});

test('a letter whose sender is still at it is no message, whatever stands in it from before', () => {
  const channel = layLetters(1);
  const block = blockTake(ME, 64);
  post(channel, 1, ME, block);
  const held = take(channel)!;
  expect(letterMessage(channel, held.letter)).toBe(letterPayload(channel, held.letter));
  acknowledge(channel, held);
  expect(letterMessage(channel, held.letter)).toBe(-1);
  const again = letterClaim(channel, YOU);
  expect(refAt(channel, letterPayload(channel, again), 0)).toBe(block);
  expect(letterMessage(channel, again)).toBe(-1);
  letterPost(channel, again);
  expect(letterMessage(channel, again)).toBe(letterPayload(channel, again));
  expect(letterOf(channel, letterPayload(channel, again))).toBe(again);
});

describe('references', () => {
  test('a message is touched once one of its blocks is not on its way any more', () => {
    const channel = layLetters(1);
    const block = blockTake(ME, 64);
    const letter = post(channel, 1, ME, block);
    const payload = letterPayload(channel, letter);
    expect([refsCount(channel), refAt(channel, payload, 0), refsTouched(channel, payload)]).toEqual([1, block, false]);
    blockReceive(block, YOU);
    expect(refsTouched(channel, payload)).toBe(true);
    // It is somebody's now, and not to be dropped with the message.
    refsDrop(channel, payload, ME);
    expect(refAt(channel, payload, 0)).toBe(block);
  });

  test('dropped, they are consumed, once; none at all is nothing', () => {
    const channel = layLetters(2);
    const payload = letterPayload(channel, post(channel, 1, ME, blockTake(ME, 64)));
    refsDrop(channel, payload, YOU);
    expect([refAt(channel, payload, 0), refsTouched(channel, payload)]).toEqual([-1, true]);
    refsDrop(channel, payload, YOU);
    const bare = letterPayload(channel, post(channel, 1));
    refsDrop(channel, bare, YOU);
    expect([refAt(channel, bare, 0), refsTouched(channel, bare)]).toEqual([-1, false]);
  });
});
