/** sluice/testing: what a test can do to threads and channels. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Channel, ChannelClosedError, LimitError, type Supervisor, TimeoutError, u32 } from '../../src/index.ts';
import { Chaos } from '../../src/testing/index.ts';
import { workerEntry } from '../support/entries.ts';
import { errorOf, eventually } from '../support/eventually.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';

const passOn = workerEntry('workers/pass-on.ts');

interface Stage extends AsyncDisposable {
  readonly supervisor: Supervisor;
  readonly chaos: Chaos;
  readonly there: Channel<number>;
  readonly back: Channel<number>;
  /** Passes on what comes in `there` to `back`. */
  readonly worker: Worker;
  current(): Worker;
}

/** One worker between two channels, asleep until something comes. */
async function set(respawn = false): Promise<Stage> {
  const supervisor = newSupervisor({ spin: 0 });
  const chaos = new Chaos(supervisor, { seed: 1 });
  const there = supervisor.channel('there', { codec: u32, capacity: 4 });
  const back = supervisor.channel('back', { codec: u32, capacity: 4 });
  const ports = { from: there.receiver, to: back.sender };
  const group = chaos.spawn(passOn, { ports, name: 'passer', respawn });
  await parked(supervisor);
  return {
    supervisor,
    chaos,
    there,
    back,
    worker: group.workers[0]!,
    current: () => group.workers[0]!,
    async [Symbol.asyncDispose]() {
      await group.terminate();
      await supervisor.close();
    },
  };
}

function parked(supervisor: Supervisor): Promise<void> {
  return eventually(() => supervisor.snapshot().threads.some(({ parkedOn }) => parkedOn === 'receive there'));
}

describe('a thread', () => {
  let stage: Stage;
  beforeEach(async () => {
    stage = await set(true);
    return () => stage[Symbol.asyncDispose]();
  });

  test('that is killed is recovered before that settles, and can be replaced', async () => {
    const { chaos, supervisor, there, back, worker, current } = stage;
    expect(await chaos.kill(worker)).toBe(true);
    expect(supervisor.snapshot().threads.some(({ name }) => name === 'passer-0')).toBe(false);
    expect(await chaos.kill(worker)).toBe(false);
    await eventually(() => current() !== worker);
    await there.send(7);
    expect((await back.receive()).value).toBe(7);
  });

  test('that is killed at a step dies there each time', async () => {
    const { chaos, supervisor, there, worker } = stage;
    const killed = chaos.killAtStep(worker, 3);
    // Its sleep was a step; from here on it takes some more.
    there.sendSync(1);
    expect(await killed).toBe(true);
    expect(worker.threadId).toBe(-1);
    expect(snapshotOf(supervisor, 'there').lost).toBe(0);
  });

  test('that is paused does nothing until it may go on', async () => {
    const { chaos, there, back, worker } = stage;
    await chaos.pause(worker);
    there.sendSync(1);
    await sleep(30);
    expect(back.length).toBe(0);
    chaos.resume(worker);
    expect((await back.receive()).value).toBe(1);
    const pausing = chaos.pause(worker, 20);
    there.sendSync(2);
    await pausing;
    expect((await back.receive()).value).toBe(2);
  });

  test('that is slow gets there all the same', async () => {
    const { chaos, there, back, worker } = stage;
    chaos.slow(worker, 1);
    const before = chaos.steps(worker);
    there.sendSync(1);
    expect((await back.receive()).value).toBe(1);
    expect(chaos.steps(worker)).toBeGreaterThan(before);
    chaos.slow(worker, 0);
    there.sendSync(2);
    expect((await back.receive()).value).toBe(2);
  });

  test('whose wake-up is lost wakes nobody, until it is delivered', async () => {
    const { chaos, there, back, worker } = stage;
    const lost = chaos.dropWakeUp(worker);
    const receiving = back.receive();
    // Long enough for the receive to sleep rather than poll.
    await sleep(20);
    there.sendSync(1);
    expect(await lost).toBe(true);
    expect(back.length).toBe(1);
    expect(chaos.deliverWakeUps(worker)).toBe(1);
    expect((await receiving).value).toBe(1);
  });

  test('whose wake-ups are late wakes others all the same', async () => {
    const { chaos, there, back, worker } = stage;
    chaos.delayWakeUps(worker, 30);
    const receiving = back.receive();
    await sleep(20);
    there.sendSync(1);
    expect((await receiving).value).toBe(1);
    chaos.delayWakeUps(worker, 0);
    there.sendSync(2);
    expect((await back.receive()).value).toBe(2);
  });

  test('that receives from a stalled channel waits until it goes on', async () => {
    const { chaos, there, back } = stage;
    await chaos.stall(there);
    expect(chaos.fill(there, 5)).toBe(4);
    expect(await errorOf(() => there.sendSync(6, { timeout: 10 }))).toBeInstanceOf(TimeoutError);
    expect(back.length).toBe(0);
    chaos.resumeChannel(there);
    expect((await back.receive()).value).toBe(5);
  });
});

test('a channel is filled to its capacity, and closed with an error', async () => {
  await using supervisor = newSupervisor();
  const chaos = new Chaos(supervisor);
  const channel = supervisor.channel('full', { codec: u32, capacity: 3 });
  let next = 0;
  expect(chaos.fill(channel, () => next++)).toBe(3);
  chaos.close(channel, new Error('as ordered'));
  expect([channel.receiveSync().value, channel.receiveSync().value, channel.receiveSync().value]).toEqual([0, 1, 2]);
  const error = await errorOf(() => channel.receiveSync());
  expect(error).toBeInstanceOf(ChannelClosedError);
  expect(error.cause.message).toBe('as ordered');
});

test('refuses orders for threads that would not hear them, and for no step', async () => {
  await using stage = await set();
  const { supervisor, chaos, there, back, worker } = stage;
  const deaf = supervisor.spawn(passOn, { ports: { from: there.receiver, to: back.sender } });
  expect(await errorOf(() => chaos.slow(deaf.workers[0]!, 1))).toBeInstanceOf(LimitError);
  expect(await errorOf(chaos.killAtStep(worker, 0))).toBeInstanceOf(LimitError);
  await deaf.terminate();
});

test('the same seed makes the same choices', () => {
  const chosen = () => {
    const { random } = new Chaos(newSupervisor(), { seed: 42 });
    return Array.from({ length: 20 }, () => random.int(0, 1000));
  };
  expect(chosen()).toEqual(chosen());
});
