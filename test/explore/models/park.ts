/** Sleeping and waking on a whole channel: nobody sleeps while there is something for him to do. */

import { channelClosed } from '../../../src/kernel/close.ts';
import { CHANNEL_PEAK } from '../../../src/memory/layout.ts';
import { poke } from '../../../src/memory/words.ts';
import { check, model, same } from '../model.ts';
import { join, layShared, type Party, type Place, receives, sends } from './support/channel.ts';
import { Flag } from './support/flag.ts';
import { Ledger } from './support/ledger.ts';

function sender(party: Party, values: readonly number[], ledger: Ledger) {
  return () => {
    for (const value of values) if (sends(party, value)) ledger.accepted.push(value);
  };
}

/** Receives so many messages, or to the end. */
function receiver(party: Party, count: number, ledger: Ledger) {
  return () => {
    for (let i = 0; i < count; i++) {
      const value = receives(party);
      if (value === undefined) return;
      ledger.received(party.thread.name, value);
    }
  };
}

/** A channel that was full once: what is sent now is no new peak, and so needs no look at the head. */
function layBusy(capacity: number): Place {
  const place = layShared('mpmc', capacity);
  poke(place.address + CHANNEL_PEAK, capacity);
  return place;
}

export const models = [
  ...(['spsc', 'mpmc'] as const).map((topology) =>
    model({
      name: `park/${topology}`,
      about: 'a sender and a receiver that block, at a channel of one',
      spurious: 1,
      lay: () => layShared(topology, 1),
      play: (place: Place) => {
        const ledger = new Ledger();
        return {
          threads: {
            sender: sender(join(place, 'sender'), [11, 12, 13], ledger),
            receiver: receiver(join(place, 'receiver'), 3, ledger),
          },
          atRest: () => {
            same(ledger.accepted, [11, 12, 13], 'accepted');
            ledger.settle();
          },
        };
      },
    }),
  ),

  model({
    name: 'park/two-receivers',
    about: 'two receivers that block, and a sender that sends each a message',
    lay: () => layShared('mpmc', 2),
    play: (place: Place) => {
      const ledger = new Ledger();
      return {
        threads: {
          one: receiver(join(place, 'one'), 1, ledger),
          two: receiver(join(place, 'two'), 1, ledger),
          sender: sender(join(place, 'sender'), [11, 12], ledger),
        },
        atRest: () => ledger.settle(),
      };
    },
  }),

  model({
    name: 'park/two-senders',
    about: 'two senders that block at a channel of one, and a receiver of all',
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const ledger = new Ledger();
      return {
        threads: {
          one: sender(join(place, 'one'), [11, 12], ledger),
          two: sender(join(place, 'two'), [21], ledger),
          receiver: receiver(join(place, 'receiver'), 3, ledger),
        },
        atRest: () => {
          same(ledger.accepted.length, 3, 'accepted');
          ledger.settle();
        },
      };
    },
  }),

  model({
    name: 'park/time-out',
    about: 'R22: of two receivers one may give up; what it was woken for goes to the other',
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const ledger = new Ledger();
      const impatient = join(place, 'impatient');
      let gaveUp = false;
      return {
        threads: {
          impatient: () => {
            const value = receives(impatient, 1);
            if (value === undefined) gaveUp = true;
            else ledger.received('impatient', value);
          },
          patient: { maySleep: true, run: receiver(join(place, 'patient'), 1, ledger) },
          sender: sender(join(place, 'sender'), [11], ledger),
        },
        atRest: () => {
          ledger.settle();
          check(!gaveUp || ledger.delivered.length === 1, 'the message stayed behind');
        },
      };
    },
  }),

  model({
    name: 'park/time-out-room',
    about: 'R22: of two senders at a full channel one may give up; the room it was woken for goes to the other',
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const ledger = new Ledger();
      const impatient = join(place, 'impatient');
      const reader = join(place, 'receiver');
      return {
        threads: {
          impatient: () => {
            if (sends(impatient, 11, 1)) ledger.accepted.push(11);
          },
          patient: { maySleep: true, run: sender(join(place, 'patient'), [21, 22], ledger) },
          receiver: () => {
            ledger.received('receiver', receives(reader)!);
          },
        },
        atRest: () => {
          const left = place.segment && reader.channel.tryReceive();
          if (left && !left.done) ledger.received('rest', left.value);
          ledger.settle();
          check(ledger.accepted.length === 2, 'somebody sleeps, though there is room');
        },
      };
    },
  }),

  ...(['spsc', 'mpmc'] as const).map((topology) =>
    model({
      name: `park/close-${topology}`,
      about: 'R10: a close wakes the receiver that blocks, after what was accepted',
      lay: () => layShared(topology, 1),
      play: (place: Place) => {
        const ledger = new Ledger();
        const closer = join(place, 'closer');
        return {
          threads: {
            receiver: receiver(join(place, 'receiver'), 9, ledger),
            sender: sender(join(place, 'sender'), [11, 12], ledger),
            closer: () => closer.channel.close(),
          },
          atRest: () => {
            ledger.settle();
            check(channelClosed(place.address), 'it was closed and is open');
          },
        };
      },
    }),
  ),

  model({
    name: 'park/short',
    about: 'two senders whose messages find room at the first look, and a receiver that blocks',
    lay: () => layBusy(2),
    play: (place: Place) => {
      const ledger = new Ledger();
      return {
        threads: {
          one: sender(join(place, 'one'), [11], ledger),
          two: sender(join(place, 'two'), [21], ledger),
          receiver: receiver(join(place, 'receiver'), 2, ledger),
        },
        atRest: () => {
          same(ledger.accepted.length, 2, 'accepted');
          ledger.settle();
        },
      };
    },
  }),

  model({
    name: 'park/short-receivers',
    about: 'two receivers that block, at messages that find room at the first look',
    lay: () => layBusy(2),
    play: (place: Place) => {
      const ledger = new Ledger();
      return {
        threads: {
          one: receiver(join(place, 'one'), 1, ledger),
          two: receiver(join(place, 'two'), 1, ledger),
          sender: sender(join(place, 'sender'), [11, 12], ledger),
        },
        atRest: () => ledger.settle(),
      };
    },
  }),

  model({
    name: 'park/short-close',
    about: 'R7, R10: a close meets messages that find room at the first look',
    lay: () => layBusy(2),
    play: (place: Place) => {
      const ledger = new Ledger();
      const closer = join(place, 'closer');
      const sending = join(place, 'sender');
      const closed = new Flag();
      return {
        threads: {
          receiver: receiver(join(place, 'receiver'), 9, ledger),
          sender: () => {
            for (const value of [11, 12]) {
              const late = closed.raised;
              if (!sends(sending, value)) continue;
              check(!late, 'R7: a message was accepted after the close');
              ledger.accepted.push(value);
            }
          },
          closer: () => {
            closer.channel.close();
            closed.raise();
          },
        },
        atRest: () => ledger.settle(),
      };
    },
  }),

  model({
    name: 'park/tiny',
    about: 'two senders and a receiver that block, at a single slot: the one of the lap before may still be read',
    lay: () => layShared('mpmc', 1, { tiny: true }),
    play: (place: Place) => {
      const ledger = new Ledger();
      return {
        threads: {
          one: sender(join(place, 'one'), [11, 12], ledger),
          two: receiver(join(place, 'two'), 1, ledger),
          three: receiver(join(place, 'three'), 1, ledger),
        },
        atRest: () => ledger.settle(),
      };
    },
  }),

  model({
    name: 'park/close-tiny',
    about: 'R10: a single slot is still being read when the channel is closed: the other receiver is not left behind',
    lay: () => layShared('mpmc', 1, { tiny: true }),
    play: (place: Place) => {
      const ledger = new Ledger();
      const closer = join(place, 'closer');
      return {
        threads: {
          one: receiver(join(place, 'one'), 9, ledger),
          two: receiver(join(place, 'two'), 9, ledger),
          closer: () => {
            if (sends(closer, 11)) ledger.accepted.push(11);
            closer.channel.close();
          },
        },
        atRest: () => ledger.settle(),
      };
    },
  }),

  model({
    name: 'park/close-all',
    about: 'R10: a close wakes two receivers that block',
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const ledger = new Ledger();
      const closer = join(place, 'closer');
      return {
        threads: {
          one: receiver(join(place, 'one'), 9, ledger),
          two: receiver(join(place, 'two'), 9, ledger),
          closer: () => {
            if (sends(closer, 11)) ledger.accepted.push(11);
            closer.channel.close();
          },
        },
        atRest: () => ledger.settle(),
      };
    },
  }),

  model({
    name: 'park/close-senders',
    about: 'R10: a close wakes two senders that block, and their messages are not accepted',
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const ledger = new Ledger();
      const closer = join(place, 'closer');
      return {
        threads: {
          one: sender(join(place, 'one'), [11, 12], ledger),
          two: sender(join(place, 'two'), [21], ledger),
          closer: () => closer.channel.close(),
        },
        atRest: () => {
          for (let next = closer.channel.tryReceive(); next && !next.done; next = closer.channel.tryReceive()) {
            ledger.received('closer', next.value);
          }
          ledger.settle();
        },
      };
    },
  }),
];
