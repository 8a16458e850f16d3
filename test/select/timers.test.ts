/** Cases of time: when they are ready, and what they hold up. No test here waits longer than it takes for them to go off. */

import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { at, LimitError, after as later, never, select, selectSync, tick, trySelect, u32 } from '../../src/index.ts';
import { run, TSX_ARGS, withPrograms } from '../support/child.ts';
import { errorOf, turns, watched } from '../support/eventually.ts';
import { newSupervisor } from '../support/supervisors.ts';

const supervisor = newSupervisor();
afterAll(() => supervisor.close());
afterEach(() => void vi.restoreAllMocks());

const channel = supervisor.channel('channel', { codec: u32, capacity: 1 });

/** A clock that stands still until it is told to go on. */
function stopClock(): { now: number } {
  const clock = { now: performance.now() };
  vi.spyOn(performance, 'now').mockImplementation(() => clock.now);
  const wall = Date.now() - clock.now;
  vi.spyOn(Date, 'now').mockImplementation(() => Math.floor(clock.now + wall));
  return clock;
}

const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

describe('after', () => {
  test('is ready once its time has come, and says when that was', () => {
    const clock = stopClock();
    const due = performance.timeOrigin + clock.now + 50;
    const late = later(50);
    expect(trySelect({ late })).toBeUndefined();
    clock.now += 49;
    expect(trySelect({ late })).toBeUndefined();
    clock.now += 2;
    expect(trySelect({ late })).toEqual({ key: 'late', at: due });
  });

  test('goes off once', () => {
    const clock = stopClock();
    const late = later(5);
    clock.now += 100;
    expect(trySelect({ late })).toBeDefined();
    clock.now += 1000;
    expect(trySelect({ late })).toBeUndefined();
  });

  test('begins where it is made, and lasts over several selects', () => {
    const clock = stopClock();
    const late = later(50);
    channel.sendSync(1);
    clock.now += 40;
    expect(selectSync({ in: channel.onReceive(), late })).toMatchObject({ key: 'in' });
    clock.now += 20;
    expect(trySelect({ late })).toMatchObject({ key: 'late' });
  });

  test.each([0, -1, Number.NEGATIVE_INFINITY])('after(%s) is ready at once', (ms) => {
    expect(trySelect({ now: later(ms) })).toMatchObject({ key: 'now' });
  });
});

describe('at', () => {
  test.each([
    ['a Date', (ms: number) => new Date(ms)],
    ['milliseconds since 1970', (ms: number) => ms],
  ])('goes by the clock on the wall: %s', (_what, when) => {
    const clock = stopClock();
    const due = Date.now() + 1000;
    const noon = at(when(due));
    clock.now += 999;
    expect(trySelect({ noon })).toBeUndefined();
    clock.now += 1;
    expect(trySelect({ noon })).toEqual({ key: 'noon', at: due });
    expect(trySelect({ noon })).toBeUndefined();
  });

  test('follows when the clock is set', () => {
    const noon = at(Date.now() + 3_600_000);
    expect(trySelect({ noon })).toBeUndefined();
    const now = Date.now();
    vi.spyOn(Date, 'now').mockImplementation(() => now + 3_600_001);
    expect(trySelect({ noon })).toMatchObject({ key: 'noon' });
  });

  test('what is past is ready at once', () => {
    expect(trySelect({ past: at(0) })).toEqual({ key: 'past', at: 0 });
  });
});

describe('tick', () => {
  test('does not drift: the n-th is due n periods after the first look, whenever it is taken', () => {
    const clock = stopClock();
    const began = clock.now;
    const beat = tick(10);
    const due: number[] = [];
    for (const late of [3, 0, 9, 5, 1]) {
      expect(trySelect({ beat })).toBeUndefined();
      clock.now = began + 10 * (due.length + 1) + late;
      due.push(Math.round((trySelect({ beat })!.at - performance.timeOrigin - began) * 1000) / 1000);
      clock.now = began + 10 * due.length + late;
    }
    expect(due).toEqual([10, 20, 30, 40, 50]);
  });

  test('does not pile up: of those that went by one is ready, and the next is due when it would have been', () => {
    const clock = stopClock();
    const began = clock.now;
    const beat = tick(10);
    clock.now = began + 57;
    expect(Math.round(trySelect({ beat })!.at - performance.timeOrigin - began)).toBe(50);
    expect(trySelect({ beat })).toBeUndefined();
    clock.now = began + 59.5;
    expect(trySelect({ beat })).toBeUndefined();
    clock.now = began + 60.5;
    expect(trySelect({ beat })).toBeDefined();
  });

  test('ticks through selects that block and selects that are awaited', async () => {
    const beat = tick(3);
    const due: number[] = [];
    for (let i = 0; i < 3; i++) due.push((await select({ beat, in: channel.onReceive() })).key === 'beat' ? 1 : 0);
    for (let i = 0; i < 3; i++) due.push(selectSync({ beat, in: channel.onReceive() }).key === 'beat' ? 1 : 0);
    expect(due).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test('one that stands in two selects goes off in one of them', async () => {
    const beat = tick(5);
    const hits = [select({ beat, a: channel.onReceive() }), select({ beat, b: channel.onReceive() })];
    const [first, second] = await Promise.all(hits);
    expect(Math.abs(first!.key === 'beat' && second!.key === 'beat' ? first!.at - second!.at : 0)).toBeGreaterThan(4);
  });
});

test('never is never ready', async () => {
  expect(trySelect({ never: never() })).toBeUndefined();
  expect(selectSync({ never: never(), late: later(2) })).toMatchObject({ key: 'late' });
  expect(await select({ never: never(), late: later(2) })).toMatchObject({ key: 'late' });
});

test.each([
  ['after', () => later(Number.NaN)],
  ['after', () => later('5' as never)],
  ['at', () => at(new Date('no day'))],
  ['at', () => at('2026-11-24' as never)],
  ['tick', () => tick(0)],
  ['tick', () => tick(-1)],
  ['tick', () => tick(Number.POSITIVE_INFINITY)],
  ['tick', () => tick(undefined as never)],
])('%s refuses what is no time, with LimitError', async (name, make) => {
  const error = await errorOf(make);
  expect(error).toBeInstanceOf(LimitError);
  expect(error.message).toMatch(new RegExp(`^${name}: expected .*, met `));
});

test('a pending select sets one timer, whatever the number of its times, and leaves none behind', async () => {
  const before = timers();
  const pending = select(
    { in: channel.onReceive(), a: later(60_000), b: later(70_000), c: tick(60_000) },
    { timeout: 80_000 },
  );
  // The other is what holds the event loop open while something is pending.
  expect(timers() - before).toBeLessThanOrEqual(2);
  channel.sendSync(1);
  expect(await pending).toMatchObject({ key: 'in' });
  const after100 = timers();
  for (let i = 0; i < 100; i++) {
    const each = select({ in: channel.onReceive(), late: later(60_000) }, { timeout: 70_000 });
    channel.sendSync(i);
    await each;
  }
  expect(timers()).toBe(after100);
});

test.each([Number.POSITIVE_INFINITY, 2 ** 40])('after(%d) waits, longer than a timer can run', async (ms) => {
  const pending = select({ late: later(ms), in: channel.onReceive() });
  const watch = watched(pending);
  await turns();
  expect(watch.settled).toBeUndefined();
  channel.sendSync(7);
  expect(await pending).toMatchObject({ key: 'in', value: 7 });
});

test('of a time and a message that are both there each may be chosen', () => {
  const keys = new Set<string>();
  while (keys.size < 2) {
    channel.trySend(1);
    keys.add(selectSync({ in: channel.onReceive(), now: later(0) }).key);
  }
  channel.tryReceive();
  expect([...keys].toSorted()).toEqual(['in', 'now']);
});

test('a thread that is attached to nothing can wait for times alone, and a program ends when nothing is pending', async () => {
  const programs = {
    'times.ts': `
      import { after, select, selectSync } from '../../src/index.ts';
      const blocked = selectSync({ late: after(5) }).key;
      const awaited = (await select({ soon: after(5) })).key;
      console.log(blocked, awaited);
    `,
  };
  await withPrograms(programs, async (folder) => {
    const { code, stdout } = await run(`${folder}/times.ts`, { nodeArgs: TSX_ARGS });
    expect([code, stdout.trim()]).toEqual([0, 'late soon']);
  });
});
