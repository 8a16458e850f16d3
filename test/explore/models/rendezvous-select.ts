/** Selects at channels of capacity 0: whoever they meet, they do so at one of their seats. */

import { createChannel } from '../../../src/channel/create.ts';
import { select, selectSync, trySelect } from '../../../src/channel/select/select.ts';
import { u32 } from '../../../src/codec/scalars.ts';
import { ChannelClosedError, TimeoutError } from '../../../src/errors.ts';
import { ROLE_RECEIVER } from '../../../src/kernel/ends.ts';
import { channelLeave } from '../../../src/kernel/holds.ts';
import { SEAT_OFFERED, seatState } from '../../../src/kernel/seats.ts';
import { check, type Model, model, type Program, same } from '../model.ts';
import { Calling } from './support/calling.ts';
import { Ledger } from './support/ledger.ts';
import { type Chooser, HUGE, hungry, joinPair, type Laid, layPair, type Pair } from './support/pair.ts';
import { nobodySits, sit } from './support/seats.ts';

/** What a select does: receives from a channel, or sends it a value. */
interface Wishes {
  readonly a?: 'receive' | number;
  readonly b?: 'receive' | number;
  /** Sends to `a` as well. */
  readonly alsoToA?: number;
}

interface Options {
  readonly timeout?: number;
  readonly calling?: Calling;
}

function casesOf(chooser: Chooser, { a, b, alsoToA }: Wishes) {
  const caseOf = (channel: Chooser['a'], wish: 'receive' | number | undefined) =>
    wish === undefined ? undefined : wish === 'receive' ? channel.onReceive() : channel.onSend(wish);
  return { a: caseOf(chooser.a, a), b: caseOf(chooser.b, b), out: caseOf(chooser.a, alsoToA) };
}

function note(chooser: Chooser, wishes: Wishes, ledger: Ledger, hit: any): boolean {
  if (hit.done) return false;
  const wish = hit.key === 'out' ? wishes.alsoToA : wishes[hit.key as 'a' | 'b'];
  if (typeof wish === 'number') ledger.accepted.push(wish);
  else ledger.received(chooser.thread.name, hit.value);
  return true;
}

/** Selects, blocking. Answers whether something was sent or received: not if the time was over, or one is closed. */
function choose(chooser: Chooser, ledger: Ledger, wishes: Wishes, { timeout }: Options = {}): boolean {
  try {
    return note(chooser, wishes, ledger, selectSync(casesOf(chooser, wishes), { timeout }));
  } catch (error) {
    if (error instanceof TimeoutError || error instanceof ChannelClosedError) return false;
    throw error;
  }
}

interface Settled {
  count: number;
}

function chooseLater(chooser: Chooser, ledger: Ledger, wishes: Wishes, settled: Settled, { calling }: Options = {}) {
  const options = calling && { signal: calling as unknown as AbortSignal };
  select(casesOf(chooser, wishes), options).then(
    (hit) => {
      settled.count++;
      note(chooser, wishes, ledger, hit);
    },
    (error) => {
      if (!(error instanceof ChannelClosedError) && error !== calling?.reason) throw error;
      settled.count++;
    },
  );
}

function sendTo(channel: Chooser['a'], value: number, ledger: Ledger, timeout?: number): boolean {
  try {
    channel.sendSync(value, { timeout });
    ledger.accepted.push(value);
    return true;
  } catch (error) {
    if (error instanceof ChannelClosedError || error instanceof TimeoutError) return false;
    throw error;
  }
}

function receiveFrom(chooser: Chooser, which: 'a' | 'b', ledger: Ledger, timeout?: number): boolean {
  try {
    const { done, value } = chooser[which].receiveSync({ timeout });
    if (!done) ledger.received(chooser.thread.name, value);
    return !done;
  } catch (error) {
    if (error instanceof TimeoutError) return false;
    throw error;
  }
}

interface Scene {
  readonly pair: Pair;
  readonly ledger: Ledger;
  readonly settled: Settled;
  join(name: string): Chooser;
}

interface Ending {
  readonly laid?: Laid;
  /** How many promises have to be settled. Default: any number. */
  readonly settled?: number;
  /** How many messages have to have been sent. Default: any number. */
  readonly sent?: number;
  /** Nobody is left waiting. Default: yes. */
  readonly nobody?: boolean;
  readonly preemptions?: number;
}

function scene(
  name: string,
  about: string,
  threads: (scene: Scene) => Record<string, Program | (() => void)>,
  { laid = {}, settled: promised, sent, nobody = true, preemptions }: Ending = {},
): Model<Pair> {
  return model({
    name: `rendezvous-select/${name}`,
    about,
    ...(preemptions === undefined ? {} : { preemptions }),
    lay: () => layPair({ capacity: 0, ...laid }),
    play: (pair: Pair) => {
      const ledger = new Ledger();
      const settled = { count: 0 };
      return {
        threads: threads({ pair, ledger, settled, join: (called) => joinPair(pair, called) }),
        atRest: () => {
          if (promised !== undefined) same(settled.count, promised, 'promises settled');
          if (sent !== undefined) same(ledger.accepted.length, sent, 'messages sent');
          ledger.settle();
          if (!nobody) return;
          nobodySits(...[pair.a, pair.b].slice(0, laid.capacityOfB ? 1 : 2).map(({ address }) => address));
        },
      };
    },
  });
}

const BOTH: Wishes = { a: 'receive', b: 'receive' };

export const models = [
  scene(
    'receive',
    'R14: a select that receives from two channels, and a sender at each: both are met, one at a time',
    ({ ledger, join }) => {
      const [chooser, one, two] = [join('chooser'), join('one'), join('two')];
      return {
        chooser: () => {
          for (let i = 0; i < 2; i++) choose(chooser, ledger, BOTH);
        },
        one: () => void sendTo(one.a, 11, ledger),
        two: () => void sendTo(two.b, 21, ledger),
      };
    },
    { sent: 2 },
  ),
  scene(
    'once',
    'R14: a select that receives from two channels, and a sender at each: it meets exactly one of them',
    ({ ledger, join }) => {
      const [chooser, one, two] = [join('chooser'), join('one'), join('two')];
      return {
        chooser: () => check(choose(chooser, ledger, BOTH), 'met nobody'),
        one: { maySleep: true, run: () => void sendTo(one.a, 11, ledger) },
        two: { maySleep: true, run: () => void sendTo(two.b, 21, ledger) },
      };
    },
    { sent: 1, nobody: false },
  ),
  scene(
    'send',
    'R14: a select that sends to two channels, and a receiver at each: it meets exactly one of them',
    ({ ledger, join }) => {
      const [chooser, one, two] = [join('chooser'), join('one'), join('two')];
      return {
        chooser: () => check(choose(chooser, ledger, { a: 31, b: 32 }), 'met nobody'),
        one: { maySleep: true, run: () => void receiveFrom(one, 'a', ledger) },
        two: { maySleep: true, run: () => void receiveFrom(two, 'b', ledger) },
      };
    },
    { sent: 1, nobody: false },
  ),
  scene(
    'self',
    'R17: two threads select between sending to and receiving from one channel: each is the other’s',
    ({ ledger, join }) => {
      const [one, two] = [join('one'), join('two')];
      return {
        one: () => check(choose(one, ledger, { a: 'receive', alsoToA: 11 }), 'met nobody'),
        two: () => check(choose(two, ledger, { a: 'receive', alsoToA: 21 }), 'met nobody'),
      };
    },
    { sent: 1 },
  ),
  scene(
    'alone',
    'R17: a select that both sends to and receives from one channel meets nobody, as nobody is there',
    (s) => {
      const alone = s.join('alone');
      return {
        alone: () => {
          check(!choose(alone, s.ledger, { a: 'receive', alsoToA: 11 }, { timeout: 1 }), 'R17: met itself');
          check(trySelect(casesOf(alone, { a: 'receive', alsoToA: 11 })) === undefined, 'R17: met itself at once');
        },
      };
    },
  ),
  scene(
    'facing',
    'two selects: one receives from both channels, the other sends to both',
    ({ ledger, join }) => {
      const [one, two] = [join('one'), join('two')];
      return {
        one: () => check(choose(one, ledger, BOTH), 'met nobody'),
        two: () => check(choose(two, ledger, { a: 11, b: 12 }), 'met nobody'),
      };
    },
    { sent: 1 },
  ),
  scene(
    'crossed',
    'two selects, each of which sends to one channel and receives from the other',
    ({ ledger, join }) => {
      const [one, two] = [join('one'), join('two')];
      return {
        one: () => check(choose(one, ledger, { a: 11, b: 'receive' }), 'met nobody'),
        two: () => check(choose(two, ledger, { a: 'receive', b: 21 }), 'met nobody'),
      };
    },
    { sent: 1 },
  ),
  scene(
    'ring',
    'three selects in a ring, each of which sends to the left and receives from the right: two of them meet',
    ({ ledger, join }) => {
      const [one, two, three] = [join('one'), join('two'), join('three')];
      const run = (chooser: Chooser, wishes: Wishes) => ({
        maySleep: true,
        run: () => void choose(chooser, ledger, wishes),
      });
      return {
        one: run(one, { a: 11, b: 'receive' }),
        two: run(two, { a: 'receive', b: 21 }),
        three: run(three, { a: 'receive', alsoToA: 31 }),
      };
    },
    { sent: 1, nobody: false, preemptions: 0 },
  ),
  scene(
    'mixed',
    'a select of a rendezvous and of a channel with room for messages, and a sender at each',
    ({ ledger, join }) => {
      const [chooser, one, two] = [join('chooser'), join('one'), join('two')];
      return {
        chooser: () => {
          for (let i = 0; i < 2; i++) choose(chooser, ledger, BOTH);
        },
        one: () => void sendTo(one.a, 11, ledger),
        two: () => void sendTo(two.b, 21, ledger),
      };
    },
    { laid: { capacityOfB: 1 }, sent: 2 },
  ),
  scene(
    'mixed-send',
    'a select that sends to a rendezvous, or to a full channel: where there is a receiver, or room, and to one alone',
    ({ ledger, join }) => {
      ledger.accepted.push(81);
      const [chooser, one, two] = [join('chooser'), join('one'), join('two')];
      return {
        chooser: () => check(choose(chooser, ledger, { a: 31, b: 32 }), 'met nobody'),
        one: { maySleep: true, run: () => void receiveFrom(one, 'a', ledger) },
        two: {
          maySleep: true,
          run: () => {
            receiveFrom(two, 'b', ledger);
            receiveFrom(two, 'b', ledger);
          },
        },
      };
    },
    { laid: { capacityOfB: 1, inB: [81] }, sent: 2, nobody: false },
  ),
  scene(
    'time-out',
    'R22, R24: a select whose time runs out, and a sender whose time does: both met, or neither',
    ({ ledger, join }) => {
      const [chooser, one, two] = [join('chooser'), join('one'), join('two')];
      return {
        chooser: () => void choose(chooser, ledger, BOTH, { timeout: 1 }),
        one: () => void sendTo(one.a, 11, ledger, 1),
        two: () => void sendTo(two.b, 21, ledger, 1),
      };
    },
  ),
  scene(
    'then-plain',
    'a select whose time runs out, while somebody claims it, and a receive of the same thread: that one is met',
    ({ ledger, join }) => {
      const [chooser, one, two] = [join('chooser'), join('one'), join('two')];
      return {
        chooser: () => {
          if (!choose(chooser, ledger, BOTH, { timeout: 1 })) receiveFrom(chooser, 'a', ledger);
        },
        one: () => {
          if (one.b.trySend(11)) ledger.accepted.push(11);
        },
        two: { maySleep: true, run: () => void sendTo(two.a, 21, ledger) },
      };
    },
    { nobody: false },
  ),
  scene(
    'late',
    'R24: a select whose time runs out, and somebody who tries to send: both met, or neither',
    ({ ledger, join }) => {
      const [chooser, sender] = [join('chooser'), join('sender')];
      return {
        chooser: () => void choose(chooser, ledger, BOTH, { timeout: 1 }),
        sender: () => {
          if (sender.b.trySend(11)) ledger.accepted.push(11);
        },
      };
    },
    { preemptions: 2 },
  ),
  scene(
    'after-plain',
    'R14: a select sits where a receive of the same thread has sat before: it is met once',
    ({ ledger, join }) => {
      const [chooser, one, two] = [join('chooser'), join('one'), join('two')];
      return {
        chooser: () => {
          receiveFrom(chooser, 'b', ledger, 0);
          choose(chooser, ledger, BOTH, { timeout: 1 });
        },
        one: () => void sendTo(one.a, 11, ledger, 1),
        two: () => {
          if (two.b.trySend(21)) ledger.accepted.push(21);
        },
      };
    },
  ),
  model({
    name: 'rendezvous-select/lead-disposed',
    about:
      'the channel where a select leads is disposed of while it is claimed at another one, and its memory used again',
    preemptions: 2,
    lay: () => layPair({ capacity: 0 }),
    play: (pair: Pair) => {
      const ledger = new Ledger();
      const [chooser, sender] = [joinPair(pair, 'chooser'), joinPair(pair, 'sender')];
      const { attachment } = chooser.a;
      const { thread } = attachment;
      const { index, generation } = pair.a;
      thread.kernel.channelHold(index, generation, thread.id);
      attachment.channels.set(index, chooser.a);
      channelLeave(index, 0);
      let seat = 0;
      return {
        threads: {
          chooser: () => {
            choose(chooser, ledger, BOTH, { timeout: 1 });
            chooser.a.dispose();
            attachment.holdings.look();
            const next = createChannel(attachment, 'next', { codec: u32, capacity: 0, topology: 'mpmc' });
            seat = sit(next.address, ROLE_RECEIVER, thread.id);
          },
          sender: () => {
            if (sender.b.trySend(11)) ledger.accepted.push(11);
          },
        },
        atRest: () => {
          ledger.settle();
          same(seatState(seat), SEAT_OFFERED, 'a seat that nobody has claimed');
        },
      };
    },
  }),
  scene('close', 'R10: a close of one channel, or a sender at the other, ends a select', ({ ledger, join }) => {
    const [chooser, sender, closer] = [join('chooser'), join('sender'), join('closer')];
    return {
      chooser: () => {
        if (choose(chooser, ledger, BOTH)) return;
        receiveFrom(chooser, 'a', ledger);
      },
      sender: () => void sendTo(sender.a, 11, ledger),
      closer: () => closer.b.close(),
    };
  }),
  scene('close-led', 'R7, R10: a close of the channel where a select is being met', ({ ledger, join }) => {
    const [chooser, sender, closer] = [join('chooser'), join('sender'), join('closer')];
    return {
      chooser: () => void choose(chooser, ledger, BOTH),
      sender: () => void sendTo(sender.b, 11, ledger),
      closer: () => closer.b.close(),
    };
  }),
  scene(
    'pending',
    'two pending selects of one thread, and a sender at each of their channels',
    ({ ledger, settled, join }) => {
      const [chooser, one, two] = [join('chooser'), join('one'), join('two')];
      return {
        chooser: () => {
          chooseLater(chooser, ledger, BOTH, settled);
          chooseLater(chooser, ledger, BOTH, settled);
        },
        one: () => void sendTo(one.a, 11, ledger),
        two: () => void sendTo(two.b, 21, ledger),
      };
    },
    { settled: 2, sent: 2 },
  ),
  scene(
    'pending-facing',
    'two pending selects of different threads: one receives from both channels, the other sends to both',
    ({ ledger, settled, join }) => {
      const [one, two] = [join('one'), join('two')];
      return {
        one: () => chooseLater(one, ledger, BOTH, settled),
        two: () => chooseLater(two, ledger, { a: 11, b: 12 }, settled),
      };
    },
    { settled: 2, sent: 1 },
  ),
  scene(
    'pending-own',
    'R17: a pending select that sends and receives at one channel is met by another select of its thread',
    ({ ledger, settled, join }) => {
      const own = join('own');
      return {
        own: () => {
          chooseLater(own, ledger, { a: 'receive', alsoToA: 11 }, settled);
          chooseLater(own, ledger, { a: 'receive', alsoToA: 12 }, settled);
        },
      };
    },
    { settled: 2, sent: 1 },
  ),
  scene(
    'pending-own-send',
    'a pending select that sends and receives at one channel, and a send of its own thread, while another receives',
    ({ ledger, settled, join }) => {
      const [own, other] = [join('own'), join('other')];
      return {
        own: {
          maySleep: true,
          run: () => {
            chooseLater(own, ledger, { a: 'receive', alsoToA: 11 }, settled);
            own.a.send(12).then(() => {
              settled.count++;
              ledger.accepted.push(12);
            });
          },
        },
        other: () => void receiveFrom(other, 'a', ledger, 1),
      };
    },
    { nobody: false },
  ),
  scene(
    'pending-own-close',
    'R7, R10: a pending select that sends and receives there, and a send of its thread, while the channel is closed',
    ({ ledger, settled, join }) => {
      const [own, closer] = [join('own'), join('closer')];
      return {
        own: () => {
          chooseLater(own, ledger, { a: 'receive', alsoToA: 11 }, settled);
          sendTo(own.a, 12, ledger);
        },
        closer: () => closer.a.close(),
      };
    },
    { settled: 1 },
  ),
  scene(
    'pending-behind',
    'a select that blocks, with a time-out, while another of its thread is pending: each is itself',
    ({ ledger, settled, join }) => {
      const [chooser, sender] = [join('chooser'), join('sender')];
      return {
        chooser: () => {
          chooseLater(chooser, ledger, BOTH, settled);
          choose(chooser, ledger, BOTH, { timeout: 1 });
        },
        sender: () => void sendTo(sender.b, 11, ledger),
      };
    },
    { nobody: false, sent: 1 },
  ),
  scene(
    'called-off',
    'R22, R24: a pending select is called off while somebody sends: it took nothing, or it was settled',
    ({ ledger, settled, join }) => {
      const [fickle, patient, sender] = [join('fickle'), join('patient'), join('sender')];
      const calling = new Calling();
      return {
        fickle: () => {
          chooseLater(fickle, ledger, BOTH, settled, { calling });
          calling.off();
        },
        patient: { maySleep: true, run: () => void receiveFrom(patient, 'b', ledger) },
        sender: () => void sendTo(sender.b, 11, ledger),
      };
    },
    { settled: 1, sent: 1, nobody: false },
  ),
  scene(
    'twice',
    'two cases that receive, and two that send, at one channel: one of each sits, and what it meets is told by its key',
    ({ ledger, join }) => {
      const [chooser, other] = [join('chooser'), join('other')];
      return {
        chooser: () => {
          const { a } = chooser;
          const hit: any = selectSync({ one: a.onReceive(), two: a.onReceive() });
          ledger.received('chooser', hit.value);
          const { key } = selectSync({ 11: a.onSend(11), 12: a.onSend(12) });
          ledger.accepted.push(Number(key));
        },
        other: () => {
          sendTo(other.a, 21, ledger);
          receiveFrom(other, 'a', ledger);
        },
      };
    },
    { sent: 2 },
  ),
  ...(['blocking', 'pending'] as const).map(
    (how): Model<Pair> =>
      model({
        name: `rendezvous-select/memory-${how}`,
        about: `a select (${how}) that lacks memory for one of its sends receives all the same, and uses no time meanwhile`,
        lay: () => layPair({ capacity: 0 }),
        play: (pair: Pair) => {
          const ledger = new Ledger();
          const settled = { count: 0 };
          const [chooser, sender] = [joinPair(pair, 'chooser', hungry), joinPair(pair, 'sender')];
          const wishes: Wishes = { a: HUGE, b: 'receive' };
          return {
            threads: {
              chooser: () => {
                if (how === 'pending') chooseLater(chooser, ledger, wishes, settled);
                else choose(chooser, ledger, wishes);
              },
              sender: () => void sendTo(sender.b, 21, ledger),
            },
            atRest: () => {
              same(ledger.accepted, [21], 'sent');
              ledger.settle();
              nobodySits(pair.a.address, pair.b.address);
            },
          };
        },
      }),
  ),
];
