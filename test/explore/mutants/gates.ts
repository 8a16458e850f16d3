/** Faults of gates: of opening, leaving and breaking them. */

import { drop, type Mutant, replace } from './mutate.ts';

const path = 'src/kernel/gates.ts';
const end = 'src/supervisor/syncs.ts';

export const gates: readonly Mutant[] = [
  {
    path,
    within: 'groupAdd',
    fault: 'what is left is written, not compared and swapped',
    rule: replace(
      'if (cas(sync + SYNC_WORD, word, left << COUNT_SHIFT) === word) return left;',
      'store(sync + SYNC_WORD, left << COUNT_SHIFT); if (left >= 0) return left;',
    ),
    needs: ['store'],
    caughtBy: ['gates/group'],
  },
  {
    path,
    within: 'groupAdd',
    fault: 'something is done though the group is closed',
    rule: drop('if (load(sync + SYNC_STATE) !== open) return CLOSED;'),
    caughtBy: ['gates/group-close'],
    harmless: 'whoever is done before it hears of the close was done before it: no order of calls tells the difference',
  },
  {
    path,
    within: 'groupLook',
    fault: 'who waits for a group does not see that it is closed',
    rule: replace(
      'return load(sync + SYNC_STATE) === open ? BLOCKED : CLOSED;',
      'return open === 0 ? CLOSED : BLOCKED;',
    ),
    caughtBy: ['gates/group-close'],
  },
  {
    path,
    within: 'groupLook',
    fault: 'who waits for a group does not see that it is broken',
    rule: drop('if ((word & BREACH) !== 0) return BROKEN;'),
    caughtBy: ['gates/group-death'],
  },
  {
    path,
    within: 'groupBreak',
    fault: 'a group is broken with nothing left to be done',
    rule: drop('if (word === 0) return false;'),
    caughtBy: ['gates/group-death'],
  },
  {
    path,
    within: 'groupBreak',
    fault: 'a group is broken by a store, not compared and swapped',
    rule: replace(
      'cas(sync + SYNC_WORD, word, word | BREACH) === word)',
      'store(sync + SYNC_WORD, word | BREACH) === undefined)',
    ),
    needs: ['store'],
    caughtBy: ['gates/group-racing'],
  },
  {
    path: 'src/sync/wait-group.ts',
    within: 'GroupGate.done',
    fault: 'the last to be done wakes nobody',
    rule: drop('if (left === 0) this.openAll();'),
    caughtBy: ['gates/group'],
  },
  {
    path: 'src/sync/wait-group.ts',
    within: 'GroupGate.done',
    fault: 'those who wait are woken when one of two is done, and not when both are',
    rule: replace('if (left === 0) this.openAll();', 'if (left === 1) this.openAll();'),
    caughtBy: ['gates/group'],
  },
  {
    path: 'src/sync/gate.ts',
    within: 'Gate.openAll',
    fault: 'one of those who wait is woken',
    rule: replace('this.thread.wakeAll(', 'this.thread.wakeOne('),
    caughtBy: ['gates/group'],
  },
  {
    path: 'src/sync/entry.ts',
    within: 'PendingWait.attempt',
    fault: 'what a thread has pending is not looked at while it blocks, whatever it is',
    rule: replace('this.#entry.blocking && this.#wait.selfish', 'this.#entry.blocking'),
    caughtBy: ['gates/both-ways'],
  },
  {
    path,
    within: 'barrierArrive',
    fault: 'arriving is written, not compared and swapped',
    rule: replace(
      'if (cas(sync + SYNC_WORD, word, next) === word) return',
      'store(sync + SYNC_WORD, next); if (next !== word) return',
    ),
    needs: ['store'],
    caughtBy: ['gates/barrier-pending', 'gates/barrier'],
  },
  {
    path,
    within: 'barrierArrive',
    fault: 'the last to come does not begin the next generation',
    rule: replace('((generation + 1) & GENERATION_MASK) << GENERATION_SHIFT', 'generation << GENERATION_SHIFT'),
    caughtBy: ['gates/barrier'],
  },
  {
    path,
    within: 'barrierLook',
    fault: 'who waits at a barrier does not see that it is broken',
    rule: drop('if ((word & BREACH) !== 0) return BROKEN;'),
    caughtBy: ['gates/barrier-death'],
  },
  {
    path,
    within: 'barrierLook',
    fault: 'who has met is told that the barrier is broken',
    rule: replace(
      'if (generationOf(word) !== generation) return GATE_OPEN;',
      'if (generationOf(word) !== generation && (word & BREACH) === 0) return GATE_OPEN;',
    ),
    caughtBy: ['gates/barrier-death'],
  },
  {
    path,
    within: 'barrierLeave',
    fault: 'who is called off goes away without looking whether all were there',
    rule: replace(
      'if (generationOf(word) !== generation || (word & BREACH) !== 0) return false;',
      'if ((word & BREACH) !== 0) return false;',
    ),
    caughtBy: ['gates/barrier-late'],
    preemptions: 3,
  },
  {
    path: 'src/sync/barrier.ts',
    within: 'BarrierGate.#arrive',
    fault: 'the last to come wakes nobody',
    rule: drop('this.openAll();'),
    caughtBy: ['gates/barrier'],
  },
  {
    path: end,
    within: 'recoverWords',
    fault: 'a group is not broken by a death',
    rule: drop('if (!inGoodOrder && kernel.groupBreak(sync)) tellHolders(thread, index);'),
    caughtBy: ['gates/group-death'],
  },
  {
    path: end,
    within: 'recoverWords',
    fault: 'a barrier is not broken by a death',
    rule: drop('if (!inGoodOrder) kernel.barrierBreak(sync);'),
    caughtBy: ['gates/barrier-death'],
  },
];
