/** Faults of recovery. */

import { drop, type Mutant, replace } from './mutate.ts';

const path = 'src/supervisor/recovery.ts';

export const recovery: readonly Mutant[] = [
  {
    path,
    within: 'giveBack',
    fault: 'who was taken out of a set by the dead sleeps on',
    rule: drop('thread.rouse();'),
    caughtBy: ['recovery/sender'],
    preemptions: 1,
  },
  {
    path,
    within: 'giveBack',
    fault: 'a channel stays open whose last sender died while it retired its end',
    rule: drop('closeForsaken(thread);'),
    caughtBy: ['recovery/last-end'],
    preemptions: 1,
  },
  {
    path,
    within: 'giveBack',
    fault: 'ends of the dead stay',
    rule: replace('const ends = retireEnds(thread, dead);', 'const ends = 0 & retireEnds.length;'),
    caughtBy: ['recovery/last-end'],
    preemptions: 1,
  },
  {
    path,
    within: 'giveBack',
    fault: 'blocks that the dead had put on their way stay there',
    rule: replace('+ groundBlocks(thread, dead)', '+ (0 & groundBlocks.length)'),
    caughtBy: ['leases/sender-mpmc'],
    preemptions: 1,
  },
  {
    path,
    within: 'groundBlocks',
    fault: 'blocks of messages that were published are freed',
    rule: replace(
      'if ((queueOf(channel) === QUEUE_LETTERS) === keeping) withoutReferred(kernel, flying, channel);',
      'if (channel < -1 && keeping) withoutReferred(kernel, flying, channel);',
    ),
    caughtBy: ['leases/sender-mpmc'],
    preemptions: 1,
  },
  {
    path,
    within: 'recoverChannel',
    fault: "the bit of the dead stays in the receivers' set",
    rule: drop('kernel.waitersRemove(channel + CHANNEL_RECEIVERS_WAITING, dead);'),
    caughtBy: ['recovery/receiver'],
    preemptions: 1,
  },
  {
    path,
    within: 'recoverChannel',
    fault: 'the dead stays the only sender',
    rule: drop('cas(channel + CHANNEL_ONLY_SENDER, dead + 1, 0);'),
    caughtBy: ['recovery/heir-of-sender-spsc'],
    preemptions: 1,
  },
  {
    path,
    within: 'recoverChannel',
    fault: 'the dead stays the only receiver',
    rule: drop('cas(channel + CHANNEL_ONLY_RECEIVER, dead + 1, 0);'),
    caughtBy: ['recovery/heir-of-receiver-spsc'],
    preemptions: 1,
  },
  {
    path,
    within: 'recoverThread',
    fault: 'the cell of the dead stays taken',
    rule: drop('kernel.threadFree(dead);'),
    caughtBy: ['recovery/receiver'],
    preemptions: 1,
  },
  {
    path: 'src/kernel/mpmc.ts',
    within: 'mpmcRecover',
    fault: 'the blocks of a message that the dead was receiving stay on their way',
    rule: drop('refsDrop(channel, slot + MPMC_SLOT_HEADER, me);'),
    caughtBy: ['leases/receiver-mpmc'],
    preemptions: 1,
  },
  {
    path: 'src/kernel/spsc.ts',
    within: 'spscRecover',
    fault: 'a message that a dead receiver had begun to take apart is received again',
    rule: replace('while (lost < touched)', 'while (lost < 0)'),
    caughtBy: ['leases/receiver-spsc'],
    preemptions: 1,
  },
];
