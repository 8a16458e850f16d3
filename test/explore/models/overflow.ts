/** Channels that refuse or drop what has no room: every message is somewhere, once, or was counted, and nobody waits. */

import { ChannelClosedError, ChannelFullError } from '../../../src/errors.ts';
import { threadState } from '../../../src/kernel/threads.ts';
import { CHANNEL_DROPPED, CHANNEL_LOST, CHANNEL_REJECTED, THREAD_FREE } from '../../../src/memory/layout.ts';
import { load } from '../../../src/memory/words.ts';
import { ThreadContext } from '../../../src/park/thread.ts';
import { recoverThread } from '../../../src/supervisor/recovery.ts';
import { check, model, same } from '../model.ts';
import { join, layShared, type Party, type Place, receives } from './support/channel.ts';
import { Ledger } from './support/ledger.ts';

/** What became of the sends of an execution. */
class Books extends Ledger {
  rejected = 0;

  /** Sends a message, which does not wait. Returns whether the channel was open. */
  send({ channel }: Party, value: number): boolean {
    try {
      channel.sendSync(value);
      this.accepted.push(value);
      return true;
    } catch (error) {
      if (error instanceof ChannelClosedError) return false;
      if (!(error instanceof ChannelFullError)) throw error;
      this.rejected++;
      return true;
    }
  }

  /** Receives a message if there is one. */
  look({ channel, thread }: Party): void {
    const next = channel.tryReceive();
    if (next && !next.done) this.received(thread.name, next.value);
  }

  /** Receives what is left. */
  drain({ channel }: Party): number[] {
    const left: number[] = [];
    for (let next = channel.tryReceive(); next && !next.done; next = channel.tryReceive()) left.push(next.value);
    this.received('rest', ...left);
    return left;
  }

  /** R1 and R2; and what was accepted and not delivered was counted, but for `vague` that nobody can say. */
  settleAt({ address }: Place, vague = 0): void {
    this.inOrder();
    same(new Set(this.delivered).size, this.delivered.length, 'R2: different messages delivered');
    const counted = load(address + CHANNEL_DROPPED) + load(address + CHANNEL_LOST);
    const missing = this.accepted.length - this.delivered.length;
    check(Math.abs(missing - counted) <= vague, `${missing} messages are missing, ${counted} were counted`);
    same(load(address + CHANNEL_REJECTED), this.rejected, 'counted as rejected');
  }
}

/** Nothing is left in the hands of a thread: an empty channel has its room. */
function hasRoom(sender: Party, receiver: Party): void {
  check(sender.channel.trySend(99), 'an empty channel has no room');
  const next = receiver.channel.tryReceive();
  same(next && !next.done && next.value, 99, 'the only message');
}

const policies = ['reject', 'drop-newest', 'drop-oldest'] as const;

export const models = [
  ...policies.map((overflow) =>
    model({
      name: `overflow/${overflow}`,
      about: 'two senders that do not wait and a receiver that looks, at a channel of one',
      lay: () => layShared('mpmc', 1, { overflow }),
      play: (place: Place) => {
        const books = new Books();
        const [one, two, receiver] = [join(place, 'one'), join(place, 'two'), join(place, 'receiver')];
        return {
          threads: {
            one: () => {
              for (const value of [11, 12]) books.send(one, value);
            },
            two: () => void books.send(two, 21),
            receiver: () => books.look(receiver),
          },
          atRest: () => {
            books.drain(receiver);
            books.settleAt(place);
            check(books.delivered.length > 0, 'nothing of three messages has found the room that there was');
            hasRoom(one, receiver);
          },
        };
      },
    }),
  ),

  ...policies.map((overflow) =>
    model({
      name: `overflow/${overflow}-close`,
      about: 'a close against two senders that do not wait: what it was accepted before it is there, or was dropped',
      lay: () => layShared('mpmc', 1, { overflow }),
      play: (place: Place) => {
        const books = new Books();
        const [one, two, closer] = [join(place, 'one'), join(place, 'two'), join(place, 'closer')];
        return {
          threads: {
            one: () => void (books.send(one, 11) && books.send(one, 12)),
            two: () => void books.send(two, 21),
            closer: () => closer.channel.close(),
          },
          atRest: () => {
            books.drain(closer);
            books.settleAt(place);
            check(!books.send(one, 13), 'R7: accepted after the close');
            same(closer.channel.tryReceive()?.done, true, 'R9: the end');
          },
        };
      },
    }),
  ),

  ...(['mpmc', 'spsc'] as const).map((topology) =>
    model({
      name: `overflow/newest-${topology}`,
      about: 'of one sender the newest message is there in the end, unless a receiver held the one before',
      lay: () => layShared(topology, 1, { overflow: 'drop-oldest', tiny: true }),
      play: (place: Place) => {
        const books = new Books();
        const [sender, receiver] = [join(place, 'sender'), join(place, 'receiver')];
        return {
          threads: {
            sender: () => {
              for (const value of [11, 12]) books.send(sender, value);
            },
            receiver: () => books.look(receiver),
          },
          atRest: () => {
            const taken = books.delivered.length;
            const left = books.drain(receiver);
            books.settleAt(place);
            if (taken === 0) same(left, [12], 'left');
            hasRoom(sender, receiver);
          },
        };
      },
    }),
  ),

  model({
    name: 'overflow/wakes',
    about: 'a receiver that sleeps gets a message, though the one that it was woken for was dropped',
    lay: () => layShared('mpmc', 1, { overflow: 'drop-oldest' }),
    play: (place: Place) => {
      const books = new Books();
      const [sender, other, receiver] = [join(place, 'sender'), join(place, 'other'), join(place, 'receiver')];
      return {
        threads: {
          sender: () => {
            for (const value of [11, 12]) books.send(sender, value);
          },
          other: () => void books.send(other, 21),
          receiver: () => books.received('receiver', receives(receiver)!),
        },
        atRest: () => {
          books.drain(receiver);
          books.settleAt(place);
        },
      };
    },
  }),

  model({
    name: 'overflow/death',
    about: 'R29: a sender dies anywhere, in the middle of dropping too; another one and a receiver go on',
    preemptions: 0,
    lay: () => layShared('mpmc', 1, { overflow: 'drop-oldest' }),
    play: (place: Place) => {
      const books = new Books();
      const [victim, other, receiver] = [join(place, 'victim'), join(place, 'other'), join(place, 'receiver')];
      const healer = ThreadContext.attach(place.segment, 'healer', 101);
      return {
        threads: {
          victim: {
            mortal: true,
            run: () => {
              for (const value of [11, 12]) books.send(victim, value);
            },
          },
          other: () => void books.send(other, 21),
          receiver: () => books.look(receiver),
          healer: { heirOf: ['victim'], run: () => void recoverThread(healer, victim.thread.id) },
        },
        atRest: ({ died }) => {
          books.drain(receiver);
          // R31: what it was sending when it died may have been delivered, or dropped.
          const [sent] = [11, 12].filter((value) => !books.accepted.includes(value));
          if (sent !== undefined && books.delivered.includes(sent)) books.accepted.push(sent);
          // And it may have died between dropping a message and counting it, or counting it and giving its slot back.
          books.settleAt(place, died('victim') ? 1 : 0);
          if (died('victim')) same(threadState(victim.thread.id), THREAD_FREE, 'state of the cell of the dead');
          hasRoom(other, receiver);
        },
      };
    },
  }),
];
