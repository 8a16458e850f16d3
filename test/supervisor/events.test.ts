/** What the supervisor tells by itself: levels, stalls, and threads that ended. */

import { describe, expect, test } from 'vitest';
import { type Supervisor, type SupervisorEvents, u32 } from '../../src/index.ts';
import { Crew } from '../support/crew.ts';
import { workerEntry } from '../support/entries.ts';
import { eventually } from '../support/eventually.ts';
import { newSupervisor } from '../support/supervisors.ts';

const SAMPLE = 5;

function recorded<E extends 'level' | 'stall'>(supervisor: Supervisor, event: E) {
  const events: SupervisorEvents[E][0][] = [];
  supervisor.on(event, ((each: SupervisorEvents[E][0]) => events.push(each)) as never);
  return events;
}

/** Waits until samples were taken after what was done so far. */
const samples = (count = 2) => new Promise((resolve) => setTimeout(resolve, SAMPLE * (count + 1)));

describe('level', () => {
  test('tells each change once, with the channel, where it came from and where it went', async () => {
    await using supervisor = newSupervisor({ sampleInterval: SAMPLE });
    const channel = supervisor.channel('jobs', { codec: u32, capacity: 100 });
    const events = recorded(supervisor, 'level');
    const fill = async (length: number) => {
      while (channel.length < length) channel.sendSync(0);
      while (channel.length > length) channel.receiveSync();
      await samples();
    };
    for (const length of [10, 60, 59, 61, 58, 86, 84, 82, 86, 70, 50, 0]) await fill(length);
    expect(events.map(({ channel: name, from, to }) => `${name}: ${from} → ${to}`)).toEqual([
      'jobs: green → yellow',
      'jobs: yellow → red',
      'jobs: red → yellow',
      'jobs: yellow → green',
    ]);
    expect(events[1]!.snapshot).toMatchObject({ name: 'jobs', level: 'red', capacity: 100, length: 86 });
  });

  test('follows the levels of the channel', async () => {
    await using supervisor = newSupervisor({ sampleInterval: SAMPLE });
    const channel = supervisor.channel('tight', { codec: u32, capacity: 10, levels: { yellow: 0.1, red: 0.2 } });
    const events = recorded(supervisor, 'level');
    channel.sendManySync([1, 2, 3]);
    await eventually(() => events.length > 0);
    expect(events.map(({ to }) => to)).toEqual(['red']);
  });

  test('is not told without sampling', async () => {
    await using supervisor = newSupervisor({ sampleInterval: false });
    const events = recorded(supervisor, 'level');
    const channel = supervisor.channel('full', { codec: u32, capacity: 1 });
    channel.sendSync(1);
    await samples(5);
    expect(events).toEqual([]);
    // The level of a snapshot is right all the same.
    expect(supervisor.snapshot().channels[0]!.level).toBe('red');
  });
});

describe('stall', () => {
  test('is told when senders wait and nobody receives, once, and again after somebody did', async () => {
    await using supervisor = newSupervisor({ sampleInterval: SAMPLE });
    const channel = supervisor.channel('stuck', { codec: u32, capacity: 1 });
    const events = recorded(supervisor, 'stall');
    channel.sendSync(0);
    const sending = [channel.send(1), channel.send(2)];
    await eventually(() => events.length === 1);
    expect(events[0]).toMatchObject({ channel: 'stuck', snapshot: { name: 'stuck', sendersWaiting: 1, length: 1 } });
    await samples(6);
    expect(events.length).toBe(1);
    channel.receiveSync();
    await eventually(() => events.length === 2);
    channel.receiveSync();
    await Promise.all(sending);
    channel.receiveSync();
    await samples(6);
    expect(events.length).toBe(2);
  });

  test('is told of a thread that blocks, too', async () => {
    await using supervisor = newSupervisor({ sampleInterval: SAMPLE, threads: 2 });
    await using crew = new Crew(supervisor, 1);
    const channel = supervisor.channel('stuck', { codec: u32, capacity: 1 });
    const events = recorded(supervisor, 'stall');
    const sent = crew.run(0, 'sendNumbers', { out: channel.sender }, { sender: 0, count: 5, way: 'sync' });
    await eventually(() => events.length === 1);
    channel.close();
    expect(await sent).toBe(1);
  });

  test('is not told of a full channel that nobody waits at, nor of one that moves on', async () => {
    await using supervisor = newSupervisor({ sampleInterval: SAMPLE });
    const full = supervisor.channel('full', { codec: u32, capacity: 1 });
    const moving = supervisor.channel('moving', { codec: u32, capacity: 1 });
    const events = recorded(supervisor, 'stall');
    full.sendSync(1);
    moving.sendSync(0);
    const until = performance.now() + SAMPLE * 12;
    while (performance.now() < until) {
      // Somebody waits at every instant that a sample could be taken, and something was received since the last.
      const sending = moving.send(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      moving.receiveSync();
      await sending;
    }
    expect(events).toEqual([]);
  });
});

describe('thread-exit', () => {
  test('tells of every worker, how it ended and what it still held', async () => {
    const supervisor = newSupervisor({ threads: 4 });
    const exits: SupervisorEvents['thread-exit'][0][] = [];
    supervisor.on('thread-exit', (event) => exits.push(event));
    const channel = supervisor.channel('held', { codec: u32, capacity: 1 });
    const hold = (name: string, how: string) =>
      supervisor.spawn(workerEntry('workers/hold.ts'), {
        ports: { out: channel.sender, pool: supervisor.pool },
        data: { how, leases: 2 },
        name,
      });
    const groups = [hold('returner', 'return'), hold('exiter', 'exit'), hold('thrower', 'throw')];
    await Promise.allSettled(groups.map((group) => group.finished));
    await eventually(() => exits.length === 3);
    expect(exits.map(({ name, exitCode }) => [name, exitCode]).toSorted()).toEqual([
      ['exiter-0', 7],
      ['returner-0', 0],
      ['thrower-0', 1],
    ]);
    expect(supervisor.pool.stats().leases).toBe(0);
    expect(channel.closed).toBe(true);
    await expect(supervisor.close()).rejects.toThrow('as ordered');
  });

  test('tells of each worker once, also when others take their places at once', async () => {
    await using supervisor = newSupervisor({ threads: 2 });
    const names: string[] = [];
    supervisor.on('thread-exit', ({ name }) => names.push(name));
    for (let round = 0; round < 4; round++) {
      const group = supervisor.spawn(workerEntry('workers/hold.ts'), {
        ports: { pool: supervisor.pool },
        data: { how: 'return', leases: 1 },
        name: `round-${round}`,
      });
      await group.finished;
    }
    await eventually(() => names.length >= 4);
    expect(names).toEqual(['round-0-0', 'round-1-0', 'round-2-0', 'round-3-0']);
  });
});
