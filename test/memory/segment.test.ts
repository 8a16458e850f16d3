import { afterEach, describe, expect, test } from 'vitest';
import { IncompatibleSegmentError, LimitError } from '../../src/errors.ts';
import { HEADER_MAGIC, HEADER_PAGES, HEADER_THREADS, HEADER_VERSION, LAYOUT_VERSION } from '../../src/memory/layout.ts';
import { Segment } from '../../src/memory/segment.ts';
import { bound } from '../../src/memory/words.ts';
import { freshSegment, MIB } from '../support/segment.ts';

const DEFAULTS = { memory: 8 * MIB, threads: 4, spin: 0, debug: false };

describe('a new segment', () => {
  test('tells what it was made with, also to those who open it', () => {
    const made = Segment.create({ memory: 8 * MIB, threads: 7, spin: 123, debug: true });
    const opened = Segment.open(made.memory);
    for (const segment of [made, opened]) {
      expect(segment).toMatchObject({ threads: 7, spin: 123, debug: true, pages: made.pages, id: made.id });
    }
    expect(opened.epoch).toBe(made.epoch);
    expect(Math.abs(made.epoch - Date.now())).toBeLessThan(60_000);
    expect(made.now()).toBeGreaterThanOrEqual(0);
  });

  test('is shared memory of the size asked for, in whole pages', () => {
    const segment = Segment.create({ ...DEFAULTS, memory: 8 * MIB + 12_345 });
    expect(segment.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(segment.buffer.byteLength).toBe(8 * MIB);
  });

  test('has views of one and the same memory', () => {
    const segment = freshSegment();
    segment.words[2 ** 18] = 0x01020304;
    expect(segment.bytes[2 ** 20]).toBe(4);
    segment.floats[2 ** 17] = 1.5;
    expect(segment.longs[2 ** 17]).toBe(0x3ff8000000000000n);
  });

  test('has an id of its own', () => {
    const ids = Array.from({ length: 50 }, () => Segment.create({ ...DEFAULTS, memory: 4 * MIB }).id);
    expect(new Set(ids).size).toBe(50);
  });

  test('of four gibibytes can be made, and reaches to its end', () => {
    const segment = Segment.create({ ...DEFAULTS, memory: 4096 * MIB });
    segment.bytes[4096 * MIB - 1] = 7;
    expect([segment.bytes.at(-1), segment.words.length]).toEqual([7, 2 ** 30]);
  });
});

test('entering a segment binds the kernel to it', () => {
  const [first, second] = [freshSegment(), freshSegment()];
  first.enter();
  expect(bound()).toBe(first.words);
  second.enter();
  expect(bound()).toBe(second.words);
});

describe('options that cannot be kept are refused with LimitError', () => {
  test.each([
    ['memory', [0, -1, MIB, 4097 * MIB, Number.NaN, Number.POSITIVE_INFINITY, '8']],
    ['threads', [0, -1, 1.5, 1025, Number.NaN, '4']],
    ['spin', [-1, 0.5, 2 ** 31, Number.NaN, '0']],
  ])('%s: %j', (option, values) => {
    for (const value of values) {
      const create = () => Segment.create({ ...DEFAULTS, [option]: value } as never);
      expect(create).toThrow(LimitError);
      const met = typeof value === 'string' ? JSON.stringify(value) : value;
      expect(create).toThrow(new RegExp(`^${option}: expected .*, met ${met}$`));
    }
  });
});

describe('opening what is no segment throws IncompatibleSegmentError', () => {
  let segment: Segment;

  afterEach(() => segment?.enter());

  const refused = (memory: unknown, message: RegExp) => {
    expect(() => Segment.open(memory)).toThrow(IncompatibleSegmentError);
    expect(() => Segment.open(memory)).toThrow(message);
  };

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['a string', 'memory'],
    ['an object without a buffer', {}],
    ['memory that is not shared', { buffer: new ArrayBuffer(8 * MIB) }],
    ['shared memory that is too small', { buffer: new SharedArrayBuffer(1024) }],
  ])('%s', (_what, memory) => {
    refused(memory, /expected the shared memory of a sluice segment, met /);
  });

  test('shared memory that nobody has laid out', () => {
    refused({ buffer: new SharedArrayBuffer(8 * MIB) }, /expected a sluice segment .* that starts with 0x00000000/);
  });

  test('shared memory full of garbage', () => {
    const buffer = new SharedArrayBuffer(8 * MIB);
    new Uint8Array(buffer).fill(0xab);
    refused({ buffer }, /that starts with 0xabababab/);
  });

  test('a segment of another version', () => {
    segment = freshSegment();
    for (const version of [LAYOUT_VERSION + 1, LAYOUT_VERSION - 1]) {
      segment.words[HEADER_VERSION] = version;
      refused(segment.memory, new RegExp(`expected segment layout version ${LAYOUT_VERSION}, met version ${version}`));
    }
  });

  test.each([
    ['magic', HEADER_MAGIC],
    ['pages', HEADER_PAGES],
    ['threads', HEADER_THREADS],
  ])('a segment with a broken header: %s', (_what, word) => {
    segment = freshSegment();
    segment.words[word] = 0x7fffffff;
    refused(segment.memory, /expected/);
  });
});
