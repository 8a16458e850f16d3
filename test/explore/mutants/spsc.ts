/** Faults of the spsc ring, and of closing. */

import { drop, type Mutant, replace } from './mutate.ts';

const path = 'src/kernel/spsc.ts';
const close = 'src/kernel/close.ts';

export const spsc: readonly Mutant[] = [
  {
    path,
    within: 'spscPublish',
    fault: 'publishing overwrites the flags',
    rule: replace(
      'let found: i32 = cas(channel + CHANNEL_TAIL, sent, next);',
      'store(channel + CHANNEL_TAIL, next); let found: i32 = sent;',
    ),
    caughtBy: ['spsc/close'],
  },
  {
    path,
    within: 'spscPublish',
    fault: 'a message is accepted although the channel was closed',
    rule: replace('while ((found & CLOSED_FLAG) === 0) {', 'for (;;) {'),
    caughtBy: ['spsc/close'],
  },
  {
    path,
    within: 'spscPublish',
    fault: 'nobody is told that the receiver waits',
    rule: replace('return ADVANCED_AWAITED;', 'return ADVANCED;'),
    caughtBy: ['spsc/awaited-message'],
  },
  {
    path,
    within: 'noteSent',
    fault: 'the sender forgets how far it is',
    rule: drop('poke(channel + CHANNEL_SENT, sent);'),
    caughtBy: ['spsc/ring'],
  },
  {
    path,
    within: 'spscRelease',
    fault: 'nobody is told that the sender waits',
    rule: replace('return ADVANCED_AWAITED;', 'return ADVANCED;'),
    caughtBy: ['spsc/awaited-room'],
  },
  {
    path,
    within: 'spscRelease',
    fault: 'a slot is given back by a plain write',
    rule: replace('store(channel + CHANNEL_HEAD, next);', 'poke(channel + CHANNEL_HEAD, next);'),
    caughtBy: ['spsc/awaited-room'],
  },
  {
    path,
    within: 'spscRelease',
    fault: 'the flag of a sender that waits is overlooked',
    rule: replace(
      'if (cas(channel + CHANNEL_HEAD, taken, next) === taken) return ADVANCED;',
      'store(channel + CHANNEL_HEAD, next); if (taken !== next) return ADVANCED;',
    ),
    caughtBy: ['spsc/awaited-room'],
  },
  {
    path,
    within: 'spscWritable',
    fault: 'one more message than the capacity is accepted',
    rule: replace('if (free <= 0)', 'if (free < 0)'),
    caughtBy: ['spsc/ring', 'spsc/batches'],
  },
  {
    path,
    within: 'spscWritable',
    fault: 'the sender trusts that there is room beyond the capacity',
    rule: replace('+ want <= capacity) return want;', '+ want <= capacity + 1) return want;'),
    caughtBy: ['spsc/ring', 'spsc/batches'],
  },
  {
    path,
    within: 'spscReadable',
    fault: 'the end is concluded from the flag of the channel, not that of the tail',
    rule: replace(
      'return (tail & CLOSED_FLAG) !== 0 ? CLOSED : BLOCKED;',
      'return load(channel + CHANNEL_CLOSED) !== 0 ? CLOSED : BLOCKED;',
    ),
    caughtBy: ['spsc/close'],
  },
  {
    path,
    within: 'spscReadable',
    fault: 'the receiver looks at the tail without ordering',
    rule: replace('load(channel + CHANNEL_TAIL)', 'peek(channel + CHANNEL_TAIL)'),
    caughtBy: ['spsc/ring'],
  },
  {
    path,
    within: 'spscAwaitMessage',
    fault: 'a receiver that is about to sleep does not say so',
    rule: drop('or(channel + CHANNEL_TAIL, AWAITED);'),
    caughtBy: ['spsc/awaited-message'],
  },
  {
    path,
    within: 'spscAwaitRoom',
    fault: 'a sender that is about to sleep does not say so',
    rule: drop('or(channel + CHANNEL_HEAD, AWAITED);'),
    caughtBy: ['spsc/awaited-room'],
  },
  {
    path,
    within: 'spscAdoptSender',
    fault: 'a new sender goes on where the last one believed to be',
    rule: drop('poke(channel + CHANNEL_SENT, sent);'),
    caughtBy: ['spsc/new-sender'],
  },
  {
    path,
    within: 'spscAdoptReceiver',
    fault: 'a new receiver goes on where the last one believed to be',
    rule: drop('poke(channel + CHANNEL_TAKEN, taken);'),
    caughtBy: ['spsc/new-receiver'],
    harmless:
      'It differs only if the last one died between writing down how far it is and moving the head: it had read the ' +
      'message, which is then lost with it instead of coming again. At most once allows both.',
  },
  {
    path: close,
    within: 'channelClose',
    fault: 'two can close a channel first',
    rule: replace(
      'const first: boolean = cas(channel + CHANNEL_CLOSED, 0, error < 0 ? -error : FIRST_BLOCK + error) === 0;',
      'const first: boolean = load(channel + CHANNEL_CLOSED) === 0; store(channel + CHANNEL_CLOSED, error < 0 ? -error : FIRST_BLOCK + error);',
    ),
    needs: ['store'],
    caughtBy: ['spsc/close'],
  },
  {
    path: close,
    within: 'channelClose',
    fault: 'the tail of an spsc queue stays open',
    rule: replace('spscClose(channel);', '{}'),
    caughtBy: ['spsc/close', 'park/close-spsc'],
  },
];
