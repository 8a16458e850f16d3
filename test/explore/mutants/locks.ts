/** Faults of primitives: of locks, of their places in the segment, and of what recovery does about them. */

import { both, drop, type Mutant, replace, swap } from './mutate.ts';

const locks = 'src/kernel/locks.ts';
const syncs = 'src/kernel/syncs.ts';
const end = 'src/supervisor/syncs.ts';
const entry = 'src/sync/entry.ts';
const lock = 'src/sync/lock.ts';

const list: readonly Mutant[] = [
  {
    path: locks,
    within: 'lockTake',
    fault: 'a lock is taken by a store, not compared and swapped',
    rule: replace(
      'if (cas(sync + SYNC_WORD, word, heldBy(me)) === word) return',
      'store(sync + SYNC_WORD, heldBy(me)); if (word !== SEALED) return',
    ),
    needs: ['store'],
    caughtBy: ['locks/three'],
  },
  {
    path: locks,
    within: 'lockTake',
    fault: 'a lock that somebody has is taken',
    rule: drop('if ((word & STATE_MASK) === HELD) return BLOCKED;'),
    caughtBy: ['locks/three'],
  },
  {
    path: locks,
    within: 'lockTake',
    fault: 'who waits does not see that a lock is closed',
    rule: drop('if (load(sync + SYNC_STATE) !== open) return CLOSED;'),
    caughtBy: ['locks/close'],
  },
  {
    path: locks,
    within: 'lockTake',
    fault: 'what was done once is done again',
    rule: drop('if (word === SEALED) return LOCK_SEALED;'),
    caughtBy: ['locks/once'],
  },
  {
    path: locks,
    within: 'lockGive',
    fault: 'a lock is given back by a plain write',
    rule: replace(
      'return cas(sync + SYNC_WORD, heldBy(me), FREE) === heldBy(me);',
      'poke(sync + SYNC_WORD, FREE); return me >= 0;',
    ),
    needs: ['poke'],
    caughtBy: ['locks/three'],
  },
  {
    path: locks,
    within: 'lockRecover',
    fault: 'a dead thread keeps its lock',
    rule: replace('heldBy(dead), ORPHANED)', 'heldBy(dead), heldBy(dead))'),
    caughtBy: ['locks/death'],
  },
  {
    path: locks,
    within: 'lockRecover',
    fault: 'a lock is taken away from whoever has it',
    rule: replace(
      'return cas(sync + SYNC_WORD, heldBy(dead), ORPHANED) === heldBy(dead);',
      'const word: i32 = load(sync + SYNC_WORD); return cas(sync + SYNC_WORD, word, dead < 0 ? FREE : ORPHANED) === word;',
    ),
    caughtBy: ['locks/death-guarded'],
  },
  {
    path: lock,
    within: 'Lock.give',
    fault: 'whoever gives a lock back wakes nobody',
    rule: replace('this.thread.id)) this.wakeNext();', 'this.thread.id)) return;'),
    caughtBy: ['locks/three'],
  },
  {
    path: lock,
    within: 'Lock.seal',
    fault: 'of those who wait for something to be done one is told',
    rule: replace('this.thread.wakeAll(this.address + SYNC_WAITERS)', 'this.wakeNext()'),
    caughtBy: ['locks/once-pending', 'locks/once'],
    harmless: 'whoever is told leaves the set, and wakes the next one there as it does: there is something to be had',
  },
  {
    path: lock,
    within: 'Lock.backlog',
    fault: 'who is called off keeps the wake-up for itself',
    rule: replace('< 0 ? 1 : 0', '< 0 ? 0 : 0'),
    caughtBy: ['locks/late', 'locks/withdraw'],
  },
  {
    path: entry,
    within: 'PendingWait.attempt',
    fault: 'a task takes the lock while its thread blocks for it',
    rule: drop('if (this.#entry.blocking && this.#wait.selfish) return false;'),
    caughtBy: ['locks/blocking-first'],
  },
  {
    path: syncs,
    within: 'syncClaim',
    fault: 'two threads take one entry',
    rule: replace(
      'if (cas(at + SYNC_STATE, word, syncWord(LAYING, me, generationOf(word) + 1)) !== word) continue;',
      'store(at + SYNC_STATE, syncWord(LAYING, me, generationOf(word) + 1));',
    ),
    caughtBy: ['locks/two-makers'],
  },
  {
    path: syncs,
    within: 'syncHold',
    fault: 'one who comes too late stays a holder',
    rule: drop('syncLeave(index, me);'),
    caughtBy: ['locks/stale'],
  },
  {
    path: syncs,
    within: 'syncLeave',
    fault: 'the last one to see the end does not give the entry back',
    rule: drop('syncGiveBack(index);'),
    caughtBy: ['locks/given-back'],
  },
  {
    path: syncs,
    within: 'syncGiveBack',
    fault: 'an entry is given back that somebody holds',
    rule: replace('|| waitersNext(at + SYNC_HOLDERS, 0) >= 0) return;', '|| at < 0) return;'),
    caughtBy: ['locks/stale'],
    preemptions: 3,
  },
  {
    path: syncs,
    within: 'syncRecover',
    fault: 'what a dead thread was at work on stays like that',
    rule: drop('cas(at + SYNC_STATE, word, syncWord(CLOSED_STATE, 0, generationOf(word)));'),
    caughtBy: ['locks/death-of-maker'],
  },
  {
    path: syncs,
    within: 'syncRecover',
    fault: 'a primitive that nobody has any more stays open',
    rule: replace('return waitersNext(at + SYNC_HOLDERS, 0) < 0;', 'return false;'),
    caughtBy: ['locks/death-of-maker'],
  },
  {
    path: syncs,
    within: 'syncRecover',
    fault: 'a dead thread stays a holder',
    rule: drop('waitersRemove(at + SYNC_HOLDERS, dead);'),
    caughtBy: ['locks/death-of-maker'],
  },
  {
    path: end,
    within: 'closeSync',
    fault: 'nobody is told that a primitive is closed',
    rule: replace(
      'if (thread.kernel.syncClose(index, open)) tellEnd(thread, index);',
      'thread.kernel.syncClose(index, open);',
    ),
    caughtBy: ['locks/close', 'locks/close-pending'],
  },
  {
    path: end,
    within: 'tellEnd',
    fault: 'who waits for a primitive that is closed sleeps on',
    rule: drop('thread.wakeAll(thread.kernel.syncAddress(index) + SYNC_WAITERS);'),
    caughtBy: ['locks/close-deaf'],
  },
  {
    path: end,
    within: 'tellEnd',
    fault: 'who closes a primitive that nobody has any more leaves the entry behind',
    rule: drop('thread.kernel.syncGiveBack(index);'),
    caughtBy: ['locks/impatient'],
  },
  {
    path: end,
    within: 'recoverSyncs',
    fault: 'nobody is woken for a dead thread',
    rule: drop('if (kernel.syncLive(index)) thread.wakeAll(kernel.syncAddress(index) + SYNC_WAITERS);'),
    caughtBy: ['locks/death', 'locks/death-and-pending'],
  },
  {
    path: end,
    within: 'recoverSyncs',
    fault: 'who waits is woken first, and the lock taken away from the dead after that',
    rule: both(
      drop('if (held && open !== 0) recoverWords(thread, index, dead, inGoodOrder);'),
      replace(
        'if (kernel.syncRecover(index, dead))',
        'if (held && open !== 0) recoverWords(thread, index, dead, inGoodOrder);\n    if (kernel.syncRecover(index, dead))',
      ),
    ),
    caughtBy: ['locks/death', 'locks/death-and-pending'],
  },
  {
    path: end,
    within: 'recoverSyncs',
    fault: 'the dead is taken out of the holders before what it held is',
    rule: swap(
      'if (held && open !== 0) recoverWords(thread, index, dead, inGoodOrder);',
      'if (kernel.syncRecover(index, dead)) kernel.syncClose(index, open);',
    ),
    caughtBy: ['locks/cut-short'],
  },
  {
    path: end,
    within: 'recoverSyncs',
    fault: 'nobody tells of ends that the dead thread did not come to tell of',
    rule: drop('if (kernel.syncOpenWord(index) === 0 && kernel.syncLive(index)) tellEnd(thread, index);'),
    caughtBy: ['locks/death-of-maker'],
  },
];

export { list as locks };
