/** Faults of scopes: of their words, of telling their ends, and of what recovery does about them. */

import { both, drop, type Mutant, replace, swap } from './mutate.ts';

const kernel = 'src/kernel/scopes.ts';
const end = 'src/channel/scope-end.ts';
const held = 'src/channel/scopes.ts';

export const scopes: readonly Mutant[] = [
  {
    path: kernel,
    within: 'scopeLeaveOpen',
    fault: 'an end is written, not compared and swapped',
    rule: replace(
      'if (cas(at, word, next) === word) return word === open ? SCOPE_ALONE : SCOPE_WITH_OTHERS;',
      'store(at, next); return word === open ? SCOPE_ALONE : SCOPE_WITH_OTHERS;',
    ),
    caughtBy: ['scopes/two-cancel', 'scopes/child'],
  },
  {
    path: kernel,
    within: 'scopeInto',
    fault: 'nobody is told that a scope is in another',
    rule: replace('cas(parentAt, parentOpen, parentOpen | SCOPE_CROWDED)', 'load(parentAt)'),
    caughtBy: ['scopes/child'],
  },
  {
    path: kernel,
    within: 'scopeInto',
    fault: 'a scope opens in another that it does not name',
    rule: drop('store(at + SCOPE_PARENT, parent + 1);'),
    caughtBy: ['scopes/child'],
  },
  {
    path: held,
    within: 'Scopes.open',
    fault: 'the parent is not looked at again once the scope is open',
    rule: drop('if (parent?.cancelled) scope.endLike(parent);'),
    caughtBy: ['scopes/child'],
    preemptions: 3,
  },
  {
    path: kernel,
    within: 'scopeHold',
    fault: 'a holder does not look whether the scope is there',
    rule: replace(
      'if (generationOf(word) === generationOf(open)',
      'if (word !== 0 || generationOf(word) === generationOf(open)',
    ),
    caughtBy: ['scopes/late'],
  },
  {
    path: kernel,
    within: 'scopeHold',
    fault: 'a holder looks, and then enters itself',
    rule: swap('waitersAdd(at + SCOPE_HOLDERS, me);', 'const word: i32 = load(at + SCOPE_STATE);'),
    caughtBy: ['scopes/late'],
  },
  {
    path: kernel,
    within: 'scopeHold',
    fault: 'one who comes too late stays a holder',
    rule: drop('scopeLeave(index, me);'),
    caughtBy: ['scopes/late'],
  },
  {
    path: kernel,
    within: 'scopeLeave',
    fault: 'the last one to see the end does not give the entry back',
    rule: drop('scopeGiveBack(index, me);'),
    caughtBy: ['scopes/cancel-blocked'],
  },
  {
    path: kernel,
    within: 'scopeGiveBack',
    fault: 'whoever clears does not look at the holders again',
    rule: replace('if (waitersNext(at + SCOPE_HOLDERS, 0) < 0) {', 'if (generation >= 0) {'),
    caughtBy: ['scopes/late'],
  },
  {
    path: kernel,
    within: 'scopeGiveBack',
    fault: 'what was put back for somebody who left again stays for ever',
    rule: replace('store(at + SCOPE_STATE, word);\n', 'store(at + SCOPE_STATE, word); return;\n'),
    caughtBy: ['scopes/late'],
    preemptions: 3,
  },
  {
    path: kernel,
    within: 'scopeGiveBack',
    fault: 'an entry is given back that somebody holds',
    rule: replace('|| waitersNext(at + SCOPE_HOLDERS, 0) >= 0) return;', '|| at < 0) return;'),
    caughtBy: ['scopes/late'],
  },
  {
    path: kernel,
    within: 'scopeClaim',
    fault: 'two threads take one entry',
    rule: replace(
      'if (cas(at + SCOPE_STATE, word, scopeWord(LAYING, me, generationOf(word) + 1)) !== word) continue;',
      'store(at + SCOPE_STATE, scopeWord(LAYING, me, generationOf(word) + 1));',
    ),
    caughtBy: ['scopes/two-makers'],
  },
  {
    path: kernel,
    within: 'scopeReasoned',
    fault: 'the reason is written once the scope is over',
    rule: swap(
      'poke(at + SCOPE_REASON_BYTES, bytes);',
      'store(at + SCOPE_STATE, scopeWord(ENDED, ENDED_CANCELLED, generationOf(open)));',
    ),
    caughtBy: ['scopes/two-cancel'],
  },
  {
    path: end,
    within: 'tell',
    fault: 'holders are not told',
    rule: drop('if (kernel.waitersRemove(HEADER_SCOPE_WAITERS, holder)) thread.wake(holder);'),
    caughtBy: ['scopes/cancel-blocked'],
  },
  {
    path: end,
    within: 'endOne',
    fault: 'holders are told before the scope is over',
    rule: both(drop('tell(thread, index);'), replace('const found =', 'tell(thread, index);\n  const found =')),
    caughtBy: ['scopes/cancel-blocked'],
  },
  {
    path: end,
    within: 'endOne',
    fault: 'scopes in it go on',
    rule: replace('if (found === SCOPE_WITH_OTHERS) {', 'if (found === BLOCKED) {'),
    caughtBy: ['scopes/child', 'scopes/grandchild'],
  },
  {
    path: end,
    within: 'endOne',
    fault: 'who ends a scope that nobody has any more leaves the entry behind',
    rule: drop('kernel.scopeGiveBack(index, thread.id);'),
    caughtBy: ['scopes/impatient'],
  },
  {
    path: held,
    within: 'Scopes.#hold',
    fault: 'a thread with scopes does not wait to be told',
    rule: drop('this.#watch.begin();'),
    caughtBy: ['scopes/cancel-blocked'],
  },
  {
    path: 'src/park/scope.ts',
    within: 'blockUnder',
    fault: 'a thread that blocks does not look at its scope',
    rule: replace('code === BLOCKED && scope.cancelled ? CANCELLED : code', 'code'),
    caughtBy: ['scopes/cancel-blocked'],
  },
  {
    path: kernel,
    within: 'scopeRecover',
    fault: 'scopes that a dead thread made go on',
    rule: replace('load(at + SCOPE_OWNER) === dead ? ENDED_FORSAKEN : afterParent(at)', 'afterParent(at)'),
    caughtBy: ['scopes/death-of-maker'],
  },
  {
    path: kernel,
    within: 'scopeRecover',
    fault: 'scopes in one that is over go on, if who ended that died',
    rule: replace(': afterParent(at)', ': SCOPE_OPEN'),
    caughtBy: ['scopes/death-of-maker'],
  },
  {
    path: kernel,
    within: 'scopeRecover',
    fault: 'what a dead thread was at work on stays like that',
    rule: drop('cas(at + SCOPE_STATE, word, scopeWord(ENDED, ENDED_LOST, generationOf(word)));'),
    caughtBy: ['scopes/death-of-holder'],
  },
  {
    path: kernel,
    within: 'scopeRecover',
    fault: 'a dead thread stays a holder',
    rule: drop('waitersRemove(at + SCOPE_HOLDERS, dead);'),
    caughtBy: ['scopes/death-of-holder'],
  },
  {
    path: end,
    within: 'recoverScopes',
    fault: 'nobody tells of ends that the dead thread did not come to tell of',
    rule: drop('tell(thread, index);'),
    caughtBy: ['scopes/death-and-pending'],
  },
  {
    path: end,
    within: 'recoverScopes',
    fault: 'what the dead thread held last is not given back',
    rule: drop('kernel.scopeGiveBack(index, thread.id);'),
    caughtBy: ['scopes/death-of-holder'],
  },
];
