/** Deaths on a whole channel: recovery as it ships runs against live traffic, and may be cut short and done again. */

import { threadState } from '../../../src/kernel/threads.ts';
import { CHANNEL_LOST, THREAD_FREE } from '../../../src/memory/layout.ts';
import { load } from '../../../src/memory/words.ts';
import { ThreadContext } from '../../../src/park/thread.ts';
import { recoverThread } from '../../../src/supervisor/recovery.ts';
import { check, model, type Program, same } from '../model.ts';
import { join, layShared, type Party, type Place, receives, sends } from './support/channel.ts';
import { Ledger } from './support/ledger.ts';

function send(party: Party, value: number, ledger: Ledger): void {
  if (sends(party, value)) ledger.accepted.push(value);
}

function receive(party: Party, ledger: Ledger): void {
  const value = receives(party);
  if (value !== undefined) ledger.received(party.thread.name, value);
}

function receiveAll(party: Party, ledger: Ledger): void {
  for (let value = receives(party); value !== undefined; value = receives(party)) {
    ledger.received(party.thread.name, value);
  }
}

/** Recovers the victim when it died; `twice`: that is cut short anywhere, and done again by another thread. */
function healing(place: Place, victim: Party, twice = false): Record<string, Program> {
  const healer = ThreadContext.attach(place.segment, 'healer', 101);
  const recover = () => void recoverThread(healer, victim.thread.id);
  if (!twice) return { healer: { heirOf: ['victim'], run: recover } };
  return {
    healer: { mortal: true, heirOf: ['victim'], run: recover },
    // The supervisor's own thread: a recovery that failed is begun anew.
    again: { heirOf: ['healer'], run: recover },
  };
}

/** R29 and R30, when the victim received: what is missing was counted as lost. */
function settleLosses(place: Place, victim: Party, ledger: Ledger, left: number, died: boolean): void {
  ledger.inOrder();
  const lost = load(place.address + CHANNEL_LOST);
  const missing = ledger.accepted.length - ledger.delivered.length - left;
  // It may have died between giving the slot back and telling that it has the message.
  check(missing === lost || (died && missing === 1), `${missing} messages are missing, ${lost} were counted as lost`);
  if (died) same(threadState(victim.thread.id), THREAD_FREE, 'state of the cell of the dead');
}

const topologies = ['spsc', 'mpmc'] as const;

export const models = [
  model({
    name: 'recovery/receiver',
    about: 'R29: a receiver dies anywhere, woken or not; the other one gets a message all the same',
    preemptions: 0,
    lay: () => layShared('mpmc', 2),
    play: (place: Place) => {
      const ledger = new Ledger();
      const [victim, other, sender] = [join(place, 'victim'), join(place, 'other'), join(place, 'sender')];
      return {
        threads: {
          victim: { mortal: true, run: () => receive(victim, ledger) },
          other: () => receive(other, ledger),
          sender: () => {
            send(sender, 11, ledger);
            send(sender, 12, ledger);
          },
          ...healing(place, victim),
        },
        atRest: ({ died }) => {
          same(ledger.accepted, [11, 12], 'accepted');
          settleLosses(place, victim, ledger, other.channel.length, died('victim'));
        },
      };
    },
  }),

  model({
    name: 'recovery/sender',
    about: 'R29: a sender dies anywhere at a full channel; the other one and the receiver go on',
    preemptions: 0,
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const ledger = new Ledger();
      const [victim, other, receiver] = [join(place, 'victim'), join(place, 'other'), join(place, 'receiver')];
      return {
        threads: {
          victim: { mortal: true, run: () => send(victim, 11, ledger) },
          other: () => send(other, 21, ledger),
          receiver: () => receive(receiver, ledger),
          ...healing(place, victim),
        },
        atRest: ({ died }) => {
          const left = receiver.channel.tryReceive();
          if (left && !left.done) ledger.received('rest', left.value);
          if (ledger.delivered.includes(11) && !ledger.accepted.includes(11)) ledger.accepted.push(11);
          ledger.settle();
          if (died('victim')) same(threadState(victim.thread.id), THREAD_FREE, 'state of the cell of the dead');
          check(receiver.channel.trySend(99), 'an empty channel has no room');
        },
      };
    },
  }),

  ...topologies.map((topology) =>
    model({
      name: `recovery/heir-of-sender-${topology}`,
      about: 'a sender dies anywhere; recovered, another thread sends in its place',
      preemptions: 0,
      lay: () => layShared(topology, 1),
      play: (place: Place) => {
        const ledger = new Ledger();
        const [victim, heir, receiver] = [join(place, 'victim'), join(place, 'heir'), join(place, 'receiver')];
        const healer = ThreadContext.attach(place.segment, 'healer', 101);
        return {
          threads: {
            victim: {
              mortal: true,
              run: () => {
                for (const value of [11, 12]) send(victim, value, ledger);
                victim.channel.close();
              },
            },
            heir: {
              heirOf: ['victim'],
              run: () => {
                recoverThread(healer, victim.thread.id);
                send(heir, 21, ledger);
                heir.channel.close();
              },
            },
            receiver: () => receiveAll(receiver, ledger),
          },
          atRest: () => {
            for (const value of [11, 12]) {
              if (ledger.delivered.includes(value) && !ledger.accepted.includes(value)) ledger.accepted.push(value);
            }
            ledger.settle();
          },
        };
      },
    }),
  ),

  ...topologies.map((topology) =>
    model({
      name: `recovery/heir-of-receiver-${topology}`,
      about: 'a receiver dies anywhere; recovered, another thread receives in its place',
      preemptions: 0,
      lay: () => layShared(topology, 1),
      play: (place: Place) => {
        const ledger = new Ledger();
        const [victim, heir, sender] = [join(place, 'victim'), join(place, 'heir'), join(place, 'sender')];
        const healer = ThreadContext.attach(place.segment, 'healer', 101);
        return {
          threads: {
            victim: { mortal: true, run: () => receiveAll(victim, ledger) },
            heir: {
              heirOf: ['victim'],
              run: () => {
                recoverThread(healer, victim.thread.id);
                receiveAll(heir, ledger);
              },
            },
            sender: () => {
              for (const value of [11, 12]) send(sender, value, ledger);
              sender.channel.close();
            },
          },
          atRest: ({ died }) => {
            same(ledger.accepted, [11, 12], 'accepted');
            settleLosses(place, victim, ledger, 0, died('victim'));
          },
        };
      },
    }),
  ),

  model({
    name: 'recovery/last-end',
    about: 'R12: the last sender dies anywhere, also while it closes; the receiver comes to the end',
    preemptions: 0,
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const ledger = new Ledger();
      const [victim, other, receiver] = [join(place, 'victim'), join(place, 'other'), join(place, 'receiver')];
      const ends = [victim.channel.sender, other.channel.sender];
      return {
        threads: {
          victim: {
            mortal: true,
            run: () => {
              send(victim, 11, ledger);
              ends[0]!.close();
            },
          },
          other: () => ends[1]!.close(),
          receiver: () => {
            receive(receiver, ledger);
            receive(receiver, ledger);
          },
          ...healing(place, victim),
        },
        atRest: () => {
          if (ledger.delivered.includes(11) && !ledger.accepted.includes(11)) ledger.accepted.push(11);
          ledger.settle();
          check(receiver.channel.closed, 'R12: no sender is left, and the channel is open');
        },
      };
    },
  }),

  model({
    name: 'recovery/cut-short',
    about: 'who recovers a dead sender dies as well, anywhere; it is done again',
    preemptions: 0,
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const ledger = new Ledger();
      const [victim, receiver] = [join(place, 'victim'), join(place, 'receiver')];
      const end = victim.channel.sender;
      return {
        threads: {
          victim: {
            mortal: true,
            run: () => {
              send(victim, 11, ledger);
              end.close();
            },
          },
          receiver: () => {
            receive(receiver, ledger);
            receive(receiver, ledger);
          },
          ...healing(place, victim, true),
        },
        atRest: () => {
          if (ledger.delivered.includes(11) && !ledger.accepted.includes(11)) ledger.accepted.push(11);
          ledger.settle();
          check(receiver.channel.closed, 'R12: no sender is left, and the channel is open');
        },
      };
    },
  }),
];
