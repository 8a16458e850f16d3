/** Selects, blocking and pending, against sends, receives, closes, time-outs, each other, and deaths. */

import { select, selectSync, trySelect } from '../../../src/channel/select/select.ts';
import { ChannelClosedError, TimeoutError } from '../../../src/errors.ts';
import { blockTake } from '../../../src/kernel/blocks.ts';
import { waitersCount } from '../../../src/kernel/waiters.ts';
import {
  CHANNEL_LOST,
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_SENDERS_WAITING,
  PAGE_BYTES,
} from '../../../src/memory/layout.ts';
import { load } from '../../../src/memory/words.ts';
import { ThreadContext } from '../../../src/park/thread.ts';
import type { Lease } from '../../../src/pool/lease.ts';
import { recoverThread } from '../../../src/supervisor/recovery.ts';
import { check, model, same } from '../model.ts';
import { Calling } from './support/calling.ts';
import { joinLeases, type Place as LeasePlace, layLeases, receives } from './support/channel.ts';
import { Ledger } from './support/ledger.ts';
import { type Chooser, HUGE, hungry, joinPair, layPair, type Pair } from './support/pair.ts';

/** Receives from either, blocking. Answers whether there was something: not if the time was over, or one is closed. */
function choose({ a, b, thread }: Chooser, ledger: Ledger, timeout?: number): boolean {
  try {
    const hit = selectSync({ a: a.onReceive(), b: b.onReceive() }, { timeout });
    if (hit.done) return false;
    ledger.received(thread.name, hit.value);
    return true;
  } catch (error) {
    if (error instanceof TimeoutError) return false;
    throw error;
  }
}

/** Begins to receive from either. */
function chooseLater({ a, b, thread }: Chooser, ledger: Ledger, settled: { count: number }, signal?: Calling): void {
  const options = signal && { signal: signal as unknown as AbortSignal };
  select({ a: a.onReceive(), b: b.onReceive() }, options).then(
    (hit) => {
      settled.count++;
      if (!hit.done) ledger.received(thread.name, hit.value);
    },
    () => {
      settled.count++;
    },
  );
}

function sendTo(channel: Chooser['a'], value: number, ledger: Ledger): void {
  try {
    channel.sendSync(value);
    ledger.accepted.push(value);
  } catch (error) {
    if (!(error instanceof ChannelClosedError)) throw error;
  }
}

/** What is left in both channels. */
function drain({ a, b, thread }: Chooser, ledger: Ledger): void {
  thread.segment.enter();
  for (const channel of [a, b]) {
    const left = channel.tryReceive();
    if (left && !left.done) ledger.received('rest', left.value);
  }
}

/** R14: nobody waits any more. */
function nobodyWaits({ a, b }: Pair): void {
  for (const { address, name } of [a, b]) {
    const waiting = waitersCount(address + CHANNEL_RECEIVERS_WAITING) + waitersCount(address + CHANNEL_SENDERS_WAITING);
    check(waiting === 0, `somebody is left waiting at ${name}`);
  }
}

const topologies = ['spsc', 'mpmc'] as const;
const HALF = PAGE_BYTES / 2;

export const models = [
  ...topologies.map((topology) =>
    model({
      name: `select/receive-${topology}`,
      about: 'a select that blocks on two channels, and a sender at each',
      lay: () => layPair({ topology }),
      play: (pair: Pair) => {
        const ledger = new Ledger();
        const [chooser, one, two] = [joinPair(pair, 'chooser'), joinPair(pair, 'one'), joinPair(pair, 'two')];
        return {
          threads: {
            chooser: () => {
              for (let i = 0; i < 3; i++) choose(chooser, ledger);
            },
            one: () => {
              for (const value of [11, 12]) sendTo(one.a, value, ledger);
            },
            two: () => sendTo(two.b, 21, ledger),
          },
          atRest: () => {
            same(ledger.accepted.length, 3, 'accepted');
            ledger.settle();
            nobodyWaits(pair);
          },
        };
      },
    }),
  ),

  model({
    name: 'select/two',
    about: 'two threads select among the same channels, and each gets one of two messages',
    lay: () => layPair(),
    play: (pair: Pair) => {
      const ledger = new Ledger();
      const [one, two, sender] = [joinPair(pair, 'one'), joinPair(pair, 'two'), joinPair(pair, 'sender')];
      return {
        threads: {
          one: () => void choose(one, ledger),
          two: () => void choose(two, ledger),
          sender: () => {
            sendTo(sender.b, 11, ledger);
            sendTo(sender.a, 12, ledger);
          },
        },
        atRest: () => {
          ledger.settle();
          nobodyWaits(pair);
        },
      };
    },
  }),

  model({
    name: 'select/receiver',
    about: 'a select and a plain receiver of one of its channels: what the select leaves is not slept over',
    lay: () => layPair(),
    play: (pair: Pair) => {
      const ledger = new Ledger();
      const [chooser, plain, sender] = [joinPair(pair, 'chooser'), joinPair(pair, 'plain'), joinPair(pair, 'sender')];
      let served = false;
      return {
        threads: {
          chooser: () => void choose(chooser, ledger),
          plain: {
            maySleep: true,
            run: () => {
              ledger.received('plain', plain.a.receiveSync().value!);
              served = true;
            },
          },
          sender: () => {
            sendTo(sender.a, 11, ledger);
            sendTo(sender.b, 12, ledger);
          },
        },
        atRest: () => {
          check(served || plain.a.length === 0, 'a receiver sleeps, though there is a message');
          drain(plain, ledger);
          ledger.settle();
        },
      };
    },
  }),

  model({
    name: 'select/send',
    about: 'a select of two sends at full channels, of which one is done',
    lay: () => layPair({ inA: [91], inB: [81] }),
    play: (pair: Pair) => {
      const ledger = new Ledger();
      ledger.accepted.push(91, 81);
      const [chooser, one, two] = [joinPair(pair, 'chooser'), joinPair(pair, 'one'), joinPair(pair, 'two')];
      return {
        threads: {
          chooser: () => {
            const { key } = selectSync({ a: chooser.a.onSend(11), b: chooser.b.onSend(12) });
            ledger.accepted.push(key === 'a' ? 11 : 12);
          },
          one: () => ledger.received('one', one.a.receiveSync().value!),
          two: () => ledger.received('two', two.b.receiveSync().value!),
        },
        atRest: () => {
          drain(one, ledger);
          ledger.settle();
          nobodyWaits(pair);
        },
      };
    },
  }),

  model({
    name: 'select/self',
    about: 'R17: two threads select between sending to and receiving from one channel: each is the other’s',
    lay: () => layPair(),
    play: (pair: Pair) => {
      const ledger = new Ledger();
      const choosers = [joinPair(pair, 'one'), joinPair(pair, 'two')];
      const run = (chooser: Chooser, value: number) => () => {
        const hit = selectSync({ out: chooser.a.onSend(value), in: chooser.a.onReceive() });
        if (hit.key === 'out') ledger.accepted.push(value);
        else {
          check(hit.value !== value, 'R17: a select received what it sent itself');
          ledger.received(chooser.thread.name, hit.value!);
        }
      };
      return {
        threads: { one: run(choosers[0]!, 11), two: run(choosers[1]!, 21) },
        atRest: () => {
          same(ledger.accepted.length, 1, 'accepted');
          ledger.settle();
          nobodyWaits(pair);
        },
      };
    },
  }),

  ...topologies.map((topology) =>
    model({
      name: `select/close-${topology}`,
      about: 'R10: a close wakes a select that blocks; what was accepted before is not lost',
      lay: () => layPair({ topology }),
      play: (pair: Pair) => {
        const ledger = new Ledger();
        const [chooser, sender, closer] = [
          joinPair(pair, 'chooser'),
          joinPair(pair, 'sender'),
          joinPair(pair, 'closer'),
        ];
        return {
          threads: {
            chooser: () => {
              while (choose(chooser, ledger));
            },
            sender: () => sendTo(sender.a, 11, ledger),
            closer: () => {
              closer.b.close();
              closer.a.close();
            },
          },
          atRest: () => {
            drain(chooser, ledger);
            ledger.settle();
            nobodyWaits(pair);
          },
        };
      },
    }),
  ),

  model({
    name: 'select/close-send',
    about: 'R7: a close wakes a select of sends at full channels, which throws, or has sent',
    lay: () => layPair({ inA: [91], inB: [81] }),
    play: (pair: Pair) => {
      const ledger = new Ledger();
      ledger.accepted.push(91, 81);
      const [chooser, closer] = [joinPair(pair, 'chooser'), joinPair(pair, 'closer')];
      return {
        threads: {
          chooser: () => {
            try {
              const { key } = selectSync({ a: chooser.a.onSend(11), b: chooser.b.onSend(12) });
              ledger.accepted.push(key === 'a' ? 11 : 12);
            } catch (error) {
              check(error instanceof ChannelClosedError, `expected a closed channel, met ${error}`);
            }
          },
          closer: () => {
            closer.b.close();
            ledger.received('closer', closer.a.receiveSync().value!);
          },
        },
        atRest: () => {
          drain(chooser, ledger);
          ledger.settle();
          nobodyWaits(pair);
        },
      };
    },
  }),

  model({
    name: 'select/time-out',
    about: 'R24: a select whose time runs out, and what it was woken for goes to the other',
    lay: () => layPair(),
    play: (pair: Pair) => {
      const ledger = new Ledger();
      const [hasty, patient, sender] = [joinPair(pair, 'hasty'), joinPair(pair, 'patient'), joinPair(pair, 'sender')];
      return {
        threads: {
          hasty: () => void choose(hasty, ledger, 1),
          patient: { maySleep: true, run: () => void choose(patient, ledger) },
          sender: () => sendTo(sender.b, 11, ledger),
        },
        atRest: () => ledger.settle(),
      };
    },
  }),

  ...(['receive', 'send'] as const).map((what) =>
    model({
      name: `select/instant-${what}`,
      about: 'R16: what is ready moves from one channel to the other while a select looks: it must not find nothing',
      preemptions: 2,
      lay: () => (what === 'receive' ? layPair({ inB: [91] }) : layPair({ inA: [91] })),
      play: (pair: Pair) => {
        const [chooser, mover] = [joinPair(pair, 'chooser'), joinPair(pair, 'mover')];
        return {
          threads: {
            chooser: () => {
              const { a, b } = chooser;
              const hit =
                what === 'receive'
                  ? trySelect({ a: a.onReceive(), b: b.onReceive() })
                  : trySelect({ a: a.onSend(11), b: b.onSend(12) });
              check(hit !== undefined, 'R16: a select found nothing, though something was ready all the time');
            },
            mover: () => {
              if (what === 'receive') {
                mover.a.trySend(21);
                mover.b.tryReceive();
              } else {
                mover.a.tryReceive();
                mover.b.trySend(21);
              }
            },
          },
        };
      },
    }),
  ),

  ...topologies.map((topology) =>
    model({
      name: `select/instant-close-${topology}`,
      about: 'R16: a channel is closed, and then the message of the other one taken, while a select looks',
      preemptions: 2,
      lay: () => layPair({ topology, topologyOfB: 'mpmc', inB: [91] }),
      play: (pair: Pair) => {
        const [chooser, closer] = [joinPair(pair, 'chooser'), joinPair(pair, 'closer')];
        return {
          threads: {
            chooser: () => {
              const hit = trySelect({ a: chooser.a.onReceive(), b: chooser.b.onReceive() });
              check(hit !== undefined, 'R16: a select found nothing, though something was ready all the time');
            },
            closer: () => {
              closer.a.close();
              closer.b.tryReceive();
            },
          },
        };
      },
    }),
  ),

  ...topologies.map((topology) =>
    model({
      name: `select/pending-${topology}`,
      about: 'a select that is pending, and a sender at each of its channels',
      lay: () => layPair({ topology }),
      play: (pair: Pair) => {
        const ledger = new Ledger();
        const settled = { count: 0 };
        const [chooser, one, two] = [joinPair(pair, 'chooser'), joinPair(pair, 'one'), joinPair(pair, 'two')];
        return {
          threads: {
            chooser: () => {
              chooseLater(chooser, ledger, settled);
              chooseLater(chooser, ledger, settled);
            },
            one: () => sendTo(one.a, 11, ledger),
            two: () => sendTo(two.b, 21, ledger),
          },
          atRest: () => {
            same(settled.count, 2, 'selects settled');
            ledger.settle();
            nobodyWaits(pair);
          },
        };
      },
    }),
  ),

  model({
    name: 'select/pending-two',
    about: 'two threads with a pending select each among the same channels, and a message for each',
    lay: () => layPair(),
    play: (pair: Pair) => {
      const ledger = new Ledger();
      const settled = { count: 0 };
      const [one, two, sender] = [joinPair(pair, 'one'), joinPair(pair, 'two'), joinPair(pair, 'sender')];
      return {
        threads: {
          one: () => chooseLater(one, ledger, settled),
          two: () => chooseLater(two, ledger, settled),
          sender: () => {
            sendTo(sender.b, 11, ledger);
            sendTo(sender.a, 12, ledger);
          },
        },
        atRest: () => {
          same(settled.count, 2, 'selects settled');
          ledger.settle();
          nobodyWaits(pair);
        },
      };
    },
  }),

  model({
    name: 'select/pending-mixed',
    about: 'a pending select, and behind it a pending receive of one of its channels, then one more select that blocks',
    lay: () => layPair({ capacity: 2 }),
    play: (pair: Pair) => {
      const ledger = new Ledger();
      const settled = { count: 0 };
      const [chooser, sender] = [joinPair(pair, 'chooser'), joinPair(pair, 'sender')];
      return {
        threads: {
          chooser: () => {
            chooseLater(chooser, ledger, settled);
            chooser.b.receive().then(({ value }) => {
              settled.count++;
              ledger.received('behind', value!);
            });
            choose(chooser, ledger);
          },
          sender: () => {
            sendTo(sender.a, 11, ledger);
            sendTo(sender.b, 21, ledger);
            sendTo(sender.b, 22, ledger);
          },
        },
        atRest: () => {
          same(settled.count, 2, 'pending operations settled');
          ledger.settle();
          nobodyWaits(pair);
        },
      };
    },
  }),

  model({
    name: 'select/memory',
    about:
      'a pending select that lacks memory to send, and a send behind it that does not: it goes on once the first has received',
    lay: () => layPair(),
    play: (pair: Pair) => {
      const ledger = new Ledger();
      const settled = { count: 0 };
      const [chooser, sender] = [joinPair(pair, 'chooser', hungry), joinPair(pair, 'sender')];
      return {
        threads: {
          chooser: () => {
            select({ out: chooser.a.onSend(HUGE), in: chooser.b.onReceive() }).then((hit) => {
              settled.count++;
              if (hit.key === 'in') ledger.received('chooser', hit.value!);
            });
            chooser.a.send(11).then(() => {
              settled.count++;
              ledger.accepted.push(11);
            });
          },
          sender: () => sendTo(sender.b, 21, ledger),
        },
        atRest: () => {
          same(settled.count, 2, 'pending operations settled');
          drain(sender, ledger);
          ledger.settle();
          nobodyWaits(pair);
        },
      };
    },
  }),

  model({
    name: 'select/in-turn',
    about: 'a pending receive, and a pending select behind it that may be woken by another channel: each has its turn',
    lay: () => layPair(),
    play: (pair: Pair) => {
      const order: number[] = [];
      const [chooser, one, two] = [joinPair(pair, 'chooser'), joinPair(pair, 'one'), joinPair(pair, 'two')];
      return {
        threads: {
          chooser: () => {
            chooser.a.receive().then(({ value }) => void (order[0] = value!));
            // In this order, for the lots that are drawn here to try `a` first when `b` wakes it.
            select({ b: chooser.b.onReceive(), a: chooser.a.onReceive() }).then(
              ({ value }) => void (order[1] = value!),
            );
          },
          one: () => one.a.sendSync(11),
          two: () => two.b.sendSync(21),
        },
        atRest: () => {
          same(order, [11, 21], 'received by the first and by the second');
          nobodyWaits(pair);
        },
      };
    },
  }),

  model({
    name: 'select/withdraw',
    about: 'R22: a pending select is called off; what its thread was woken for goes to somebody else',
    lay: () => layPair(),
    play: (pair: Pair) => {
      const ledger = new Ledger();
      const settled = { count: 0 };
      const [fickle, patient, sender] = [joinPair(pair, 'fickle'), joinPair(pair, 'patient'), joinPair(pair, 'sender')];
      const calling = new Calling();
      return {
        threads: {
          fickle: () => {
            chooseLater(fickle, ledger, settled, calling);
            calling.off();
          },
          patient: { maySleep: true, run: () => ledger.received('patient', patient.b.receiveSync().value!) },
          sender: () => sendTo(sender.b, 11, ledger),
        },
        atRest: () => {
          same(settled.count, 1, 'selects settled');
          ledger.settle();
        },
      };
    },
  }),

  model({
    name: 'select/pending-close',
    about: 'R10: closes settle what is pending, and nothing that was accepted is lost',
    lay: () => layPair(),
    play: (pair: Pair) => {
      const ledger = new Ledger();
      const settled = { count: 0 };
      const [chooser, sender, closer] = [joinPair(pair, 'chooser'), joinPair(pair, 'sender'), joinPair(pair, 'closer')];
      return {
        threads: {
          chooser: () => {
            chooseLater(chooser, ledger, settled);
            chooseLater(chooser, ledger, settled);
          },
          sender: () => sendTo(sender.a, 11, ledger),
          closer: () => closer.b.close(),
        },
        atRest: () => {
          same(settled.count, 2, 'selects settled');
          drain(chooser, ledger);
          ledger.settle();
          nobodyWaits(pair);
        },
      };
    },
  }),

  ...(['blocking', 'pending'] as const).map((how) =>
    model({
      name: `select/death-${how}`,
      about: `R29: a thread dies anywhere in a select (${how}), woken or not; the other gets a message all the same`,
      preemptions: 0,
      lay: () => layPair({ capacity: 2 }),
      play: (pair: Pair) => {
        const ledger = new Ledger();
        const settled = { count: 0 };
        const [victim, other, sender] = [joinPair(pair, 'victim'), joinPair(pair, 'other'), joinPair(pair, 'sender')];
        const healer = ThreadContext.attach(pair.segment, 'healer', 101);
        return {
          threads: {
            victim: {
              mortal: true,
              run: () => {
                if (how === 'blocking') choose(victim, ledger);
                else chooseLater(victim, ledger, settled);
              },
            },
            other: () => void choose(other, ledger),
            sender: () => {
              sendTo(sender.a, 11, ledger);
              sendTo(sender.b, 12, ledger);
            },
            healer: { heirOf: ['victim'], run: () => void recoverThread(healer, victim.thread.id) },
          },
          atRest: ({ died }) => {
            same(ledger.accepted, [11, 12], 'accepted');
            const left = other.a.length + other.b.length;
            const lost = load(pair.a.address + CHANNEL_LOST) + load(pair.b.address + CHANNEL_LOST);
            const missing = 2 - ledger.delivered.length - left;
            // It may have died between giving the slot back and telling that it has the message.
            check(
              missing === lost || (died('victim') && missing === 1),
              `${missing} are missing, ${lost} were counted`,
            );
            nobodyWaits(pair);
          },
        };
      },
    }),
  ),

  model({
    name: 'select/leases',
    about:
      'R14 and R29: two leases in two sends, of which one is done, by a thread that dies anywhere: no block is lost',
    preemptions: 0,
    lay: () => layLeases('mpmc', 1),
    play: (place: LeasePlace<Lease>) => {
      const [victim, receiver] = [joinLeases(place, 'victim'), joinLeases(place, 'receiver')];
      const healer = ThreadContext.attach(place.segment, 'healer', 101);
      return {
        threads: {
          victim: {
            mortal: true,
            run: () => {
              const leases = [victim.pool.tryLease(HALF)!, victim.pool.tryLease(HALF)!];
              const { channel } = victim;
              const { key } = selectSync({ 0: channel.onSend(leases[0]!), 1: channel.onSend(leases[1]!) });
              leases[1 - Number(key)]!.release();
            },
          },
          receiver: () => receives(receiver, 1)?.release(),
          healer: { heirOf: ['victim'], run: () => void recoverThread(healer, victim.thread.id) },
        },
        atRest: () => {
          const left = receiver.channel.tryReceive();
          if (left && !left.done) left.value.release();
          const blocks = [blockTake(5, HALF), blockTake(5, HALF)];
          check(blocks[0]! >= 0 && blocks[1]! >= 0, 'R29: a block did not come back');
        },
      };
    },
  }),
];
