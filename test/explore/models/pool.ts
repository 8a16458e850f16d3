/** Pool blocks: taking, giving back, opening and retiring slabs, runs, passing on, deaths. Pages hold two blocks, or one. */

import {
  blockAddress,
  blockCapacity,
  blockReceive,
  blockRelease,
  blockSend,
  blocksRecover,
  blockTake,
  blockUnsend,
} from '../../../src/kernel/blocks.ts';
import { BLOCKED } from '../../../src/kernel/codes.ts';
import { HEADER_PAGES, HEADER_POOL_IN_USE, PAGE_BYTES, WORD_BYTES } from '../../../src/memory/layout.ts';
import { load, peek, poke } from '../../../src/memory/words.ts';
import { freshSegment } from '../../support/segment.ts';
import { check, model, same } from '../model.ts';
import { Flag } from './support/flag.ts';

/** Half a page: a slab of these has two blocks. */
const HALF = PAGE_BYTES / 2;
const QUARTER = PAGE_BYTES / 4;

function layPool(pages: number): void {
  freshSegment();
  poke(HEADER_PAGES, pages);
}

/** Who has which bytes: nobody is ever given what another one has. */
class Holdings {
  readonly #held = new Map<number, { thread: number; from: number; to: number }>();

  take(thread: number, bytes: number): number {
    const block = blockTake(thread, bytes);
    if (block < 0) return block;
    const from = blockAddress(block);
    const to = from + blockCapacity(block) / WORD_BYTES;
    check((to - from) * WORD_BYTES >= bytes, `asked for ${bytes} bytes, got ${(to - from) * WORD_BYTES}`);
    for (const [other, held] of this.#held) {
      check(
        to <= held.from || held.to <= from,
        `thread ${thread} got block ${block}, of which ${held.thread} has ${other}`,
      );
    }
    this.#held.set(block, { thread, from, to });
    return block;
  }

  release(thread: number, block: number): void {
    this.#held.delete(block);
    check(blockRelease(block, thread), `thread ${thread} could not release block ${block}, which it owns`);
  }

  /** Takes a block and gives it back at once, so many times. */
  churn(thread: number, bytes: number, times: number): () => void {
    return () => {
      for (let i = 0; i < times; i++) {
        const block = this.take(thread, bytes);
        if (block >= 0) this.release(thread, block);
      }
    };
  }
}

/** All of the pool can be had, in blocks of half a page, and given back. */
function checkWhole(pages: number): void {
  const blocks: number[] = [];
  for (let block = blockTake(1, HALF); block >= 0; block = blockTake(1, HALF)) blocks.push(block);
  same(blocks.length, pages * 2, 'blocks that can be had');
  same(new Set(blocks).size, pages * 2, 'different ones');
  for (const block of blocks) check(blockRelease(block, 1), 'a block could not be released');
}

export const models = [
  model({
    name: 'pool/churn',
    about: 'three threads take and release two blocks of one page',
    lay: () => layPool(1),
    play: () => {
      const holdings = new Holdings();
      return {
        threads: {
          one: holdings.churn(1, HALF, 2),
          two: holdings.churn(2, HALF, 2),
          three: holdings.churn(3, HALF, 1),
        },
        atRest: () => {
          same(load(HEADER_POOL_IN_USE), 0, 'units in use');
          checkWhole(1);
        },
      };
    },
  }),

  model({
    name: 'pool/open',
    about: 'two threads cut fresh pages into blocks of different sizes at once',
    lay: () => layPool(2),
    play: () => {
      const holdings = new Holdings();
      return {
        threads: { one: holdings.churn(1, HALF, 2), two: holdings.churn(2, QUARTER, 2) },
        atRest: () => {
          same(load(HEADER_POOL_IN_USE), 0, 'units in use');
          checkWhole(2);
        },
      };
    },
  }),

  model({
    name: 'pool/retire',
    about: 'one thread wants the whole page, of which another takes and releases half',
    lay: () => {
      layPool(1);
      blockRelease(blockTake(1, HALF), 1);
    },
    play: () => {
      const holdings = new Holdings();
      return {
        threads: { one: holdings.churn(1, HALF, 2), two: holdings.churn(2, PAGE_BYTES, 2) },
        atRest: () => {
          same(load(HEADER_POOL_IN_USE), 0, 'units in use');
          checkWhole(1);
        },
      };
    },
  }),

  model({
    name: 'pool/run',
    about: 'runs of two pages and of one, and a slab, in a pool of two pages',
    lay: () => layPool(2),
    play: () => {
      const holdings = new Holdings();
      return {
        threads: {
          one: holdings.churn(1, PAGE_BYTES * 2, 2),
          two: holdings.churn(2, PAGE_BYTES, 1),
          three: holdings.churn(3, HALF, 1),
        },
        atRest: () => {
          same(load(HEADER_POOL_IN_USE), 0, 'units in use');
          checkWhole(2);
        },
      };
    },
  }),

  model({
    name: 'pool/full',
    about: 'a thread that finds no block was right: somebody had it, or was taking it',
    lay: () => {
      layPool(1);
      return [blockTake(1, HALF), blockTake(1, HALF)];
    },
    play: ([first]) => {
      const released = new Flag();
      return {
        threads: {
          owner: () => {
            blockRelease(first!, 1);
            released.raise();
          },
          taker: () => {
            const free = released.raised;
            const block = blockTake(2, HALF);
            check(!free || block >= 0, 'there is a free block, and it was not found');
          },
        },
      };
    },
  }),

  model({
    name: 'pool/transfer',
    about: 'R27: a block that is sent has one owner, though two try to receive it and the sender to take it back',
    preemptions: 9,
    lay: () => {
      layPool(1);
      return blockTake(1, HALF);
    },
    play: (block) => {
      const at = blockAddress(block);
      const owners: number[] = [];
      const receive = (thread: number) => () => {
        if (!blockReceive(block, thread)) return;
        owners.push(thread);
        poke(at, peek(at) + 1);
      };
      return {
        threads: {
          sender: () => {
            poke(at, 41);
            check(blockSend(block, 1), 'its own block could not be sent');
            check(!blockSend(block, 1), 'R27: a block was sent twice');
            check(!blockRelease(block, 1), 'R27: a block was released after it was sent');
            if (blockUnsend(block, 1)) owners.push(1);
          },
          two: receive(2),
          three: receive(3),
        },
        atRest: () => {
          same(owners.length, 1, 'owners');
          same(peek(at), owners[0] === 1 ? 41 : 42, 'what is in it');
          check(blockRelease(block, owners[0]!), 'the owner could not release it');
        },
      };
    },
  }),

  model({
    name: 'pool/release-twice',
    about: 'a block that is released twice is not taken from its next owner',
    preemptions: 9,
    lay: () => {
      layPool(1);
      return [blockTake(1, HALF), blockTake(1, HALF)];
    },
    play: ([block]) => {
      let taken = BLOCKED;
      return {
        threads: {
          clumsy: () => {
            check(blockRelease(block!, 1), 'the first release was refused');
            check(!blockRelease(block!, 1), 'the second release was accepted');
          },
          next: () => {
            taken = blockTake(2, HALF);
          },
        },
        atRest: () => {
          check(taken === BLOCKED || blockRelease(taken, 2), 'the next owner has lost its block');
        },
      };
    },
  }),

  ...(
    [
      ['half', HALF],
      ['page', PAGE_BYTES],
      ['two-pages', PAGE_BYTES * 2],
    ] as const
  ).map(([size, bytes]) =>
    model({
      name: `pool/death-${size}`,
      about: 'R29: a thread dies anywhere while it takes and releases; all of the pool comes back',
      preemptions: 0,
      lay: () => {
        layPool(2);
        blockRelease(blockTake(1, QUARTER), 1);
      },
      play: () => {
        const holdings = new Holdings();
        const other = new Holdings();
        return {
          threads: {
            victim: {
              mortal: true,
              run: () => {
                const first = blockTake(1, bytes);
                const second = blockTake(1, bytes);
                if (first >= 0) blockRelease(first, 1);
                if (second >= 0) blockRelease(second, 1);
              },
            },
            other: other.churn(2, HALF, 1),
            healer: { mortal: true, heirOf: ['victim'], run: () => void blocksRecover(1, 3) },
            again: {
              heirOf: ['healer'],
              run: () => {
                blocksRecover(1, 3);
                blocksRecover(3, 4);
              },
            },
          },
          atRest: () => {
            checkWhole(2);
            const block = holdings.take(5, PAGE_BYTES * 2);
            check(block >= 0, 'the whole pool cannot be had at once');
          },
        };
      },
    }),
  ),
];
