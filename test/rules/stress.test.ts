/** The rules under load: many threads at once, everything at random, and what must never happen counted. */

import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytes, type Channel, u32 } from '../../src/index.ts';
import { Crew } from '../support/crew.ts';
import { errorOf, eventually } from '../support/eventually.ts';
import { seeded } from '../support/random.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';
import { expectDelivered, TOPOLOGIES } from '../support/topologies.ts';
import { numbersOf, RECEIVING_WAYS, receiveAll, sendAll, WAYS } from '../workers/programs.ts';

const supervisor = newSupervisor({ memory: 128 * 2 ** 20, threads: 8 });
let crew: Crew;

beforeAll(() => {
  crew = new Crew(supervisor, 4);
});

afterAll(() => crew[Symbol.asyncDispose]());

let names = 0;
const nextName = () => `channel ${names++}`;
const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);

test('R1 and R2: any number of senders and receivers, in any way, over channels of any capacity', async () => {
  const random = seeded();
  for (let round = 0; round < 12; round++) {
    const { topology, senders, receivers } = random.pick(TOPOLOGIES);
    const capacity = random.int(1, 40);
    const channel = supervisor.channel(nextName(), { codec: u32, capacity, topology });
    const guard = channel.sender;
    const received = indexes(receivers).map((member) =>
      crew.run(member, 'receiveNumbers', { from: channel.receiver }, { way: random.pick(RECEIVING_WAYS) }),
    );
    const sent = indexes(senders).map((sender) =>
      crew.run(
        receivers + sender,
        'sendNumbers',
        { out: channel.sender },
        { sender, count: 200, way: random.pick(WAYS) },
      ),
    );
    guard.close();
    expect(await Promise.all(sent)).toEqual(sent.map(() => 200));
    expectDelivered(
      indexes(senders).map((sender) => numbersOf(sender, 200)),
      await Promise.all(received),
    );
  }
});

test('R2: this thread and others on both ends of several channels at once', async () => {
  const random = seeded();
  const channels = indexes(4).map((index) =>
    supervisor.channel(nextName(), { codec: u32, capacity: [1, 3, 8, 100][index]!, topology: 'mpmc' }),
  );
  const received = channels.flatMap((channel, index) => [
    receiveAll(channel, random.pick(['async', 'for-await', 'batch-async'] as const)),
    crew.run(index, 'receiveNumbers', { from: channel.receiver }, { way: 'async' }),
  ]);
  const sent = channels.map((channel, index) => sendAll(channel, numbersOf(index, 1000), 'async'));
  await Promise.all(sent);
  for (const channel of channels) channel.close();
  const lists = await Promise.all(received);
  for (const index of indexes(4)) expectDelivered([numbersOf(index, 1000)], lists.slice(2 * index, 2 * index + 2));
});

describe.each(TOPOLOGIES)('$topology: a close that races with sends', ({ topology, senders }) => {
  // accepted is received; refused is not received; nothing else happens.
  const closings: Record<string, (channel: Channel<number>) => void> = {
    'close()': (channel) => channel.close(),
    'close(error)': (channel) => channel.close(new Error('enough')),
  };

  test.each(Object.entries(closings))('R7 and R9: %s', async (_how, close) => {
    const random = seeded();
    for (let round = 0; round < 12; round++) {
      const channel = supervisor.channel(nextName(), { codec: u32, capacity: random.int(1, 20), topology });
      const sent = indexes(senders).map((sender) =>
        crew.run(
          sender,
          'sendNumbers',
          { out: channel.sender },
          { sender, count: 1_000_000, way: random.pick(['sync', 'async', 'try'] as const) },
        ),
      );
      const received: number[] = [];
      const enough = random.int(0, 300);
      while (received.length < enough) received.push((await channel.receive()).value!);
      close(channel);
      for (let next = takeOne(channel); next !== undefined; next = takeOne(channel)) received.push(next);
      // Claims that were open at the close are waited for.
      await errorOrDone(channel);
      const accepted = await Promise.all(sent);
      expectDelivered(
        accepted.map((count, sender) => numbersOf(sender, count)),
        [received],
      );
      expect(channel.length).toBe(0);
    }
  });
});

/** The next number; undefined once the channel is closed and drained. */
function takeOne(channel: Channel<number>): number | undefined {
  try {
    return channel.receiveSync().value;
  } catch {
    return undefined;
  }
}

async function errorOrDone(channel: Channel<number>): Promise<void> {
  const end = await channel.receive().catch(() => ({ done: true }));
  expect(end.done).toBe(true);
}

test('R12: ends that are closed at the same time on several threads close the channel, each time', async () => {
  for (let round = 0; round < 60; round++) {
    const channel = supervisor.channel(nextName(), { codec: u32, capacity: 2 });
    const shares = indexes(4).map(() => supervisor.share({ end: channel.sender }));
    await Promise.all(shares.map((share, member) => crew.runShared(member, 'closeEnd', share, {})));
    expect([channel.closed, snapshotOf(supervisor, channel.name).senders]).toEqual([true, 0]);
  }
});

describe.each(TOPOLOGIES)('$topology: a cancel that races with sends', ({ topology, senders }) => {
  test('R13: every payload that is not received goes back to the pool', async () => {
    const random = seeded();
    const leasesBefore = supervisor.pool.stats().leases;
    for (let round = 0; round < 15; round++) {
      const capacity = random.int(1, 20);
      const channel = supervisor.channel(nextName(), { codec: bytes(), capacity, topology });
      const receiver = channel.receiver;
      const sent = indexes(senders).map((member) =>
        crew.run(member, 'sendUntilClosed', { out: channel.sender }, { byteLength: 300 }),
      );
      for (let i = random.int(0, 30); i > 0; i--) await receiver.receive();
      if (random.next() < 0.5) await setImmediate();
      receiver.cancel();
      await Promise.all(sent);
      expect({ round, leases: supervisor.pool.stats().leases }).toEqual({ round, leases: leasesBefore });
    }
  });
});

test('R10: threads that wait on both sides when a channel is closed all wake, each time', async () => {
  for (let round = 0; round < 25; round++) {
    const empty = supervisor.channel(nextName(), { codec: u32, capacity: 1 });
    const full = supervisor.channel(nextName(), { codec: u32, capacity: 1 });
    full.sendSync(0);
    const waiting = [
      crew.run(0, 'receiveNumbers', { from: empty.receiver }, { way: 'sync' }),
      crew.run(1, 'receiveNumbers', { from: empty.receiver }, { way: 'async' }),
      crew.run(2, 'sendNumbers', { out: full.sender }, { sender: 1, count: 1, way: 'sync' }),
      crew.run(3, 'sendNumbers', { out: full.sender }, { sender: 2, count: 1, way: 'async' }),
      receiveAll(empty, 'async'),
      errorOf(full.send(1)).then(({ code }) => code),
    ];
    // From "all of them sleep" to "some have not even begun".
    if (round % 2 === 0) {
      await eventually(() => snapshotOf(supervisor, empty.name).receiversWaiting === 3);
      await eventually(() => snapshotOf(supervisor, full.name).sendersWaiting === 3);
    }
    empty.close();
    full.close();
    expect(await Promise.all(waiting)).toEqual([[], [], 0, 0, [], 'ERR_CHANNEL_CLOSED']);
  }
});

test('two supervisors, used in turn from the same threads, keep apart', async () => {
  await using other = newSupervisor({ threads: 8 });
  const pairs = [supervisor, other].map((each) => ({
    there: each.channel(nextName(), { codec: bytes(), capacity: 3 }),
    back: each.channel(nextName(), { codec: bytes(), capacity: 3 }),
  }));
  const shares = [supervisor, other].map((each, index) => each.share(pairs[index]!));
  const echoing = crew.run(0, 'echoBoth', {}, { shares, count: 200 });
  const sending = pairs.map(async ({ there }, index) => {
    for (let i = 0; i < 200; i++) await there.send(new Uint8Array(10 + 100 * index).fill(i));
  });
  const received = pairs.map(async ({ back }) => {
    const values: number[][] = [];
    for (let i = 0; i < 200; i++) {
      const { value } = i % 3 === 0 ? await back.receive() : (back.tryReceive() ?? (await back.receive()));
      values.push([value!.length, value![0]!]);
    }
    return values;
  });
  expect(await Promise.all(received)).toEqual(
    pairs.map((_, index) => indexes(200).map((i) => [10 + 100 * index, i % 256])),
  );
  await Promise.all(sending);
  await echoing;
});
