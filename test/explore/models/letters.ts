/** At-least-once: what is not acknowledged comes again, what is acknowledged never does. */

import type { Delivery } from '../../../src/channel/types.ts';
import { letterClaim, letterPost, letterReturn, letterTake, letterTaken } from '../../../src/kernel/letters.ts';
import { CHANNEL_RETURNED } from '../../../src/memory/layout.ts';
import { poke } from '../../../src/memory/words.ts';
import { ThreadContext } from '../../../src/park/thread.ts';
import { recoverThread } from '../../../src/supervisor/recovery.ts';
import { check, model, same } from '../model.ts';
import { join, layShared, type Party, type Place, sends } from './support/channel.ts';
import { sorted } from './support/ledger.ts';

/** What was acknowledged: once each, and never delivered again after that. */
class Acknowledgements {
  readonly accepted: number[] = [];
  readonly acknowledged: number[] = [];

  send(party: Party, value: number): void {
    if (sends(party, value)) this.accepted.push(value);
  }

  /** The next delivery, or undefined at the end. */
  next({ channel }: Party): Delivery<number> | undefined {
    const before = [...this.acknowledged];
    const next = channel.deliveries()[Symbol.iterator]().next();
    if (next.done) return undefined;
    const { value } = next.value;
    check(!before.includes(value), `R30: ${value} was acknowledged, and came again`);
    return next.value;
  }

  acknowledge(delivery: Delivery<number>): void {
    if (delivery.ack()) this.acknowledged.push(delivery.value);
  }

  /** Receives to the end, and acknowledges everything. */
  drain(party: Party): void {
    for (let delivery = this.next(party); delivery; delivery = this.next(party)) this.acknowledge(delivery);
  }

  settle(): void {
    same(sorted(this.acknowledged), sorted(this.accepted), 'acknowledged is what was accepted');
  }
}

const keeping = { delivery: 'at-least-once' } as const;

export const models = [
  model({
    name: 'letters/two-receivers',
    about: 'a sender that closes behind its messages, and two receivers that acknowledge all they get',
    preemptions: 0,
    lay: () => layShared('mpmc', 1, keeping),
    play: (place: Place) => {
      const books = new Acknowledgements();
      const [one, two, sender] = [join(place, 'one'), join(place, 'two'), join(place, 'sender')];
      return {
        threads: {
          one: () => books.drain(one),
          two: () => books.drain(two),
          sender: () => {
            books.send(sender, 11);
            books.send(sender, 12);
            sender.channel.close();
          },
        },
        atRest: () => {
          same(books.accepted, [11, 12], 'accepted');
          books.settle();
          same(sender.channel.length, 0, 'length of a drained channel');
        },
      };
    },
  }),

  model({
    name: 'letters/refused',
    about: 'a receiver hands a message back: it comes again, marked as a second attempt',
    preemptions: 0,
    lay: () => layShared('mpmc', 1, keeping),
    play: (place: Place) => {
      const books = new Acknowledgements();
      const [one, two, sender] = [join(place, 'one'), join(place, 'two'), join(place, 'sender')];
      let refused = 0;
      return {
        threads: {
          fussy: () => {
            const first = books.next(one);
            if (first) {
              refused = first.value;
              check(first.nack(), 'it could not be handed back');
            }
            books.drain(one);
          },
          receiver: () => {
            for (let delivery = books.next(two); delivery; delivery = books.next(two)) {
              check(delivery.attempt === (delivery.value === refused ? 2 : 1), `attempt ${delivery.attempt}`);
              books.acknowledge(delivery);
            }
          },
          sender: () => {
            books.send(sender, 11);
            sender.channel.close();
          },
        },
        atRest: () => books.settle(),
      };
    },
  }),

  model({
    name: 'letters/handed-back',
    about: 'a receiver hands a message back and goes: the other one hears of it',
    lay: () => layShared('mpmc', 1, keeping),
    play: (place: Place) => {
      const books = new Acknowledgements();
      const [one, two, sender] = [join(place, 'one'), join(place, 'two'), join(place, 'sender')];
      return {
        threads: {
          fussy: () => void books.next(one)?.nack(),
          receiver: () => books.drain(two),
          sender: () => {
            books.send(sender, 11);
            sender.channel.close();
          },
        },
        atRest: () => books.settle(),
      };
    },
  }),

  model({
    name: 'letters/two-senders',
    about: 'two senders claim letters at once, and a receiver acknowledges all',
    lay: () => layShared('mpmc', 2, keeping),
    play: (place: Place) => {
      const books = new Acknowledgements();
      const [one, two, receiver] = [join(place, 'one'), join(place, 'two'), join(place, 'receiver')];
      return {
        threads: {
          one: () => books.send(one, 11),
          two: () => books.send(two, 21),
          receiver: () => {
            for (let i = 0; i < 2; i++) books.acknowledge(books.next(receiver)!);
          },
        },
        atRest: () => {
          same(books.accepted.length, 2, 'accepted');
          books.settle();
        },
      };
    },
  }),

  model({
    name: 'letters/returned',
    about: 'a letter is returned while somebody clears the flag that says so: it is found',
    preemptions: 3,
    lay: () => {
      const { address } = layShared('mpmc', 1, keeping);
      letterPost(address, letterClaim(address, 1));
      const letter = letterTake(address, 1);
      poke(address + CHANNEL_RETURNED, 1);
      return { address, letter, word: letterTaken(1) };
    },
    play: ({ address, letter, word }) => {
      let taken = -1;
      return {
        threads: {
          returner: () => check(letterReturn(address, letter, word), 'it could not be returned'),
          taker: () => {
            taken = letterTake(address, 2);
          },
        },
        atRest: () => check(taken === letter || letterTake(address, 3) === letter, 'nobody finds what was returned'),
      };
    },
  }),

  model({
    name: 'letters/death-of-receiver',
    about: 'R30: a receiver dies anywhere; what it had not acknowledged comes again, to another one',
    preemptions: 0,
    lay: () => layShared('mpmc', 1, keeping),
    play: (place: Place) => {
      const books = new Acknowledgements();
      const [victim, other, sender] = [join(place, 'victim'), join(place, 'other'), join(place, 'sender')];
      const healer = ThreadContext.attach(place.segment, 'healer', 101);
      return {
        threads: {
          victim: { mortal: true, run: () => books.drain(victim) },
          other: () => books.drain(other),
          sender: () => {
            books.send(sender, 11);
            sender.channel.close();
          },
          healer: { heirOf: ['victim'], run: () => void recoverThread(healer, victim.thread.id) },
        },
        atRest: ({ died }) => {
          same(books.accepted, [11], 'accepted');
          // It may have died between acknowledging and telling.
          if (!died('victim') || books.acknowledged.length > 0) books.settle();
          same(other.channel.length, 0, 'length of a drained channel');
        },
      };
    },
  }),

  model({
    name: 'letters/death-of-sender',
    about: 'a sender dies anywhere; what it had posted is delivered, and its letters are free again',
    preemptions: 0,
    lay: () => layShared('mpmc', 1, keeping),
    play: (place: Place) => {
      const books = new Acknowledgements();
      const [victim, other, receiver] = [join(place, 'victim'), join(place, 'other'), join(place, 'receiver')];
      const healer = ThreadContext.attach(place.segment, 'healer', 101);
      return {
        threads: {
          victim: { mortal: true, run: () => books.send(victim, 11) },
          other: () => {
            books.send(other, 21);
            other.channel.close();
          },
          receiver: () => books.drain(receiver),
          healer: { heirOf: ['victim'], run: () => void recoverThread(healer, victim.thread.id) },
        },
        atRest: () => {
          check(books.accepted.includes(21), 'accepted');
          if (books.acknowledged.includes(11) && !books.accepted.includes(11)) books.accepted.push(11);
          books.settle();
          same(receiver.channel.length, 0, 'length of a drained channel');
        },
      };
    },
  }),
];
