/** Groups of functions on several threads: the first that fails calls the others off. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attach, BrokenError, CancelledError, LimitError, TimeoutError } from '../../src/index.ts';
import { ErrGroup, type ErrGroupOptions } from '../../src/sync/index.ts';
import { errorOf, eventually, turns, watched } from '../support/eventually.ts';
import { newSupervisor } from '../support/supervisors.ts';
import { Member, SyncCrew } from './crew.ts';

const supervisor = newSupervisor({ threads: 12 });
let crew: SyncCrew;

beforeAll(() => {
  crew = new SyncCrew(supervisor, 2);
});

afterAll(() => crew[Symbol.asyncDispose]());

const newGroup = (options?: ErrGroupOptions) => new ErrGroup({ supervisor, ...options });

test('waits for all of its functions, on all threads', async () => {
  using group = newGroup();
  const ended: number[] = [];
  for (const one of [1, 2, 3]) {
    group.go(async () => {
      await turns(one);
      ended.push(one);
    });
  }
  const there = crew.members.map((member) => member.run('go', { group }, { what: 'pass' }).result);
  await group.wait();
  expect(ended).toEqual([1, 2, 3]);
  for (const each of there) expect((await each).how).toBe('done');
  expect([group.left, group.scope.cancelled]).toEqual([0, false]);
  group.waitSync();
});

test('the first error is that of the group: itself where it was thrown, a copy elsewhere; the others are called off', async () => {
  using group = newGroup();
  const heeding = crew.members[0]!.run('go', { group }, { what: 'heed' });
  await heeding.said();
  const waiting = crew.members[1]!.run('waitGroupSync', { group });
  await waiting.said();
  const failure = new Error('the first');
  let seen: unknown;
  group.go(async ({ signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    seen = signal.reason;
    throw new Error('the second');
  });
  group.go(() => {
    throw failure;
  });
  expect(await errorOf(group.wait())).toBe(failure);
  expect(await errorOf(() => group.waitSync())).toBe(failure);
  expect(seen).toBeInstanceOf(CancelledError);
  expect((await heeding.result).heard).toBe('the first');
  expect(await waiting.result).toBe('Error');
  let ran = false;
  group.go(() => {
    ran = true;
  });
  expect(await errorOf(group.wait())).toBe(failure);
  expect(ran).toBe(false);
});

test('an error from another thread rejects here with a copy', async () => {
  using group = newGroup();
  const late = watched(group.wait());
  await turns();
  expect(late.settled).toEqual({ value: undefined });
  const there = crew.members[0]!.run('go', { group }, { what: 'fail', message: 'from there' });
  expect((await there.result).how).toBe('E_CREW');
  expect(await errorOf(group.wait())).toMatchObject({ name: 'RangeError', message: 'from there', code: 'E_CREW' });
});

describe('its scope', () => {
  test('is over with the one that it is in, and after its time', async () => {
    using outer = supervisor.scope();
    using group = newGroup({ scope: outer });
    group.go(({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)));
    outer.cancel();
    expect(await errorOf(group.wait())).toBeInstanceOf(CancelledError);
    using timed = newGroup({ timeout: 5 });
    timed.go(({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)));
    expect(await errorOf(timed.wait())).toBeInstanceOf(TimeoutError);
    expect(await errorOf(() => newGroup({ scope: outer }))).toBeInstanceOf(CancelledError);
    await using other = newSupervisor();
    expect(await errorOf(() => newGroup({ scope: other.scope() }))).toBeInstanceOf(LimitError);
  });

  test('ends with the group', () => {
    const before = supervisor.snapshot();
    const group = newGroup();
    const { scope } = group;
    group.close();
    expect([scope.cancelled, group.closed]).toEqual([true, true]);
    expect(supervisor.snapshot()).toMatchObject({ scopes: before.scopes, syncs: before.syncs });
  });
});

test('on one thread a group is one object', () => {
  using group = newGroup();
  expect(attach(structuredClone(supervisor.share({ group }))).group).toBe(group);
});

test('R29: a thread that dies in the middle of a function breaks the group, and calls the others off', async () => {
  using group = newGroup();
  const victim = new Member(supervisor);
  await victim.run('go', { group }, { what: 'stop' }).said();
  const heeding = crew.members[0]!.run('go', { group }, { what: 'heed' });
  await heeding.said();
  const here = errorOf(group.wait());
  await turns();
  await victim.kill();
  expect(await here).toBeInstanceOf(BrokenError);
  await eventually(() => group.scope.cancelled);
  expect((await heeding.result).how).toBe('ERR_BROKEN');
  expect(group.scope.reason).toMatchObject({ name: 'BrokenError', code: 'ERR_BROKEN' });
});
