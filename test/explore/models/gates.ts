/** Gates: whoever waits is let through, or told that nobody will come any more. */

import { BrokenError, ClosedError, TimeoutError } from '../../../src/errors.ts';
import { syncHold } from '../../../src/kernel/syncs.ts';
import { SYNC_BARRIER, SYNC_WAIT_GROUP } from '../../../src/memory/layout.ts';
import { closeSync } from '../../../src/supervisor/syncs.ts';
import { BarrierGate } from '../../../src/sync/barrier.ts';
import { GroupGate } from '../../../src/sync/wait-group.ts';
import { check, model, same } from '../model.ts';
import { Guarded, healing, join, lay, type Place } from './support/primitives.ts';

const group = (place: Place, name: string) => join(place, name, GroupGate);
const barrier = (place: Place, name: string) => join(place, name, BarrierGate);

/** What it answered, or the name of what it threw. */
function met(act: () => unknown): unknown {
  try {
    return act() ?? 'done';
  } catch (error) {
    if (error instanceof BrokenError || error instanceof ClosedError || error instanceof TimeoutError)
      return error.name;
    throw error;
  }
}

export const models = [
  model({
    name: 'gates/group',
    about: 'two threads do something, and two wait for that, blocking and asynchronously: they see it',
    preemptions: 1,
    lay: () => lay(SYNC_WAIT_GROUP),
    play: (place: Place) => {
      const guarded = new Guarded();
      const [doer, other] = [group(place, 'doer'), group(place, 'other')];
      const [sync, async] = [group(place, 'sync'), group(place, 'async')];
      doer.add(2);
      let seen = 0;
      const see = () => {
        same(guarded.value, 1, 'what was done');
        seen++;
      };
      return {
        threads: {
          doer: () => {
            guarded.add();
            doer.done();
          },
          other: () => other.done(),
          sync: () => {
            sync.allSync(undefined);
            see();
          },
          async: () => {
            async.all(undefined).then(see);
          },
        },
        atRest: () => same(seen, 2, 'threads that were let through'),
      };
    },
  }),

  model({
    name: 'gates/both-ways',
    about: 'a thread waits asynchronously and blocks as well: both come to know',
    preemptions: 2,
    lay: () => lay(SYNC_WAIT_GROUP),
    play: (place: Place) => {
      const [doer, both] = [group(place, 'doer'), group(place, 'both')];
      doer.add(1);
      let through = 0;
      return {
        threads: {
          doer: () => doer.done(),
          both: () => {
            both.all(undefined).then(() => through++);
            both.allSync(undefined);
            through++;
          },
        },
        atRest: () => same(through, 2, 'operations that were let through'),
      };
    },
  }),

  model({
    name: 'gates/group-late',
    about: 'R24: who waits for a group is out of time while that is done',
    preemptions: 2,
    lay: () => lay(SYNC_WAIT_GROUP),
    play: (place: Place) => {
      const [doer, waiter] = [group(place, 'doer'), group(place, 'waiter')];
      doer.add(1);
      let outcome: unknown;
      return {
        threads: {
          doer: () => doer.done(),
          waiter: () => {
            outcome = met(() => waiter.allSync({ timeout: 1 }));
          },
        },
        atRest: () => check(outcome === 'done' || outcome === 'TimeoutError', `it met ${outcome}`),
      };
    },
  }),

  model({
    name: 'gates/group-close',
    about: 'a group is closed while one waits and another is done: let through, or told',
    preemptions: 2,
    lay: () => lay(SYNC_WAIT_GROUP),
    play: (place: Place) => {
      const [doer, waiter, closer] = [group(place, 'doer'), group(place, 'waiter'), group(place, 'closer')];
      doer.add(1);
      let outcome: unknown;
      let did: unknown;
      return {
        threads: {
          doer: () => {
            did = met(() => doer.done());
          },
          waiter: () => {
            outcome = met(() => waiter.allSync(undefined));
          },
          closer: () => closer.end(closeSync),
        },
        atRest: () => {
          check(outcome === 'done' || outcome === 'ClosedError', `who waits met ${outcome}`);
          check(did === 'done' || did === 'ClosedError', `who is done met ${did}`);
          check(did === 'done' || outcome === 'ClosedError', 'it was let through though nothing was done');
        },
      };
    },
  }),

  model({
    name: 'gates/group-death',
    about: 'R29: a thread dies anywhere before it is done, or in the middle: whoever waits is told, or let through',
    preemptions: 1,
    lay: () => lay(SYNC_WAIT_GROUP),
    play: (place: Place) => {
      const [victim, waiter, late] = [group(place, 'victim'), group(place, 'waiter'), group(place, 'late')];
      victim.add(1);
      let outcome: unknown;
      const outcomes: string[] = [];
      return {
        threads: {
          victim: { mortal: true, run: () => victim.done() },
          waiter: () => {
            outcome = met(() => waiter.allSync(undefined));
          },
          late: () => {
            late.all(undefined).then(
              () => outcomes.push('done'),
              (error) => outcomes.push(error.name),
            );
          },
          ...healing(place, victim),
        },
        atRest: ({ died }) => {
          const left = victim.kernel.groupLeft(victim.address);
          const expected = left === 0 ? 'done' : 'BrokenError';
          check(left === 0 || died('victim'), 'something is left, and nobody died');
          same([outcome, ...outcomes], [expected, expected], 'what they met');
        },
      };
    },
  }),

  model({
    name: 'gates/group-racing',
    about: 'a thread dies that has a group while another one is done: nothing of that is lost',
    preemptions: 2,
    lay: () => lay(SYNC_WAIT_GROUP),
    play: (place: Place) => {
      const [victim, doer] = [group(place, 'victim'), group(place, 'doer')];
      doer.add(2);
      let did: unknown;
      return {
        threads: {
          // Something that writes, so that there is a step to die before.
          victim: { mortal: true, run: () => void syncHold(place.index, place.open, victim.thread.id) },
          doer: () => {
            did = met(() => doer.done());
          },
          ...healing(place, victim),
        },
        atRest: ({ died }) => {
          same(doer.broken, died('victim'), 'whether it is broken');
          const expected = did === 'done' ? 1 : 2;
          same(doer.left, expected, 'what is left');
        },
      };
    },
  }),

  model({
    name: 'gates/group-cut-short',
    about: 'who recovers a thread that died before it was done dies as well, anywhere; it is done again',
    preemptions: 0,
    lay: () => lay(SYNC_WAIT_GROUP),
    play: (place: Place) => {
      const [victim, waiter] = [group(place, 'victim'), group(place, 'waiter')];
      victim.add(1);
      let outcome: unknown;
      return {
        threads: {
          victim: { mortal: true, run: () => victim.done() },
          waiter: () => {
            outcome = met(() => waiter.allSync(undefined));
          },
          ...healing(place, victim, true),
        },
        atRest: () => check(outcome === 'done' || outcome === 'BrokenError', `it met ${outcome}`),
      };
    },
  }),

  model({
    name: 'gates/barrier',
    about: 'two threads meet twice: each sees what the other did before it came',
    preemptions: 2,
    lay: () => lay(SYNC_BARRIER, 2),
    play: (place: Place) => {
      const guarded = new Guarded();
      const [one, two] = [barrier(place, 'one'), barrier(place, 'two')];
      let last = 0;
      return {
        threads: {
          one: () => {
            guarded.add();
            if (one.meetSync(undefined)) last++;
            if (one.meetSync(undefined)) last++;
            guarded.add();
          },
          two: () => {
            if (two.meetSync(undefined)) last++;
            same(guarded.value, 1, 'what the other did');
            if (two.meetSync(undefined)) last++;
          },
        },
        atRest: () => same([last, one.arrived], [2, 0], 'the last to come, and who is there'),
      };
    },
  }),

  model({
    name: 'gates/barrier-pending',
    about: 'three threads meet, one of them asynchronously',
    preemptions: 1,
    lay: () => lay(SYNC_BARRIER, 3),
    play: (place: Place) => {
      const [one, two, three] = [barrier(place, 'one'), barrier(place, 'two'), barrier(place, 'three')];
      const last: boolean[] = [];
      return {
        threads: {
          one: () => void last.push(one.meetSync(undefined)),
          two: () => void last.push(two.meetSync(undefined)),
          three: () => {
            three.meet(undefined).then((mine) => last.push(mine));
          },
        },
        atRest: () => same(last.toSorted(), [false, false, true], 'who was the last'),
      };
    },
  }),

  model({
    name: 'gates/barrier-late',
    about: 'R22 and R24: one is out of time while the other comes: both have met, or neither',
    preemptions: 3,
    lay: () => lay(SYNC_BARRIER, 2),
    play: (place: Place) => {
      const [fickle, patient] = [barrier(place, 'fickle'), barrier(place, 'patient')];
      const outcomes: unknown[] = [];
      const come = (mine: BarrierGate) => () => {
        outcomes.push(met(() => mine.meetSync({ timeout: 1 })));
      };
      return {
        threads: { fickle: come(fickle), patient: come(patient) },
        atRest: () => {
          const late = outcomes.filter((outcome) => outcome === 'TimeoutError').length;
          check(late === 0 || late === 2, 'one has met the other, who has not met it');
          same(fickle.arrived, 0, 'who is there');
        },
      };
    },
  }),

  model({
    name: 'gates/barrier-death',
    about: 'R29: one of three dies anywhere: before it comes, while it waits, or as it wakes the others',
    preemptions: 0,
    lay: () => lay(SYNC_BARRIER, 3),
    play: (place: Place) => {
      const [victim, one, two] = [barrier(place, 'victim'), barrier(place, 'one'), barrier(place, 'two')];
      const outcomes: unknown[] = [];
      const come = (mine: BarrierGate) => () => {
        outcomes.push(met(() => mine.meetSync(undefined)));
      };
      return {
        threads: {
          victim: { mortal: true, run: () => void met(() => victim.meetSync(undefined)) },
          one: come(one),
          two: come(two),
          ...healing(place, victim),
        },
        atRest: ({ died }) => {
          same(outcomes.length, 2, 'threads that came to know');
          const broken = outcomes.includes('BrokenError');
          check(!broken || died('victim'), 'it is broken, and nobody died');
          check(!broken || outcomes.every((outcome) => outcome === 'BrokenError'), 'some have met, others not');
        },
      };
    },
  }),
];
