/** Once, WaitGroup and Barrier: what many wait for at the same time, and what becomes of it when a thread dies. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BrokenError, DeadlockError, LimitError, type Supervisor } from '../../src/index.ts';
import { Barrier, Once, WaitGroup } from '../../src/sync/index.ts';
import { errorOf, eventually, turns, watched } from '../support/eventually.ts';
import { newSupervisor } from '../support/supervisors.ts';
import { Member, SyncCrew } from './crew.ts';

const supervisor = newSupervisor({ threads: 12 });
let crew: SyncCrew;

beforeAll(() => {
  crew = new SyncCrew(supervisor, 3);
});

afterAll(() => crew[Symbol.asyncDispose]());

const newWords = () => new Int32Array(new SharedArrayBuffer(16));
const parked = (what: string, count = 1, of: Supervisor = supervisor) =>
  eventually(() => of.snapshot().threads.filter(({ parkedOn }) => parkedOn?.startsWith(what)).length >= count);

describe('once', () => {
  const newOnce = () => new Once({ supervisor });

  test.each(['sync', 'async'] as const)('is done by one of four threads, and seen by all: %s', async (way) => {
    using once = newOnce();
    const words = newWords();
    const there = crew.members.map((member) => member.run('once', { once, words }, { way }).result);
    const mine = await once.do(() => void words[0]!++);
    const ran = (await Promise.all(there)).map((each) => {
      expect(each.seen).toBe(1);
      return each.mine;
    });
    expect([...ran, mine].filter(Boolean).length).toBe(1);
    expect([once.done, words[0]]).toEqual([true, 1]);
    expect(once.doSync(() => words[0]!++)).toBe(false);
  });

  test('that fails is tried by the next one', async () => {
    using once = newOnce();
    const first = errorOf(
      once.do(async () => {
        await turns();
        throw new RangeError('first');
      }),
    );
    const second = once.do(() => {});
    expect((await first).message).toBe('first');
    expect([await second, once.done]).toEqual([true, true]);
    using other = newOnce();
    const thrown = () => {
      throw new RangeError('now');
    };
    expect((await errorOf(() => other.doSync(thrown))).message).toBe('now');
    expect([other.done, other.doSync(() => {}), other.done]).toEqual([false, true, true]);
  });

  test('would be waited for for ever in the middle of itself: the thread is told instead', async () => {
    using once = newOnce();
    once.doSync(() => {
      expect(() => once.doSync(() => {})).toThrow(DeadlockError);
    });
    expect(once.done).toBe(true);
  });

  test('R29: run by a thread that dies it is run again', async () => {
    using once = newOnce();
    const victim = new Member(supervisor);
    await victim.run('onceAndStop', { once }).said();
    const words = newWords();
    const there = crew.members[0]!.run('once', { once, words }, { way: 'sync' });
    await parked('once');
    expect(once.done).toBe(false);
    await victim.kill();
    expect(await there.result).toEqual({ mine: true, seen: 1 });
    expect(await once.do(() => {})).toBe(false);
  });
});

describe('a wait group', () => {
  const newGroup = () => new WaitGroup({ supervisor });

  test('is waited for until all is done, and shows what was written before', async () => {
    using group = newGroup();
    const words = newWords();
    group.add(4);
    const here = watched(group.wait());
    const waiting = crew.members[0]!.run('waitAll', { group, words }, { way: 'sync' });
    const also = crew.members[1]!.run('waitAll', { group, words }, { way: 'async' });
    await parked('wait group');
    await also.said();
    for (const at of [0, 1, 2]) await crew.members[2]!.run('finish', { group, words }, { at }).result;
    await turns();
    expect([here.settled, group.left]).toEqual([undefined, 1]);
    words[3] = 7;
    group.done();
    expect([await waiting.result, await also.result]).toEqual([
      [7, 7, 7, 7],
      [7, 7, 7, 7],
    ]);
    await eventually(() => here.settled !== undefined);
    group.waitSync();
    // And again.
    group.add();
    group.done();
    await group.wait();
  });

  test('counts neither below nothing nor without end', async () => {
    using group = newGroup();
    expect(await errorOf(() => group.done())).toBeInstanceOf(LimitError);
    for (const count of [0, -1, 1.5, 2 ** 30]) expect(await errorOf(() => group.add(count))).toBeInstanceOf(LimitError);
    group.add(2 ** 30 - 1);
    expect(await errorOf(() => group.add())).toBeInstanceOf(LimitError);
    expect(group.left).toBe(2 ** 30 - 1);
  });

  test.each(['sync', 'async'] as const)(
    'R29: is broken by the death of a thread that has it, if something is left: %s',
    async (way) => {
      using group = newGroup();
      using complete = newGroup();
      const words = newWords();
      const victim = new Member(supervisor);
      await victim.run('have', { group, complete } as never).said();
      group.add(2);
      const there = crew.members[0]!.run('waitAll', { group, words }, { way });
      await there.said();
      const here = errorOf(group.wait());
      await victim.kill();
      expect(await here).toBeInstanceOf(BrokenError);
      expect((await errorOf(there.result)).code).toBe('ERR_BROKEN');
      for (const act of [() => group.add(), () => group.done(), () => group.waitSync(), () => group.wait()]) {
        expect(await errorOf(act)).toBeInstanceOf(BrokenError);
      }
      expect([group.broken, group.left, complete.broken]).toEqual([true, 2, false]);
      await complete.wait();
    },
  );

  test('is not broken by a thread that ends in good order, or never had it', async () => {
    await using other = newSupervisor();
    using group = new WaitGroup({ supervisor: other });
    group.add();
    const [orderly, stranger] = [new Member(other), new Member(other)];
    await orderly.run('isClosed', { it: group }).result;
    await stranger.run('have', {} as never).said();
    orderly.dismiss();
    await stranger.kill();
    await eventually(() => other.snapshot().threads.length === 1);
    expect(group.broken).toBe(false);
    group.done();
    await group.wait();
  });
});

describe('a barrier', () => {
  const newBarrier = (parties: number) => new Barrier(parties, { supervisor });

  test.each(['sync', 'async', 'mixed'] as const)('holds four threads back until all are there: %s', async (way) => {
    using barrier = newBarrier(4);
    const words = newWords();
    const rounds = 100;
    const there = crew.members.map((member, me) => member.run('meet', { barrier, words }, { me, rounds, way }).result);
    let last = 0;
    for (let round = 1; round <= rounds; round++) {
      words[3] = round;
      if (await barrier.wait()) last++;
      expect(Math.min(...words)).toBeGreaterThanOrEqual(round);
    }
    const sum = (await Promise.all(there)).reduce((all, each) => all + each, last);
    expect([sum, barrier.arrived]).toEqual([rounds, 0]);
  });

  test('of one holds nobody back, and there is none of none', async () => {
    using barrier = newBarrier(1);
    expect([await barrier.wait(), barrier.waitSync()]).toEqual([true, true]);
    for (const parties of [0, -1, 1.5, 16_384]) {
      expect(await errorOf(() => newBarrier(parties))).toBeInstanceOf(LimitError);
    }
  });

  test('R22: whoever is called off has not been there', async () => {
    using barrier = newBarrier(2);
    await errorOf(barrier.wait({ timeout: 1 }));
    expect(barrier.arrived).toBe(0);
    const waiting = barrier.wait();
    await turns();
    expect(barrier.arrived).toBe(1);
    expect([await barrier.wait(), await waiting]).toEqual([true, false]);
  });

  test.each(['sync', 'async'] as const)('R29: is broken by the death of a thread that has it: %s', async (way) => {
    using barrier = newBarrier(3);
    const victim = new Member(supervisor);
    await victim.run('meetOnce', { barrier }, { way: 'sync' }).said();
    await parked('barrier');
    const there = crew.members[0]!.run('meetOnce', { barrier }, { way });
    await eventually(() => barrier.arrived === 2);
    await victim.kill();
    expect(await there.result).toBe('ERR_BROKEN');
    expect(await errorOf(barrier.wait())).toBeInstanceOf(BrokenError);
    expect(await errorOf(() => barrier.waitSync())).toBeInstanceOf(BrokenError);
    expect(barrier.broken).toBe(true);
  });
});
