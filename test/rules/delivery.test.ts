/** R1–R4 and R6: messages arrive in order and once, in channels that hold exactly what they say. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Channel, type Topology, u32 } from '../../src/index.ts';
import { Crew } from '../support/crew.ts';
import { eventually, turns, watched } from '../support/eventually.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';
import { CHANNELS, expectDelivered } from '../support/topologies.ts';
import { numbersOf, RECEIVING_WAYS, receiveAll, sendAll, WAYS } from '../workers/programs.ts';

const supervisor = newSupervisor({ memory: 64 * 2 ** 20, threads: 8 });
let crew: Crew;

beforeAll(() => {
  crew = new Crew(supervisor, 4);
});

afterAll(() => crew[Symbol.asyncDispose]());

let names = 0;

function newChannel(topology: Topology, capacity: number): Channel<number> {
  return supervisor.channel(`channel ${names++}`, { codec: u32, topology, capacity });
}

/** Ways of doing it that a thread which has to go on meanwhile can use. */
const ASYNC_WAYS = ['async', 'try', 'batch-async'] as const;
const ASYNC_RECEIVING_WAYS = ['async', 'for-await', 'try', 'batch-async'] as const;

const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);

describe.each(CHANNELS)('%s', (_name, { topology, capacity, senders, receivers }) => {
  describe('R1 and R2: every message once, and those of one sender in order', () => {
    test('within one thread', async () => {
      const channel = newChannel(topology, capacity);
      const sent = indexes(3).map((sender) => numbersOf(sender, 200));
      const receiving = indexes(4).map((index) => receiveAll(channel, ASYNC_RECEIVING_WAYS[index]!));
      const sending = sent.map((values, sender) => sendAll(channel, values, ASYNC_WAYS[sender]!));
      expect(await Promise.all(sending)).toEqual([200, 200, 200]);
      channel.close();
      expectDelivered(sent, await Promise.all(receiving));
    });

    test('across threads', async () => {
      const channel = newChannel(topology, capacity);
      const guard = channel.sender;
      const received = indexes(receivers).map((index) =>
        crew.run(index, 'receiveNumbers', { from: channel.receiver }, { way: RECEIVING_WAYS[index * 5]! ?? 'sync' }),
      );
      const sent = indexes(senders).map((sender) =>
        crew.run(
          receivers + sender,
          'sendNumbers',
          { out: channel.sender },
          { sender, count: 150, way: sender === 1 ? 'batch-sync' : 'sync' },
        ),
      );
      guard.close();
      expect(await Promise.all(sent)).toEqual(sent.map(() => 150));
      expectDelivered(
        indexes(senders).map((sender) => numbersOf(sender, 150)),
        await Promise.all(received),
      );
    });

    test('with this thread sending, and other threads receiving', async () => {
      const channel = newChannel(topology, capacity);
      const received = indexes(receivers).map((index) =>
        crew.run(index, 'receiveNumbers', { from: channel.receiver }, { way: RECEIVING_WAYS[(index + capacity) % 7]! }),
      );
      const sent = indexes(3).map((sender) => numbersOf(sender, 200));
      await Promise.all(sent.map((values, sender) => sendAll(channel, values, ASYNC_WAYS[sender]!)));
      channel.close();
      expectDelivered(sent, await Promise.all(received));
    });

    test('with this thread receiving, and other threads sending', async () => {
      const channel = newChannel(topology, capacity);
      const guard = channel.sender;
      const sent = indexes(senders).map((sender) =>
        crew.run(
          sender,
          'sendNumbers',
          { out: channel.sender },
          { sender, count: 300, way: WAYS[(sender + capacity) % WAYS.length]! },
        ),
      );
      guard.close();
      const received = await Promise.all(ASYNC_RECEIVING_WAYS.map((way) => receiveAll(channel, way)));
      expect(await Promise.all(sent)).toEqual(sent.map(() => 300));
      expectDelivered(
        indexes(senders).map((sender) => numbersOf(sender, 300)),
        received,
      );
    });
  });

  test('R3: the channel holds exactly its capacity, lap after lap', () => {
    const channel = newChannel(topology, capacity);
    const all = indexes(capacity);
    for (let lap = 0; lap < 3; lap++) {
      expect(all.map((i) => [channel.length, channel.trySend(i)])).toEqual(all.map((i) => [i, true]));
      expect([channel.length, channel.trySend(0), channel.capacity]).toEqual([capacity, false, capacity]);
      expect(all.map(() => channel.tryReceive())).toEqual(all.map((value) => ({ done: false, value })));
      expect([channel.length, channel.tryReceive()]).toEqual([0, undefined]);
    }
  });

  test('R3: the length that another thread sees stays between 0 and the capacity', async () => {
    const channel = newChannel(topology, capacity);
    const received = crew.run(0, 'receiveNumbers', { from: channel.receiver }, { way: 'sync' });
    const sent = crew.run(1, 'sendNumbers', { out: channel.sender }, { sender: 0, count: 1500, way: 'sync' });
    const done = watched(sent);
    const seen = new Set<number>();
    while (!done.settled) {
      for (let look = 0; look < 1000; look++) seen.add(channel.length);
      await turns(1);
    }
    expect((await received).length).toBe(1500);
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...seen)).toBeLessThanOrEqual(capacity);
  });

  test('R4: a send waits if and only if the channel is full, a receive if and only if it is empty', async () => {
    const channel = newChannel(topology, capacity);
    for (let i = 0; i < capacity; i++) await channel.send(i);
    const send = watched(channel.send(capacity));
    await turns();
    expect(send.settled).toBeUndefined();
    expect(channel.receiveSync()).toEqual({ done: false, value: 0 });
    await turns(1);
    expect(send.settled).toEqual({ value: undefined });
    for (let i = 1; i <= capacity; i++) expect(await channel.receive()).toEqual({ done: false, value: i });
    const receive = watched(channel.receive());
    await turns();
    expect(receive.settled).toBeUndefined();
    channel.sendSync(7);
    await turns(1);
    expect(receive.settled).toEqual({ value: { done: false, value: 7 } });
  });

  test('R4: a thread that blocks in a send is let go by a receive on another', async () => {
    const channel = newChannel(topology, capacity);
    const count = capacity + 1;
    const sending = crew.run(0, 'sendNumbers', { out: channel.sender }, { sender: 0, count, way: 'sync' });
    const sent = watched(sending);
    await eventually(() => snapshotOf(supervisor, channel.name).sendersWaiting === 1);
    await turns();
    expect([channel.length, sent.settled]).toEqual([capacity, undefined]);
    expect(channel.tryReceive()).toEqual({ done: false, value: 0 });
    expect(await sending).toBe(count);
    expect(await receiveAll(channel, 'async')).toEqual(indexes(count).slice(1));
  });

  test('R4: a thread that blocks in a receive is let go by a send on another', async () => {
    const channel = newChannel(topology, capacity);
    const receiving = crew.run(0, 'receiveNumbers', { from: channel.receiver }, { way: 'sync' });
    await eventually(() => snapshotOf(supervisor, channel.name).receiversWaiting === 1);
    channel.sendSync(7);
    await eventually(() => channel.length === 0);
    channel.close();
    expect(await receiving).toEqual([7]);
  });

  test('R6: a receive takes the head, and the message of the sender that waited longest goes to the tail', async () => {
    const channel = newChannel(topology, capacity);
    for (let i = 0; i < capacity; i++) channel.sendSync(i);
    const waiting = indexes(5).map((i) => watched(channel.send(capacity + i)));
    for (let i = 0; i < 5; i++) {
      expect(channel.tryReceive()).toEqual({ done: false, value: i });
      await turns(1);
      expect(waiting.map(({ settled }) => settled !== undefined)).toEqual(waiting.map((_, index) => index <= i));
      expect(channel.length).toBe(capacity);
    }
    channel.close();
    expect(await receiveAll(channel, 'async')).toEqual(indexes(capacity).map((i) => i + 5));
  });

  test('R6: no wake-up is lost, with more operations waiting than the channel holds', async () => {
    const channel = newChannel(topology, capacity);
    const count = 2 * capacity + 50;
    const receiving = Promise.all(indexes(count).map(() => channel.receive()));
    await Promise.all(indexes(count).map((i) => channel.send(i)));
    expect(await receiving).toEqual(indexes(count).map((value) => ({ done: false, value })));
    const sending = Promise.all(indexes(count).map((i) => channel.send(i)));
    const received = await Promise.all(indexes(count).map(() => channel.receive()));
    await sending;
    expect(received).toEqual(indexes(count).map((value) => ({ done: false, value })));
  });
});

test('R6: no wake-up is lost, with every thread both sending and receiving', async () => {
  const [there, back] = [newChannel('mpmc', 2), newChannel('mpmc', 1)];
  const echoes = indexes(crew.size).map((member) =>
    crew.run(member, 'echo', { from: there.receiver, to: back.sender }, { count: 250 }),
  );
  const sending = sendAll(there, numbersOf(0, 1000), 'async');
  const received: number[] = [];
  while (received.length < 1000) received.push((await back.receive()).value!);
  expect(await sending).toBe(1000);
  await Promise.all(echoes);
  expect(received.toSorted((a, b) => a - b)).toEqual(numbersOf(0, 1000));
});

test('threads that wait take turns: none starves', async () => {
  const channel = newChannel('mpmc', 1);
  const received = indexes(3).map((member) =>
    crew.run(member, 'receiveNumbers', { from: channel.receiver }, { way: 'sync' }),
  );
  for (let i = 0; i < 30; i++) {
    // All three sleep whenever a message comes, so each message is for the one whose turn it is.
    await eventually(() => snapshotOf(supervisor, channel.name).receiversWaiting === 3);
    await eventually(() => supervisor.snapshot().threads.filter(({ state }) => state === 'parked').length === 3);
    channel.sendSync(i);
  }
  await eventually(() => channel.length === 0);
  channel.close();
  const shares = await Promise.all(received);
  expect(shares.map(({ length }) => length)).toEqual([10, 10, 10]);
});
