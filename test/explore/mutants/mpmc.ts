/** Faults of the mpmc ring. */

import { drop, type Mutant, replace } from './mutate.ts';

const path = 'src/kernel/mpmc.ts';

export const mpmc: readonly Mutant[] = [
  {
    path,
    within: 'mpmcClaim',
    fault: 'a claim is written, not compared and swapped',
    rule: replace(
      'const word: i32 = cas(slot, free, slotWordOf(SLOT_CLAIMED, me, lap));',
      'const word: i32 = load(slot); if (word === free) store(slot, slotWordOf(SLOT_CLAIMED, me, lap));',
    ),
    caughtBy: ['mpmc/two-senders'],
  },
  {
    path,
    within: 'mpmcClaim',
    fault: 'one more message than the capacity is accepted',
    rule: replace('if (used >= capacity)', 'if (used > capacity)'),
    caughtBy: ['mpmc/capacity'],
  },
  {
    path,
    within: 'mpmcClaim',
    fault: 'the head that is noted down as seen is ahead of the head',
    rule: replace('store(channel + CHANNEL_HEAD_SEEN, head);', 'store(channel + CHANNEL_HEAD_SEEN, tail);'),
    caughtBy: ['mpmc/capacity'],
  },
  {
    path,
    within: 'mpmcClaim',
    fault: 'a peak is taken for room that was seen',
    rule: replace(
      'if (!below(used, load(channel + CHANNEL_PEAK))) {',
      'if (below(load(channel + CHANNEL_PEAK), used)) {',
    ),
    caughtBy: ['mpmc/capacity'],
  },
  {
    path,
    within: 'mpmcClaim',
    fault: 'a claim does not write its position down',
    rule: drop('poke(slot + 1, tail);'),
    caughtBy: ['mpmc/two-senders'],
  },
  {
    path,
    within: 'mpmcClaim',
    fault: 'nobody looks at the closed flag behind a claim',
    rule: replace('if (load(channel + CHANNEL_CLOSED) !== 0) {', 'if (false) {'),
    caughtBy: ['mpmc/close'],
  },
  {
    path,
    within: 'mpmcClaim',
    fault: 'a sender takes the claim of somebody else for its own',
    rule: replace('if (word === free) {', 'if (word === free || (word & STATE_MASK) === SLOT_CLAIMED) {'),
    caughtBy: ['mpmc/two-senders'],
  },
  {
    path,
    within: 'mpmcClaim',
    fault: 'a full ring is full even if its head is only late',
    rule: drop('if (passHead(channel, head, shift)) continue;'),
    caughtBy: ['mpmc/buried-room'],
  },
  {
    path,
    within: 'mpmcClaim',
    fault: 'a sender does not look again whether its look at the tail was old',
    rule: drop('if (load(channel + CHANNEL_TAIL) !== tail) continue;'),
    caughtBy: ['mpmc/full', 'mpmc/two-senders'],
    harmless:
      'tail only grows, so tail − head ≥ capacity with an old tail means that it was so with the new one when the head was ' +
      'read: full then. It saves an answer that is out of date.',
  },
  {
    path,
    within: 'mpmcPublish',
    fault: 'a message is published by a plain write',
    rule: replace('store(slot', 'poke(slot'),
    caughtBy: ['mpmc/two-senders'],
  },
  {
    path,
    within: 'mpmcFree',
    fault: 'a slot is freed by a plain write',
    rule: replace('store(slot', 'poke(slot'),
    caughtBy: ['mpmc/two-senders'],
  },
  {
    path,
    within: 'mpmcFree',
    fault: 'a slot is freed for the lap it was on',
    rule: replace(
      'lapAfter(peek(slot + 1), peek(channel + CHANNEL_SHIFT))',
      'peek(slot + 1) >>> peek(channel + CHANNEL_SHIFT)',
    ),
    caughtBy: ['mpmc/two-senders'],
  },
  {
    path,
    within: 'mpmcTake',
    fault: 'a take is written, not compared and swapped',
    rule: replace(
      'const taken: boolean = cas(slot, word, slotWordOf(SLOT_READING, me, lap)) === word;',
      'store(slot, slotWordOf(SLOT_READING, me, lap)); const taken: boolean = true;',
    ),
    caughtBy: ['mpmc/two-receivers'],
  },
  {
    path,
    within: 'mpmcTake',
    fault: 'whoever lost the race for a message takes it all the same',
    rule: replace('if (taken) return slot;', 'return slot;'),
    caughtBy: ['mpmc/two-receivers'],
  },
  {
    path,
    within: 'mpmcTake',
    fault: 'the end is concluded without sealing the slot',
    rule: replace('if (cas(slot, word, slotWord(SLOT_SEALED, lap)) === word) return CLOSED;', 'return CLOSED;'),
    caughtBy: ['mpmc/close', 'mpmc/drained'],
    preemptions: 3,
  },
  {
    path,
    within: 'mpmcTake',
    fault: 'an open ring is sealed',
    rule: replace('if (load(channel + CHANNEL_CLOSED) === 0) return BLOCKED;\n      if (cas(', 'if (cas('),
    caughtBy: ['mpmc/two-senders'],
  },
  {
    path,
    within: 'mpmcTake',
    fault: 'a tombstone is taken for an unfinished claim',
    rule: replace('if (passTombstone(channel, head, shift)) return SKIPPED;', 'return BLOCKED;'),
    caughtBy: ['mpmc-death/sender'],
  },
  {
    path,
    within: 'mpmcTake',
    fault: 'a ring that is closed and still being read is not drained for who waits',
    rule: replace('if (load(slot) === word) return CLOSED;', 'return BLOCKED;'),
    caughtBy: ['park/close-tiny'],
  },
  {
    path,
    within: 'passHead',
    fault: 'the head passes a slot that is read on the lap before',
    rule: drop('if (!ofLap(word, lap)) return false;'),
    caughtBy: ['mpmc/full', 'mpmc/two-senders'],
    harmless:
      'The slot at the head can be read on another lap only if the look at the head is old, because the ring was full when ' +
      'it was taken; and then moving the head fails, for it expects the old one.',
  },
  {
    path,
    within: 'mpmcRecover',
    fault: 'recovery settles the slots of the living, too',
    rule: replace(
      'if (!slotOwned(word, dead)) continue;',
      'if (slotState(word) !== SLOT_CLAIMED && slotState(word) !== SLOT_READING) continue;',
    ),
    caughtBy: ['mpmc-death/sender'],
  },
  {
    path,
    within: 'mpmcRecover',
    fault: 'recovery trusts the position in the slot of the dead',
    rule: drop('mpmcRemind(channel, i, word);'),
    caughtBy: ['mpmc-death/sender'],
  },
  {
    path,
    within: 'mpmcRecover',
    fault: 'what the dead was reading stays',
    rule: drop('mpmcFree(channel, slot);'),
    caughtBy: ['mpmc-death/receiver'],
  },
  {
    path,
    within: 'mpmcRemind',
    fault: 'a message that the dead had taken is still counted',
    rule: drop('if (slotState(word) === SLOT_READING) cas(channel + CHANNEL_HEAD, position, (position + 1) | 0);'),
    caughtBy: ['recovery/receiver'],
  },
];
