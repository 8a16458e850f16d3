import { describe, expect, test } from 'vitest';
import * as sluice from '../src/index.ts';

const CODES = {
  ChannelClosedError: 'ERR_CHANNEL_CLOSED',
  ChannelFullError: 'ERR_CHANNEL_FULL',
  TimeoutError: 'ERR_TIMEOUT',
  CancelledError: 'ERR_CANCELLED',
  LeaseReleasedError: 'ERR_LEASE_RELEASED',
  PoolExhaustedError: 'ERR_POOL_EXHAUSTED',
  MessageTooLargeError: 'ERR_MESSAGE_TOO_LARGE',
  CodecError: 'ERR_CODEC',
  IncompatibleSegmentError: 'ERR_INCOMPATIBLE_SEGMENT',
  TopologyError: 'ERR_TOPOLOGY',
  ClosedError: 'ERR_CLOSED',
  BrokenError: 'ERR_BROKEN',
  NotHeldError: 'ERR_NOT_HELD',
  LimitError: 'ERR_LIMIT',
  DeadlockError: 'ERR_DEADLOCK',
} as const;

const { ...errors } = sluice;

describe.each(Object.entries(CODES))('%s', (name, code) => {
  test(`is a SluiceError with the code ${code}, its message and its cause`, () => {
    const Kind = errors[name as keyof typeof CODES];
    const cause = new Error('why');
    const error = new Kind('expected this, met that', { cause });
    expect(error).toBeInstanceOf(sluice.SluiceError);
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.code, error.message, error.cause]).toEqual([
      name,
      code,
      'expected this, met that',
      cause,
    ]);
    expect(String(error)).toBe(`${name}: expected this, met that`);
    expect('cause' in new Kind('without')).toBe(false);
  });
});

test('every error of the package is one of these', () => {
  const found = Object.entries(sluice).filter(([, value]) => value === sluice.SluiceError || isError(value));
  expect(found.map(([name]) => name).toSorted()).toEqual(['SluiceError', ...Object.keys(CODES)].toSorted());
});

function isError(value: unknown): boolean {
  return typeof value === 'function' && value.prototype instanceof Error;
}
