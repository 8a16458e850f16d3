/** The snapshot: every field of it, as the public contract has it. */

import { describe, expect, test } from 'vitest';
import { Attachment } from '../../src/channel/attachment.ts';
import { bytes, u32 } from '../../src/index.ts';
import { CELL_PARKED_ON, PARKED_RECEIVE } from '../../src/memory/layout.ts';
import { store } from '../../src/memory/words.ts';
import { Observer } from '../../src/supervisor/snapshot.ts';
import { Crew } from '../support/crew.ts';
import { workerEntry } from '../support/entries.ts';
import { errorOf, eventually, turns } from '../support/eventually.ts';
import { freshSegment } from '../support/segment.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';
import { TOPOLOGY_NAMES } from '../support/topologies.ts';

test('is plain JSON', async () => {
  await using supervisor = newSupervisor();
  supervisor.channel('a', { codec: u32, capacity: 1 }).sendSync(1);
  supervisor.pool.leaseSync(100).release();
  const snapshot = supervisor.snapshot();
  expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
});

test('has these fields, and no message of nobody’s', async () => {
  await using supervisor = newSupervisor();
  supervisor.channel('fresh', { codec: u32, capacity: 7, topology: 'mpsc' });
  const { bytes: poolBytes, inUse } = supervisor.pool.stats();
  expect(supervisor.snapshot()).toEqual({
    channels: [
      {
        name: 'fresh',
        topology: 'mpsc',
        capacity: 7,
        length: 0,
        peak: 0,
        level: 'green',
        sent: 0,
        received: 0,
        dropped: 0,
        rejected: 0,
        lost: 0,
        redelivered: 0,
        sendRate: 0,
        receiveRate: 0,
        sendersWaiting: 0,
        receiversWaiting: 0,
        sendWaitMs: 0,
        receiveWaitMs: 0,
        senders: 0,
        receivers: 0,
        closed: false,
      },
    ],
    threads: [{ id: 0, name: 'main', state: 'running', parkedOn: null, parkedForMs: 0 }],
    pool: {
      bytes: poolBytes,
      inUse,
      peak: inUse,
      classes: [expect.objectContaining({ total: expect.any(Number) })],
      leases: 0,
    },
    scopes: { inUse: 0, most: expect.any(Number) },
    syncs: { inUse: 0, most: expect.any(Number) },
    kernel: { compilation: process.env.SLUICE_KERNEL === 'js' ? 'js' : 'wasm' },
  });
});

describe.each(TOPOLOGY_NAMES)('of an %s channel', (topology) => {
  test('length, peak, sent and received count messages, single and in batches', async () => {
    await using supervisor = newSupervisor({ memory: 16 * 2 ** 20 });
    const channel = supervisor.channel('counted', { codec: u32, capacity: 1000, topology });
    const counts = () => {
      const { length, peak, sent, received } = snapshotOf(supervisor, 'counted');
      return { length, peak, sent, received };
    };
    channel.sendManySync([1, 2, 3]);
    expect(counts()).toEqual({ length: 3, peak: 3, sent: 3, received: 0 });
    channel.tryReceive();
    await channel.send(4);
    expect(counts()).toEqual({ length: 3, peak: 3, sent: 4, received: 1 });
    while (channel.length > 0) channel.receiveManySync(9);
    expect(counts()).toEqual({ length: 0, peak: 3, sent: 4, received: 4 });
    channel.sendManySync(Array.from({ length: 900 }, (_, i) => i));
    while (channel.length > 0) channel.receiveManySync(900);
    expect(counts()).toEqual({ length: 0, peak: 900, sent: 904, received: 904 });
  });

  test('refused messages count for nothing', async () => {
    await using supervisor = newSupervisor();
    const channel = supervisor.channel('refusing', { codec: u32, capacity: 2, topology });
    for (const bad of [-1, 0.5, 'x'] as number[]) await errorOf(() => channel.send(bad));
    channel.sendManySync([1, 2]);
    channel.trySend(3);
    await errorOf(() => channel.sendSync(3, { timeout: 0 }));
    channel.close();
    await errorOf(() => channel.trySend(3));
    await errorOf(() => channel.send(3));
    expect(snapshotOf(supervisor, 'refusing')).toMatchObject({
      length: 2,
      peak: 2,
      sent: 2,
      received: 0,
      closed: true,
    });
    channel.receiveManySync(2);
    channel.tryReceive();
    await errorOf(() => channel.trySend(3));
    expect(snapshotOf(supervisor, 'refusing')).toMatchObject({ length: 0, peak: 2, sent: 2, received: 2 });
  });

  test('senders and receivers count ends', async () => {
    await using supervisor = newSupervisor();
    const channel = supervisor.channel('ends', { codec: u32, capacity: 1, topology });
    const ends = () => {
      const { senders, receivers, closed } = snapshotOf(supervisor, 'ends');
      return { senders, receivers, closed };
    };
    const { sender, receiver } = channel;
    expect(ends()).toEqual({ senders: 1, receivers: 1, closed: false });
    supervisor.share([sender, sender, receiver]);
    expect(ends()).toMatchObject({ senders: 2, receivers: 1 });
    channel.close();
    expect(ends().closed).toBe(true);
  });

  test('operations of this thread that wait count as one thread', async () => {
    await using supervisor = newSupervisor();
    const channel = supervisor.channel('waited for', { codec: u32, capacity: 1, topology });
    const waiting = () => {
      const { sendersWaiting, receiversWaiting } = snapshotOf(supervisor, 'waited for');
      return { sendersWaiting, receiversWaiting };
    };
    const receiving = [channel.receive(), channel.receive()];
    expect(waiting()).toEqual({ sendersWaiting: 0, receiversWaiting: 1 });
    channel.sendSync(1);
    await receiving[0];
    expect(waiting()).toEqual({ sendersWaiting: 0, receiversWaiting: 1 });
    channel.sendSync(2);
    await receiving[1];
    channel.sendSync(3);
    const sending = [channel.send(4), channel.send(5)];
    expect(waiting()).toEqual({ sendersWaiting: 1, receiversWaiting: 0 });
    for (let i = 0; i < 3; i++) await channel.receive();
    await Promise.all(sending);
    expect(waiting()).toEqual({ sendersWaiting: 0, receiversWaiting: 0 });
  });

  test('the time that threads blocked is added up', async () => {
    await using supervisor = newSupervisor({ spin: 0 });
    const channel = supervisor.channel('slow', { codec: u32, capacity: 1, topology });
    await errorOf(() => channel.receiveSync({ timeout: 30 }));
    channel.sendSync(1);
    await errorOf(() => channel.sendSync(2, { timeout: 20 }));
    await errorOf(() => channel.sendSync(2, { timeout: 20 }));
    const { sendWaitMs, receiveWaitMs } = snapshotOf(supervisor, 'slow');
    expect(receiveWaitMs).toBeGreaterThanOrEqual(29);
    expect(sendWaitMs).toBeGreaterThanOrEqual(39);
  });
});

test('counters go on behind what 32 bits can count, as long as somebody looks now and then', async () => {
  await using supervisor = newSupervisor({ memory: 16 * 2 ** 20 });
  const channels = (['spsc', 'mpmc'] as const).map((topology) =>
    supervisor.channel(topology, { codec: u32, capacity: 4, topology }),
  );
  const { CHANNEL_HEAD, CHANNEL_TAIL } = await import('../../src/memory/layout.ts');
  const { load, store } = await import('../../src/memory/words.ts');
  for (const channel of channels) {
    const { address } = channel as unknown as { address: number };
    let total = 0;
    for (let look = 0; look < 6; look++) {
      // As if a billion messages had passed, which is a quarter of what fits.
      for (const word of [CHANNEL_TAIL, CHANNEL_HEAD]) store(address + word, (load(address + word) + 2 ** 30) | 0);
      total += channel.name === 'spsc' ? 2 ** 28 : 2 ** 30;
      expect(snapshotOf(supervisor, channel.name)).toMatchObject({ sent: total, received: total });
    }
  }
});

test('rates are messages a second over the last sampling interval', async () => {
  await using supervisor = newSupervisor({ sampleInterval: 20 });
  const channel = supervisor.channel('rated', { codec: u32, capacity: 1000 });
  channel.sendManySync(Array.from({ length: 1000 }, (_, i) => i));
  channel.receiveManySync(500);
  await eventually(() => snapshotOf(supervisor, 'rated').sendRate > 0);
  const { sendRate, receiveRate } = snapshotOf(supervisor, 'rated');
  expect(sendRate / receiveRate).toBeCloseTo(2);
  await eventually(() => snapshotOf(supervisor, 'rated').sendRate === 0);
});

describe('threads', () => {
  test('are told by name, with what they park on and for how long', async () => {
    await using supervisor = newSupervisor({ threads: 5 });
    const jobs = supervisor.channel('jobs', { codec: u32, capacity: 1 });
    const full = supervisor.channel('full', { codec: bytes(), capacity: 1 });
    full.sendSync(new Uint8Array(1));
    const park = (on: string, name: string) =>
      supervisor.spawn(workerEntry('workers/park.ts'), {
        ports: { jobs: jobs.receiver, full: full.sender, pool: supervisor.pool },
        data: on,
        name,
      });
    const held = [];
    for (let each = supervisor.pool.tryLease(65_536); each; each = supervisor.pool.tryLease(65_536)) held.push(each);
    park('receive', 'receiver');
    park('send', 'sender');
    park('pool', 'leaser');
    const threads = () => supervisor.snapshot().threads.filter(({ name }) => name !== 'main');
    await eventually(() => threads().filter(({ state }) => state === 'parked').length === 3);
    const [first] = threads();
    await eventually(() => threads().every(({ parkedForMs }) => parkedForMs > (first?.parkedForMs ?? 0)));
    expect(
      threads()
        .map(({ name, parkedOn }) => [name, parkedOn])
        .toSorted(),
    ).toEqual([
      ['leaser-0', 'pool'],
      ['receiver-0', 'receive jobs'],
      ['sender-0', 'send full'],
    ]);
    expect(supervisor.snapshot().threads[0]).toEqual({
      id: 0,
      name: 'main',
      state: 'running',
      parkedOn: null,
      parkedForMs: 0,
    });
    expect(snapshotOf(supervisor, 'jobs')).toMatchObject({ receiversWaiting: 1, senders: 0, receivers: 3 });
    expect(snapshotOf(supervisor, 'full')).toMatchObject({ sendersWaiting: 1, senders: 3 });
    held.pop()!.release();
    full.receiveSync();
    jobs.close();
    await eventually(() => threads().length === 0);
  });

  test('that wait, as somebody has overwritten it, at a channel there is none of, are shown all the same', () => {
    const attachment = Attachment.of(freshSegment(), 'misled', 1);
    try {
      for (const channel of [0, 2 ** 27, 2 ** 28 - 1]) {
        store(attachment.thread.cell + CELL_PARKED_ON, (channel << 2) | PARKED_RECEIVE);
        expect(new Observer(attachment.thread, attachment.pool).snapshot().threads).toMatchObject([
          { name: 'misled', state: 'parked', parkedOn: `receive channel-${channel}` },
        ]);
      }
    } finally {
      attachment.detach();
    }
  });

  test('that run are running, and those that are gone are not told of', async () => {
    await using supervisor = newSupervisor({ threads: 3 });
    {
      await using crew = new Crew(newSupervisor({ threads: 3 }), 1);
      const channel = supervisor.channel('a', { codec: u32, capacity: 1 });
      const shared = supervisor.share({ end: channel.sender });
      await crew.runShared(0, 'closeEnd', shared, {});
      await turns();
      expect(supervisor.snapshot().threads).toMatchObject([
        { name: 'main', state: 'running' },
        { id: 1, state: 'running', parkedOn: null },
      ]);
    }
    // It left by itself when it ended, though this supervisor did not know it.
    await eventually(() => supervisor.snapshot().threads.length === 1);
  });
});
