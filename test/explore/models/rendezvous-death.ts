/** Meetings when a thread dies at any step, in any role, and recovery runs while everybody else goes on. */

import type { SharedChannel } from '../../../src/channel/channel.ts';
import { select, selectSync } from '../../../src/channel/select/select.ts';
import { TimeoutError } from '../../../src/errors.ts';
import { blockTake } from '../../../src/kernel/blocks.ts';
import { BLOCKED } from '../../../src/kernel/codes.ts';
import { ROLE_RECEIVER, ROLE_SENDER } from '../../../src/kernel/ends.ts';
import { rendezvousRecover } from '../../../src/kernel/rendezvous.ts';
import { SEAT_MET, seatOf, seatState } from '../../../src/kernel/seats.ts';
import { threadState } from '../../../src/kernel/threads.ts';
import { CHANNEL_LOST, PAGE_BYTES, THREAD_FREE } from '../../../src/memory/layout.ts';
import { load } from '../../../src/memory/words.ts';
import { ThreadContext } from '../../../src/park/thread.ts';
import type { Lease } from '../../../src/pool/lease.ts';
import { recoverThread } from '../../../src/supervisor/recovery.ts';
import { check, type Fates, type Model, model, type Program, same } from '../model.ts';
import { join, joinLeases, layLeases, layShared, type Party, type Place, receives, sends } from './support/channel.ts';
import { Ledger } from './support/ledger.ts';
import { type Chooser, joinPair, layPair, type Pair } from './support/pair.ts';
import { laySeats, meet, meetHastily, nobodySits, seatsVacant, stillMeet, tryMeet } from './support/seats.ts';

const VICTIM = 1;
const HEALER = 5;
const HALF = PAGE_BYTES / 2;

/** What is missing was counted as lost, and what was being sent by the dead may have arrived (R30, R31). */
function settleLosses(ledger: Ledger, begun: readonly number[], lost: number, died: boolean): void {
  for (const value of begun) {
    if (ledger.delivered.includes(value) && !ledger.accepted.includes(value)) ledger.accepted.push(value);
  }
  ledger.inOrder();
  same(new Set(ledger.delivered).size, ledger.delivered.length, 'messages that came once');
  for (const value of ledger.delivered) check(ledger.accepted.includes(value), `${value} came and was not sent`);
  const missing = ledger.accepted.length - ledger.delivered.length;
  // It may have died between giving the seat back and telling that it has the message; or in the middle of sending, so
  // that what was lost was never said to be sent.
  const untold = died ? 1 : 0;
  const unsaid = died && begun.some((value) => !ledger.accepted.includes(value)) ? 1 : 0;
  check(missing <= lost + untold && missing >= lost - unsaid, `${missing} are missing, ${lost} were counted`);
}

/** A victim in a role, others in whichever, in the kernel alone. */
function kernel(name: string, about: string, role: number, how: typeof meet | typeof tryMeet): Model<number> {
  const other = role === ROLE_SENDER ? ROLE_RECEIVER : ROLE_SENDER;
  return model({
    name: `rendezvous-death/${name}`,
    about,
    lay: laySeats,
    play: (channel: number) => {
      const ledger = new Ledger();
      let lost = 0;
      const note = (who: string, as: number, value: number, met: number) => {
        if (met <= 0) return;
        if (as === ROLE_SENDER) ledger.accepted.push(value);
        else ledger.received(who, met);
      };
      return {
        threads: {
          victim: { mortal: true, run: () => note('victim', role, 11, how(channel, role, VICTIM, 11, 2)) },
          one: () => note('one', other, 21, meet(channel, other, 2, 21, 3)),
          two: () => note('two', role, 31, meet(channel, role, 3, 31, 2)),
          healer: {
            heirOf: ['victim'],
            run: () => {
              const unread = seatState(seatOf(channel, ROLE_RECEIVER, VICTIM)) === SEAT_MET ? 1 : 0;
              lost = rendezvousRecover(channel, VICTIM, HEALER);
              check(lost >= unread, 'what it had not read was not counted');
            },
          },
        },
        atRest: ({ died }: Fates) => {
          settleLosses(ledger, role === ROLE_SENDER ? [11] : [], lost, died('victim'));
          seatsVacant(channel);
          same([tryMeet(channel, ROLE_SENDER, 2, 9), tryMeet(channel, ROLE_RECEIVER, 2)], [BLOCKED, BLOCKED], 'met');
        },
      };
    },
  });
}

interface Scene {
  readonly place: Place;
  readonly ledger: Ledger;
  readonly victim: Party;
  join(name: string): Party;
}

interface Ending {
  /** Nobody is left waiting. Default: somebody may be. */
  readonly nobody?: boolean;
  /** What the victim may have been sending. */
  readonly begun?: readonly number[];
}

/** A whole channel; the victim dies anywhere and is recovered. Two threads of its number and another meet afterwards. */
function whole(
  name: string,
  about: string,
  threads: (scene: Scene) => Record<string, Program | (() => void)>,
  { nobody = false, begun = [] }: Ending = {},
): Model<Place> {
  return model({
    name: `rendezvous-death/${name}`,
    about,
    preemptions: 0,
    lay: () => layShared('mpmc', 0),
    play: (place: Place) => {
      const ledger = new Ledger();
      const victim = join(place, 'victim');
      const healer = ThreadContext.attach(place.segment, 'healer', 101);
      const all = threads({ place, ledger, victim, join: (called) => join(place, called) });
      return {
        threads: {
          ...all,
          healer: { heirOf: ['victim'], run: () => void recoverThread(healer, victim.thread.id) },
        },
        atRest: ({ died }: Fates) => {
          settleLosses(ledger, begun, load(place.address + CHANNEL_LOST), died('victim'));
          if (nobody) nobodySits(place.address);
          if (!died('victim')) return;
          same(threadState(victim.thread.id), THREAD_FREE, 'state of the cell of the dead');
          if (!nobody) return;
          const [heir, other] = [join(place, 'heir'), join(place, 'other')];
          check(
            [heir, other].some(({ thread }) => thread.id === victim.thread.id),
            'its number is not free',
          );
          stillMeet(place.address, heir, other);
        },
      };
    },
  });
}

function send(party: Party, ledger: Ledger, value: number, timeout?: number): void {
  if (sends(party, value, timeout)) ledger.accepted.push(value);
}

function receive(party: Party, ledger: Ledger, timeout?: number): void {
  const value = receives(party, timeout);
  if (value !== undefined) ledger.received(party.thread.name, value);
}

/** A victim that selects at two channels; the others are there for each of them. */
function choosing(
  name: string,
  about: string,
  choose: (chooser: Chooser, ledger: Ledger) => void,
  others: (pair: Pair, ledger: Ledger) => Record<string, () => void>,
  pending = false,
): Model<Pair> {
  return model({
    name: `rendezvous-death/${name}`,
    about,
    preemptions: 0,
    lay: () => layPair({ capacity: 0 }),
    play: (pair: Pair) => {
      const ledger = new Ledger();
      const victim = joinPair(pair, 'victim');
      const healer = ThreadContext.attach(pair.segment, 'healer', 101);
      return {
        threads: {
          victim: { mortal: true, maySleep: pending, run: () => choose(victim, ledger) },
          ...others(pair, ledger),
          healer: { heirOf: ['victim'], run: () => void recoverThread(healer, victim.thread.id) },
        },
        atRest: ({ died }: Fates) => {
          const lost = load(pair.a.address + CHANNEL_LOST) + load(pair.b.address + CHANNEL_LOST);
          settleLosses(ledger, [11, 12], lost, died('victim'));
          if (!pending || died('victim')) nobodySits(pair.a.address, pair.b.address);
          if (!died('victim')) return;
          const [heir, other] = [joinPair(pair, 'heir'), joinPair(pair, 'other')];
          for (const each of ['a', 'b'] as const) {
            const guests = [heir, other].map((chooser) => ({ thread: chooser.thread, channel: chooser[each] }));
            stillMeet(pair[each].address, guests[0]!, guests[1]!);
          }
        },
      };
    },
  });
}

/** Sends, or receives, for a moment. */
function briefly(channel: SharedChannel<number>, who: string, ledger: Ledger, value?: number): void {
  try {
    if (value === undefined) {
      const { done, value: got } = channel.receiveSync({ timeout: 1 });
      if (!done) ledger.received(who, got);
    } else {
      channel.sendSync(value, { timeout: 1 });
      ledger.accepted.push(value);
    }
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
  }
}

/** Selects for a moment. Answers undefined when the time is over. */
function chooseOf(cases: object): any {
  try {
    return selectSync(cases as never, { timeout: 1 });
  } catch (error) {
    if (error instanceof TimeoutError) return undefined;
    throw error;
  }
}

function noteHit(hit: any, values: Record<string, number>, ledger: Ledger, who = 'victim'): void {
  if (!hit) return;
  const value = values[hit.key];
  if (value !== undefined) ledger.accepted.push(value);
  else if (!hit.done) ledger.received(who, hit.value);
}

const bothSent = ({ a, b }: Chooser, ledger: Ledger) =>
  noteHit(chooseOf({ a: a.onSend(11), b: b.onSend(12) }), { a: 11, b: 12 }, ledger);

export const models = [
  kernel('kernel-sender', 'a sender dies anywhere, waiting or claiming', ROLE_SENDER, meet),
  kernel('kernel-receiver', 'a receiver dies anywhere, waiting or claiming', ROLE_RECEIVER, meet),
  kernel('kernel-claiming-sender', 'who tries to send dies anywhere', ROLE_SENDER, tryMeet),
  kernel('kernel-claiming-receiver', 'who tries to receive dies anywhere', ROLE_RECEIVER, tryMeet),
  model({
    name: 'rendezvous-death/kernel-abandon',
    about: 'who has claimed a seat dies anywhere, and the sender there does not wait for him',
    lay: laySeats,
    play: (channel: number) => {
      const ledger = new Ledger();
      let lost = 0;
      return {
        threads: {
          victim: {
            mortal: true,
            run: () => {
              const met = tryMeet(channel, ROLE_RECEIVER, VICTIM);
              if (met > 0) ledger.received('victim', met);
            },
          },
          sender: () => {
            if (meetHastily(channel, ROLE_SENDER, 2, 21) > 0) ledger.accepted.push(21);
          },
          healer: {
            heirOf: ['victim'],
            run: () => {
              lost = rendezvousRecover(channel, VICTIM, HEALER);
            },
          },
        },
        atRest: ({ died }: Fates) => {
          settleLosses(ledger, [], lost, died('victim'));
          seatsVacant(channel);
        },
      };
    },
  }),
  model({
    name: 'rendezvous-death/kernel-healer',
    about: 'a sender dies, and so does who recovers it, anywhere; it is done again',
    preemptions: 0,
    lay: laySeats,
    play: (channel: number) => {
      const ledger = new Ledger();
      return {
        threads: {
          victim: { mortal: true, run: () => void meet(channel, ROLE_SENDER, VICTIM, 11, 2) },
          receiver: () => {
            const met = meet(channel, ROLE_RECEIVER, 2, 0, 3);
            if (met > 0) ledger.received('receiver', met);
          },
          healer: { mortal: true, heirOf: ['victim'], run: () => void rendezvousRecover(channel, VICTIM, HEALER) },
          heir: { heirOf: ['healer'], run: () => void rendezvousRecover(channel, VICTIM, HEALER) },
        },
        atRest: () => {
          check(ledger.delivered.length <= 1, 'a message came twice');
          seatsVacant(channel);
        },
      };
    },
  }),

  whole(
    'sender',
    'R29: a sender dies anywhere; a receiver and another sender meet all the same',
    ({ ledger, victim, join: come }) => {
      const [receiver, sender] = [come('receiver'), come('sender')];
      return {
        victim: { mortal: true, maySleep: true, run: () => send(victim, ledger, 11) },
        receiver: () => {
          receive(receiver, ledger);
        },
        sender: { maySleep: true, run: () => send(sender, ledger, 21) },
      };
    },
    { begun: [11] },
  ),
  whole(
    'receiver',
    'R29, R30: a receiver dies anywhere; another one gets a message, unless it was lost, and then it was counted',
    ({ ledger, victim, join: come }) => {
      const [receiver, sender] = [come('receiver'), come('sender')];
      return {
        victim: { mortal: true, maySleep: true, run: () => receive(victim, ledger) },
        receiver: { maySleep: true, run: () => receive(receiver, ledger) },
        sender: () => send(sender, ledger, 21),
      };
    },
  ),
  whole(
    'hasty',
    'a sender dies anywhere while its time runs out; so does that of the receiver',
    ({ ledger, victim, join: come }) => {
      const receiver = come('receiver');
      return {
        victim: { mortal: true, run: () => send(victim, ledger, 11, 1) },
        receiver: () => receive(receiver, ledger, 1),
      };
    },
    { nobody: true, begun: [11] },
  ),
  whole(
    'hasty-receiver',
    'a receiver dies anywhere while its time runs out; so does that of the sender',
    ({ ledger, victim, join: come }) => {
      const sender = come('sender');
      return {
        victim: { mortal: true, run: () => receive(victim, ledger, 1) },
        sender: () => send(sender, ledger, 21, 1),
      };
    },
    { nobody: true },
  ),
  whole(
    'trying',
    'who tries to receive, and to send, dies anywhere while another one waits',
    ({ ledger, victim, join: come }) => {
      const waiting = come('waiting');
      return {
        victim: {
          mortal: true,
          run: () => {
            const received = victim.channel.tryReceive();
            if (received && !received.done) ledger.received('victim', received.value);
            if (victim.channel.trySend(11)) ledger.accepted.push(11);
          },
        },
        waiting: () => {
          send(waiting, ledger, 21, 1);
          receive(waiting, ledger, 1);
        },
      };
    },
    { nobody: true, begun: [11] },
  ),
  whole(
    'pending',
    'a thread with a pending send and a pending receive dies anywhere; others go on',
    ({ ledger, victim, join: come }) => {
      const other = come('other');
      return {
        victim: {
          mortal: true,
          maySleep: true,
          run: () => {
            victim.channel.receive().then(({ done, value }) => {
              if (!done) ledger.received('victim', value);
            });
          },
        },
        other: () => {
          send(other, ledger, 21, 1);
          send(other, ledger, 22, 1);
        },
      };
    },
  ),
  model({
    name: 'rendezvous-death/unhealed',
    about:
      'who tries to receive dies anywhere, and the time of the sender he claimed runs out before anybody sees to it',
    lay: () => layShared('mpmc', 0),
    play: (place: Place) => {
      const ledger = new Ledger();
      const [victim, sender] = [join(place, 'victim'), join(place, 'sender')];
      return {
        threads: {
          victim: {
            mortal: true,
            run: () => {
              const received = victim.channel.tryReceive();
              if (received && !received.done) ledger.received('victim', received.value);
            },
          },
          sender: () => send(sender, ledger, 21, 1),
        },
        atRest: ({ died }: Fates) => {
          const lost = died('victim') ? rendezvousRecover(place.address, victim.thread.id, HEALER) : 0;
          settleLosses(ledger, [], lost, died('victim'));
          seatsVacant(place.address);
        },
      };
    },
  }),
  model({
    name: 'rendezvous-death/orphan',
    about:
      'a receiver dies while a sender is at work at its seat; the next thread of its number is met once that one is done',
    preemptions: 1,
    lay: () => layShared('mpmc', 0),
    play: (place: Place) => {
      const ledger = new Ledger();
      const [victim, sender, other] = [join(place, 'victim'), join(place, 'sender'), join(place, 'other')];
      const healer = ThreadContext.attach(place.segment, 'healer', 101);
      let served = false;
      return {
        threads: {
          victim: { mortal: true, maySleep: true, run: () => receive(victim, ledger) },
          sender: () => {
            if (sender.channel.trySend(21)) ledger.accepted.push(21);
          },
          other: { maySleep: true, run: () => send(other, ledger, 31) },
          healer: {
            heirOf: ['victim'],
            maySleep: true,
            run: () => {
              recoverThread(healer, victim.thread.id);
              const heir = join(place, 'heir');
              same(heir.thread.id, victim.thread.id, 'number of the heir');
              receive(heir, ledger);
              served = true;
            },
          },
        },
        atRest: ({ died }: Fates) => {
          settleLosses(ledger, [], load(place.address + CHANNEL_LOST), died('victim'));
          if (!died('victim')) return;
          check(served || ledger.accepted.includes(31), 'a sender and a receiver sleep, though both are there');
        },
      };
    },
  }),
  whole(
    'closed',
    'R7, R10, R29: a sender dies anywhere while the channel is closed; the receiver comes to the end',
    ({ ledger, victim, join: come }) => {
      const [receiver, closer] = [come('receiver'), come('closer')];
      return {
        victim: { mortal: true, maySleep: true, run: () => send(victim, ledger, 11) },
        receiver: () => receive(receiver, ledger),
        closer: () => closer.channel.close(),
      };
    },
    { begun: [11] },
  ),

  choosing(
    'select-receive',
    'R29: a select that sits at two seats dies anywhere; senders at both go on',
    ({ a, b }, ledger) => noteHit(chooseOf({ a: a.onReceive(), b: b.onReceive() }), {}, ledger),
    (pair, ledger) => {
      const [one, two] = [joinPair(pair, 'one'), joinPair(pair, 'two')];
      return {
        one: () => briefly(one.a, 'one', ledger, 21),
        two: () => briefly(two.b, 'two', ledger, 31),
      };
    },
  ),
  choosing(
    'select-send',
    'R29: a select that sends at two seats dies anywhere; receivers at both go on',
    bothSent,
    (pair, ledger) => {
      const [one, two] = [joinPair(pair, 'one'), joinPair(pair, 'two')];
      return {
        one: () => briefly(one.a, 'one', ledger),
        two: () => briefly(two.b, 'two', ledger),
      };
    },
  ),
  choosing(
    'claiming-led',
    'R29: who claims a seat of a select that another one leads dies anywhere; the select is met by somebody else',
    ({ b }, ledger) => {
      if (b.trySend(11)) ledger.accepted.push(11);
    },
    (pair, ledger) => {
      const [chooser, sender] = [joinPair(pair, 'chooser'), joinPair(pair, 'sender')];
      return {
        chooser: () => {
          const { a, b } = chooser;
          noteHit(chooseOf({ a: a.onReceive(), b: b.onReceive() }), {}, ledger, 'chooser');
        },
        sender: () => briefly(sender.a, 'sender', ledger, 21),
      };
    },
  ),
  choosing(
    'claiming-led-sender',
    'R29, R30: the same, and the select sends',
    ({ b }, ledger) => {
      const received = b.tryReceive();
      if (received && !received.done) ledger.received('victim', received.value);
    },
    (pair, ledger) => {
      const [chooser, receiver] = [joinPair(pair, 'chooser'), joinPair(pair, 'receiver')];
      return {
        chooser: () => {
          const { a, b } = chooser;
          noteHit(chooseOf({ a: a.onSend(21), b: b.onSend(22) }), { a: 21, b: 22 }, ledger, 'chooser');
        },
        receiver: () => briefly(receiver.a, 'receiver', ledger),
      };
    },
  ),
  choosing(
    'select-pending',
    'R29: a thread with a pending select dies anywhere; senders at both channels go on',
    ({ a, b }, ledger) => {
      select({ a: a.onReceive(), b: b.onReceive() }).then(
        (hit) => noteHit(hit, {}, ledger),
        () => {},
      );
    },
    (pair, ledger) => {
      const [one, two] = [joinPair(pair, 'one'), joinPair(pair, 'two')];
      return {
        one: () => briefly(one.a, 'one', ledger, 21),
        two: () => briefly(two.b, 'two', ledger, 31),
      };
    },
    true,
  ),

  ...(['sender', 'receiver'] as const).map(
    (who): Model<Place<Lease>> =>
      model({
        name: `rendezvous-death/leases-${who}`,
        about: `R27, R29: leases meet, and the ${who} dies anywhere: no block is lost`,
        preemptions: 0,
        lay: () => layLeases('mpmc', 0),
        play: (place: Place<Lease>) => {
          const [sender, receiver] = [joinLeases(place, 'sender'), joinLeases(place, 'receiver')];
          const victim = who === 'sender' ? sender : receiver;
          const healer = ThreadContext.attach(place.segment, 'healer', 101);
          return {
            threads: {
              sender: {
                mortal: who === 'sender',
                run: () => {
                  for (let i = 0; i < 2; i++) {
                    const lease = sender.pool.tryLease(HALF);
                    if (lease && !sends(sender, lease, 1)) lease.release();
                  }
                },
              },
              receiver: {
                mortal: who === 'receiver',
                run: () => {
                  for (let i = 0; i < 2; i++) receives(receiver, 1)?.release();
                },
              },
              healer: { heirOf: [who], run: () => void recoverThread(healer, victim.thread.id) },
            },
            atRest: () => {
              nobodySits(place.address);
              const blocks = [blockTake(5, HALF), blockTake(5, HALF)];
              check(blocks[0]! >= 0 && blocks[1]! >= 0, 'R29: a block did not come back');
            },
          };
        },
      }),
  ),
];
