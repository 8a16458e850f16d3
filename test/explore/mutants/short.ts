/** Faults of short messages: the looks at the waiter sets, and what is copied when. */

import { both, drop, type Mutant, replace, swap } from './mutate.ts';

const path = 'src/kernel/short.ts';
const queue = 'src/channel/queue.ts';

const LOOK_FOR_RECEIVER = 'return waitersAny(channel + CHANNEL_RECEIVERS_WAITING) ? ADVANCED_AWAITED : ADVANCED;';
const LOOK_FOR_SENDER = 'return waitersAny(channel + CHANNEL_SENDERS_WAITING) ? ADVANCED_AWAITED : ADVANCED;';

export const short: readonly Mutant[] = [
  {
    path,
    within: 'shortSend',
    fault: 'a sender looks for a receiver before it publishes',
    rule: both(
      drop('mpmcPublish(channel, slot);'),
      replace(
        LOOK_FOR_RECEIVER,
        'const awaited: boolean = waitersAny(channel + CHANNEL_RECEIVERS_WAITING); mpmcPublish(channel, slot); ' +
          'return awaited ? ADVANCED_AWAITED : ADVANCED;',
      ),
    ),
    caughtBy: ['park/mpmc'],
  },
  {
    path,
    within: 'shortSend',
    fault: 'a sender does not look whether a receiver waits',
    rule: replace(LOOK_FOR_RECEIVER, 'return waitersAny(channel) ? ADVANCED : ADVANCED;'),
    caughtBy: ['park/mpmc'],
  },
  {
    path,
    within: 'shortSend',
    fault: 'a message is published before it is written',
    rule: swap(
      'copyPayload(channel, threadCell(me) + CELL_DRAFT, slot + MPMC_SLOT_HEADER);',
      'mpmcPublish(channel, slot);',
    ),
    caughtBy: ['park/mpmc'],
  },
  {
    path,
    within: 'shortReceive',
    fault: 'a receiver looks for a sender before it frees',
    rule: both(
      drop('mpmcFree(channel, slot);'),
      replace(
        LOOK_FOR_SENDER,
        'const awaited: boolean = waitersAny(channel + CHANNEL_SENDERS_WAITING); mpmcFree(channel, slot); ' +
          'return awaited ? ADVANCED_AWAITED : ADVANCED;',
      ),
    ),
    caughtBy: ['park/tiny', 'park/two-senders'],
  },
  {
    path,
    within: 'shortReceive',
    fault: 'a receiver does not look whether a sender waits',
    rule: replace(LOOK_FOR_SENDER, 'return waitersAny(channel) ? ADVANCED : ADVANCED;'),
    caughtBy: ['park/mpmc'],
  },
  {
    path,
    within: 'shortReceive',
    fault: 'a slot is freed before it is read',
    rule: swap(
      'copyPayload(channel, slot + MPMC_SLOT_HEADER, threadCell(me) + CELL_DRAFT);',
      'mpmcFree(channel, slot);',
    ),
    caughtBy: ['park/tiny'],
  },
  {
    path: queue,
    within: '#sendDraft',
    fault: 'a claim that was buried is kept from the receivers',
    rule: drop('if (code === CLOSED) this.#thread.wakeAll(this.#channel + CHANNEL_RECEIVERS_WAITING);'),
    caughtBy: ['park/close-mpmc'],
  },
];
