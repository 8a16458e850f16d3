/** The spsc ring: cached cursors, flags inside them, closing, a new owner of an end. Positions about to wrap. */

import { channelClose, channelClosed, NO_ERROR } from '../../../src/kernel/close.ts';
import { ADVANCED_AWAITED, BLOCKED, CLOSED } from '../../../src/kernel/codes.ts';
import {
  SPSC_POSITION_BITS,
  spscAdoptReceiver,
  spscAdoptSender,
  spscAwaitMessage,
  spscAwaitRoom,
  spscLength,
  spscPublish,
  spscReadable,
  spscRelease,
  spscWritable,
} from '../../../src/kernel/spsc.ts';
import { check, model, same } from '../model.ts';
import { Flag } from './support/flag.ts';
import { Ledger } from './support/ledger.ts';
import { layRing, spscReceive, spscSend } from './support/ring.ts';

/** The position before they wrap. */
const LAST = 2 ** SPSC_POSITION_BITS - 1;

function receiveAll(channel: number): number[] {
  const values: number[] = [];
  while (spscReceive(channel, 1, values) > 0);
  return values;
}

export const models = [
  model({
    name: 'spsc/ring',
    about: 'a sender, a receiver, and somebody who measures the length of a ring of two',
    preemptions: 3,
    lay: () => layRing('spsc', { capacity: 2, start: LAST }),
    play: (channel) => {
      const ledger = new Ledger();
      const received: number[] = [];
      return {
        threads: {
          sender: () => {
            for (const value of [11, 12, 13]) if (spscSend(channel, [value]) === 1) ledger.accepted.push(value);
          },
          receiver: () => {
            for (let look = 0; look < 3; look++) spscReceive(channel, 1, received);
          },
          observer: () => {
            const length = spscLength(channel);
            check(length >= 0 && length <= 2, `R3: a ring of two has length ${length}`);
          },
        },
        atRest: () => {
          check(ledger.accepted.length >= 2, 'a message was refused, though there was room');
          ledger.received('receiver', ...received, ...receiveAll(channel));
          ledger.settle();
        },
      };
    },
  }),

  model({
    name: 'spsc/batches',
    about: 'batches in and out of a ring of three with four slots',
    preemptions: 3,
    lay: () => layRing('spsc', { capacity: 3, start: LAST - 1 }),
    play: (channel) => {
      const ledger = new Ledger();
      const received: number[] = [];
      return {
        threads: {
          sender: () => {
            for (const values of [[11, 12], [13, 14], [15]]) {
              const count = spscSend(channel, values);
              if (count > 0) ledger.accepted.push(...values.slice(0, count));
            }
          },
          receiver: () => {
            for (let look = 0; look < 3; look++) spscReceive(channel, 2, received);
          },
        },
        atRest: () => {
          check(ledger.accepted.length >= 3, 'a message was refused, though there was room');
          check(spscLength(channel) <= 3, `R3: a ring of three has length ${spscLength(channel)}`);
          ledger.received('receiver', ...received, ...receiveAll(channel));
          ledger.settle();
        },
      };
    },
  }),

  model({
    name: 'spsc/close',
    about: 'a sender, a receiver, and two who close',
    preemptions: 3,
    lay: () => layRing('spsc', { capacity: 2, start: LAST }),
    play: (channel) => {
      const ledger = new Ledger();
      const received: number[] = [];
      let firsts = 0;
      const closed = new Flag();
      const closer = () => {
        if (channelClose(channel, NO_ERROR)) firsts++;
        closed.raise();
      };
      return {
        threads: {
          sender: () => {
            for (const value of [11, 12]) {
              const late = closed.raised;
              const answer = spscSend(channel, [value]);
              check(!late || answer === CLOSED, `R7: a send after the close answered ${answer}`);
              if (answer === 1) ledger.accepted.push(value);
            }
          },
          receiver: () => {
            for (let look = 0; look < 3; look++) {
              if (spscReceive(channel, 1, received) !== CLOSED) continue;
              check(channelClosed(channel), 'the end was seen of a channel that is open');
              check(spscReadable(channel, 1) === CLOSED, 'R9: drained, and then it was not');
              break;
            }
          },
          closer,
          another: closer,
        },
        atRest: () => {
          same(firsts, 1, 'R8: first closes');
          ledger.received('receiver', ...received, ...receiveAll(channel));
          ledger.settle();
          check(spscReadable(channel, 1) === CLOSED, 'R9: drained, and no end is seen');
        },
      };
    },
  }),

  model({
    name: 'spsc/awaited-message',
    about: 'a receiver says that it waits, and looks once more: it sees the message, or the sender sees that it waits',
    preemptions: 4,
    lay: () => layRing('spsc', { capacity: 2, start: LAST }),
    play: (channel) => {
      let wakes = 0;
      let waits = false;
      return {
        threads: {
          sender: () => {
            for (let i = 0; i < 2; i++) if (spscPublish(channel, 1) === ADVANCED_AWAITED) wakes++;
          },
          receiver: () => {
            for (let look = 0; look < 2; look++) {
              if (spscReadable(channel, 1) === BLOCKED) spscAwaitMessage(channel);
              if (spscReadable(channel, 1) === BLOCKED) {
                waits = true;
                return;
              }
              spscRelease(channel, 1);
            }
          },
        },
        atRest: () => {
          check(!waits || wakes > 0, 'the receiver waits for a message that is there, and nobody was told to wake it');
          check(wakes <= 2, `the receiver waited at most twice, and was to be woken ${wakes} times`);
        },
      };
    },
  }),

  model({
    name: 'spsc/awaited-room',
    about: 'a sender says that it waits for room, and looks once more; meanwhile the channel may be closed',
    preemptions: 4,
    lay: () => {
      const channel = layRing('spsc', { capacity: 1, start: LAST });
      spscSend(channel, [10]);
      return channel;
    },
    play: (channel) => {
      let wakes = 0;
      let waits = false;
      return {
        threads: {
          sender: () => {
            if (spscWritable(channel, 1) === BLOCKED) spscAwaitRoom(channel);
            waits = spscWritable(channel, 1) === BLOCKED;
          },
          receiver: () => {
            spscReadable(channel, 1);
            if (spscRelease(channel, 1) === ADVANCED_AWAITED) wakes++;
          },
        },
        atRest: () => check(!waits || wakes === 1, 'the sender waits for room that is there'),
      };
    },
  }),

  model({
    name: 'spsc/new-sender',
    about: 'a sender dies anywhere, and another takes its place while the receiver goes on',
    preemptions: 3,
    lay: () => layRing('spsc', { capacity: 2, start: LAST }),
    play: (channel) => {
      const ledger = new Ledger();
      const received: number[] = [];
      let begun = 0;
      const send = (value: number) => {
        if (spscSend(channel, [value]) === 1) ledger.accepted.push(value);
      };
      return {
        threads: {
          victim: {
            mortal: true,
            run: () => {
              for (begun = 11; begun <= 12; begun++) send(begun);
            },
          },
          receiver: () => {
            for (let look = 0; look < 3; look++) spscReceive(channel, 1, received);
          },
          heir: {
            heirOf: ['victim'],
            run: () => {
              spscAdoptSender(channel);
              for (const value of [21, 22]) send(value);
            },
          },
        },
        atRest: () => {
          ledger.received('receiver', ...received, ...receiveAll(channel));
          if (ledger.delivered.includes(begun) && !ledger.accepted.includes(begun)) ledger.accepted.push(begun);
          ledger.settle();
        },
      };
    },
  }),

  model({
    name: 'spsc/new-receiver',
    about: 'a receiver dies anywhere, and another takes its place while the sender goes on',
    preemptions: 3,
    lay: () => {
      const channel = layRing('spsc', { capacity: 2, start: LAST });
      spscSend(channel, [11]);
      return channel;
    },
    play: (channel) => {
      const ledger = new Ledger();
      ledger.accepted.push(11);
      const before: number[] = [];
      const after: number[] = [];
      return {
        threads: {
          victim: { mortal: true, run: () => void spscReceive(channel, 1, before) },
          sender: () => {
            for (const value of [12, 13]) if (spscSend(channel, [value]) === 1) ledger.accepted.push(value);
          },
          heir: {
            heirOf: ['victim'],
            run: () => {
              spscAdoptReceiver(channel);
              for (let look = 0; look < 2; look++) spscReceive(channel, 1, after);
            },
          },
        },
        atRest: () => {
          // A message that was read and not released when its reader died comes again: nothing tells the two apart.
          const again = after[0] === before[0] ? after.slice(1) : after;
          ledger.received('receivers', ...before, ...again, ...receiveAll(channel));
          ledger.inOrder();
          const missing = ledger.accepted.length - ledger.delivered.length;
          check(missing === 0, `${missing} messages are missing`);
        },
      };
    },
  }),
];
