/** Scopes: an end reaches everybody who is under one, whoever dies meanwhile, and its memory comes back. */

import type { SharedScope } from '../../../src/channel/scope.ts';
import { endScope } from '../../../src/channel/scope-end.ts';
import { CancelledError, LimitError } from '../../../src/errors.ts';
import {
  ENDED_CANCELLED,
  scopeClaim,
  scopeHold,
  scopeLeave,
  scopeLive,
  scopeOpen,
  scopeOpenWord,
} from '../../../src/kernel/scopes.ts';
import { HEADER_SCOPES } from '../../../src/memory/layout.ts';
import { poke } from '../../../src/memory/words.ts';
import { ThreadContext } from '../../../src/park/thread.ts';
import { recoverThread } from '../../../src/supervisor/recovery.ts';
import { check, model, type Program, same } from '../model.ts';
import { join, layShared, type Party, type Place, sends } from './support/channel.ts';
import { Ledger } from './support/ledger.ts';

/** A scope that `maker` made and the others have, before anybody runs. Each adopts it once it does. */
function share(maker: Party, ...others: Party[]) {
  const index = scopeClaim(maker.thread.id);
  const open = scopeOpen(index, maker.thread.id);
  for (const { thread } of others) scopeHold(index, open, thread.id);
  return { index, open, adopt: ({ scopes }: Party) => scopes.adopt(index, open) };
}

/** Receives under the scope, blocking. Answers undefined when that was called off. */
function receiveUnder({ channel }: Party, scope: SharedScope): number | undefined {
  try {
    return channel.receiveSync({ scope }).value;
  } catch (error) {
    if (error instanceof CancelledError) return undefined;
    throw error;
  }
}

/** A thread whose event loop has ended does not hear of ends any more. Once it looks, nothing is left. */
function givenBack(parties: readonly Party[], ...indexes: number[]): void {
  for (const { scopes } of parties) scopes.look();
  for (const index of indexes) check(!scopeLive(index), `scope ${index} was not given back`);
}

function healing(place: Place, victim: Party, twice = false): Record<string, Program> {
  const healer = ThreadContext.attach(place.segment, 'healer', 101);
  const recover = () => void recoverThread(healer, victim.thread.id);
  if (!twice) return { healer: { heirOf: ['victim'], run: recover } };
  return {
    healer: { mortal: true, heirOf: ['victim'], run: recover },
    again: { heirOf: ['healer'], run: recover },
  };
}

export const models = [
  model({
    name: 'scopes/cancel-blocked',
    about: 'R25: a thread that blocks under a scope, in a channel where nothing happens, wakes when it is cancelled',
    preemptions: 2,
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const [receiver, other] = [join(place, 'receiver'), join(place, 'other')];
      const scope = share(other, receiver);
      let received: number | undefined = 0;
      return {
        threads: {
          receiver: () => {
            received = receiveUnder(receiver, scope.adopt(receiver));
          },
          other: () => scope.adopt(other).cancel('why'),
        },
        atRest: () => {
          same(received, undefined, 'received');
          check(!scopeLive(scope.index), 'the scope was not given back');
        },
      };
    },
  }),

  model({
    name: 'scopes/cancel-or-message',
    about: 'R22 and R24: a cancel races with a message: it was received, or it is still there',
    preemptions: 1,
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const ledger = new Ledger();
      const [receiver, other, sender] = [join(place, 'receiver'), join(place, 'other'), join(place, 'sender')];
      const scope = share(other, receiver);
      return {
        threads: {
          receiver: () => {
            const value = receiveUnder(receiver, scope.adopt(receiver));
            if (value !== undefined) ledger.received('receiver', value);
          },
          other: () => scope.adopt(other).cancel(),
          sender: () => {
            if (sends(sender, 11)) ledger.accepted.push(11);
          },
        },
        atRest: () => {
          const left = sender.channel.tryReceive();
          if (left && !left.done) ledger.received('rest', left.value);
          ledger.settle();
        },
      };
    },
  }),

  model({
    name: 'scopes/cancel-pending',
    about: 'R25: an asynchronous receive under a scope is called off by another thread',
    preemptions: 1,
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const [receiver, other] = [join(place, 'receiver'), join(place, 'other')];
      const scope = share(other, receiver);
      const outcomes: string[] = [];
      return {
        threads: {
          receiver: () => {
            receiver.channel.receive({ scope: scope.adopt(receiver) }).then(
              () => outcomes.push('received'),
              (error) => outcomes.push(error instanceof CancelledError ? 'cancelled' : String(error)),
            );
          },
          other: () => scope.adopt(other).cancel('why'),
        },
        atRest: () => {
          same(outcomes, ['cancelled'], 'outcomes');
          check(!scopeLive(scope.index), 'the scope was not given back');
        },
      };
    },
  }),

  model({
    name: 'scopes/two-cancel',
    about: 'two threads cancel with different reasons, a third learns one of them; the entry comes back',
    preemptions: 2,
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const parties = ['one', 'two', 'three'].map((name) => join(place, name));
      const [one, two, three] = parties as [Party, Party, Party];
      const scope = share(one, two, three);
      const reasons: unknown[] = [];
      const cancel = (party: Party, reason: string) => () => {
        const mine = scope.adopt(party);
        mine.cancel(reason);
        reasons.push(mine.reason);
      };
      return {
        threads: {
          one: cancel(one, 'first'),
          two: cancel(two, 'second'),
          three: () => {
            reasons.push(receiveUnder(three, scope.adopt(three)) ?? scope.adopt(three).cancelled);
          },
        },
        atRest: () => {
          const [first, ...others] = reasons.filter((reason) => typeof reason === 'string');
          check(first === 'first' || first === 'second', `the reason is ${first}`);
          for (const other of others) same(other, first, 'the other reason');
          same(reasons.length, 3, 'threads that came to their end');
          check(!scopeLive(scope.index), 'the scope was not given back');
        },
      };
    },
  }),

  model({
    name: 'scopes/child',
    about: 'a scope is made in another while that one is cancelled: it is over as well',
    preemptions: 3,
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const [maker, other] = [join(place, 'maker'), join(place, 'other')];
      const scope = share(other, maker);
      let child: SharedScope | undefined;
      return {
        threads: {
          maker: () => {
            child = scope.adopt(maker).child();
            receiveUnder(maker, child);
          },
          other: () => scope.adopt(other).cancel('why'),
        },
        atRest: () => {
          check(child!.cancelled, 'a scope goes on in one that is over');
          givenBack([maker], 0, 1);
        },
      };
    },
  }),

  model({
    name: 'scopes/grandchild',
    about: 'a scope in a scope in a scope: three threads, each with one of them',
    preemptions: 1,
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const [maker, other] = [join(place, 'maker'), join(place, 'other')];
      const scope = share(other, maker);
      return {
        threads: {
          maker: () => {
            const child = scope.adopt(maker).child();
            receiveUnder(maker, child.child());
          },
          other: () => scope.adopt(other).cancel('why'),
        },
        atRest: () => givenBack([maker], 0, 1, 2),
      };
    },
  }),

  model({
    name: 'scopes/two-makers',
    about: 'two threads make scopes at once: each has its own, and ends no other',
    preemptions: 3,
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const [one, two] = [join(place, 'one'), join(place, 'two')];
      const made: SharedScope[] = [];
      const make = (party: Party, cancels: boolean) => () => {
        const scope = party.scopes.open(undefined, undefined);
        made.push(scope);
        if (cancels) scope.cancel();
      };
      return {
        threads: { one: make(one, false), two: make(two, true) },
        atRest: () => {
          // The entry of the one that is over may be the other's by now, under another name.
          same(new Set(made.map(({ index, open }) => `${index} ${open}`)).size, 2, 'names');
          same(made.map((scope) => scope.cancelled).toSorted(), [false, true], 'which are over');
        },
      };
    },
  }),

  model({
    name: 'scopes/late',
    about:
      'a thread takes a scope up while it is cancelled, seen and given back, and made anew: it has that one or none',
    preemptions: 2,
    lay: () => {
      const place = layShared('mpmc', 1);
      // So that the next one has the same entry.
      poke(HEADER_SCOPES, 1);
      return place;
    },
    play: (place: Place) => {
      const [maker, late] = [join(place, 'maker'), join(place, 'late')];
      const scope = share(maker);
      let next: SharedScope | undefined;
      let found: SharedScope | undefined;
      return {
        threads: {
          maker: () => {
            scope.adopt(maker).cancel();
            try {
              next = maker.scopes.open(undefined, undefined);
            } catch (error) {
              if (!(error instanceof LimitError)) throw error;
            }
          },
          late: () => {
            found = scope.adopt(late);
            receiveUnder(late, found);
          },
        },
        atRest: () => {
          check(found!.cancelled, 'what was taken up late is not over');
          check(!next?.cancelled, 'the next scope is over, though nobody ended it');
          same(scopeLive(scope.index), next !== undefined, 'the entry is in use');
        },
      };
    },
  }),

  model({
    name: 'scopes/impatient',
    about: 'a scope is ended by a thread that does not have it, while the only one that has it leaves without waiting',
    preemptions: 3,
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const [holder, other] = [join(place, 'holder'), join(place, 'other')];
      const { index, open } = share(holder);
      const ending = { how: ENDED_CANCELLED, reason: new Uint8Array(4) };
      return {
        threads: {
          holder: () => scopeLeave(index, holder.thread.id),
          other: () => void endScope(other.thread, index, open, ending),
        },
        atRest: () => check(!scopeLive(index), 'the scope was not given back'),
      };
    },
  }),

  model({
    name: 'scopes/death-and-pending',
    about: 'who made a scope dies while cancelling it: an asynchronous receive under it is called off',
    preemptions: 1,
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const [victim, receiver] = [join(place, 'victim'), join(place, 'receiver')];
      const scope = share(victim, receiver);
      const outcomes: string[] = [];
      return {
        threads: {
          victim: { mortal: true, run: () => scope.adopt(victim).cancel() },
          receiver: () => {
            receiver.channel.receive({ scope: scope.adopt(receiver) }).then(
              () => outcomes.push('received'),
              (error) => outcomes.push(error instanceof CancelledError ? 'cancelled' : String(error)),
            );
          },
          ...healing(place, victim),
        },
        atRest: () => same(outcomes, ['cancelled'], 'outcomes'),
      };
    },
  }),

  model({
    name: 'scopes/death-of-maker',
    about: 'who made a scope dies anywhere, also while cancelling it: whoever is under it, or under one in it, wakes',
    preemptions: 1,
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const [victim, receiver] = [join(place, 'victim'), join(place, 'receiver')];
      const scope = share(victim, receiver);
      return {
        threads: {
          victim: { mortal: true, run: () => scope.adopt(victim).cancel('why') },
          receiver: () => {
            receiveUnder(receiver, scope.adopt(receiver).child());
          },
          ...healing(place, victim),
        },
        atRest: () => givenBack([receiver], 0, 1),
      };
    },
  }),

  model({
    name: 'scopes/death-of-holder',
    about: 'who has a scope dies anywhere: while taking it up, making one in it, seeing its end; the entries come back',
    preemptions: 1,
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const [victim, maker] = [join(place, 'victim'), join(place, 'maker')];
      const scope = share(maker, victim);
      return {
        threads: {
          victim: {
            mortal: true,
            run: () => {
              const child = scope.adopt(victim).child();
              child.child();
              child.cancel('x');
            },
          },
          maker: () => scope.adopt(maker).cancel(),
          ...healing(place, victim),
        },
        atRest: ({ died }) => {
          for (const index of [0, 1, 2]) check(scopeOpenWord(index) === 0, `scope ${index} is open`);
          givenBack(died('victim') ? [maker] : [maker, victim], 0, 1, 2);
        },
      };
    },
  }),

  model({
    name: 'scopes/cut-short',
    about: 'who recovers a dead maker of a scope dies as well, anywhere; it is done again',
    preemptions: 0,
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const [victim, receiver] = [join(place, 'victim'), join(place, 'receiver')];
      const scope = share(victim, receiver);
      return {
        threads: {
          victim: { mortal: true, run: () => scope.adopt(victim).cancel('why') },
          receiver: () => {
            receiveUnder(receiver, scope.adopt(receiver));
          },
          ...healing(place, victim, true),
        },
        atRest: () => check(scopeOpenWord(scope.index) === 0, 'the scope is open'),
      };
    },
  }),
];
