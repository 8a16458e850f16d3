/** The mpmc ring: claims, takes, closing, laps and positions about to wrap. Threads try, and give up when blocked. */

import { channelClose, channelClosed, NO_ERROR } from '../../../src/kernel/close.ts';
import { BLOCKED, CLOSED, SKIPPED } from '../../../src/kernel/codes.ts';
import { mpmcBury, mpmcClaim, mpmcLength } from '../../../src/kernel/mpmc.ts';
import { check, model, same } from '../model.ts';
import { Flag } from './support/flag.ts';
import { Ledger } from './support/ledger.ts';
import { drain, layRing, tryReceive, trySend } from './support/ring.ts';

/** Tries to send the values, in order; each is accepted or not. */
function sending(channel: number, me: number, values: readonly number[], ledger: Ledger) {
  return () => {
    for (const value of values) if (trySend(channel, me, value) === value) ledger.accepted.push(value);
  };
}

/** Looks so many times; returns nothing. */
function receiving(channel: number, me: number, looks: number, ledger: Ledger) {
  return () => {
    for (let look = 0; look < looks; look++) {
      const value = tryReceive(channel, me);
      if (value > 0) ledger.received(`receiver ${me}`, value);
    }
  };
}

export const models = [
  model({
    name: 'mpmc/two-senders',
    about: 'two senders and a receiver at a ring of one',
    lay: () => layRing('mpmc', { capacity: 1 }),
    play: (channel) => {
      const ledger = new Ledger();
      return {
        threads: {
          one: sending(channel, 1, [11, 12], ledger),
          two: sending(channel, 2, [21], ledger),
          receiver: receiving(channel, 3, 2, ledger),
        },
        atRest: () => {
          ledger.received('rest', ...drain(channel, 4));
          ledger.settle();
          check(ledger.accepted.length > 0, 'nothing was accepted, though there was room');
        },
      };
    },
  }),

  model({
    name: 'mpmc/two-receivers',
    about: 'a sender and two receivers at a ring of two, one message in it',
    lay: () => {
      const channel = layRing('mpmc', { capacity: 2, start: -2 });
      trySend(channel, 1, 11);
      return channel;
    },
    play: (channel) => {
      const ledger = new Ledger();
      ledger.accepted.push(11);
      return {
        threads: {
          sender: sending(channel, 1, [12, 13], ledger),
          two: receiving(channel, 2, 2, ledger),
          three: receiving(channel, 3, 2, ledger),
        },
        atRest: () => {
          ledger.received('rest', ...drain(channel, 4));
          ledger.settle();
        },
      };
    },
  }),

  model({
    name: 'mpmc/capacity',
    about: 'two senders at a ring of three with four slots; somebody measures its length',
    lay: () => layRing('mpmc', { capacity: 3 }),
    play: (channel) => {
      const ledger = new Ledger();
      const lengths: number[] = [];
      return {
        threads: {
          one: sending(channel, 1, [11, 12], ledger),
          two: sending(channel, 2, [21, 22], ledger),
          observer: () => {
            lengths.push(mpmcLength(channel));
            lengths.push(mpmcLength(channel));
          },
        },
        atRest: () => {
          check(ledger.accepted.length === 3, `a ring of 3 accepted ${ledger.accepted.length} of 4 messages`);
          check(mpmcLength(channel) === 3, `expected length 3, met ${mpmcLength(channel)}`);
          check(lengths[0]! <= lengths[1]!, `the length fell from ${lengths[0]} to ${lengths[1]}`);
          ledger.received('rest', ...drain(channel, 4));
          ledger.settle();
        },
      };
    },
  }),

  model({
    name: 'mpmc/full',
    about: 'a full ring of one: nobody who finds it full was wrong, once a receiver has freed it',
    lay: () => {
      const channel = layRing('mpmc', { capacity: 1 });
      trySend(channel, 1, 11);
      return channel;
    },
    play: (channel) => {
      const ledger = new Ledger();
      ledger.accepted.push(11);
      const freed = new Flag();
      return {
        threads: {
          receiver: () => {
            const value = tryReceive(channel, 3);
            same(value, 11, 'the only message');
            ledger.received('receiver', value);
            freed.raise();
          },
          sender: () => {
            const room = freed.raised;
            const answer = trySend(channel, 1, 12);
            check(!room || answer === 12, 'a ring that is empty said that it is full');
            if (answer === 12) ledger.accepted.push(12);
          },
        },
        atRest: () => {
          ledger.received('rest', ...drain(channel, 4));
          ledger.settle();
        },
      };
    },
  }),

  model({
    name: 'mpmc/close',
    about: 'two senders, a receiver and somebody who closes a ring of two',
    lay: () => layRing('mpmc', { capacity: 2 }),
    play: (channel) => {
      const ledger = new Ledger();
      const closed = new Flag();
      const sender = (me: number, values: readonly number[]) => () => {
        for (const value of values) {
          const late = closed.raised;
          const answer = trySend(channel, me, value);
          check(!late || answer === CLOSED, `R7: a send after the close answered ${answer}`);
          if (answer === value) ledger.accepted.push(value);
        }
      };
      return {
        threads: {
          one: sender(1, [11, 12]),
          two: sender(2, [21]),
          closer: () => {
            channelClose(channel, NO_ERROR);
            closed.raise();
          },
          receiver: () => {
            for (let look = 0; look < 3; look++) {
              const value = tryReceive(channel, 3);
              if (value > 0) ledger.received('receiver', value);
              if (value !== CLOSED) continue;
              // R9: for ever. What is accepted from here on would be lost.
              ledger.received('receiver');
              check(tryReceive(channel, 3) === CLOSED, 'R9: the channel was drained, and then it was not');
              break;
            }
          },
        },
        atRest: () => {
          ledger.received('rest', ...drain(channel, 4));
          ledger.settle();
          check(channelClosed(channel) && tryReceive(channel, 4) === CLOSED, 'R9: drained, and no end is seen');
        },
      };
    },
  }),

  model({
    name: 'mpmc/drained',
    about: 'a receiver concludes that a ring is drained: nothing is accepted any more',
    lay: () => layRing('mpmc', { capacity: 1 }),
    play: (channel) => {
      const ledger = new Ledger();
      const drained = new Flag();
      const receiver = (me: number) => () => {
        for (let look = 0; look < 2; look++) {
          const late = drained.raised;
          const value = tryReceive(channel, me);
          if (value > 0) {
            check(!late, 'R11: a message came after "drained"');
            ledger.received(`receiver ${me}`, value);
          }
          if (value === CLOSED) drained.raise();
        }
      };
      return {
        threads: {
          sender: () => {
            for (const value of [11, 12]) {
              const late = drained.raised;
              if (trySend(channel, 1, value) !== value) continue;
              check(!late, 'R7: accepted after "drained"');
              ledger.accepted.push(value);
            }
            channelClose(channel, NO_ERROR);
          },
          two: receiver(2),
          three: receiver(3),
        },
        atRest: () => {
          ledger.received('rest', ...drain(channel, 4));
          ledger.settle();
        },
      };
    },
  }),

  model({
    name: 'mpmc/tombstone',
    about: 'a claim that is given up is passed over, by receivers and by senders that need its room',
    lay: () => layRing('mpmc', { capacity: 1 }),
    play: (channel) => {
      const ledger = new Ledger();
      let skipped = 0;
      return {
        threads: {
          quitter: () => {
            const slot = mpmcClaim(channel, 1);
            if (slot >= 0) mpmcBury(channel, slot);
          },
          sender: sending(channel, 2, [21, 22], ledger),
          receiver: () => {
            for (let look = 0; look < 3; look++) {
              const value = tryReceive(channel, 3);
              if (value === SKIPPED) skipped++;
              if (value > 0) ledger.received('receiver', value);
            }
          },
        },
        atRest: () => {
          check(skipped <= 1, `one claim was given up, ${skipped} were passed over`);
          ledger.received('rest', ...drain(channel, 4));
          ledger.settle();
          check(mpmcLength(channel) === 0, `drained, and its length is ${mpmcLength(channel)}`);
          check(tryReceive(channel, 4) === BLOCKED, 'drained, and there is more');
        },
      };
    },
  }),

  model({
    name: 'mpmc/buried-room',
    about: 'a claim that was given up takes no room from a sender, though nobody receives',
    lay: () => layRing('mpmc', { capacity: 1 }),
    play: (channel) => {
      const buried = new Flag();
      return {
        threads: {
          quitter: () => {
            const slot = mpmcClaim(channel, 1);
            if (slot >= 0) mpmcBury(channel, slot);
            buried.raise();
          },
          sender: () => {
            const room = buried.raised;
            check(trySend(channel, 2, 21) === 21 || !room, 'R3: a ring without a message is full');
          },
        },
        atRest: () => check(drain(channel, 4).length <= 1, 'one message was sent'),
      };
    },
  }),
];
