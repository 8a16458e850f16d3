/** R22–R25 and ends, for every operation of every primitive that waits, on this thread and on another one. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CancelledError, ClosedError, type Supervisor, TimeoutError } from '../../src/index.ts';
import { Barrier, ErrGroup, Mutex, Once, Semaphore, WaitGroup } from '../../src/sync/index.ts';
import { errorOf, eventually, turns } from '../support/eventually.ts';
import { newSupervisor } from '../support/supervisors.ts';
import { Member, SyncCrew } from './crew.ts';
import { BLOCKING_WAYS, type BlockPorts, blockingWays, type SyncWay } from './programs.ts';

const supervisor = newSupervisor({ threads: 8 });
let crew: SyncCrew;

beforeAll(() => {
  crew = new SyncCrew(supervisor, 2);
});

afterAll(() => crew[Symbol.asyncDispose]());

const isSync = (way: SyncWay) => way.endsWith('Sync');
/** The thread that holds everything would wait for itself, and is told so: it has to be another one that waits. */
const SELFISH: readonly SyncWay[] = ['lockSync', 'acquireSync', 'doSync'];
const HERE = BLOCKING_WAYS.filter((way) => !SELFISH.includes(way));

/** Primitives at which everybody has to wait, until `letGo`. */
function blocked(of: Supervisor = supervisor) {
  const options = { supervisor: of };
  const ports = {
    mutex: new Mutex(options),
    semaphore: new Semaphore(3, options),
    once: new Once(options),
    waitGroup: new WaitGroup(options),
    barrier: new Barrier(4, options),
    errGroup: new ErrGroup(options),
  } satisfies BlockPorts;
  const held = ports.mutex.lockSync();
  const permit = ports.semaphore.acquireSync(2);
  let finish = () => {};
  const running = new Promise<void>((resolve) => {
    finish = resolve;
  });
  void ports.once.do(() => running).catch(() => {});
  ports.waitGroup.add();
  ports.errGroup.go(() => running);
  return {
    ports,
    close: () => {
      finish();
      for (const port of Object.values(ports)) port.close();
    },
    letGo: () => {
      held.release();
      permit.release();
      finish();
      ports.waitGroup.done();
    },
  };
}

/** R22: nothing is taken, nobody has been there. */
async function expectUntouched({ ports, letGo }: ReturnType<typeof blocked>): Promise<void> {
  expect([ports.semaphore.available, ports.barrier.arrived]).toEqual([1, 0]);
  letGo();
  await turns();
  expect([ports.mutex.locked, ports.semaphore.available, ports.once.done]).toEqual([false, 3, true]);
  expect([ports.waitGroup.left, ports.errGroup.left]).toEqual([0, 0]);
  await ports.errGroup.wait();
}

describe('R22 and R24: out of time', () => {
  test.each(BLOCKING_WAYS)('%s, on another thread', async (way) => {
    const set = blocked();
    expect(await crew.members[0]!.run('block', set.ports, { way, timeout: 5 }).result).toBe('ERR_TIMEOUT');
    await expectUntouched(set);
    set.close();
  });

  test.each(HERE)('%s, here', async (way) => {
    const set = blocked();
    for (const timeout of [0, 5]) {
      expect(await errorOf(() => blockingWays[way](set.ports, { timeout }))).toBeInstanceOf(TimeoutError);
    }
    await expectUntouched(set);
    set.close();
  });

  test.each(BLOCKING_WAYS)('%s with a time that is none', async (way) => {
    const set = blocked();
    const met = crew.members[0]!.run('block', set.ports, { way, timeout: Number.NaN }).result;
    expect(await met).toBe('ERR_LIMIT');
    await expectUntouched(set);
    set.close();
  });
});

test.each(HERE.filter((way) => !isSync(way)))('R22: %s is called off by its signal', async (way) => {
  const set = blocked();
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = errorOf(() => blockingWays[way](set.ports, { signal }));
  await turns();
  controller.abort('why');
  expect(await waiting).toBe('why');
  expect(await errorOf(() => blockingWays[way](set.ports, { signal }))).toBe('why');
  await expectUntouched(set);
  set.close();
});

describe('R25: called off by a scope', () => {
  test.each(BLOCKING_WAYS)('%s, on another thread', async (way) => {
    const set = blocked();
    using scope = supervisor.scope();
    const there = crew.members[0]!.run('block', { ...set.ports, scope }, { way });
    await there.said();
    if (isSync(way)) {
      await eventually(() => supervisor.snapshot().threads.some(({ parkedOn }) => parkedOn !== null));
    }
    scope.cancel();
    expect(await there.result).toBe('ERR_CANCELLED');
    await expectUntouched(set);
    set.close();
  });

  test.each(HERE.filter((way) => !isSync(way)))('%s, here; and refused once it is over', async (way) => {
    const set = blocked();
    using scope = supervisor.scope();
    const waiting = errorOf(() => blockingWays[way](set.ports, { scope }));
    await turns();
    scope.cancel();
    expect(await waiting).toBeInstanceOf(CancelledError);
    expect(await errorOf(() => blockingWays[way](set.ports, { scope }))).toBeInstanceOf(CancelledError);
    await expectUntouched(set);
    set.close();
  });

  test.each(HERE.filter(isSync))('%s, here, by its time', async (way) => {
    const set = blocked();
    using scope = supervisor.scope({ timeout: 5 });
    expect(await errorOf(() => blockingWays[way](set.ports, { scope }))).toBeInstanceOf(CancelledError);
    await expectUntouched(set);
    set.close();
  });
});

describe('a primitive that is closed', () => {
  test.each(BLOCKING_WAYS)('wakes and refuses: %s', async (way) => {
    const set = blocked();
    const there = crew.members.map((member) => member.run('block', set.ports, { way }));
    for (const each of there) await each.said();
    const here = isSync(way) ? undefined : errorOf(() => blockingWays[way](set.ports, {}));
    set.close();
    for (const each of there) expect(await each.result).toBe('ERR_CLOSED');
    if (here) expect(await here).toBeInstanceOf(ClosedError);
    expect(await errorOf(() => blockingWays[way](set.ports, {}))).toBeInstanceOf(ClosedError);
    expect(await crew.members[0]!.run('block', set.ports, { way }).result).toBe('ERR_CLOSED');
  });

  test('gives its place back once all threads have heard', async () => {
    // Those of the test before are given back when its threads have heard, which may be only now.
    await eventually(() => supervisor.snapshot().syncs.inUse === 0);
    const set = blocked();
    for (const member of crew.members) await member.run('isClosed', { it: set.ports.mutex, ...set.ports }).result;
    expect(supervisor.snapshot().syncs.inUse).toBe(6);
    set.close();
    await eventually(() => supervisor.snapshot().syncs.inUse === 0);
  });
});

test.each(BLOCKING_WAYS)('the end of the supervisor wakes %s', async (way) => {
  await using other = newSupervisor();
  const { ports } = blocked(other);
  const member = new Member(other);
  const there = member.run('block', ports, { way });
  await there.said();
  const here = isSync(way) ? undefined : errorOf(() => blockingWays[way](ports, {}));
  member.dismiss();
  await other.close();
  expect(await there.result).toBe('ERR_CLOSED');
  if (here) expect(await here).toBeInstanceOf(ClosedError);
});
