/** What Go, Rust and crossbeam check of their locks, counters and meeting points, written anew for ours. */

import assert from 'node:assert/strict';
import type { Supervisor } from '../../../src/index.ts';
import { Barrier, ErrGroup, Mutex, Once, type Permit, Semaphore, WaitGroup } from '../../../src/sync/index.ts';
import { type Case, conform, type Part, type Setting } from '../case.ts';
import { endOf, type Form, soon, turn, upTo, valueFrom } from '../form.ts';

const ROUNDS = 100;

/** Adds one to a word that nothing but a lock guards. On one thread others get their turn in the middle of it. */
async function increment(words: Int32Array, round: number): Promise<void> {
  const before = words[0]!;
  if (round % 20 === 0) await turn();
  words[0] = before + 1;
}

/** How many a crowd is. On one thread they cost nothing. */
const CROWD: Record<Setting, number> = { async: 8, threads: 3, mixed: 3 };
const crowdHere = (setting: Setting) => (setting === 'async' ? 4 : 1);

interface CrowdSpec<S> extends Pick<Case, 'from' | 'rules'> {
  readonly primitives: (supervisor: Supervisor, setting: Setting) => S;
  /** What each of them does. `me` counts them. */
  readonly member: (form: Form, primitives: S, part: Part, me: number) => unknown;
  readonly check?: (answers: any[], primitives: S, setting: Setting) => void;
}

/** A case whose programs are all alike: they are of two names, so that there is something to mix. */
function crowd<S extends object>(title: string, { member, check, ...spec }: CrowdSpec<S>): Case {
  return conform(title, {
    ...spec,
    channels: {},
    cast: { here: crowdHere, there: (setting) => CROWD[setting] - crowdHere(setting) },
    programs: {
      here: (form, primitives, part) => member(form, primitives, part, part.index),
      there: (form, primitives, part) => member(form, primitives, part, crowdHere(part.setting) + part.index),
    },
    check: ({ here, there }, { setting }, primitives) => check?.([...here, ...there], primitives, setting),
  });
}

/** Two locks at once, always in the same order. */
async function lockBoth(form: Form, locks: readonly Mutex[], some: number, other: number) {
  const first = await form.lock(locks[Math.min(some, other)]!);
  const second = await form.lock(locks[Math.max(some, other)]!);
  return () => {
    second.release();
    first.release();
  };
}

const locks: readonly Case[] = [
  crowd('a lock lets one in at a time, whether it is waited for or tried', {
    from: 'Go, sync/mutex_test.go, TestMutex; Rust, std/tests/sync/mutex.rs, lots_and_lots',
    rules: ['R26'],
    primitives: (supervisor) => ({ mutex: new Mutex({ supervisor }) }),
    async member(form, { mutex }, { words }) {
      for (const round of upTo(ROUNDS)) {
        const met = round % 3 === 0 ? mutex.tryLock() : undefined;
        const held = met ?? (await form.lock(mutex));
        assert.equal(held.recovered, false);
        await increment(words, round);
        held.release();
      }
      return words[0];
    },
    check(answers, { mutex }, setting) {
      assert.equal(Math.max(...answers), ROUNDS * CROWD[setting]);
      assert.equal(mutex.locked, false);
    },
  }),

  conform('what nobody has locked cannot be unlocked', {
    from: 'Go, sync/mutex_test.go, TestMutexMisuse',
    rules: [],
    channels: {},
    primitives: (supervisor) => ({ mutex: new Mutex({ supervisor }) }),
    programs: {
      async misuses(form, { mutex }) {
        assert.equal(await endOf(() => mutex.unlock()), 'ERR_NOT_HELD');
        const held = await form.lock(mutex);
        mutex.unlock();
        assert.equal(held.release(), false);
        assert.equal(await endOf(() => mutex.unlock()), 'ERR_NOT_HELD');
        assert.equal(mutex.locked, false);
      },
    },
  }),

  conform('a lock that another one holds is neither had by trying nor released', {
    from: 'Go, sync/mutex_test.go, TestMutexMisuse; Rust, mutex.rs, try_lock',
    rules: [],
    channels: { said: { capacity: 1 }, go: { capacity: 1 } },
    primitives: (supervisor) => ({ mutex: new Mutex({ supervisor }) }),
    not: { async: 'a lock is held by a thread, and this one holds it' },
    programs: {
      async asks(form, { mutex, said, go }) {
        await valueFrom(form, said);
        assert.equal(mutex.tryLock(), undefined);
        assert.equal(mutex.locked, true);
        assert.equal(await endOf(() => mutex.unlock()), 'ERR_NOT_HELD');
        await form.send(go, 1);
        await valueFrom(form, said);
        assert.equal(mutex.tryLock()!.release(), true);
      },
      async holds(form, { mutex, said, go }) {
        const held = await form.lock(mutex);
        await form.send(said, 1);
        await valueFrom(form, go);
        assert.equal(held.release(), true);
        assert.equal(held.release(), false);
        await form.send(said, 1);
      },
    },
  }),

  conform('what moves between accounts, each with its lock, is neither lost nor made', {
    from: 'Rust, mutex.rs, test_mutex_arc_nested',
    rules: ['R26'],
    channels: {},
    primitives: (supervisor) => ({ locks: upTo(4).map(() => new Mutex({ supervisor })) }),
    cast: { moves: 2 },
    programs: {
      async moves(form, { locks }, { words, index }) {
        for (const round of upTo(ROUNDS)) {
          const [from, to] = [(round + index) % 4, (round * 3 + index + 1) % 4];
          if (from === to) continue;
          const release = await lockBoth(form, locks, from, to);
          const [left, there] = [words[from]! - 1, words[to]! + 1];
          if (round % 20 === 0) await turn();
          words[from] = left;
          words[to] = there;
          release();
        }
      },
      async reads(form, { locks }, { words }) {
        for (const _ of upTo(20)) {
          const held = [];
          for (const lock of locks) held.push(await form.lock(lock));
          assert.equal(words[0]! + words[1]! + words[2]! + words[3]!, 0);
          for (const each of held) each.release();
        }
      },
    },
  }),

  crowd('a block that throws releases its lock, and nothing is told of it', {
    from: 'Rust, mutex.rs, test_mutex_arc_poison, which is told of it',
    rules: [],
    primitives: (supervisor) => ({ mutex: new Mutex({ supervisor }) }),
    async member(form, { mutex }) {
      for (const round of upTo(20)) {
        const block = async () => {
          using held = await form.lock(mutex);
          if (held.recovered) throw new Error('recovered');
          throw new RangeError(`round ${round}`);
        };
        await assert.rejects(block, RangeError);
      }
    },
  }),

  crowd('a lock that came too late was not taken', {
    from: 'Go, sync/mutex_test.go, TestMutex with TryLock, and a time in the place of it',
    rules: ['R22', 'R23', 'R24'],
    primitives: (supervisor) => ({ mutex: new Mutex({ supervisor }) }),
    async member(form, { mutex }, { words }) {
      let had = 0;
      for (const round of upTo(30)) {
        const end = await endOf(async () => {
          const held = await form.lock(mutex, { timeout: round % 3 });
          had++;
          await increment(words, 0);
          held.release();
        });
        assert.ok(end === 'done' || end === 'ERR_TIMEOUT', end);
      }
      return [had, words];
    },
    check(answers) {
      const had = answers.reduce((sum, [count]) => sum + count, 0);
      assert.equal(answers[0][1][0], had);
    },
  }),
];

const semaphores: readonly Case[] = [
  crowd('permits are never more than there are, however many ask for however many', {
    from: 'Go, x/sync/semaphore/semaphore_test.go, TestWeighted',
    rules: [],
    primitives: (supervisor) => ({ permits: new Semaphore(5, { supervisor }) }),
    async member(form, { permits }, { words }, me) {
      for (const round of upTo(ROUNDS)) {
        const count = 1 + ((round + me) % 5);
        const permit = await form.acquire(permits, count);
        assert.ok(Atomics.add(words, 0, count) + count <= 5);
        if (round % 20 === 0) await turn();
        Atomics.sub(words, 0, count);
        assert.equal(permit.release(), true);
      }
    },
    check: (_answers, { permits }) => assert.equal(permits.available, 5),
  }),

  conform('trying takes all that are asked for, or none', {
    from: 'Go, semaphore_test.go, TestWeightedTryAcquire',
    rules: [],
    channels: {},
    primitives: (supervisor) => ({ permits: new Semaphore(2, { supervisor }) }),
    programs: {
      async tries(_form, { permits }) {
        const one = permits.tryAcquire(1)!;
        assert.equal(permits.tryAcquire(2), undefined);
        assert.equal(permits.available, 1);
        const two = permits.tryAcquire(1)!;
        assert.equal(permits.tryAcquire(1), undefined);
        assert.deepEqual([one.release(), one.release(), permits.available], [true, false, 1]);
        two.release();
        assert.equal(permits.tryAcquire(2)!.count, 2);
      },
    },
  }),

  conform('asking for more than there are is refused, and nobody else hears of it', {
    from: 'Go, semaphore_test.go, TestWeightedDoesntBlockIfTooBig, where it waits for its context',
    rules: [],
    channels: {},
    primitives: (supervisor) => ({ permits: new Semaphore(2, { supervisor }) }),
    programs: {
      async asksTooMuch(form, { permits }) {
        for (const _ of upTo(20)) {
          assert.equal(await endOf(() => form.acquire(permits, 3)), 'ERR_LIMIT');
          await turn();
        }
      },
      async works(form, { permits }) {
        for (const _ of upTo(20)) (await form.acquire(permits, 2)).release();
      },
    },
  }),

  conform('one that wants all is not passed by for ever', {
    from: 'Go, semaphore_test.go, TestLargeAcquireDoesntStarve',
    rules: [],
    channels: {},
    primitives: (supervisor) => ({ permits: new Semaphore(4, { supervisor }) }),
    not: {
      threads: 'between threads turns rotate, and one that comes may be faster than one that is being woken',
      mixed: 'between threads turns rotate, and one that comes may be faster than one that is being woken',
    },
    cast: { takesOne: 4 },
    programs: {
      async takesAll(form, { permits }, { words }) {
        while (permits.available > 0) await turn();
        (await form.acquire(permits, 4)).release();
        words[0] = 1;
      },
      async takesOne(form, { permits }, { words }) {
        let permit = await form.acquire(permits, 1);
        while (words[0] === 0) {
          // The next one is asked for before this one is given back, so that all are free at no time by chance.
          const held = permit;
          [permit] = await Promise.all([form.acquire(permits, 1), turn().then(() => held.release())]);
        }
        permit.release();
      },
    },
  }),

  conform('one that wanted all and was called off stands in nobody’s way', {
    from: 'Go, semaphore_test.go, TestAllocCancelDoesntStarve and TestWeightedAcquire',
    rules: ['R22', 'R25'],
    channels: { held: { capacity: 1 }, asked: { capacity: 4 }, through: { capacity: 4 } },
    primitives: (supervisor) => ({ permits: new Semaphore(5, { supervisor }), scope: supervisor.scope() }),
    cast: { wantsOne: 2 },
    programs: {
      async holds(form, { permits, scope, held, through }) {
        using _ = await form.acquire(permits, 1);
        await form.send(held, 1);
        await soon();
        scope.cancel();
        // These are through while nothing is given back.
        for (const _ of upTo(3)) await valueFrom(form, through);
      },
      async wantsAll(form, { permits, scope, held, asked, through }) {
        await valueFrom(form, held);
        await form.send(asked, 1);
        await form.send(asked, 1);
        assert.equal(await endOf(() => form.acquire(permits, 5, { scope })), 'ERR_CANCELLED');
        await form.send(through, 1);
      },
      async wantsOne(form, { permits, asked, through }) {
        await valueFrom(form, asked);
        using _ = await form.acquire(permits, 1);
        await form.send(through, 1);
      },
    },
    check: (_answers, _instance, { permits }) => assert.equal(permits.available, 5),
  }),
];

const onces: readonly Case[] = [
  crowd('of many that come at once one runs it, and all see what it did', {
    from: 'Go, sync/once_test.go, TestOnce; Rust, std/tests/sync/once.rs, stampede_once',
    rules: ['R26'],
    primitives: (supervisor) => ({ onces: upTo(20).map(() => new Once({ supervisor })) }),
    async member(form, { onces }, { words }) {
      let ran = 0;
      for (const [at, each] of onces.entries()) {
        const didRun = await form.once(each, () => {
          words[at] = words[at]! + 1;
        });
        assert.deepEqual([words[at], each.done], [1, true]);
        if (didRun) ran++;
      }
      return ran;
    },
    check: (answers) =>
      assert.equal(
        answers.reduce((sum, ran) => sum + ran, 0),
        20,
      ),
  }),

  crowd('what threw has not been done: the next one runs its own', {
    from: 'Go, sync/once_test.go, TestOncePanic, where it counts as done; Rust, once.rs, poison_bad',
    rules: [],
    primitives: (supervisor) => ({ it: new Once({ supervisor }) }),
    async member(form, { it }, { words }) {
      const run = () => {
        if (words[0]! < 2) throw new RangeError(`attempt ${words[0]!++}`);
        words[1]!++;
      };
      for (;;) {
        try {
          return await form.once(it, run);
        } catch (error) {
          assert.ok(error instanceof RangeError);
        }
      }
    },
    check(answers, { it }) {
      assert.equal(answers.filter((ran) => ran).length, 1);
      assert.equal(it.done, true);
    },
  }),
];

const groups: readonly Case[] = [
  crowd('groups that wait for each other, one pair after the other', {
    from: 'Go, sync/waitgroup_test.go, TestWaitGroup and TestWaitGroupRace',
    rules: ['R26'],
    primitives(supervisor, setting) {
      const group = () => {
        const made = new WaitGroup({ supervisor });
        made.add(CROWD[setting]);
        return made;
      };
      return { rounds: upTo(20).map(() => ({ done: group(), seen: group() })) };
    },
    async member(form, { rounds }, { words, setting }, me) {
      for (const [round, { done, seen }] of rounds.entries()) {
        words[me] = round;
        done.done();
        await form.all(done);
        assert.equal(done.left, 0);
        assert.deepEqual([...words.slice(0, CROWD[setting])], new Array(CROWD[setting]).fill(round));
        seen.done();
        await form.all(seen);
      }
    },
  }),

  conform('all that wait for a group go on when the last thing is done, and no sooner', {
    from: 'Go, race/testdata/waitgroup_test.go, TestNoRaceWaitGroupMultipleWait; crossbeam, wait_group.rs, wait',
    rules: ['R26'],
    channels: { ready: { capacity: 4 } },
    primitives(supervisor) {
      const group = new WaitGroup({ supervisor });
      group.add(5);
      return { group };
    },
    cast: { waits: 3 },
    programs: {
      async works(form, { group, ready }, { words }) {
        for (const _ of upTo(3)) await valueFrom(form, ready);
        for (const n of upTo(5)) {
          await turn();
          words[n] = 1;
          group.done();
        }
      },
      async waits(form, { group, ready }, { words }) {
        await form.send(ready, 1);
        await form.all(group);
        assert.deepEqual([...words.slice(0, 5)], [1, 1, 1, 1, 1]);
      },
    },
  }),

  conform('more is not done than was to be', {
    from: 'Go, sync/waitgroup_test.go, TestWaitGroupMisuse',
    rules: ['R22', 'R23'],
    channels: {},
    primitives: (supervisor) => ({ group: new WaitGroup({ supervisor }) }),
    programs: {
      async misuses(form, { group }) {
        await form.all(group, { timeout: 0 });
        group.add(2);
        assert.equal(await endOf(() => form.all(group, { timeout: 1 })), 'ERR_TIMEOUT');
        group.done();
        group.done();
        assert.equal(await endOf(() => group.done()), 'ERR_LIMIT');
        assert.equal(await endOf(() => group.add(0)), 'ERR_LIMIT');
        assert.deepEqual([group.left, group.broken], [0, false]);
        await form.all(group);
      },
    },
  }),

  conform('the first that fails calls the others off, and is what all that wait are told', {
    from: 'Go, x/sync/errgroup/errgroup_test.go, TestZeroGroup and TestWithContext',
    rules: ['R25'],
    channels: { ready: { capacity: 4 }, never: { capacity: 1 } },
    primitives: (supervisor) => ({ group: new ErrGroup({ supervisor }) }),
    cast: { works: 2 },
    programs: {
      async fails(form, { group, ready }) {
        for (const _ of upTo(2)) await valueFrom(form, ready);
        group.go(() => {
          throw new Error('the first');
        });
        // What it ran is over when its thread has come back.
        await turn();
        await assert.rejects(async () => form.all(group), /the first/);
        return group.scope.cancelled;
      },
      async works(form, { group, ready, never }) {
        const end = await new Promise<string>((resolve) => {
          group.go(async (scope) => {
            ready.trySend(1);
            resolve(await endOf(() => form.receive(never, { scope })));
          });
        });
        await turn();
        await assert.rejects(async () => form.all(group), /the first/);
        return end;
      },
    },
    check({ fails, works }, _instance, { group }) {
      assert.deepEqual([fails, works, group.left], [[true], ['ERR_CANCELLED', 'ERR_CANCELLED'], 0]);
    },
  }),

  crowd('a semaphore inside a group keeps its limit', {
    from: 'Go, x/sync/errgroup/errgroup_test.go, TestGoLimit',
    rules: [],
    primitives: (supervisor) => ({ group: new ErrGroup({ supervisor }), slots: new Semaphore(2, { supervisor }) }),
    async member(form, { group, slots }, { words }) {
      const inside = async (permit: Permit) => {
        using _ = permit;
        assert.ok(Atomics.add(words, 0, 1) < 2);
        // A thread that blocks for the next one must not keep this one.
        if (!form.blocks) await turn();
        Atomics.sub(words, 0, 1);
      };
      for (const _ of upTo(20)) {
        group.go(() => {
          const told = form.acquire(slots, 1);
          return told instanceof Promise ? told.then(inside) : inside(told);
        });
      }
      await turn();
      await form.all(group);
    },
    check: (_answers, { group, slots }) => assert.deepEqual([group.left, slots.available], [0, 2]),
  }),
];

const barriers: readonly Case[] = [
  crowd('nobody goes on before the last has come, and one is told that it was the last', {
    from: 'Rust, std/tests/sync/barrier.rs, test_barrier',
    rules: ['R26'],
    primitives: (supervisor, setting) => ({ barrier: new Barrier(CROWD[setting], { supervisor }) }),
    async member(form, { barrier }, { words, setting }, me) {
      const led: number[] = [];
      for (const round of upTo(40)) {
        words[me] = round;
        if (await form.meet(barrier)) led.push(round);
        assert.deepEqual([...words.slice(0, CROWD[setting])], new Array(CROWD[setting]).fill(round));
        await form.meet(barrier);
      }
      return led;
    },
    check: (answers) =>
      assert.deepEqual(
        answers.flat().toSorted((a, b) => a - b),
        upTo(40),
      ),
  }),

  conform('one that was called off has not been at the barrier', {
    from: 'Rust, barrier.rs, test_barrier, with a time',
    rules: ['R22', 'R24'],
    channels: { go: { capacity: 1 } },
    primitives: (supervisor) => ({ barrier: new Barrier(2, { supervisor }) }),
    programs: {
      async leaves(form, { barrier, go }) {
        for (const n of upTo(5)) {
          assert.equal(await endOf(() => form.meet(barrier, { timeout: n % 2 })), 'ERR_TIMEOUT');
          assert.equal(barrier.arrived, 0);
        }
        await form.send(go, 1);
        return form.meet(barrier);
      },
      async comes(form, { barrier, go }) {
        await valueFrom(form, go);
        return form.meet(barrier);
      },
    },
    check: ({ leaves, comes }) => assert.notEqual(leaves[0], comes[0]),
  }),
];

/** One of each that everybody has to wait for while `first` has been there. */
const waits: Record<string, (form: Form, ports: any, limit: object) => unknown> = {
  mutex: (form, { mutex }, limit) => form.lock(mutex, limit),
  semaphore: (form, { permits }, limit) => form.acquire(permits, 2, limit),
  'wait group': (form, { group }, limit) => form.all(group, limit),
  barrier: (form, { barrier }, limit) => form.meet(barrier, limit),
};

const ends: readonly Case[] = (['closed', 'cancelled'] as const).flatMap((how) =>
  Object.entries(waits).map(([what, wait]) =>
    conform(`whoever waits for a ${what} is told that ${how === 'closed' ? 'it was closed' : 'the scope is over'}`, {
      from: how === 'closed' ? 'ours, as a close of a channel' : 'Go, semaphore_test.go, TestWeightedAcquire, for each',
      rules: how === 'closed' ? [] : ['R22', 'R25'],
      channels: { ready: { capacity: 4 } },
      primitives(supervisor) {
        const group = new WaitGroup({ supervisor });
        group.add(1);
        return {
          mutex: new Mutex({ supervisor }),
          permits: new Semaphore(2, { supervisor }),
          group,
          barrier: new Barrier(4, { supervisor }),
          scope: supervisor.scope(),
        };
      },
      cast: { waits: 2 },
      programs: {
        async first(form, { mutex, permits, group, barrier, scope, ready }) {
          await form.lock(mutex);
          await form.acquire(permits, 1);
          for (const _ of upTo(2)) await form.send(ready, 1);
          await soon();
          if (how === 'cancelled') scope.cancel();
          else for (const each of [mutex, permits, group, barrier]) each.close();
        },
        async waits(form, { ready, ...ports }) {
          await valueFrom(form, ready);
          return endOf(() => wait(form, ports, { scope: ports.scope }));
        },
      },
      check: ({ waits }) => {
        const code = how === 'closed' ? 'ERR_CLOSED' : 'ERR_CANCELLED';
        assert.deepEqual(waits, [code, code]);
      },
    }),
  ),
);

export const sync: readonly Case[] = [...locks, ...semaphores, ...onces, ...groups, ...barriers, ...ends];
