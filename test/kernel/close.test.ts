import { beforeEach, describe, expect, test } from 'vitest';
import { channelClose, channelClosed, channelErrorBlock, ERROR_LOST, NO_ERROR } from '../../src/kernel/close.ts';
import { freshSegment, layChannel, MIB } from '../support/segment.ts';

beforeEach(() => {
  freshSegment({ memory: 4 * MIB });
});

describe.each(['spsc', 'mpmc'] as const)('an %s channel', (kind) => {
  test('is open at first, and carries no error', () => {
    const channel = layChannel(kind, 3);
    expect([channelClosed(channel), channelErrorBlock(channel)]).toEqual([false, NO_ERROR]);
  });

  test.each([
    ['without an error', NO_ERROR],
    ['with an error in block 0', 0],
    ['with an error in a high block', 2 ** 26],
    ['with an error that found no memory', ERROR_LOST],
  ])('R8: closed %s, stays so whatever comes later', (_how, error) => {
    const channel = layChannel(kind, 3);
    expect(channelClose(channel, error)).toBe(true);
    for (const later of [NO_ERROR, 7, ERROR_LOST]) expect(channelClose(channel, later)).toBe(false);
    expect([channelClosed(channel), channelErrorBlock(channel)]).toEqual([true, error]);
  });
});
