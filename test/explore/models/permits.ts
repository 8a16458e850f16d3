/** Permits: never more than there are, none lost, whoever dies between which steps. */

import { TimeoutError } from '../../../src/errors.ts';
import { permitsFree, permitsHeld } from '../../../src/kernel/permits.ts';
import { SYNC_SEMAPHORE } from '../../../src/memory/layout.ts';
import { closeSync } from '../../../src/supervisor/syncs.ts';
import { Permits } from '../../../src/sync/permits.ts';
import { check, model, same } from '../model.ts';
import { healing, join, lay, type Place } from './support/primitives.ts';

const permits = (place: Place, name: string) => join(place, name, Permits);

/** Takes so many, blocking, and gives them back. */
function use(mine: Permits, count: number, times = 1): void {
  for (let i = 0; i < times; i++) {
    mine.takeSync(count, undefined);
    mine.give(count);
  }
}

/** That all are there again, and nobody holds any. */
function settled(place: Place, size: number, ...all: Permits[]): void {
  const { address } = all[0]!;
  same(permitsFree(address), size, 'permits that are free');
  for (const { thread } of all) same(permitsHeld(address, thread.id), 0, `permits that ${thread.name} holds`);
  check(place.index === 0, 'there is one');
}

export const models = [
  model({
    name: 'permits/three',
    about: 'three threads want one of two permits each, blocking',
    preemptions: 1,
    lay: () => lay(SYNC_SEMAPHORE, 2, 2),
    play: (place: Place) => {
      const all = ['one', 'two', 'three'].map((name) => permits(place, name));
      let most = 0;
      let now = 0;
      const one = (mine: Permits) => () => {
        mine.takeSync(1, undefined);
        most = Math.max(most, ++now);
        now--;
        mine.give(1);
      };
      return {
        threads: { one: one(all[0]!), two: one(all[1]!), three: one(all[2]!) },
        atRest: () => {
          check(most <= 2, 'more were taken than there are');
          settled(place, 2, ...all);
        },
      };
    },
  }),

  model({
    name: 'permits/never-more',
    about: 'two threads try to take two of three permits: one gets them',
    preemptions: 3,
    lay: () => lay(SYNC_SEMAPHORE, 3, 3),
    play: (place: Place) => {
      const [one, two] = [permits(place, 'one'), permits(place, 'two')];
      let taken = 0;
      const take = (mine: Permits) => () => {
        if (mine.tryTake(2)) taken++;
      };
      return {
        threads: { one: take(one), two: take(two) },
        atRest: () => {
          same(taken, 1, 'threads that took them');
          same(permitsFree(one.address), 1, 'permits that are free');
        },
      };
    },
  }),

  model({
    name: 'permits/greedy',
    about: 'one thread wants two permits and another one wants one, of two that come back one by one',
    preemptions: 1,
    lay: () => lay(SYNC_SEMAPHORE, 2, 2),
    play: (place: Place) => {
      const [holder, many, few] = [permits(place, 'holder'), permits(place, 'many'), permits(place, 'few')];
      holder.tryTake(2);
      let got = false;
      return {
        threads: {
          holder: () => holder.give(1),
          many: { maySleep: true, run: () => many.takeSync(2, undefined) },
          few: () => {
            few.takeSync(1, undefined);
            got = true;
          },
        },
        atRest: () => check(got, 'somebody sleeps beside a permit that is free'),
      };
    },
  }),

  model({
    name: 'permits/greedy-late',
    about: 'a thread that wants one permit is out of time; what it was woken for goes to one who wants one, not two',
    preemptions: 0,
    lay: () => lay(SYNC_SEMAPHORE, 2, 2),
    play: (place: Place) => {
      const [holder, fickle] = [permits(place, 'holder'), permits(place, 'fickle')];
      const [many, few] = [permits(place, 'many'), permits(place, 'few')];
      holder.tryTake(2);
      let got = false;
      return {
        threads: {
          holder: () => holder.give(1),
          fickle: () => {
            try {
              fickle.takeSync(1, { timeout: 1 });
              fickle.give(1);
            } catch (error) {
              if (!(error instanceof TimeoutError)) throw error;
            }
          },
          many: { maySleep: true, run: () => many.takeSync(2, undefined) },
          few: () => {
            few.takeSync(1, undefined);
            got = true;
          },
        },
        atRest: () => check(got, 'somebody sleeps beside a permit that is free'),
      };
    },
  }),

  model({
    name: 'permits/pending',
    about: 'two tasks of one thread want a permit asynchronously, another thread takes it, blocking',
    preemptions: 1,
    lay: () => lay(SYNC_SEMAPHORE, 1, 1),
    play: (place: Place) => {
      const [many, one] = [permits(place, 'many'), permits(place, 'one')];
      const order: number[] = [];
      return {
        threads: {
          many: () => {
            for (const task of [1, 2]) {
              many.take(1, undefined).then(() => {
                order.push(task);
                many.give(1);
              });
            }
          },
          one: () => use(one, 1),
        },
        atRest: () => {
          same(order, [1, 2], 'order of the tasks');
          settled(place, 1, many, one);
        },
      };
    },
  }),

  model({
    name: 'permits/close',
    about: 'a semaphore is closed while two threads want permits',
    preemptions: 1,
    lay: () => lay(SYNC_SEMAPHORE, 1, 1),
    play: (place: Place) => {
      const [holder, closer] = [permits(place, 'holder'), permits(place, 'closer')];
      const [one, two] = [permits(place, 'one'), permits(place, 'two')];
      holder.tryTake(1);
      const met: string[] = [];
      const take = (mine: Permits) => () => {
        try {
          mine.takeSync(1, undefined);
        } catch (error) {
          met.push((error as Error).name);
        }
      };
      return {
        threads: { one: take(one), two: take(two), closer: () => closer.end(closeSync) },
        atRest: () => same(met, ['ClosedError', 'ClosedError'], 'what they met'),
      };
    },
  }),

  model({
    name: 'permits/helped',
    about: 'two threads take and give back permits, twice each, and finish each other’s moves',
    preemptions: 2,
    lay: () => lay(SYNC_SEMAPHORE, 3, 3),
    play: (place: Place) => {
      const [one, two] = [permits(place, 'one'), permits(place, 'two')];
      return {
        threads: { one: () => use(one, 1, 2), two: () => use(two, 2, 2) },
        atRest: () => settled(place, 3, one, two),
      };
    },
  }),

  model({
    name: 'permits/death',
    about: 'R29: a thread dies anywhere while it takes permits and gives them back; all of them are there again',
    preemptions: 1,
    lay: () => lay(SYNC_SEMAPHORE, 3, 3),
    play: (place: Place) => {
      const [victim, other] = [permits(place, 'victim'), permits(place, 'other')];
      return {
        threads: {
          victim: { mortal: true, run: () => use(victim, 2, 2) },
          other: () => use(other, 1, 2),
          ...healing(place, victim),
        },
        atRest: () => settled(place, 3, victim, other),
      };
    },
  }),

  model({
    name: 'permits/death-of-holder',
    about: 'R29: a thread dies anywhere with permits that another one waits for',
    preemptions: 0,
    lay: () => lay(SYNC_SEMAPHORE, 2, 2),
    play: (place: Place) => {
      const [victim, other, third] = [permits(place, 'victim'), permits(place, 'other'), permits(place, 'third')];
      return {
        threads: {
          victim: { mortal: true, run: () => use(victim, 2) },
          other: () => use(other, 2),
          third: () => use(third, 1),
          ...healing(place, victim),
        },
        atRest: () => settled(place, 2, victim, other, third),
      };
    },
  }),

  model({
    name: 'permits/cut-short',
    about: 'who gives back the permits of a dead thread dies as well, anywhere; it is done again',
    preemptions: 0,
    lay: () => lay(SYNC_SEMAPHORE, 3, 3),
    play: (place: Place) => {
      const [victim, other] = [permits(place, 'victim'), permits(place, 'other')];
      return {
        threads: {
          victim: { mortal: true, run: () => use(victim, 2) },
          other: { maySleep: true, run: () => use(other, 1) },
          ...healing(place, victim, true),
        },
        atRest: () => settled(place, 3, victim, other),
      };
    },
  }),
];
