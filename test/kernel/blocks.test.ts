import { beforeEach, describe, expect, test } from 'vitest';
import {
  blockAddress,
  blockCapacity,
  blockDismiss,
  blockDonate,
  blockGround,
  blockLeased,
  blockNextFlying,
  blockReceive,
  blockRelease,
  blockSend,
  blocksRecover,
  blockTake,
  blockUnsend,
  blockVacant,
  pageClass,
  slabBlocks,
} from '../../src/kernel/blocks.ts';
import { BLOCKED, TOO_LARGE } from '../../src/kernel/codes.ts';
import {
  BLOCK_UNIT_BYTES,
  HEADER_BITMAPS,
  HEADER_POOL_IN_USE,
  HEADER_POOL_PEAK,
  PAGE_BITMAP,
  PAGE_BYTES,
  PAGE_OWNERS,
  SLAB_CLASSES,
  WORD_BYTES,
} from '../../src/memory/layout.ts';
import type { Segment } from '../../src/memory/segment.ts';
import { load, peek, poke } from '../../src/memory/words.ts';
import { dieAtEachStep } from '../support/deaths.ts';
import { seeded } from '../support/random.ts';
import { freshSegment, ME, MIB, YOU } from '../support/segment.ts';

let segment: Segment;

beforeEach(() => {
  segment = freshSegment({ memory: 4 * MIB });
});

const inUse = () => load(HEADER_POOL_IN_USE) * BLOCK_UNIT_BYTES;
const CLASSES = Array.from({ length: SLAB_CLASSES }, (_, sizeClass) => BLOCK_UNIT_BYTES << sizeClass);

/** Takes blocks of this size until there is none. */
function takeAll(bytes: number, me = ME): number[] {
  const blocks: number[] = [];
  for (let block = blockTake(me, bytes); block !== BLOCKED; block = blockTake(me, bytes)) blocks.push(block);
  return blocks;
}

function releaseAll(blocks: readonly number[], me = ME): void {
  expect(blocks.filter((block) => !blockRelease(block, me))).toEqual([]);
}

describe.each(CLASSES)('blocks of %d bytes', (size) => {
  test.each([
    [0, size === BLOCK_UNIT_BYTES ? 0 : size / 2 + 1],
    [1, size],
  ])('serve requests from the next smaller size up to their own (%d)', (_which, bytes) => {
    const block = blockTake(ME, bytes);
    expect([blockCapacity(block), inUse()]).toEqual([size, size]);
  });

  test('fill their page without overlap, each on a boundary of 64 bytes inside the segment', () => {
    const count = PAGE_BYTES / size;
    const addresses = Array.from({ length: count }, () => blockAddress(blockTake(ME, size)) * WORD_BYTES);
    const sorted = addresses.toSorted((a, b) => a - b);
    expect(sorted).toEqual(sorted.map((_, i) => sorted[0]! + i * size));
    expect(sorted[0]! % 64).toBe(0);
    expect(sorted.at(-1)! + size).toBeLessThanOrEqual(segment.bytes.length);
    expect(inUse()).toBe(PAGE_BYTES);
  });

  test('can be had until the pool is used up, and again after they were given back', () => {
    const first = takeAll(size);
    expect(first.length).toBe(segment.pages * slabBlocks(Math.log2(size / BLOCK_UNIT_BYTES)));
    expect(new Set(first).size).toBe(first.length);
    expect(inUse()).toBe(segment.pages * PAGE_BYTES);
    releaseAll(first);
    expect(inUse()).toBe(0);
    expect(takeAll(size).length).toBe(first.length);
  });
});

describe('runs', () => {
  test('are whole pages, as few as will do', () => {
    for (const [bytes, pages] of [
      [PAGE_BYTES / 2 + 1, 1],
      [PAGE_BYTES, 1],
      [PAGE_BYTES + 1, 2],
      [10 * PAGE_BYTES, 10],
    ] as const) {
      const block = blockTake(ME, bytes);
      expect([blockCapacity(block), pageClass(block / PAGE_OWNERS)]).toEqual([pages * PAGE_BYTES, SLAB_CLASSES]);
      expect(blockAddress(block) * WORD_BYTES + bytes).toBeLessThanOrEqual(segment.bytes.length);
      expect(blockRelease(block, ME)).toBe(true);
    }
  });

  test('can be as large as the pool, and no larger', () => {
    expect(blockTake(ME, segment.pages * PAGE_BYTES + 1)).toBe(TOO_LARGE);
    const block = blockTake(ME, segment.pages * PAGE_BYTES);
    expect(block).toBeGreaterThanOrEqual(0);
    expect([blockTake(ME, 1), blockTake(ME, PAGE_BYTES)]).toEqual([BLOCKED, BLOCKED]);
    blockRelease(block, ME);
    expect(blockTake(ME, segment.pages * PAGE_BYTES)).toBe(block);
  });

  test('fit into the gaps between others', () => {
    const blocks = takeAll(4 * PAGE_BYTES);
    // What is left over would make the gap beside it a larger one.
    takeAll(PAGE_BYTES);
    for (const [index, block] of blocks.entries()) if (index % 2 === 0) blockRelease(block, ME);
    expect(blockTake(ME, 5 * PAGE_BYTES)).toBe(BLOCKED);
    const refilled = blocks.filter((_, index) => index % 2 === 0).map(() => blockTake(ME, 4 * PAGE_BYTES));
    expect(refilled.every((block) => block >= 0)).toBe(true);
    expect(new Set([...blocks.filter((_, index) => index % 2 === 1), ...refilled]).size).toBe(blocks.length);
  });
});

describe('memory that one size gave back', () => {
  test('serves every other size, small after large', () => {
    const large = blockTake(ME, segment.pages * PAGE_BYTES);
    expect(blockTake(ME, 64)).toBe(BLOCKED);
    blockRelease(large, ME);
    expect(takeAll(64).length).toBe(segment.pages * PAGE_OWNERS);
  });

  test('serves every other size, large after many small: empty slabs are retired', () => {
    releaseAll([...takeAll(64), ...takeAll(32_768)]);
    expect(blockTake(ME, segment.pages * PAGE_BYTES)).toBeGreaterThanOrEqual(0);
  });

  test('is not taken from a slab with a single block in use', () => {
    const small = takeAll(64);
    const keep = small[small.length >> 1]!;
    releaseAll(small.filter((block) => block !== keep));
    expect(blockTake(ME, segment.pages * PAGE_BYTES)).toBe(BLOCKED);
    expect([blockLeased(keep), blockRelease(keep, ME)]).toEqual([true, true]);
    expect(blockTake(ME, segment.pages * PAGE_BYTES)).toBeGreaterThanOrEqual(0);
  });

  test('a slab that was looked at for retirement and kept still hands out every block', () => {
    const [keep] = takeAll(64);
    expect(blockTake(ME, segment.pages * PAGE_BYTES)).toBe(BLOCKED);
    expect(blockRelease(keep!, ME)).toBe(true);
    expect(blockTake(ME, 64)).toBe(keep);
  });
});

describe('ownership', () => {
  let block: number;

  beforeEach(() => {
    block = blockTake(ME, 100);
  });

  const release = () => blockRelease(block, ME);

  test('a block is released once, by its owner alone', () => {
    expect([blockRelease(block, YOU), release(), release()]).toEqual([false, true, false]);
    expect([blockVacant(block), inUse()]).toEqual([true, 0]);
  });

  test('a run is released once, by its owner alone', () => {
    const run = blockTake(ME, PAGE_BYTES * 2);
    expect([blockRelease(run, YOU), blockRelease(run, ME), blockRelease(run, ME)]).toEqual([false, true, false]);
  });

  test('R27: from its sending on it is its sender’s no more, and from its receipt on its receiver’s', () => {
    expect([blockSend(block, YOU), blockSend(block, ME), blockSend(block, ME)]).toEqual([false, true, false]);
    expect([blockLeased(block), release()]).toEqual([true, false]);
    expect([blockReceive(block, YOU), blockReceive(block, ME)]).toEqual([true, false]);
    expect([release(), blockRelease(block, YOU)]).toEqual([false, true]);
  });

  test('R22: a sending that was called off gives it back to its sender', () => {
    blockSend(block, ME);
    expect([blockUnsend(block, YOU), blockUnsend(block, ME), blockUnsend(block, ME)]).toEqual([false, true, false]);
    expect(release()).toBe(true);
  });

  test('what belongs to the segment is nobody’s to release', () => {
    expect([blockDonate(block, YOU), blockDonate(block, ME), release()]).toEqual([false, true, false]);
    expect(blockLeased(block)).toBe(false);
    expect([blockDismiss(block, YOU), blockDismiss(block, YOU)]).toEqual([true, false]);
  });

  test('the peak is the most there ever was in use', () => {
    const more = [blockTake(ME, 64), blockTake(ME, PAGE_BYTES)];
    for (const each of more) blockRelease(each, ME);
    expect(inUse()).toBe(128);
    expect(load(HEADER_POOL_PEAK) * BLOCK_UNIT_BYTES).toBe(128 + 64 + PAGE_BYTES);
  });
});

describe('R29: what a dead thread owned', () => {
  test('goes back, and nothing of anybody else does', () => {
    const mine = [blockTake(ME, 64), blockTake(ME, PAGE_BYTES)];
    for (const bytes of [64, 64, 5000, 3 * PAGE_BYTES]) blockTake(YOU, bytes);
    const flying = blockTake(YOU, 64);
    blockSend(flying, YOU);
    const donated = blockTake(YOU, 64);
    blockDonate(donated, YOU);
    expect(blocksRecover(YOU, ME)).toBe(4);
    expect(blocksRecover(YOU, ME)).toBe(0);
    expect(inUse()).toBe(64 + PAGE_BYTES + 64 + 64);
    expect(blockReceive(flying, ME)).toBe(true);
    releaseAll([...mine, flying]);
    expect(blockDismiss(donated, ME)).toBe(true);
    expect(blockTake(ME, segment.pages * PAGE_BYTES)).toBeGreaterThanOrEqual(0);
  });
});

describe('R29: wherever a thread dies', () => {
  const RUN = 3 * PAGE_BYTES;
  const acts: [string, () => () => void][] = [
    ['while it takes the first block of a size', () => () => blockTake(YOU, 64)],
    ['while it takes a run', () => () => blockTake(YOU, RUN)],
    ['while it takes a run by retiring slabs', () => retiring()],
    ['while it releases a block', () => releasing(blockTake(YOU, 64))],
    ['while it releases a run', () => releasing(blockTake(YOU, RUN))],
  ];

  function releasing(block: number): () => void {
    return () => {
      blockRelease(block, YOU);
    };
  }

  function retiring(): () => void {
    releaseAll(takeAll(PAGE_BYTES / 2));
    return () => {
      blockTake(YOU, RUN);
    };
  }

  test.each(acts)('%s, no memory is missing afterwards', (_when, prepare) => {
    const prepareAnew = () => {
      segment = freshSegment({ memory: 4 * MIB });
      return prepare();
    };
    const steps = dieAtEachStep(prepareAnew, (step) => {
      blocksRecover(YOU, ME);
      const all = blockTake(ME, segment.pages * PAGE_BYTES);
      expect({ step, all: all >= 0 }).toEqual({ step, all: true });
    });
    expect(steps).toBeGreaterThan(2);
  });
});

describe('R29: blocks on their way from the dead', () => {
  test('are found one after the other, in slabs and runs, and those of others are not', () => {
    const mine = blockTake(ME, 64);
    blockSend(mine, ME);
    const flying = [64, 64, 5000, 3 * PAGE_BYTES, 64].map((bytes) => blockTake(YOU, bytes));
    blockTake(YOU, 64);
    for (const block of flying) blockSend(block, YOU);
    const found: number[] = [];
    for (let block = blockNextFlying(YOU, 0); block >= 0; block = blockNextFlying(YOU, block + 1)) found.push(block);
    expect(found).toEqual(flying.toSorted((a, b) => a - b));
  });

  test('are grounded once, unless somebody has received them', () => {
    const [lost, received] = [blockTake(YOU, 64), blockTake(YOU, 2 * PAGE_BYTES)];
    blockSend(lost, YOU);
    blockSend(received, YOU);
    blockReceive(received, ME);
    expect([blockGround(lost, ME, ME), blockGround(lost, YOU, ME), blockGround(lost, YOU, ME)]).toEqual([
      false,
      true,
      false,
    ]);
    expect([blockGround(received, YOU, ME), blockNextFlying(YOU, 0), blockVacant(lost)]).toEqual([
      false,
      BLOCKED,
      true,
    ]);
    expect(blockRelease(received, ME)).toBe(true);
  });

  test('a vacant one that it had not marked yet can be had again', () => {
    const block = blockTake(YOU, 32_768);
    const other = blockTake(YOU, 32_768);
    const bitmap = peek(HEADER_BITMAPS) + Math.floor(block / PAGE_OWNERS) * PAGE_BITMAP;
    blockRelease(block, YOU);
    poke(bitmap, 0);
    blocksRecover(YOU, ME);
    expect([blockTake(ME, 32_768), blockTake(ME, 32_768)].toSorted()).toEqual([block, other].toSorted());
  });
});

test('blocks never overlap, whatever is taken and given back in whatever order', () => {
  const random = seeded();
  /** By the block's first byte. */
  const held = new Map<number, { block: number; bytes: number; owner: number }>();
  for (let step = 0; step < 4000; step++) {
    const take = random.next() < 0.55;
    if (take) {
      const bytes = Math.floor(2 ** (random.next() * 18));
      const owner = random.pick([ME, YOU]);
      const block = blockTake(owner, bytes);
      if (block === BLOCKED) continue;
      if (blockCapacity(block) < bytes) throw new Error(`block ${block} is too small for ${bytes}`);
      held.set(blockAddress(block) * WORD_BYTES, { block, bytes: blockCapacity(block), owner });
    } else if (held.size > 0) {
      const [at, { block, owner }] = random.pick([...held]);
      if (!blockRelease(block, owner)) throw new Error(`block ${block} was not ${owner}'s`);
      held.delete(at);
    }
    if (step % 50 === 0) expectApart([...held]);
  }
  expectApart([...held]);
  expect(inUse()).toBe([...held.values()].reduce((sum, { bytes }) => sum + bytes, 0));
});

function expectApart(held: (readonly [number, { bytes: number }])[]): void {
  held.sort(([a], [b]) => a - b);
  for (let i = 1; i < held.length; i++) {
    const [before, { bytes }] = held[i - 1]!;
    expect(before + bytes).toBeLessThanOrEqual(held[i]![0]);
  }
}
