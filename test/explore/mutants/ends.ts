/** Faults of counting ends, and of thread cells. */

import { drop, type Mutant, replace } from './mutate.ts';

const path = 'src/kernel/ends.ts';
const threads = 'src/kernel/threads.ts';

export const ends: readonly Mutant[] = [
  {
    path,
    within: 'endFree',
    fault: 'an end that is no longer there is given up all the same',
    rule: replace(
      'if (cas(peek(HEADER_END_TABLE) + entry, expected, FREE) !== expected) return false;',
      'store(peek(HEADER_END_TABLE) + entry, FREE & expected);',
    ),
    caughtBy: ['ends/revoke'],
  },
  {
    path,
    within: 'endAdopt',
    fault: 'a grant that was revoked is adopted',
    rule: replace(
      'return cas(at, pending, endWord(HELD, thread, role, channelIndex)) === pending;',
      'const found: i32 = load(at); store(at, endWord(HELD, thread, role, channelIndex)); return found === pending;',
    ),
    caughtBy: ['ends/revoke'],
  },
  {
    path,
    within: 'endGrant',
    fault: 'grants have no tickets',
    rule: replace('add(HEADER_ENDS_GRANTED, 1) & WHO_MASK', 'add(HEADER_ENDS_GRANTED, 1) & 0'),
    caughtBy: ['ends/revoke'],
  },
  {
    path,
    within: 'endCount',
    fault: 'a scan is not done again when an end moved meanwhile',
    rule: replace('if (endsPlaced() === placed) return count;', 'return count + (placed & 0);'),
    caughtBy: ['ends/move'],
    preemptions: 3,
  },
  {
    path,
    within: 'endPlace',
    fault: 'nobody is told that an end was placed',
    rule: drop('add(HEADER_ENDS_PLACED, 1);'),
    caughtBy: ['ends/move'],
    preemptions: 3,
  },
  {
    path,
    within: 'endPlace',
    fault: 'an end is written over another one',
    rule: replace('if (cas(table + entry, FREE, word) !== FREE) continue;', 'store(table + entry, word);'),
    caughtBy: ['ends/place'],
  },
  {
    path,
    within: 'endPlace',
    fault: 'scans do not reach the end that is placed',
    rule: drop('raiseUsed(entry + 1);'),
    caughtBy: ['ends/place', 'ends/move'],
  },
  {
    path: threads,
    within: 'claimFrom',
    fault: 'two threads attach to one cell',
    rule: replace(
      'if (cas(at, word, (nodeThread << STATE_BITS) | THREAD_ATTACHING) === word) return thread;',
      'store(at, (nodeThread << STATE_BITS) | THREAD_ATTACHING); return thread;',
    ),
    caughtBy: ['threads/attach'],
  },
  {
    path: threads,
    within: 'threadForget',
    fault: 'a cell is freed that somebody else has by now',
    rule: replace(
      'cas(threadCell(thread) + CELL_STATE, (nodeThread << STATE_BITS) | THREAD_LEFT, THREAD_FREE);',
      'store(threadCell(thread) + CELL_STATE, THREAD_FREE & nodeThread);',
    ),
    caughtBy: ['threads/leave'],
  },
  {
    path: threads,
    within: 'threadFind',
    fault: 'who died while attaching is not found',
    rule: replace('(word & STATE_MASK) !== THREAD_FREE &&', '(word & STATE_MASK) === THREAD_ATTACHED &&'),
    caughtBy: ['threads/death'],
  },
];
