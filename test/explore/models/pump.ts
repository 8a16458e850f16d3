/** Asynchronous operations: the pump, its polling and its `waitAsync`, beside threads that block. */

import { ChannelClosedError } from '../../../src/errors.ts';
import { check, model, same } from '../model.ts';
import { Calling } from './support/calling.ts';
import { join, layShared, type Party, type Place, receives, sends } from './support/channel.ts';
import { Ledger } from './support/ledger.ts';

/** Begins to receive so many messages, one after another. */
function receiveLater(party: Party, count: number, ledger: Ledger, settled: { count: number }) {
  const next = (left: number): void => {
    if (left === 0) return;
    party.channel.receive().then((received) => {
      settled.count++;
      if (received.done) return;
      ledger.received(party.thread.name, received.value);
      next(left - 1);
    });
  };
  return () => next(count);
}

/** Begins to send all values at once. */
function sendLater(party: Party, values: readonly number[], ledger: Ledger, settled: { count: number }) {
  return () => {
    for (const value of values) {
      party.channel.send(value).then(
        () => {
          settled.count++;
          ledger.accepted.push(value);
        },
        (error) => {
          if (!(error instanceof ChannelClosedError)) throw error;
          settled.count++;
        },
      );
    }
  };
}

export const models = [
  ...(['spsc', 'mpmc'] as const).map((topology) =>
    model({
      name: `pump/receive-${topology}`,
      about: 'an asynchronous receiver and a sender that blocks, at a channel of one',
      lay: () => layShared(topology, 1),
      play: (place: Place) => {
        const ledger = new Ledger();
        const settled = { count: 0 };
        const sender = join(place, 'sender');
        return {
          threads: {
            receiver: receiveLater(join(place, 'receiver'), 2, ledger, settled),
            sender: () => {
              for (const value of [11, 12]) if (sends(sender, value)) ledger.accepted.push(value);
            },
          },
          atRest: () => {
            same(ledger.accepted, [11, 12], 'accepted');
            same(settled.count, 2, 'promises settled');
            ledger.settle();
          },
        };
      },
    }),
  ),

  ...(['spsc', 'mpmc'] as const).map((topology) =>
    model({
      name: `pump/send-${topology}`,
      about: 'an asynchronous sender and a receiver that blocks, at a channel of one',
      lay: () => layShared(topology, 1),
      play: (place: Place) => {
        const ledger = new Ledger();
        const settled = { count: 0 };
        const receiver = join(place, 'receiver');
        return {
          threads: {
            sender: sendLater(join(place, 'sender'), [11, 12], ledger, settled),
            receiver: () => {
              for (let i = 0; i < 2; i++) ledger.received('receiver', receives(receiver)!);
            },
          },
          atRest: () => {
            same(settled.count, 2, 'promises settled');
            ledger.settle();
          },
        };
      },
    }),
  ),

  model({
    name: 'pump/both',
    about: 'an asynchronous and a blocking receiver: each gets its message',
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const ledger = new Ledger();
      const settled = { count: 0 };
      const [blocking, sender] = [join(place, 'blocking'), join(place, 'sender')];
      return {
        threads: {
          pumping: receiveLater(join(place, 'pumping'), 1, ledger, settled),
          blocking: () => ledger.received('blocking', receives(blocking)!),
          sender: () => {
            for (const value of [11, 12]) if (sends(sender, value)) ledger.accepted.push(value);
          },
        },
        atRest: () => {
          same(settled.count, 1, 'promises settled');
          ledger.settle();
        },
      };
    },
  }),

  model({
    name: 'pump/pending-and-blocking',
    about: 'a thread with a pending receive blocks on a send: the wake-ups of both are its own',
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const ledger = new Ledger();
      const settled = { count: 0 };
      const [both, other] = [join(place, 'both'), join(place, 'other')];
      const begin = receiveLater(both, 1, ledger, settled);
      return {
        threads: {
          both: () => {
            begin();
            for (const value of [11, 12]) if (sends(both, value)) ledger.accepted.push(value);
          },
          other: () => ledger.received('other', receives(other)!),
        },
        atRest: () => {
          same(settled.count, 1, 'promises settled');
          ledger.settle();
        },
      };
    },
  }),

  model({
    name: 'pump/self',
    about: 'a thread with a pending receive sends: it may have to wake itself, or the other one',
    lay: () => layShared('mpmc', 2),
    play: (place: Place) => {
      const ledger = new Ledger();
      const settled = { count: 0 };
      const [both, other] = [join(place, 'both'), join(place, 'other')];
      const begin = receiveLater(both, 1, ledger, settled);
      return {
        threads: {
          both: () => {
            begin();
            for (const value of [11, 12]) if (sends(both, value)) ledger.accepted.push(value);
          },
          other: () => ledger.received('other', receives(other)!),
        },
        atRest: () => {
          same(settled.count, 1, 'promises settled');
          ledger.settle();
        },
      };
    },
  }),

  model({
    name: 'pump/woken-and-blocking',
    about: 'a thread whose pending receive was woken blocks on a send before its event loop turns',
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const ledger = new Ledger();
      const settled = { count: 0 };
      const [both, other] = [join(place, 'both'), join(place, 'other')];
      const begin = receiveLater(both, 1, ledger, settled);
      return {
        threads: {
          both: () => {
            begin();
            if (sends(both, 11)) ledger.accepted.push(11);
          },
          other: () => {
            if (sends(other, 21)) ledger.accepted.push(21);
          },
        },
        atRest: () => {
          same(settled.count, 1, 'promises settled');
          same(ledger.accepted.length, 2, 'accepted');
          const left = other.channel.tryReceive();
          ledger.received('rest', left!.value!);
          ledger.settle();
        },
      };
    },
  }),

  model({
    name: 'pump/withdraw',
    about: 'R22: a pending receive is called off; what its thread was woken for goes to the other receiver',
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const ledger = new Ledger();
      const [fickle, patient, sender] = [join(place, 'fickle'), join(place, 'patient'), join(place, 'sender')];
      const calling = new Calling();
      return {
        threads: {
          fickle: () => {
            fickle.channel.receive({ signal: calling as unknown as AbortSignal }).then(
              (received) => ledger.received('fickle', received.value!),
              () => {},
            );
            calling.off();
          },
          patient: {
            maySleep: true,
            run: () => ledger.received('patient', receives(patient)!),
          },
          sender: () => {
            if (sends(sender, 11)) ledger.accepted.push(11);
          },
        },
        atRest: () => ledger.settle(),
      };
    },
  }),

  model({
    name: 'pump/close',
    about: 'R10: a close settles what is pending, receives and sends',
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const ledger = new Ledger();
      const [received, sent] = [{ count: 0 }, { count: 0 }];
      const closer = join(place, 'closer');
      return {
        threads: {
          receiver: receiveLater(join(place, 'receiver'), 3, ledger, received),
          sender: sendLater(join(place, 'sender'), [11, 12], ledger, sent),
          closer: () => closer.channel.close(),
        },
        atRest: () => {
          same(sent.count, 2, 'sends settled');
          check(received.count === ledger.delivered.length + 1, 'the last receive did not settle');
          ledger.settle();
        },
      };
    },
  }),
];
