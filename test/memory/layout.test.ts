import { describe, expect, test } from 'vitest';
import * as layout from '../../src/memory/layout.ts';
import { type Layout, layoutOf } from '../../src/memory/layout.ts';

const { LINE, PAGE, PAGE_BYTES, WORD_BYTES } = layout;
const MIB = 1024 * 1024;

const SHAPES = [
  { threads: 1, bytes: 4 * MIB },
  { threads: 64, bytes: 256 * MIB },
  { threads: 1024, bytes: 8 * MIB },
  { threads: 1024, bytes: 4096 * MIB },
];

/** The tables of a segment, in order, each with its size in words. */
function tablesOf({ threads, pages, ...at }: Layout): [number, number][] {
  return [
    [at.cells, threads * layout.CELL_WORDS],
    [at.channelTable, layout.CHANNELS_MAX * layout.ENTRY_WORDS],
    [at.holds, (threads + 1) * layout.HOLD_WORDS],
    [at.endTable, layout.ENDS_MAX],
    [at.scopeTable, at.scopes * layout.SCOPE_WORDS],
    [at.syncTable, at.syncs * at.syncStride],
    [at.pageTable, pages * layout.PAGE_ENTRY],
    [at.bitmaps, pages * layout.PAGE_BITMAP],
    [at.owners, pages * layout.PAGE_OWNERS],
    [at.firstPage, pages * PAGE],
  ];
}

describe.each(SHAPES)('a segment of $bytes bytes for $threads threads', ({ threads, bytes }) => {
  const made = layoutOf(threads, bytes);
  const tables = tablesOf(made);

  test('has its tables one behind the other, inside the segment, and most of it for messages', () => {
    let end = 0;
    for (const [start, words] of tables) {
      expect(start).toBeGreaterThanOrEqual(end);
      end = start + words;
    }
    expect(end * WORD_BYTES).toBeLessThanOrEqual(bytes);
    expect(made.pages).toBeGreaterThan(0);
    expect(bytes - made.firstPage * WORD_BYTES - made.pages * PAGE_BYTES).toBeLessThan(bytes * 0.01 + 2 * PAGE_BYTES);
  });

  test('starts every table on a line, and pages on a page', () => {
    expect(tables.map(([start]) => start % LINE)).toEqual(tables.map(() => 0));
    expect(made.firstPage % PAGE).toBe(0);
  });
});

describe('words that different threads write', () => {
  const apart = {
    'the wake word and the state of a thread': [layout.CELL_WAKE, layout.CELL_STATE],
    'tail and head': [layout.CHANNEL_TAIL, layout.CHANNEL_HEAD],
    'the closed word and the tail': [layout.CHANNEL_CLOSED, layout.CHANNEL_TAIL],
    'the two waiter sets of a channel': [layout.CHANNEL_RECEIVERS_WAITING, layout.CHANNEL_SENDERS_WAITING],
    'the head and the waiters': [layout.CHANNEL_HEAD, layout.CHANNEL_RECEIVERS_WAITING],
    'the waiters and the tally': [layout.CHANNEL_SENDERS_WAITING, layout.CHANNEL_TALLY],
    'how a scope stands and who has it': [layout.SCOPE_STATE, layout.SCOPE_HOLDERS],
    'how a scope stands and what it is': [layout.SCOPE_STATE, layout.SCOPE_OWNER],
    'how a primitive stands and what it is': [layout.SYNC_STATE, layout.SYNC_KIND],
    'what threads change of a primitive and who waits for it': [layout.SYNC_WORD, layout.SYNC_WAITERS],
    'who waits for a primitive and who has it': [layout.SYNC_WAITERS, layout.SYNC_HOLDERS],
    'pool use and its peak': [layout.HEADER_POOL_IN_USE, layout.HEADER_POOL_PEAK],
    'the closing word and what is used': [layout.HEADER_CLOSING, layout.HEADER_CHANNELS_USED],
  } as const;

  test.each(Object.entries(apart))('%s are on lines of their own', (_what, [first, second]) => {
    expect(Math.floor(second / LINE)).toBeGreaterThan(Math.floor(first / LINE));
  });

  test('cells, channels and waiter sets are whole lines', () => {
    const sizes = [layout.CELL_WORDS, layout.CHANNEL_WORDS, layout.SET_WORDS];
    expect(sizes.map((words) => words % LINE)).toEqual([0, 0, 0]);
  });
});

test('no two words of one descriptor have the same offset', () => {
  for (const prefix of ['HEADER_', 'CELL_', 'SET_']) {
    const offsets = Object.entries(layout).filter(
      ([name]) => name.startsWith(prefix) && !name.endsWith('_WORDS') && !name.endsWith('_BYTES'),
    );
    expect(offsets.length).toBeGreaterThanOrEqual(3);
    expect(new Set(offsets.map(([, offset]) => offset)).size).toBe(offsets.length);
  }
});

test('the tally has a word for each of its counters, and two where they say so', () => {
  const single = ['ONLY_SENDER', 'ONLY_RECEIVER', 'BURIED', 'SKIPPED', 'DROPPED', 'REJECTED', 'LOST', 'REDELIVERED'];
  const double = ['SEND_WAIT', 'RECEIVE_WAIT'];
  const at = (name: string) => (layout as unknown as Record<string, number>)[`CHANNEL_${name}`]!;
  const words = [...single.map(at), ...double.flatMap((name) => [at(name), at(name) + 1])];
  expect(new Set(words).size).toBe(words.length);
  expect(words.every((word) => word >= layout.CHANNEL_TALLY && word < layout.CHANNEL_NAME)).toBe(true);
});

test('the bits of a waiter set, an owner and an end are enough for the most threads and channels', () => {
  expect(31 + 32 * 32).toBeGreaterThanOrEqual(layout.THREADS_MAX);
  expect(layout.SET_WORDS - layout.SET_GROUP_WORDS).toBeGreaterThanOrEqual(32);
  expect(layout.THREADS_MAX).toBeLessThanOrEqual(2 ** 10);
  expect(layout.CHANNELS_MAX).toBeLessThanOrEqual(2 ** 14);
});
