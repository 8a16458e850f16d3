/** Faults of permits: of the three steps of a move, of helping, and of greed. */

import { both, drop, type Mutant, replace, swap } from './mutate.ts';

const path = 'src/kernel/permits.ts';
const entry = 'src/sync/permits.ts';

export const permits: readonly Mutant[] = [
  {
    path,
    within: 'move',
    fault: 'permits are taken by a store, not compared and swapped',
    rule: replace(
      'if (cas(sync + SYNC_WORD, word, wordOf(free, thread, turn)) === word) break;',
      'store(sync + SYNC_WORD, wordOf(free, thread, turn)); if (free >= 0) break;',
    ),
    caughtBy: ['permits/never-more', 'permits/helped'],
  },
  {
    path,
    within: 'move',
    fault: 'more permits are taken than there are',
    rule: drop('if (free < 0) return false;'),
    caughtBy: ['permits/never-more', 'permits/three'],
  },
  {
    path,
    within: 'move',
    fault: 'nobody writes down what he means to hold',
    rule: drop('if (!said) store(meant(sync, thread), after);'),
    caughtBy: ['permits/death'],
  },
  {
    path,
    within: 'move',
    fault: 'what somebody means to hold is written down after the move',
    rule: both(
      drop('if (!said) store(meant(sync, thread), after);'),
      replace(
        'store(held(sync, thread), after);',
        'store(meant(sync, thread), after); store(held(sync, thread), after);',
      ),
    ),
    caughtBy: ['permits/death'],
  },
  {
    path,
    within: 'move',
    fault: 'nobody writes down what he holds, and the next one does it for him',
    rule: drop('store(held(sync, thread), after);'),
    caughtBy: ['permits/helped'],
  },
  {
    path,
    within: 'move',
    fault: 'nobody finishes the move of another one',
    rule: drop('settle(sync, word);'),
    caughtBy: ['permits/death'],
  },
  {
    path,
    within: 'move',
    fault: 'the move of another one is finished after the next one',
    rule: swap('settle(sync, word);', 'if (cas(sync + SYNC_WORD, word, wordOf(free, thread, turn)) === word) break;'),
    caughtBy: ['permits/death'],
  },
  {
    path,
    within: 'move',
    fault: 'all moves of a thread have the same turn',
    rule: replace('(turnOfAccount(before) + 1) & TURN_MASK', '(turnOfAccount(before) | 1) & TURN_MASK'),
    caughtBy: ['permits/death'],
  },
  {
    path,
    within: 'settle',
    fault: 'a helper writes the account, not compared and swapped',
    rule: replace('cas(held(sync, who), before, after)', 'store(held(sync, who), after)'),
    caughtBy: ['permits/helped'],
    preemptions: 4,
  },
  {
    path,
    within: 'settle',
    fault: 'a helper takes what somebody means to hold for what he holds',
    rule: replace('if (turnOfAccount(after) === turn) cas', 'cas'),
    caughtBy: ['permits/helped'],
    preemptions: 3,
    harmless:
      'the account stands at the turn before, so it is that turn which is meant; once it has moved on, the swap fails',
  },
  {
    path,
    within: 'permitsRecover',
    fault: 'the last move of a dead thread is not finished',
    rule: drop('settle(sync, load(sync + SYNC_WORD));'),
    caughtBy: ['permits/death'],
  },
  {
    path,
    within: 'permitsRecover',
    fault: 'a dead thread keeps its permits',
    rule: drop('if (permits > 0) move(sync, dead, -permits);'),
    caughtBy: ['permits/death-of-holder', 'permits/death'],
  },
  {
    path: entry,
    within: 'Permits.give',
    fault: 'whoever gives permits back wakes nobody',
    rule: both(
      drop('for (let permit = 0; permit < count; permit++) this.thread.wakeOne(this.address + SYNC_WAITERS);'),
      drop('this.#wakeGreedy();'),
    ),
    caughtBy: ['permits/three'],
  },
  {
    path: entry,
    within: 'Permits.give',
    fault: 'whoever gives permits back looks for the greedy before it wakes anybody',
    rule: both(
      drop('this.#wakeGreedy();'),
      replace('for (let permit = 0;', 'this.#wakeGreedy();\n    for (let permit = 0;'),
    ),
    caughtBy: ['permits/greedy'],
  },
  {
    path: entry,
    within: 'Permits.#takeSeveral',
    fault: 'whoever wants several does not say so',
    rule: drop('store(this.address + SYNC_GREEDY, 1);'),
    caughtBy: ['permits/greedy'],
  },
  {
    path: entry,
    within: 'Permits.wakeNext',
    fault: 'what somebody did not want goes to one who wants more than there is',
    rule: drop('this.#wakeGreedy();'),
    caughtBy: ['permits/greedy-late'],
    preemptions: 2,
  },
];
