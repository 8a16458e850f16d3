/** A topology is a promise: whoever breaks it is refused, and nobody else is troubled. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytes, type Channel, lease, type Topology, u32 } from '../../src/index.ts';
import { Crew } from '../support/crew.ts';
import { workerEntry } from '../support/entries.ts';
import { newSupervisor } from '../support/supervisors.ts';
import { numbersOf, receiveAll, sendAll } from '../workers/programs.ts';

const supervisor = newSupervisor({ threads: 8 });
let crew: Crew;

beforeAll(() => {
  crew = new Crew(supervisor, 2);
});

afterAll(() => crew[Symbol.asyncDispose]());

let names = 0;

function newChannel(topology: Topology, capacity = 7): Channel<number> {
  return supervisor.channel(`channel ${names++}`, { codec: u32, topology, capacity });
}

const SENDING = ['trySend', 'sendSync', 'send', 'sendManySync', 'sendMany'];
const RECEIVING = ['tryReceive', 'receiveSync', 'receive', 'receiveManySync', 'receiveMany', 'for of', 'for await'];

describe.each(['spsc', 'spmc'] as const)('%s: with one thread sending', (topology) => {
  test('every way of sending from a second one throws TopologyError, and the first one goes on', async () => {
    const channel = newChannel(topology);
    channel.sendSync(1);
    const refusals = await crew.run(0, 'tryEverything', { channel }, { names: SENDING });
    expect(refusals).toEqual(SENDING.map((name) => [name, 'ERR_TOPOLOGY']));
    expect(channel.length).toBe(1);
    channel.sendSync(2);
    channel.close();
    expect(await receiveAll(channel, 'sync')).toEqual([1, 2]);
  });

  test('the error says who the one is and who came second', async () => {
    const channel = newChannel(topology);
    channel.sender.sendSync(1);
    const sent = crew.run(0, 'sendNumbers', { out: channel.sender }, { sender: 0, count: 1, way: 'sync' });
    await expect(sent).rejects.toThrow(/promised a single sender: expected thread 0, met thread 1/);
  });

  test('on a full channel, too', async () => {
    const channel = newChannel(topology, 1);
    channel.sendSync(1);
    const refusals = await crew.run(0, 'tryEverything', { channel }, { names: SENDING });
    expect(refusals).toEqual(SENDING.map((name) => [name, 'ERR_TOPOLOGY']));
    expect(channel.tryReceive()).toEqual({ done: false, value: 1 });
    expect(channel.trySend(2)).toBe(true);
  });

  test('what the second one had set aside is its own again: a lease, the block of a large message', async () => {
    const leases = supervisor.channel(`channel ${names++}`, { codec: lease(), capacity: 7, topology });
    const blobs = supervisor.channel(`channel ${names++}`, { codec: bytes(), capacity: 7, topology });
    leases.sendSync(supervisor.pool.leaseSync(8));
    blobs.sendSync(new Uint8Array(8));
    const before = supervisor.pool.stats();
    const held = await crew.run(0, 'refusedLeases', { leases, blobs, pool: supervisor.pool }, {});
    expect(held).toEqual([100, 100, 100]);
    expect(supervisor.pool.stats()).toMatchObject({ leases: before.leases, inUse: before.inUse });
  });

  test('the place is free again once the one gives its end away: another thread goes on where it stopped', async () => {
    const channel = newChannel(topology, 100);
    const end = channel.sender;
    end.sendManySync(numbersOf(0, 5));
    await crew.run(0, 'sendNumbers', { out: end }, { sender: 1, count: 5, way: 'sync' });
    expect(channel.closed).toBe(true);
    expect(await receiveAll(channel, 'sync')).toEqual([...numbersOf(0, 5), ...numbersOf(1, 5)]);
  });
});

describe.each(['spsc', 'mpsc'] as const)('%s: with one thread receiving', (topology) => {
  test('every way of receiving from a second one throws TopologyError, and the first one goes on', async () => {
    const channel = newChannel(topology);
    expect(channel.tryReceive()).toBeUndefined();
    channel.sendManySync([1, 2]);
    const refusals = await crew.run(0, 'tryEverything', { channel }, { names: RECEIVING });
    expect(refusals).toEqual(RECEIVING.map((name) => [name, 'ERR_TOPOLOGY']));
    channel.close();
    expect(await receiveAll(channel, 'sync')).toEqual([1, 2]);
  });

  test('on an empty channel, too, where the first one waits', async () => {
    const channel = newChannel(topology);
    const receiving = channel.receive();
    const refusals = await crew.run(0, 'tryEverything', { channel }, { names: RECEIVING });
    expect(refusals).toEqual(RECEIVING.map((name) => [name, 'ERR_TOPOLOGY']));
    channel.sendSync(7);
    expect(await receiving).toEqual({ done: false, value: 7 });
  });

  test('the place is free again once the one gives its end away: another thread goes on where it stopped', async () => {
    const channel = newChannel(topology, 100);
    const end = channel.receiver;
    channel.sendManySync(numbersOf(0, 10));
    expect(end.receiveManySync(4)).toEqual(numbersOf(0, 4));
    const rest = crew.run(0, 'receiveNumbers', { from: end }, { way: 'sync' });
    channel.close();
    expect(await rest).toEqual(numbersOf(0, 10).slice(4));
  });

  test('cancelling from a second thread closes, and leaves what is in the channel to the one that receives', async () => {
    const channel = newChannel(topology);
    channel.sendManySync([1, 2, 3]);
    expect(channel.tryReceive()).toEqual({ done: false, value: 1 });
    await crew.run(0, 'cancelFrom', { channel }, {});
    expect([channel.closed, channel.length]).toEqual([true, 2]);
    expect(await receiveAll(channel, 'sync')).toEqual([2, 3]);
  });
});

describe('a thread that takes the place of one that ended', () => {
  test.each(['spsc', 'spmc'] as const)('%s: sends', async (topology) => {
    const channel = newChannel(topology, 100);
    const guard = supervisor.share({ end: channel.sender });
    for (const sender of [0, 1, 2]) {
      const group = supervisor.spawn(workerEntry('workers/send-and-end.ts'), {
        ports: { out: channel.sender },
        data: { sender, count: 10 },
      });
      await group.finished;
    }
    expect(channel.closed).toBe(false);
    await sendAll(channel, numbersOf(3, 10), 'async');
    const received = channel.receiveManySync(100);
    while (received.length < 40) received.push(...channel.receiveManySync(100));
    expect(received).toEqual([0, 1, 2, 3].flatMap((sender) => numbersOf(sender, 10)));
    expect(guard).toBeDefined();
  });
});
