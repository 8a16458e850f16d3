/** Faults of at-least-once delivery. */

import { drop, type Mutant, replace } from './mutate.ts';

const path = 'src/kernel/letters.ts';
const queue = 'src/channel/letter-queue.ts';

export const letters: readonly Mutant[] = [
  {
    path,
    within: 'hold',
    fault: 'handing a letter out does not count as an attempt',
    rule: replace('next(generationOf(word))', 'generationOf(word)'),
    caughtBy: ['letters/refused'],
    preemptions: 1,
  },
  {
    path,
    within: 'claimFree',
    fault: 'two senders claim one letter',
    rule: replace(
      'if (cas(stateAt(channel, letter), word, letterWord(POSTED, me, generationOf(word))) !== word) continue;',
      'store(stateAt(channel, letter), letterWord(POSTED, me, generationOf(word)));',
    ),
    caughtBy: ['letters/two-senders'],
    preemptions: 1,
  },
  {
    path,
    within: 'letterReturn',
    fault: 'nobody hears of a letter that was returned',
    rule: drop('store(channel + CHANNEL_RETURNED, 1);'),
    caughtBy: ['letters/refused'],
    preemptions: 1,
  },
  {
    path,
    within: 'takeReturned',
    fault: 'the flag is cleared without looking again',
    rule: replace(
      `store(channel + CHANNEL_RETURNED, 0);
      letter = firstReturned(channel);`,
      'store(channel + CHANNEL_RETURNED, 0);',
    ),
    caughtBy: ['letters/returned'],
  },
  {
    path,
    within: 'letterAcknowledge',
    fault: 'an acknowledged letter is not marked as such',
    rule: replace('letterWord(ACKED, ownerOf(word), generationOf(word))', 'word'),
    caughtBy: ['letters/death-of-receiver', 'leases/receiver-letters'],
    preemptions: 1,
  },
  {
    path,
    within: 'recoverPosted',
    fault: 'a letter that was posted is freed when its sender dies',
    rule: drop('if (inQueue(channel, letter, word)) return;'),
    caughtBy: ['letters/death-of-sender'],
    preemptions: 1,
  },
  {
    path,
    within: 'recoverQueue',
    fault: 'what the dead had taken from the queue and not held is forgotten',
    rule: replace(
      'if (names(slot, word) && letterReturn(channel, letter, word)) returned++;',
      'if (word < 0) returned++;',
    ),
    caughtBy: ['letters/death-of-receiver'],
    preemptions: 1,
  },
  {
    path,
    within: 'lettersRecover',
    fault: 'what the dead held is not returned',
    rule: replace(
      'if (state === HELD && letterReturn(channel, letter, word)) returned++;',
      'if (state === HELD) continue;',
    ),
    caughtBy: ['letters/death-of-receiver'],
    preemptions: 1,
  },
  {
    path: queue,
    within: 'release',
    fault: 'the end is kept from receivers that wait for the last acknowledgement',
    rule: drop(
      'if (this.#kernel.channelClosed(this.#channel)) this.#thread.wakeAll(this.#channel + CHANNEL_RECEIVERS_WAITING);',
    ),
    caughtBy: ['letters/two-receivers'],
    preemptions: 1,
  },
  {
    path: queue,
    within: 'release',
    fault: 'no sender hears of a letter that is free',
    rule: drop('this.#thread.wakeOne(this.#channel + CHANNEL_SENDERS_WAITING);'),
    caughtBy: ['letters/two-receivers'],
    preemptions: 1,
  },
  {
    path: queue,
    within: 'giveBack',
    fault: 'no receiver hears of a message that was handed back',
    rule: drop('this.#thread.wakeOne(this.#channel + CHANNEL_RECEIVERS_WAITING);'),
    caughtBy: ['letters/handed-back'],
    preemptions: 1,
  },
];
