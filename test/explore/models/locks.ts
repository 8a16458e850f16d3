/** Locks: one holder at a time, no wake-up lost, whoever is called off, closes, or dies meanwhile. */

import { ClosedError, TimeoutError } from '../../../src/errors.ts';
import { LOCK_ORPHANED, LOCK_SEALED, LOCK_TAKEN, lockHolder } from '../../../src/kernel/locks.ts';
import { syncAddress, syncClaim, syncLay, syncLeave, syncLive, syncOpen } from '../../../src/kernel/syncs.ts';
import { waitersHas } from '../../../src/kernel/waiters.ts';
import { HEADER_SYNCS, SYNC_MUTEX, SYNC_ONCE, SYNC_WAITERS } from '../../../src/memory/layout.ts';
import { poke } from '../../../src/memory/words.ts';
import { closeSync } from '../../../src/supervisor/syncs.ts';
import { Lock } from '../../../src/sync/lock.ts';
import { check, model, same } from '../model.ts';
import { Calling } from './support/calling.ts';
import { forget, Guarded, healing, join, lay, type Place, watching } from './support/primitives.ts';

const lock = (place: Place, name: string) => join(place, name, Lock);

/** Takes it, blocking, does something under it, and gives it back. Answers how it was taken. */
function under(mine: Lock, guarded: Guarded): number {
  const code = mine.takeSync(undefined);
  guarded.add();
  mine.give();
  return code;
}

/** Takes it, blocking. Answers what it threw otherwise. */
function takes(mine: Lock): number | string {
  try {
    return mine.takeSync(undefined);
  } catch (error) {
    if (error instanceof ClosedError || error instanceof TimeoutError) return error.name;
    throw error;
  }
}

/** Takes it if it is free, and gives it back. */
function touch(mine: Lock): void {
  if (mine.tryTake() >= 0) mine.give();
}

/** Does what a `Once` does. */
function runs(once: Lock, guarded: Guarded, mortals = false): void {
  if (once.takeSync(undefined) === LOCK_SEALED) {
    // Everybody who is told that it was done sees what it did.
    check(guarded.value === 1, 'what was done once is not seen');
    return;
  }
  // Who dies may have done it, and not come to say so.
  if (!mortals || guarded.value === 0) guarded.add();
  once.seal();
}

export const models = [
  model({
    name: 'locks/three',
    about: 'three threads take a lock, blocking: each of them gets it, and sees what those before it did',
    preemptions: 2,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const guarded = new Guarded();
      const one = (name: string) => {
        const mine = lock(place, name);
        return () => void under(mine, guarded);
      };
      return {
        threads: { one: one('one'), two: one('two'), three: one('three') },
        atRest: () => same(guarded.value, 3, 'times that it was held'),
      };
    },
  }),

  model({
    name: 'locks/again',
    about: 'one thread takes a lock twice while another waits for it',
    preemptions: 2,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const guarded = new Guarded();
      const [one, two] = [lock(place, 'one'), lock(place, 'two')];
      return {
        threads: {
          one: () => {
            under(one, guarded);
            under(one, guarded);
          },
          two: () => void under(two, guarded),
        },
        atRest: () => same(guarded.value, 3, 'times that it was held'),
      };
    },
  }),

  model({
    name: 'locks/late',
    about: 'R22 and R24: one of two that wait for a lock is out of time; what it was woken for goes to the other',
    preemptions: 1,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const guarded = new Guarded();
      const [holder, fickle, patient] = [lock(place, 'holder'), lock(place, 'fickle'), lock(place, 'patient')];
      let held = 0;
      return {
        threads: {
          holder: () => void under(holder, guarded),
          fickle: () => {
            try {
              fickle.takeSync({ timeout: 1 });
            } catch (error) {
              if (!(error instanceof TimeoutError)) throw error;
              return;
            }
            held++;
            guarded.add();
            fickle.give();
          },
          patient: () => void under(patient, guarded),
        },
        atRest: () => same(guarded.value, 2 + held, 'times that it was held'),
      };
    },
  }),

  model({
    name: 'locks/pending',
    about: 'two tasks of one thread wait for a lock asynchronously, another thread takes it, blocking',
    preemptions: 1,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const guarded = new Guarded();
      const [many, one] = [lock(place, 'many'), lock(place, 'one')];
      const order: number[] = [];
      return {
        threads: {
          many: () => {
            for (const task of [1, 2]) {
              many.take(undefined).then(() => {
                order.push(task);
                guarded.add();
                many.give();
              });
            }
          },
          one: () => void under(one, guarded),
        },
        atRest: () => {
          same(order, [1, 2], 'order of the tasks');
          same(guarded.value, 3, 'times that it was held');
        },
      };
    },
  }),

  model({
    name: 'locks/withdraw',
    about: 'R22: a task that waits for a lock is called off; what its thread was woken for goes to another one',
    preemptions: 1,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const guarded = new Guarded();
      const [holder, fickle, patient] = [lock(place, 'holder'), lock(place, 'fickle'), lock(place, 'patient')];
      const calling = new Calling();
      let held = 0;
      return {
        threads: {
          holder: () => void under(holder, guarded),
          fickle: () => {
            fickle.take({ signal: calling as unknown as AbortSignal }).then(
              () => {
                held++;
                fickle.give();
              },
              () => {},
            );
            calling.off();
          },
          patient: () => void under(patient, guarded),
        },
        atRest: () => {
          same(guarded.value, 2, 'times that it was held');
          check(lockHolder(patient.address) < 0, 'somebody who was called off has it');
          check(held <= 1, 'it was taken twice');
        },
      };
    },
  }),

  model({
    name: 'locks/blocking-first',
    about: 'a thread waits for a lock asynchronously, and then blocks for it: it does not wait for itself',
    preemptions: 2,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const guarded = new Guarded();
      const [both, other] = [lock(place, 'both'), lock(place, 'other')];
      let task = 0;
      return {
        threads: {
          both: () => {
            if (both.tryTake() === LOCK_TAKEN) {
              both.give();
              return;
            }
            both.take(undefined).then(() => {
              task++;
              both.give();
            });
            // Unless the task has it already: then this would wait for itself, and is told so.
            if (both.holder !== both.thread.id) under(both, guarded);
          },
          other: () => void under(other, guarded),
        },
        atRest: () => {
          check(task <= 1, 'the task ran twice');
          check(lockHolder(both.address) < 0, 'somebody still has it');
        },
      };
    },
  }),

  model({
    name: 'locks/close',
    about: 'a lock is closed while one thread has it and another waits: that one is told, and the entry comes back',
    preemptions: 2,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const [holder, waiter] = [watching(place, 'holder', Lock), watching(place, 'waiter', Lock)];
      const closer = join(place, 'closer', Lock);
      const outcomes: unknown[] = [];
      const take = (attach: () => Lock) => () => {
        const mine = attach();
        outcomes.push(takes(mine));
      };
      return {
        threads: {
          holder: take(holder),
          waiter: take(waiter),
          closer: () => closer.end(closeSync),
        },
        atRest: () => {
          check(outcomes.length === 2, 'somebody still waits');
          check(outcomes.includes('ClosedError'), 'two threads have it');
        },
      };
    },
  }),

  model({
    name: 'locks/close-pending',
    about: 'a lock is closed while a task waits for it: it is called off, and its thread has the lock no more',
    preemptions: 1,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const [holder, closer] = [lock(place, 'holder'), lock(place, 'closer')];
      const waiter = watching(place, 'waiter', Lock);
      const outcomes: unknown[] = [];
      holder.tryTake();
      return {
        threads: {
          waiter: () => {
            waiter()
              .take(undefined)
              .then(
                () => outcomes.push('taken'),
                (error) => outcomes.push(error.name),
              );
          },
          closer: () => closer.end(closeSync),
        },
        atRest: () => same(outcomes, ['ClosedError'], 'outcomes'),
      };
    },
  }),

  model({
    name: 'locks/stale',
    about: 'a thread takes a lock up while it is closed, given back, and made anew: it has the old one or none',
    preemptions: 3,
    lay: () => {
      const place = lay(SYNC_MUTEX);
      // So that the next one has the same entry.
      poke(HEADER_SYNCS, 1);
      return place;
    },
    play: (place: Place) => {
      const [maker, late] = [watching(place, 'maker', Lock), watching(place, 'late', Lock)];
      forget(place, maker);
      let mine: Lock | undefined;
      let next: number | undefined;
      return {
        threads: {
          maker: () => {
            const first = maker();
            first.end(closeSync);
            // BLOCKED if the late one has the old one still.
            next = syncClaim(first.thread.id);
            if (next < 0) return;
            syncLay(next, SYNC_MUTEX, 1, 0);
            syncOpen(next, first.thread.id);
          },
          late: () => {
            mine = late();
            takes(mine);
            mine.look();
          },
        },
        atRest: () => {
          check(mine!.closed, 'what was taken up late is open');
          // A thread whose event loop has ended does not hear of ends any more. Once it looks, nothing is left.
          mine!.look();
          if (next === 0) check(lockHolder(mine!.address) < 0, 'the late one has the lock of others');
          else check(!syncLive(0), 'the entry was not given back');
        },
      };
    },
  }),

  model({
    name: 'locks/given-back',
    about: 'two threads have a lock that both close: its entry goes back, once',
    preemptions: 3,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const [one, two] = [watching(place, 'one', Lock), watching(place, 'two', Lock)];
      forget(place, one, two);
      const close = (attach: () => Lock) => () => attach().end(closeSync);
      return {
        threads: { one: close(one), two: close(two) },
        atRest: () => check(!syncLive(place.index), 'the entry was not given back'),
      };
    },
  }),

  model({
    name: 'locks/two-makers',
    about: 'two threads make a lock at once: each has its own',
    preemptions: 3,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const made: number[] = [];
      const make = (name: string) => {
        const { kernel, thread } = lock(place, name);
        return () => {
          const index = kernel.syncClaim(thread.id);
          kernel.syncLay(index, SYNC_MUTEX, 1, 0);
          kernel.syncOpen(index, thread.id);
          made.push(index);
        };
      };
      return {
        threads: { one: make('one'), two: make('two') },
        atRest: () => same(made.toSorted(), [1, 2], 'entries'),
      };
    },
  }),

  model({
    name: 'locks/impatient',
    about: 'a lock is closed by one thread while the only other one that has it leaves',
    preemptions: 3,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const [holder, closer] = [lock(place, 'holder'), lock(place, 'closer')];
      syncLeave(place.index, closer.thread.id);
      syncLeave(place.index, 0);
      return {
        threads: {
          holder: () => syncLeave(place.index, holder.thread.id),
          closer: () => closer.end(closeSync),
        },
        atRest: () => check(!syncLive(place.index), 'the entry was not given back'),
      };
    },
  }),

  model({
    name: 'locks/death',
    about: 'R29: a thread dies anywhere while it takes a lock and gives it back; the others get it, and one is told',
    preemptions: 1,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const [victim, other] = [lock(place, 'victim'), lock(place, 'other')];
      let told = 0;
      let code = -1;
      return {
        threads: {
          victim: {
            mortal: true,
            run: () => {
              victim.takeSync(undefined);
              victim.give();
            },
          },
          other: () => {
            code = other.takeSync(undefined);
            if (code === LOCK_ORPHANED) told++;
            other.give();
          },
          ...healing(place, victim),
        },
        atRest: ({ died }) => {
          check(code >= 0, 'the other one did not get it');
          check(told === 0 || died('victim'), 'somebody was told of a death, and nobody died');
          check(lockHolder(other.address) < 0, 'the dead still has it');
        },
      };
    },
  }),

  model({
    name: 'locks/death-of-woken',
    about: 'R29: of two that wait one dies anywhere, woken or not; the other gets the lock all the same',
    preemptions: 0,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const [holder, victim, other] = [lock(place, 'holder'), lock(place, 'victim'), lock(place, 'other')];
      const guarded = new Guarded();
      holder.tryTake();
      let held = false;
      return {
        threads: {
          holder: () => holder.give(),
          victim: { mortal: true, run: () => void under(victim, guarded) },
          other: () => {
            other.takeSync(undefined);
            held = true;
            other.give();
          },
          ...healing(place, victim),
        },
        atRest: () => check(held, 'the other one did not get it'),
      };
    },
  }),

  model({
    name: 'locks/death-and-pending',
    about: 'R29: a thread dies anywhere with a lock that a task of another thread waits for',
    preemptions: 0,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const [victim, other] = [lock(place, 'victim'), lock(place, 'other')];
      const outcomes: number[] = [];
      return {
        threads: {
          victim: {
            mortal: true,
            run: () => {
              victim.takeSync(undefined);
              victim.give();
            },
          },
          other: () => {
            other.take(undefined).then((code) => {
              outcomes.push(code);
              other.give();
            });
          },
          ...healing(place, victim),
        },
        atRest: () => same(outcomes.length, 1, 'times that the task got it'),
      };
    },
  }),

  model({
    name: 'locks/death-of-closer',
    about: 'who closes a lock dies anywhere: whoever waits is told, or has it',
    preemptions: 0,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const [holder, victim] = [lock(place, 'holder'), lock(place, 'victim')];
      const waiter = watching(place, 'waiter', Lock);
      holder.tryTake();
      let outcome: unknown;
      return {
        threads: {
          victim: { mortal: true, run: () => victim.end(closeSync) },
          waiter: {
            maySleep: true,
            run: () => {
              outcome = takes(waiter());
            },
          },
          ...healing(place, victim),
        },
        atRest: () => {
          if (victim.kernel.syncIsOpen(place.index, place.open)) same(outcome, undefined, 'outcome while it is open');
          else same(outcome, 'ClosedError', 'outcome');
        },
      };
    },
  }),

  model({
    name: 'locks/death-of-maker',
    about: 'who makes a lock dies anywhere: the entry comes back',
    preemptions: 0,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const victim = lock(place, 'victim');
      const { kernel, thread } = victim;
      return {
        threads: {
          victim: {
            mortal: true,
            run: () => {
              const index = kernel.syncClaim(thread.id);
              kernel.syncLay(index, SYNC_MUTEX, 1, 0);
              const open = kernel.syncOpen(index, thread.id);
              kernel.syncClose(index, open);
              kernel.syncLeave(index, thread.id);
            },
          },
          ...healing(place, victim),
        },
        atRest: () => check(!syncLive(1), 'the entry was not given back'),
      };
    },
  }),

  model({
    name: 'locks/cut-short',
    about: 'who recovers a thread that died with a lock dies as well, anywhere; it is done again',
    preemptions: 0,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const [victim, other] = [lock(place, 'victim'), lock(place, 'other')];
      let code: unknown;
      return {
        threads: {
          victim: {
            mortal: true,
            run: () => {
              victim.takeSync(undefined);
              victim.give();
            },
          },
          other: {
            maySleep: true,
            run: () => {
              code = other.takeSync(undefined);
              other.give();
            },
          },
          ...healing(place, victim, true),
        },
        atRest: ({ died }) => {
          if (died('victim')) check(code === LOCK_TAKEN || code === LOCK_ORPHANED, 'the other one did not get it');
        },
      };
    },
  }),

  model({
    name: 'locks/once',
    about: 'three threads want something done once: one does it, and the others see what it did',
    preemptions: 2,
    lay: () => lay(SYNC_ONCE),
    play: (place: Place) => {
      const guarded = new Guarded();
      const one = (name: string) => {
        const mine = lock(place, name);
        return () => runs(mine, guarded);
      };
      return {
        threads: { one: one('one'), two: one('two'), three: one('three') },
        atRest: () => same(guarded.value, 1, 'times that it was done'),
      };
    },
  }),

  model({
    name: 'locks/once-death',
    about: 'who does something once dies anywhere: another one does it, and everybody comes to know',
    preemptions: 1,
    lay: () => lay(SYNC_ONCE),
    play: (place: Place) => {
      const guarded = new Guarded();
      const [victim, other] = [lock(place, 'victim'), lock(place, 'other')];
      return {
        threads: {
          victim: { mortal: true, run: () => runs(victim, guarded, true) },
          other: () => runs(other, guarded, true),
          ...healing(place, victim),
        },
        atRest: () => same(guarded.value, 1, 'times that it was done'),
      };
    },
  }),

  model({
    name: 'locks/death-guarded',
    about: 'a thread dies while another one has the lock: that is not taken away from it',
    preemptions: 1,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const guarded = new Guarded();
      const [victim, one, two] = [lock(place, 'victim'), lock(place, 'one'), lock(place, 'two')];
      return {
        threads: {
          victim: { mortal: true, run: () => touch(victim) },
          one: () => void under(one, guarded),
          two: () => void under(two, guarded),
          ...healing(place, victim),
        },
        atRest: () => same(guarded.value, 2, 'times that it was held'),
      };
    },
  }),

  model({
    name: 'locks/blocking-late',
    about: 'a thread has a task that waits, and blocks as well, until its time is over: the task gets the lock',
    preemptions: 1,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const [holder, both] = [lock(place, 'holder'), lock(place, 'both')];
      holder.tryTake();
      let task = 0;
      return {
        threads: {
          holder: () => holder.give(),
          both: () => {
            both.take(undefined).then(() => {
              task++;
              both.give();
            });
            if (both.holder === both.thread.id) return;
            try {
              both.takeSync({ timeout: 1 });
              both.give();
            } catch (error) {
              if (!(error instanceof TimeoutError)) throw error;
            }
          },
        },
        atRest: () => same(task, 1, 'times that the task got it'),
      };
    },
  }),

  model({
    name: 'locks/close-deaf',
    about: 'a lock is closed while a thread blocks for it that hears of nothing else',
    preemptions: 2,
    lay: () => lay(SYNC_MUTEX),
    play: (place: Place) => {
      const [holder, waiter, closer] = [lock(place, 'holder'), lock(place, 'waiter'), lock(place, 'closer')];
      holder.tryTake();
      let outcome: unknown;
      return {
        threads: {
          waiter: () => {
            outcome = takes(waiter);
          },
          closer: () => closer.end(closeSync),
        },
        atRest: () => same(outcome, 'ClosedError', 'outcome'),
      };
    },
  }),

  model({
    name: 'locks/close-reused',
    about:
      'a lock is closed while a thread blocks for it, and its entry is made anew: that thread leaves no trace there',
    preemptions: 2,
    lay: () => {
      const place = lay(SYNC_MUTEX);
      poke(HEADER_SYNCS, 1);
      return place;
    },
    play: (place: Place) => {
      const [waiter, maker] = [watching(place, 'waiter', Lock), watching(place, 'maker', Lock)];
      forget(place, waiter, maker);
      let next: number | undefined;
      return {
        threads: {
          waiter: () => {
            const mine = waiter();
            takes(mine);
          },
          maker: () => {
            const first = maker();
            const { kernel, thread } = first;
            first.tryTake();
            first.end(closeSync);
            next = kernel.syncClaim(thread.id);
            if (next < 0) return;
            kernel.syncLay(next, SYNC_MUTEX, 1, 0);
            kernel.syncOpen(next, thread.id);
          },
        },
        atRest: () => {
          if (next !== 0) return;
          const set = syncAddress(0) + SYNC_WAITERS;
          check(!waitersHas(set, waiter.thread), 'somebody waits at the lock of others');
        },
      };
    },
  }),

  model({
    name: 'locks/once-pending',
    about: 'two threads wait, asynchronously, for something that a third one does once',
    preemptions: 1,
    lay: () => lay(SYNC_ONCE),
    play: (place: Place) => {
      const guarded = new Guarded();
      const [doer, one, two] = [lock(place, 'doer'), lock(place, 'one'), lock(place, 'two')];
      doer.tryTake();
      const told: number[] = [];
      const wait = (mine: Lock) => () => {
        mine.take(undefined).then((code) => {
          told.push(code);
          check(guarded.value === 1, 'what was done once is not seen');
        });
      };
      return {
        threads: {
          doer: () => {
            guarded.add();
            doer.seal();
          },
          one: wait(one),
          two: wait(two),
        },
        atRest: () => same(told, [LOCK_SEALED, LOCK_SEALED], 'what they were told'),
      };
    },
  }),
];
