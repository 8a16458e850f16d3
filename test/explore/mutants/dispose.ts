/** Faults of giving channels back. */

import { drop, type Mutant, replace, swap } from './mutate.ts';

const path = 'src/kernel/holds.ts';
const holdings = 'src/channel/holdings.ts';
const recovery = 'src/supervisor/recovery.ts';

export const dispose: readonly Mutant[] = [
  {
    path,
    within: 'channelGiveBack',
    fault: 'whoever clears does not look at the holders again',
    rule: replace('if (!isWanted(index)) {', 'if (index >= 0) {'),
    caughtBy: ['dispose/take-up', 'dispose/let-go'],
  },
  {
    path,
    within: 'channelGiveBack',
    fault: 'whoever put it back for the sake of a holder does not look once more',
    rule: replace('store(at + ENTRY_STATE, ENTRY_DISPOSED);', 'store(at + ENTRY_STATE, ENTRY_DISPOSED); return false;'),
    caughtBy: ['dispose/let-go'],
    preemptions: 3,
  },
  {
    path,
    within: 'channelGiveBack',
    fault: 'two clear at once',
    rule: replace(
      'if (cas(at + ENTRY_STATE, ENTRY_DISPOSED, by(ENTRY_CLEARING, me)) !== ENTRY_DISPOSED) return false;',
      'store(at + ENTRY_STATE, by(ENTRY_CLEARING, me));',
    ),
    caughtBy: ['dispose/let-go', 'dispose/take-up'],
    preemptions: 3,
  },
  {
    path,
    within: 'channelHold',
    fault: 'a thread looks at the channel before it is known to hold it',
    rule: swap(
      'setHold(me, index);',
      'if (channelState(index) === ENTRY_LIVE && channelGeneration(index) === generation) return true;',
    ),
    caughtBy: ['dispose/take-up'],
  },
  {
    path,
    within: 'channelHold',
    fault: 'the channel that has the entry by now is taken for the one that was meant',
    rule: replace('&& channelGeneration(index) === generation', '|| generation < 0'),
    caughtBy: ['dispose/take-up'],
  },
  {
    path,
    within: 'channelLeave',
    fault: 'the last to let go does not give it back',
    rule: replace('return channelGiveBack(index, me);', 'return false;'),
    caughtBy: ['dispose/let-go', 'dispose/take-up'],
  },
  {
    path,
    within: 'clear',
    fault: 'the memory stays with the segment',
    rule: drop('blockReclaim(block, who);'),
    caughtBy: ['dispose/let-go'],
  },
  {
    path,
    within: 'channelRecover',
    fault: 'what a dead thread was laying stays so',
    rule: replace('word === by(ENTRY_LAYING, dead)', 'word === -1'),
    caughtBy: ['dispose/lay-death'],
  },
  {
    path,
    within: 'channelRecover',
    fault: 'what a dead thread was clearing stays so',
    rule: replace('word === by(ENTRY_CLEARING, dead)', 'word === -1'),
    caughtBy: ['dispose/lay-death', 'dispose/death'],
  },
  {
    path,
    within: 'channelsForget',
    fault: 'a dead thread goes on holding channels',
    rule: drop('if (channelHolds(index, dead)) clearHold(dead, index);'),
    caughtBy: ['dispose/lay-death', 'dispose/death'],
  },
  {
    path: holdings,
    within: 'Holdings.dispose',
    fault: 'the channel is closed before it is disposed of',
    rule: replace(
      'if (thread.kernel.channelDispose(channel.index)) {',
      'channel.close();\n    if (thread.kernel.channelDispose(channel.index)) {',
    ),
    caughtBy: ['dispose/blocked'],
  },
  {
    path: holdings,
    within: 'Holdings.dispose',
    fault: 'who waits in it is not woken',
    rule: drop('channel.end();'),
    caughtBy: ['dispose/blocked'],
  },
  {
    path: recovery,
    within: 'finishDisposal',
    fault: 'a channel whose disposer died stays open',
    rule: drop('closeChannel(thread, channel);'),
    caughtBy: ['dispose/death'],
  },
  {
    path: recovery,
    within: 'finishDisposal',
    fault: 'those who hold a channel whose disposer died do not find out',
    rule: drop('thread.kernel.markDisposed(index);'),
    caughtBy: ['dispose/death'],
  },
];
