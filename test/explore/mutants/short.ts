/** Faults of short messages: the looks at the waiter sets, and what is copied when. */

import { both, drop, type Mutant, type Rule, replace, swap } from './mutate.ts';

const path = 'src/kernel/short.ts';
const queue = 'src/channel/queue.ts';

const LOOK_FOR_RECEIVER = 'return waitersAny(channel + CHANNEL_RECEIVERS_WAITING) ? ADVANCED_AWAITED : ADVANCED;';
const LOOK_FOR_SENDER = 'return waitersAny(channel + CHANNEL_SENDERS_WAITING) ? ADVANCED_AWAITED : ADVANCED;';

const PUBLISH = 'store(slot, slotWord(SLOT_FULL, lap));';
const FREE = 'store(slot, slotWord(SLOT_FREE, lapAfter(head, shift)));';
const WRITE = 'copyPayload(channel, threadCell(me) + CELL_DRAFT, slot + MPMC_SLOT_HEADER);';
const READ = 'copyPayload(channel, slot + MPMC_SLOT_HEADER, threadCell(me) + CELL_DRAFT);';

/** The look comes before the step that it has to follow. */
function early(step: string, look: string): Rule {
  const awaited = look.slice('return '.length, look.indexOf(' ?'));
  const answer = `const awaited: boolean = ${awaited}; ${step} return awaited ? ADVANCED_AWAITED : ADVANCED;`;
  return both(drop(step), replace(look, answer));
}

/** The same faults in either form of a send and of a receive: at the first look, and whatever it meets. */
function sending(within: string, publish: string, caughtBy: readonly string[]): Mutant[] {
  return [
    {
      path,
      within,
      fault: 'a sender looks for a receiver before it publishes',
      rule: early(publish, LOOK_FOR_RECEIVER),
      caughtBy,
    },
    {
      path,
      within,
      fault: 'a sender does not look whether a receiver waits',
      rule: replace(LOOK_FOR_RECEIVER, 'return waitersAny(channel) ? ADVANCED : ADVANCED;'),
      caughtBy,
    },
    {
      path,
      within,
      fault: 'a message is published before it is written',
      rule: swap(WRITE, publish),
      caughtBy,
    },
  ];
}

function receiving(within: string, free: string, caughtBy: readonly string[]): Mutant[] {
  return [
    {
      path,
      within,
      fault: 'a receiver looks for a sender before it frees',
      rule: early(free, LOOK_FOR_SENDER),
      caughtBy,
    },
    {
      path,
      within,
      fault: 'a receiver does not look whether a sender waits',
      rule: replace(LOOK_FOR_SENDER, 'return waitersAny(channel) ? ADVANCED : ADVANCED;'),
      caughtBy,
    },
    {
      path,
      within,
      fault: 'a slot is freed before it is read',
      rule: swap(READ, free),
      caughtBy,
    },
  ];
}

export const short: readonly Mutant[] = [
  ...sending('shortSend', PUBLISH, ['park/short', 'park/short-receivers']),
  ...sending('sendAnyhow', 'mpmcPublish(channel, slot);', ['park/mpmc']),
  ...receiving('shortReceive', FREE, ['park/tiny', 'park/two-senders', 'park/mpmc']),
  {
    path,
    within: 'shortSend',
    fault: 'a claim is written, not compared and swapped',
    rule: replace(
      'if (cas(slot, free, slotWordOf(SLOT_CLAIMED, me, lap)) === free) {',
      'if (load(slot) === free) { store(slot, slotWordOf(SLOT_CLAIMED, me, lap));',
    ),
    caughtBy: ['park/short'],
  },
  {
    path,
    within: 'shortSend',
    fault: 'nobody looks at the closed flag behind a claim',
    rule: replace('if (load(channel + CHANNEL_CLOSED) !== 0) {', 'if (false) {'),
    caughtBy: ['park/short-close'],
  },
  {
    path,
    within: 'shortReceive',
    fault: 'a take is written, not compared and swapped',
    rule: replace(
      'if (load(slot) === full && cas(slot, full, slotWordOf(SLOT_READING, me, lap)) === full) {',
      'if (load(slot) === full) { store(slot, slotWordOf(SLOT_READING, me, lap));',
    ),
    caughtBy: ['park/short-receivers'],
  },
  {
    path: queue,
    within: '#sendDraft',
    fault: 'a claim that was buried is kept from the receivers',
    rule: drop('if (code === CLOSED) this.#thread.wakeAll(this.#channel + CHANNEL_RECEIVERS_WAITING);'),
    caughtBy: ['park/close-mpmc'],
  },
];
