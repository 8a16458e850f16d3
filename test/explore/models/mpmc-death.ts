/** The mpmc ring when a thread dies at any step, and recovery runs while everybody else goes on. */

import { channelClose, NO_ERROR } from '../../../src/kernel/close.ts';
import { CLOSED } from '../../../src/kernel/codes.ts';
import { mpmcLength, mpmcRecover, SLOT_CLAIMED, SLOT_READING, slotOwner, slotState } from '../../../src/kernel/mpmc.ts';
import { CHANNEL_SHIFT, CHANNEL_SLOTS, CHANNEL_STRIDE } from '../../../src/memory/layout.ts';
import { load, peek } from '../../../src/memory/words.ts';
import { check, model, same } from '../model.ts';
import { Ledger } from './support/ledger.ts';
import { drain, layRing, tryReceive, trySend } from './support/ring.ts';

const VICTIM = 1;
const HEALER = 5;

/** No slot is left in the hands of a thread. */
function checkUnowned(channel: number): void {
  const slots = 1 << peek(channel + CHANNEL_SHIFT);
  for (let i = 0; i < slots; i++) {
    const word = load(peek(channel + CHANNEL_SLOTS) + i * peek(channel + CHANNEL_STRIDE));
    const state = slotState(word);
    check(state !== SLOT_CLAIMED && state !== SLOT_READING, `slot ${i} is still in the hands of ${slotOwner(word)}`);
  }
}

export const models = [
  model({
    name: 'mpmc-death/sender',
    about: 'a sender dies anywhere; another one and a receiver go on',
    lay: () => layRing('mpmc', { capacity: 2, start: -2 }),
    play: (channel) => {
      const ledger = new Ledger();
      /** What the victim was sending when it died: accepted or not, nobody can say (R31). */
      let begun = 0;
      return {
        threads: {
          victim: {
            mortal: true,
            run: () => {
              for (const value of [11, 12]) {
                begun = value;
                if (trySend(channel, VICTIM, value) === value) ledger.accepted.push(value);
                begun = 0;
              }
            },
          },
          sender: () => {
            if (trySend(channel, 2, 21) === 21) ledger.accepted.push(21);
          },
          receiver: () => {
            for (let look = 0; look < 2; look++) {
              const value = tryReceive(channel, 3);
              if (value > 0) ledger.received('receiver', value);
            }
          },
          healer: { heirOf: ['victim'], run: () => same(mpmcRecover(channel, VICTIM, HEALER), 0, 'a sender loses') },
        },
        atRest: () => {
          checkUnowned(channel);
          ledger.received('rest', ...drain(channel, 4));
          if (begun > 0 && ledger.delivered.includes(begun)) ledger.accepted.push(begun);
          ledger.settle();
          check(mpmcLength(channel) === 0, `drained, and its length is ${mpmcLength(channel)}`);
          same([trySend(channel, 4, 41), trySend(channel, 4, 42)], [41, 42], 'room of a drained ring of two');
          check(mpmcLength(channel) === 2, `full, and its length is ${mpmcLength(channel)}`);
        },
      };
    },
  }),

  model({
    name: 'mpmc-death/receiver',
    about: 'a receiver dies anywhere; another one and a sender go on',
    lay: () => {
      const channel = layRing('mpmc', { capacity: 2, start: -2 });
      trySend(channel, 2, 21);
      trySend(channel, 2, 22);
      return channel;
    },
    play: (channel) => {
      const ledger = new Ledger();
      ledger.accepted.push(21, 22);
      let lost = 0;
      return {
        threads: {
          victim: {
            mortal: true,
            run: () => {
              const value = tryReceive(channel, VICTIM);
              if (value > 0) ledger.received('victim', value);
            },
          },
          receiver: () => {
            const value = tryReceive(channel, 3);
            if (value > 0) ledger.received('receiver', value);
          },
          sender: () => {
            for (const value of [23, 24]) if (trySend(channel, 2, value) === value) ledger.accepted.push(value);
          },
          healer: {
            heirOf: ['victim'],
            run: () => {
              lost = mpmcRecover(channel, VICTIM, HEALER);
            },
          },
        },
        atRest: () => {
          checkUnowned(channel);
          ledger.received('rest', ...drain(channel, 4));
          ledger.inOrder();
          const missing = ledger.accepted.length - ledger.delivered.length;
          // It may have died between its last step and telling that it has the message.
          const told = missing === lost || (missing === 1 && lost === 0);
          check(told, `R30: ${missing} messages are missing, ${lost} were counted as lost`);
        },
      };
    },
  }),

  model({
    name: 'mpmc-death/healer',
    about: 'a sender dies, and so does who recovers it, anywhere; it is done again',
    lay: () => layRing('mpmc', { capacity: 2, start: -2 }),
    play: (channel) => {
      const ledger = new Ledger();
      return {
        threads: {
          victim: { mortal: true, run: () => void trySend(channel, VICTIM, 11) },
          sender: () => {
            if (trySend(channel, 2, 21) === 21) ledger.accepted.push(21);
          },
          healer: { mortal: true, heirOf: ['victim'], run: () => void mpmcRecover(channel, VICTIM, HEALER) },
          heir: { heirOf: ['healer'], run: () => void mpmcRecover(channel, VICTIM, HEALER) },
        },
        atRest: () => {
          checkUnowned(channel);
          const rest = drain(channel, 4);
          ledger.received('rest', ...rest);
          if (rest.includes(11)) ledger.accepted.push(11);
          ledger.settle();
          check(mpmcLength(channel) === 0, `drained, and its length is ${mpmcLength(channel)}`);
        },
      };
    },
  }),

  model({
    name: 'mpmc-death/closed',
    about: 'a sender dies while the ring is closed: receivers still come to its end',
    lay: () => layRing('mpmc', { capacity: 1 }),
    play: (channel) => {
      const ledger = new Ledger();
      return {
        threads: {
          victim: { mortal: true, run: () => void trySend(channel, VICTIM, 11) },
          closer: () => void channelClose(channel, NO_ERROR),
          receiver: () => {
            for (let look = 0; look < 2; look++) {
              const value = tryReceive(channel, 3);
              if (value > 0) ledger.received('receiver', value);
            }
          },
          healer: { heirOf: ['victim'], run: () => void mpmcRecover(channel, VICTIM, HEALER) },
        },
        atRest: () => {
          checkUnowned(channel);
          ledger.received('rest', ...drain(channel, 4));
          check(ledger.delivered.length <= 1, 'one message was sent, more were received');
          check(tryReceive(channel, 4) === CLOSED, 'R9: drained, and no end is seen');
          check(trySend(channel, 4, 41) === CLOSED, 'R7: accepted after the end');
        },
      };
    },
  }),
];
