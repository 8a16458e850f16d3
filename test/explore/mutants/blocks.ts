/** Faults of the pool. */

import { drop, type Mutant, replace, swap } from './mutate.ts';

const path = 'src/kernel/blocks.ts';

export const blocks: readonly Mutant[] = [
  {
    path,
    within: 'slabTakeFrom',
    fault: 'a block is taken without comparing',
    rule: replace(
      'if (cas(ownerAt(block), expected, tagged(OWNER_OWNED, me)) !== expected) continue;',
      'store(ownerAt(block), tagged(OWNER_OWNED, me)); if (expected < 0) continue;',
    ),
    caughtBy: ['pool/churn'],
  },
  {
    path,
    within: 'slabTakeFrom',
    fault: 'the bit of a block that was taken stays',
    rule: drop('and(bitmap + i, ~(1 << bit));'),
    caughtBy: ['pool/churn'],
    harmless: 'A set bit only hints; the block is had by its owner word.',
  },
  {
    path,
    within: 'blockSend',
    fault: 'a block is sent without comparing',
    rule: replace(
      'return cas(ownerAt(block), owned, tagged(OWNER_FLYING, me)) === owned;',
      'store(ownerAt(block), tagged(OWNER_FLYING, me)); return owned !== 0;',
    ),
    caughtBy: ['pool/transfer'],
  },
  {
    path,
    within: 'blockUnsend',
    fault: 'a block is taken back that has arrived',
    rule: replace(
      'return cas(ownerAt(block), flying, tagged(OWNER_OWNED, me)) === flying;',
      'store(ownerAt(block), tagged(OWNER_OWNED, me)); return flying !== 0;',
    ),
    caughtBy: ['pool/transfer'],
  },
  {
    path,
    within: 'blockReceive',
    fault: 'two receive the same block',
    rule: replace(
      'return cas(ownerAt(block), word, tagged(OWNER_OWNED, me)) === word;',
      'store(ownerAt(block), tagged(OWNER_OWNED, me)); return true;',
    ),
    caughtBy: ['pool/transfer'],
  },
  {
    path,
    within: 'blockFree',
    fault: 'a block is released by who has it no more',
    rule: replace(
      'if (cas(ownerAt(block), expected, tagged(OWNER_VACANT, sizeClass)) !== expected) return false;',
      'store(ownerAt(block), tagged(OWNER_VACANT, sizeClass));',
    ),
    caughtBy: ['pool/release-twice'],
  },
  {
    path,
    within: 'blockFree',
    fault: 'a block that was released is not found again',
    rule: drop('or(peek(HEADER_BITMAPS) + page * PAGE_BITMAP + (index >> 5), 1 << (index & 31));'),
    caughtBy: ['pool/churn', 'pool/full'],
  },
  {
    path,
    within: 'pageTake',
    fault: 'two threads open the same page',
    rule: replace(
      'if (cas(pageAt(page), PAGE_FREE, tagged(PAGE_TAKEN, me)) === PAGE_FREE) return page;',
      'store(pageAt(page), tagged(PAGE_TAKEN, me)); return page;',
    ),
    caughtBy: ['pool/open'],
  },
  {
    path,
    within: 'runTake',
    fault: 'a run is laid over a page that somebody takes',
    rule: replace(
      'if (cas(pageAt(page), PAGE_FREE, tagged(PAGE_TAKEN, me)) === PAGE_FREE) {',
      'store(pageAt(page), tagged(PAGE_TAKEN, me)); {',
    ),
    caughtBy: ['pool/run'],
  },
  {
    path,
    within: 'slabOpen',
    fault: 'a slab stands before its blocks do',
    rule: swap('store(ownerAt(first), tagged(OWNER_OWNED, me));', 'store(pageAt(page), tagged(PAGE_SLAB, sizeClass));'),
    caughtBy: ['pool/death-half'],
  },
  {
    path,
    within: 'slabRetire',
    fault: 'two threads retire the same slab',
    rule: replace(
      'if (cas(pageAt(page), slab, underWork(PAGE_RETIRING, me, sizeClass)) !== slab) return false;',
      'store(pageAt(page), underWork(PAGE_RETIRING, me, sizeClass)); if (slab < 0) return false;',
    ),
    caughtBy: ['pool/retire', 'pool/run'],
    preemptions: 3,
  },
  {
    path,
    within: 'slabRetire',
    fault: 'a slab is retired under a block that was taken meanwhile',
    rule: replace(
      'while (taken < blocks && cas(ownerAt(first + taken), vacant, OWNER_NONE) === vacant) taken++;',
      'for (; taken < blocks; taken++) store(ownerAt(first + taken), OWNER_NONE);',
    ),
    caughtBy: ['pool/retire'],
  },
  {
    path,
    within: 'runClose',
    fault: 'nobody is known to be at work on a run that is given back',
    rule: drop('store(pageAt(head), tagged(PAGE_TAKEN, me));'),
    caughtBy: ['pool/death-two-pages'],
  },
  {
    path,
    within: 'runClose',
    fault: 'the pages of a run stay',
    rule: drop('for (let i: i32 = 1; i < count; i++) cas(pageAt(head + i), body, PAGE_FREE);'),
    caughtBy: ['pool/run'],
  },
  {
    path,
    within: 'blocksRecover',
    fault: 'a block that the dead had freed and not marked is not found again',
    rule: replace('showVacant(page, i);', '{}'),
    caughtBy: ['pool/death-half'],
  },
  {
    path,
    within: 'blocksRecover',
    fault: 'pages in the hands of the dead stay there',
    rule: drop('pageRecover(page, dead);'),
    caughtBy: ['pool/death-half'],
  },
  {
    path,
    within: 'pageRecover',
    fault: 'a page that the dead was opening or retiring stays so',
    rule: replace('kind === PAGE_OPENING || kind === PAGE_RETIRING', 'kind === -1'),
    caughtBy: ['pool/death-half'],
  },
];
