/** Channels of capacity 0: sends and receives that meet, and closes, time-outs and calling off that come between. */

import { ChannelClosedError } from '../../../src/errors.ts';
import { channelClose, NO_ERROR } from '../../../src/kernel/close.ts';
import { BLOCKED, CLOSED } from '../../../src/kernel/codes.ts';
import { ROLE_RECEIVER, ROLE_SENDER } from '../../../src/kernel/ends.ts';
import { seatClaim, seatFinish, seatLeave, seatWithdraw } from '../../../src/kernel/rendezvous.ts';
import { SEAT_MET, seatState } from '../../../src/kernel/seats.ts';
import { relax } from '../../../src/memory/words.ts';
import { check, model, same } from '../model.ts';
import { Calling } from './support/calling.ts';
import { join, layShared, type Party, type Place, receives, sends } from './support/channel.ts';
import { Flag } from './support/flag.ts';
import { Ledger } from './support/ledger.ts';
import { laySeats, meet, meetHastily, nobodySits, seatsVacant, sit, tryMeet } from './support/seats.ts';

// ── The kernel alone ──────────────────────────────────────────────────────────────────────────────────────────────────

interface Meeting {
  readonly channel: number;
  readonly ledger: Ledger;
}

function send({ channel, ledger }: Meeting, me: number, value: number, patience?: number): number {
  const met = meet(channel, ROLE_SENDER, me, value, patience);
  if (met > 0) ledger.accepted.push(value);
  return met;
}

function receive({ channel, ledger }: Meeting, me: number, patience?: number): number {
  const met = meet(channel, ROLE_RECEIVER, me, 0, patience);
  if (met > 0) ledger.received(`thread ${me}`, met);
  return met;
}

function sendHastily({ channel, ledger }: Meeting, me: number, value: number): void {
  if (meetHastily(channel, ROLE_SENDER, me, value) > 0) ledger.accepted.push(value);
}

function receiveHastily({ channel, ledger }: Meeting, me: number): void {
  const met = meetHastily(channel, ROLE_RECEIVER, me);
  if (met > 0) ledger.received(`thread ${me}`, met);
}

function trySend({ channel, ledger }: Meeting, me: number, value: number): number {
  const met = tryMeet(channel, ROLE_SENDER, me, value);
  if (met > 0) ledger.accepted.push(value);
  return met;
}

function tryReceive({ channel, ledger }: Meeting, me: number): number {
  const met = tryMeet(channel, ROLE_RECEIVER, me);
  if (met > 0) ledger.received(`thread ${me}`, met);
  return met;
}

/** A model of the kernel alone: every message that was sent was received, and all seats are empty in the end. */
function kernel(
  name: string,
  about: string,
  threads: (meeting: Meeting) => Record<string, () => void>,
  expected?: readonly number[],
  preemptions?: number,
) {
  return model({
    name: `rendezvous/${name}`,
    about,
    ...(preemptions === undefined ? {} : { preemptions }),
    lay: laySeats,
    play: (channel) => {
      const ledger = new Ledger();
      return {
        threads: threads({ channel, ledger }),
        atRest: () => {
          if (expected) same(ledger.accepted.toSorted(), expected, 'sent');
          ledger.settle();
          seatsVacant(channel);
        },
      };
    },
  });
}

// ── Whole channels ────────────────────────────────────────────────────────────────────────────────────────────────────

function sendTo(party: Party, ledger: Ledger, value: number, timeout?: number): boolean {
  const sent = sends(party, value, timeout);
  if (sent) ledger.accepted.push(value);
  return sent;
}

function receiveFrom(party: Party, ledger: Ledger, timeout?: number): boolean {
  const value = receives(party, timeout);
  if (value === undefined) return false;
  ledger.received(party.thread.name, value);
  return true;
}

interface Settled {
  count: number;
}

function sendLater({ channel }: Party, ledger: Ledger, settled: Settled, value: number, calling?: Calling): void {
  channel.send(value, calling && { signal: calling as unknown as AbortSignal }).then(
    () => {
      settled.count++;
      ledger.accepted.push(value);
    },
    (error) => {
      if (!(error instanceof ChannelClosedError) && error !== calling?.reason) throw error;
      settled.count++;
    },
  );
}

function receiveLater({ channel, thread }: Party, ledger: Ledger, settled: Settled, calling?: Calling): void {
  channel.receive(calling && { signal: calling as unknown as AbortSignal }).then(
    (received) => {
      settled.count++;
      if (!received.done) ledger.received(thread.name, received.value);
    },
    (error) => {
      if (error !== calling?.reason) throw error;
      settled.count++;
    },
  );
}

interface Scene {
  readonly ledger: Ledger;
  readonly settled: Settled;
  join(name: string): Party;
}

interface Ending {
  /** How many promises have to be settled. Default: any number. */
  readonly settled?: number;
  /** What has to have been sent. */
  readonly sent?: readonly number[];
  /** Nobody is left waiting. Default: yes. */
  readonly nobody?: boolean;
  readonly preemptions?: number;
  /** Looks before a thread sleeps. Default: none. */
  readonly spin?: number;
}

/** A model of a whole channel. */
function whole(
  name: string,
  about: string,
  threads: (scene: Scene) => Record<string, (() => void) | { maySleep: true; run: () => void }>,
  { settled: promised, sent, nobody = true, preemptions, spin = 0 }: Ending = {},
) {
  return model({
    name: `rendezvous/${name}`,
    about,
    ...(preemptions === undefined ? {} : { preemptions }),
    lay: () => layShared('mpmc', 0, { spin }),
    play: (place: Place) => {
      const ledger = new Ledger();
      const settled = { count: 0 };
      return {
        threads: threads({ ledger, settled, join: (called) => join(place, called) }),
        atRest: () => {
          if (promised !== undefined) same(settled.count, promised, 'promises settled');
          if (sent) same(ledger.accepted.toSorted(), sent, 'sent');
          ledger.settle();
          if (nobody) nobodySits(place.address);
        },
      };
    },
  });
}

export const models = [
  kernel(
    'kernel',
    'a sender and a receiver meet twice, whoever waits for whom',
    (meeting) => ({
      sender: () => {
        for (const value of [11, 12]) send(meeting, 1, value);
      },
      receiver: () => {
        for (let i = 0; i < 2; i++) receive(meeting, 2);
      },
    }),
    [11, 12],
    2,
  ),
  kernel('kernel-try', 'R4: who only tries meets somebody who waits, or nobody', (meeting) => ({
    receiver: () => void receive(meeting, 1, 2),
    sender: () => void send(meeting, 2, 21, 2),
    tries: () => {
      trySend(meeting, 3, 31);
      tryReceive(meeting, 3);
    },
  })),
  kernel('kernel-called-off', 'R22, R24: both are called off, or met, never both', (meeting) => ({
    sender: () => void send(meeting, 1, 11, 1),
    receiver: () => void receive(meeting, 2, 1),
    late: () => void receive(meeting, 3, 1),
  })),
  kernel(
    'kernel-close',
    'R7, R10: a close against a sender and a receiver: they meet before it, or not at all',
    (m) => {
      const ends: number[] = [];
      return {
        sender: () => void ends.push(send(m, 1, 11)),
        receiver: () => {
          ends.push(receive(m, 2));
          check(!ends.includes(BLOCKED), 'R10: somebody found nobody at the end');
        },
        closer: () => void channelClose(m.channel, NO_ERROR),
      };
    },
  ),
  kernel('kernel-after-close', 'R7: nothing is sent once somebody has seen the end', (meeting) => ({
    receiver: () => void receive(meeting, 1),
    sender: () => void send(meeting, 2, 21, 2),
    closer: () => {
      channelClose(meeting.channel, NO_ERROR);
      const before = meeting.ledger.accepted.length;
      check(trySend(meeting, 3, 31) === CLOSED, 'R7: sent after the close');
      check(tryReceive(meeting, 3) === CLOSED, 'R9: received after the close');
      check(before <= 1, 'two messages of one sender');
    },
  })),
  kernel('kernel-abandon', 'R22, R24: who sits does not wait until whoever has come is done', (meeting) => ({
    sender: () => sendHastily(meeting, 1, 11),
    receiver: () => receiveHastily(meeting, 2),
    tries: () => {
      trySend(meeting, 3, 31);
      tryReceive(meeting, 3);
    },
  })),
  kernel('kernel-abandon-close', 'R2, R7: the same sender, while the channel is closed: he has sent, or not', (m) => ({
    sender: () => sendHastily(m, 1, 11),
    receiver: () => void tryReceive(m, 2),
    closer: () => void channelClose(m.channel, NO_ERROR),
  })),
  model({
    name: 'rendezvous/kernel-instant',
    about: 'R4: one sits down before the other gets up, so there is always somebody for whoever tries',
    lay: laySeats,
    play: (channel: number) => {
      const there = sit(channel, ROLE_SENDER, 2);
      let claimed: number;
      return {
        threads: {
          sitters: () => {
            sit(channel, ROLE_SENDER, 1);
            seatWithdraw(there);
          },
          tries: () => {
            claimed = seatClaim(channel, ROLE_SENDER, 3);
          },
        },
        atRest: () => check(claimed >= 0, 'R4: found nobody'),
      };
    },
  }),
  model({
    name: 'rendezvous/kernel-again',
    about: 'R4: a receiver who was met sits down once more; whoever tries then meets him',
    lay: laySeats,
    play: (channel: number) => {
      const again = new Flag();
      const first = sit(channel, ROLE_RECEIVER, 1);
      return {
        threads: {
          receiver: () => {
            while (seatState(first) !== SEAT_MET) relax(1);
            seatLeave(first);
            sit(channel, ROLE_RECEIVER, 1);
            again.raise();
          },
          sender: () => check(tryMeet(channel, ROLE_SENDER, 2, 21) > 0, 'R4: found nobody'),
          tries: () => {
            if (!again.raised) return;
            check(tryMeet(channel, ROLE_SENDER, 3, 31) > 0, 'R4: found nobody once more');
          },
        },
        atRest: () => {},
      };
    },
  }),
  model({
    name: 'rendezvous/kernel-turns',
    about: 'two wait, again and again: each is met in turn',
    lay: laySeats,
    play: (channel: number) => {
      for (const sender of [1, 2]) sit(channel, ROLE_SENDER, sender);
      const met: number[] = [];
      return {
        threads: {
          receiver: () => {
            for (let i = 0; i < 4; i++) {
              const seat = seatClaim(channel, ROLE_SENDER, 3);
              const sender = seatFinish(channel, seat);
              met.push(sender);
              seatLeave(seat);
              sit(channel, ROLE_SENDER, sender);
            }
          },
        },
        atRest: () => same(met, [1, 2, 1, 2], 'senders met'),
      };
    },
  }),

  whole(
    'one',
    'R5: a sender and a receiver meet twice',
    ({ ledger, join: come }) => {
      const [sender, receiver] = [come('sender'), come('receiver')];
      let taken = 0;
      return {
        sender: () => {
          for (const value of [11, 12]) sendTo(sender, ledger, value);
        },
        receiver: () => {
          while (taken < 2 && receiveFrom(receiver, ledger)) taken++;
        },
      };
    },
    { sent: [11, 12] },
  ),
  whole(
    'spinning',
    'R14: a sender and a receiver who look a few times before they sleep leave no bit behind',
    ({ ledger, join: come }) => {
      const [sender, receiver] = [come('sender'), come('receiver')];
      return {
        sender: () => void sendTo(sender, ledger, 11),
        receiver: () => void receiveFrom(receiver, ledger),
      };
    },
    { sent: [11], spin: 2 },
  ),
  whole(
    'senders',
    'R6: two senders and a receiver',
    ({ ledger, join: come }) => {
      const [one, two, receiver] = [come('one'), come('two'), come('receiver')];
      return {
        one: () => void sendTo(one, ledger, 11),
        two: () => void sendTo(two, ledger, 21),
        receiver: () => {
          for (let i = 0; i < 2; i++) receiveFrom(receiver, ledger);
        },
      };
    },
    { sent: [11, 21] },
  ),
  whole(
    'receivers',
    'R6: two receivers and a sender',
    ({ ledger, join: come }) => {
      const [one, two, sender] = [come('one'), come('two'), come('sender')];
      return {
        one: () => void receiveFrom(one, ledger),
        two: () => void receiveFrom(two, ledger),
        sender: () => {
          for (const value of [31, 32]) sendTo(sender, ledger, value);
        },
      };
    },
    { sent: [31, 32] },
  ),
  whole(
    'try',
    'R4: who tries to send meets a receiver who waits, or nobody; and who tries to receive',
    ({ ledger, join: come }) => {
      const [waiting, trying] = [come('waiting'), come('trying')];
      let met = false;
      return {
        waiting: {
          maySleep: true,
          run: () => {
            receiveFrom(waiting, ledger);
            met = true;
            sendTo(waiting, ledger, 12);
          },
        },
        trying: () => {
          if (trying.channel.trySend(21)) ledger.accepted.push(21);
          const received = trying.channel.tryReceive();
          if (!received || received.done) return;
          check(met, 'received before the other could send');
          ledger.received('trying', received.value);
        },
      };
    },
    { nobody: false },
  ),
  whole(
    'time-out',
    'R24: a sender and a receiver whose time runs out: both met, or neither',
    ({ ledger, join: come }) => {
      const [sender, receiver] = [come('sender'), come('receiver')];
      return {
        sender: () => void sendTo(sender, ledger, 11, 1),
        receiver: () => void receiveFrom(receiver, ledger, 1),
      };
    },
    { preemptions: 2 },
  ),
  whole(
    'hasty',
    'R22: a receiver whose time runs out, and a patient one: the message goes to one of them',
    ({ ledger, join: come }) => {
      const [hasty, patient, sender] = [come('hasty'), come('patient'), come('sender')];
      return {
        hasty: () => void receiveFrom(hasty, ledger, 1),
        patient: { maySleep: true, run: () => void receiveFrom(patient, ledger) },
        sender: () => void sendTo(sender, ledger, 11),
      };
    },
    { sent: [11], nobody: false },
  ),
  whole(
    'hasty-sender',
    'R22: a sender whose time runs out, and a patient one: the receiver gets one of the messages',
    ({ ledger, join: come }) => {
      const [hasty, patient, receiver] = [come('hasty'), come('patient'), come('receiver')];
      return {
        hasty: () => void sendTo(hasty, ledger, 11, 1),
        patient: { maySleep: true, run: () => void sendTo(patient, ledger, 21) },
        receiver: () => check(receiveFrom(receiver, ledger), 'nobody was met'),
      };
    },
    { nobody: false },
  ),
  whole('close', 'R7, R10: a close against a sender and a receiver, who wait or come', ({ ledger, join: come }) => {
    const [sender, receiver, closer] = [come('sender'), come('receiver'), come('closer')];
    return {
      sender: () => {
        if (sendTo(sender, ledger, 11)) sendTo(sender, ledger, 12);
      },
      receiver: () => {
        for (let i = 0; i < 3 && receiveFrom(receiver, ledger); i++);
      },
      closer: () => closer.channel.close(),
    };
  }),
  whole('close-receivers', 'R10: a close wakes two receivers who wait', ({ ledger, join: come }) => {
    const [one, two, closer] = [come('one'), come('two'), come('closer')];
    return {
      one: () => check(!receiveFrom(one, ledger), 'received from nobody'),
      two: () => check(!receiveFrom(two, ledger), 'received from nobody'),
      closer: () => closer.channel.close(),
    };
  }),
  whole(
    'close-senders',
    'R7, R10: a close wakes two senders who wait, and neither has sent',
    ({ ledger, join: come }) => {
      const [one, two, closer] = [come('one'), come('two'), come('closer')];
      return {
        one: () => check(!sendTo(one, ledger, 11), 'R7: sent to nobody'),
        two: () => check(!sendTo(two, ledger, 21), 'R7: sent to nobody'),
        closer: () => closer.channel.close(),
      };
    },
  ),

  whole(
    'pending-receives',
    'two receives of one thread that are pending, and a sender of two messages',
    ({ ledger, settled, join: come }) => {
      const [receiver, sender] = [come('receiver'), come('sender')];
      return {
        receiver: () => {
          receiveLater(receiver, ledger, settled);
          receiveLater(receiver, ledger, settled);
        },
        sender: () => {
          for (const value of [11, 12]) sendTo(sender, ledger, value);
        },
      };
    },
    { settled: 2, sent: [11, 12] },
  ),
  whole(
    'pending-sends',
    'two sends of one thread that are pending, and a receiver of two messages',
    ({ ledger, settled, join: come }) => {
      const [receiver, sender] = [come('receiver'), come('sender')];
      return {
        sender: () => {
          for (const value of [11, 12]) sendLater(sender, ledger, settled, value);
        },
        receiver: () => {
          for (let i = 0; i < 2; i++) receiveFrom(receiver, ledger);
        },
      };
    },
    { settled: 2, sent: [11, 12] },
  ),
  whole(
    'pending-both',
    'a pending send and a pending receive of different threads',
    ({ ledger, settled, join: come }) => {
      const [receiver, sender] = [come('receiver'), come('sender')];
      return {
        sender: () => sendLater(sender, ledger, settled, 11),
        receiver: () => receiveLater(receiver, ledger, settled),
      };
    },
    { settled: 2, sent: [11] },
  ),
  whole(
    'pending-own',
    'a pending receive and a pending send of one thread meet each other, or what another thread sends and receives',
    ({ ledger, settled, join: come }) => {
      const [own, other] = [come('own'), come('other')];
      return {
        own: () => {
          receiveLater(own, ledger, settled);
          sendLater(own, ledger, settled, 11);
        },
        other: () => {
          if (sendTo(other, ledger, 21, 1)) receiveFrom(other, ledger);
        },
      };
    },
    { settled: 2 },
  ),
  whole(
    'pending-behind',
    'a receive that blocks, with a time-out, while one of the same thread is pending: each is itself',
    ({ ledger, settled, join: come }) => {
      const [receiver, sender] = [come('receiver'), come('sender')];
      return {
        receiver: () => {
          receiveLater(receiver, ledger, settled);
          receiveFrom(receiver, ledger, 1);
        },
        sender: () => void sendTo(sender, ledger, 11),
      };
    },
    { nobody: false, sent: [11] },
  ),
  whole(
    'pending-send-behind',
    'a send that blocks, with a time-out, while one of the same thread is pending: each is itself',
    ({ ledger, settled, join: come }) => {
      const [receiver, sender] = [come('receiver'), come('sender')];
      return {
        sender: () => {
          sendLater(sender, ledger, settled, 11);
          sendTo(sender, ledger, 12, 1);
        },
        receiver: () => check(receiveFrom(receiver, ledger), 'nobody was met'),
      };
    },
    { nobody: false },
  ),
  whole(
    'pending-called-off',
    'R22, R24: a pending receive is called off while somebody sends: it took nothing, or it was settled',
    ({ ledger, settled, join: come }) => {
      const [fickle, patient, sender] = [come('fickle'), come('patient'), come('sender')];
      const calling = new Calling();
      return {
        fickle: () => {
          receiveLater(fickle, ledger, settled, calling);
          calling.off();
        },
        patient: { maySleep: true, run: () => void receiveFrom(patient, ledger) },
        sender: () => void sendTo(sender, ledger, 11),
      };
    },
    { settled: 1, sent: [11], nobody: false },
  ),
  whole(
    'pending-send-called-off',
    'R22, R24: a pending send is called off while somebody receives: it sent nothing, or it was settled',
    ({ ledger, settled, join: come }) => {
      const [fickle, patient, receiver] = [come('fickle'), come('patient'), come('receiver')];
      const calling = new Calling();
      return {
        fickle: () => {
          sendLater(fickle, ledger, settled, 11, calling);
          calling.off();
        },
        patient: { maySleep: true, run: () => void sendTo(patient, ledger, 21) },
        receiver: () => check(receiveFrom(receiver, ledger), 'nobody was met'),
      };
    },
    { settled: 1, nobody: false },
  ),
  whole(
    'pending-close',
    'R10: a close settles what is pending on two threads; a meeting was before it, or is none',
    ({ ledger, settled, join: come }) => {
      const [receiver, sender, closer] = [come('receiver'), come('sender'), come('closer')];
      return {
        receiver: () => {
          receiveLater(receiver, ledger, settled);
          receiveLater(receiver, ledger, settled);
        },
        sender: () => sendLater(sender, ledger, settled, 11),
        closer: () => closer.channel.close(),
      };
    },
    { settled: 3 },
  ),
];
