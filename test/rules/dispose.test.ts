/** Channels that are disposed of: refused from then on, woken from, and their memory given to others. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  bytes,
  type Channel,
  ChannelClosedError,
  type ChannelOptions,
  custom,
  lease,
  select,
  selectSync,
  struct,
  trySelect,
  u32,
} from '../../src/index.ts';
import { Crew } from '../support/crew.ts';
import { workerEntry } from '../support/entries.ts';
import { errorOf, eventually, turns } from '../support/eventually.ts';
import { newSupervisor } from '../support/supervisors.ts';
import { TOPOLOGY_NAMES } from '../support/topologies.ts';
import { BLOCKING_WAYS, blockingWays, endingOf } from '../workers/programs.ts';

const supervisor = newSupervisor({ memory: 64 * 2 ** 20, threads: 8 });
let crew: Crew;
let names = 0;

beforeAll(() => {
  crew = new Crew(supervisor, 2);
});

afterAll(() => crew[Symbol.asyncDispose]());

const KINDS: [string, Partial<ChannelOptions<any>>][] = [
  ...TOPOLOGY_NAMES.map((topology): [string, Partial<ChannelOptions<any>>] => [topology, { topology }]),
  ['at-least-once', { delivery: 'at-least-once' }],
  ['dropping', { overflow: 'drop-oldest' }],
];

function newChannel(options: Partial<ChannelOptions<number>> = {}): Channel<number> {
  return supervisor.channel(`channel ${names++}`, { codec: u32, capacity: 3, ...options });
}

const inUse = () => supervisor.snapshot().pool.inUse;
const listed = ({ name }: Channel<any>) => supervisor.snapshot().channels.some((channel) => channel.name === name);
const parked = (count = 1) =>
  eventually(() => supervisor.snapshot().threads.filter(({ state }) => state === 'parked').length === count);

const OPERATIONS: Record<string, (channel: Channel<number>) => unknown> = {
  trySend: (channel) => channel.trySend(1),
  sendSync: (channel) => channel.sendSync(1),
  send: (channel) => channel.send(1),
  sendManySync: (channel) => channel.sendManySync([1]),
  sendMany: (channel) => channel.sendMany([1]),
  tryReceive: (channel) => channel.tryReceive(),
  receiveSync: (channel) => channel.receiveSync(),
  receive: (channel) => channel.receive(),
  receiveManySync: (channel) => channel.receiveManySync(2),
  receiveMany: (channel) => channel.receiveMany(2),
  'for of': (channel) => [...channel],
  'for await': async (channel) => {
    for await (const _ of channel);
  },
  sender: (channel) => channel.sender,
  receiver: (channel) => channel.receiver,
  share: (channel) => supervisor.share({ channel }),
  'select to send': (channel) => select({ out: channel.onSend(1) }),
  'select to receive': (channel) => select({ in: channel.onReceive() }),
  'selectSync to receive': (channel) => selectSync({ in: channel.onReceive() }),
  'trySelect to receive': (channel) => trySelect({ in: channel.onReceive() }),
};
const REMOTE = ['trySend', 'sendSync', 'send', 'sendManySync', 'sendMany'];
const REMOTE_RECEIVING = ['tryReceive', 'receiveSync', 'receive', 'receiveManySync', 'receiveMany', 'for await'];

describe.each(KINDS)('a channel that was disposed of: %s', (_kind, options) => {
  test.each(Object.keys(OPERATIONS))('refuses %s', async (name) => {
    for (const values of [[], [1, 2]]) {
      const channel = newChannel(options);
      channel.sendManySync(values);
      channel.dispose();
      const error = await errorOf(async () => await OPERATIONS[name]!(channel));
      expect(error).toBeInstanceOf(ChannelClosedError);
      expect(error.message).toBe(`channel "${channel.name}": expected it open, met it disposed of`);
    }
  });

  test('gives its memory and its place back, messages included', () => {
    const before = inUse();
    const channel = newChannel(options);
    channel.sendManySync([1, 2, 3]);
    expect([inUse() > before, listed(channel)]).toEqual([true, true]);
    channel.dispose();
    expect([inUse(), listed(channel)]).toEqual([before, false]);
  });

  test('can be disposed of, closed and cancelled again, and another one in its place notices nothing', () => {
    const channel = newChannel(options);
    const [sender, receiver] = [channel.sender, channel.receiver];
    channel.dispose();
    const next = newChannel(options);
    const held = next.sender;
    channel.dispose();
    channel.close(new Error('late'));
    channel.cancel();
    sender.close();
    receiver.cancel();
    expect([channel.closed, channel.length, channel.capacity]).toEqual([true, 0, 3]);
    expect(() => sender.trySend(1)).toThrow(ChannelClosedError);
    expect(() => receiver.tryReceive()).toThrow(ChannelClosedError);
    expect([next.closed, next.trySend(7), next.tryReceive()?.value]).toEqual([false, true, 7]);
    held.close();
    expect(next.closed).toBe(true);
  });

  test('wakes what is pending on this thread', async () => {
    const [full, empty] = [newChannel(options), newChannel(options)];
    if (options.overflow === undefined) full.sendManySync([1, 2, 3]);
    const ports = { full, empty, pool: supervisor.pool };
    const ways = (['send', 'receive', 'receiveMany', 'sendMany'] as const).filter(
      (way) => options.overflow === undefined || way.startsWith('receive'),
    );
    const pending = ways.map((way) => endingOf(() => blockingWays[way](ports, {})));
    const selecting = endingOf(() => select({ in: empty.onReceive() }));
    await turns();
    full.dispose();
    empty.dispose();
    expect(await Promise.all([...pending, selecting])).toEqual(
      [...pending, selecting].map(() => ({ code: 'ERR_CHANNEL_CLOSED', cause: undefined })),
    );
  });
});

describe('a thread that has a channel when another one disposes of it', () => {
  test.each(TOPOLOGY_NAMES.flatMap((topology) => [true, false].map((used) => [topology, used] as const)))(
    'is refused from then on: %s, used before: %s',
    async (topology, used) => {
      const before = inUse();
      const [channel, begun, go] = [newChannel({ topology }), newChannel(), newChannel()];
      // A second sender where one was promised is refused for that.
      const senders = used || !topology.startsWith('sp');
      const names = [...(senders ? REMOTE : []), ...REMOTE_RECEIVING];
      const ports = { channel, begun: begun.sender, go: go.receiver };
      const refusals = crew.run(0, 'tryEverythingLater', ports, { names, used });
      await begun.receive();
      if (!used) channel.sendSync(1);
      channel.dispose();
      go.sendSync(1);
      expect(await refusals).toEqual(names.map((name) => [name, 'ERR_CHANNEL_CLOSED']));
      for (const each of [begun, go]) each.dispose();
      await eventually(() => inUse() === before);
    },
  );

  test.each(TOPOLOGY_NAMES)('and when it was shared before: %s', async (topology) => {
    const channel = newChannel({ topology });
    const ports = supervisor.share({ channel });
    channel.dispose();
    const next = newChannel({ topology });
    const names = [...REMOTE, ...REMOTE_RECEIVING];
    expect(await crew.runShared(0, 'tryEverything', ports, { names })).toEqual(
      names.map((name) => [name, 'ERR_CHANNEL_CLOSED']),
    );
    expect([next.length, next.closed]).toEqual([0, false]);
  });

  test('lets go of it though it does nothing, and the memory goes back', async () => {
    const before = inUse();
    const channel = newChannel({ capacity: 10_000 });
    await crew.run(0, 'keep', { channel }, {});
    await crew.run(1, 'keep', { channel }, {});
    channel.dispose();
    await eventually(() => inUse() === before);
  });

  test('this thread lets go of what a worker disposes of, too', async () => {
    const before = inUse();
    const channel = newChannel({ capacity: 10_000 });
    const waiting = endingOf(() => channel.receive());
    await crew.run(0, 'disposeOf', { channel }, {});
    expect(await waiting).toEqual({ code: 'ERR_CHANNEL_CLOSED', cause: undefined });
    await eventually(() => inUse() === before);
    expect(() => channel.trySend(1)).toThrow(/disposed of/);
  });

  test.each(BLOCKING_WAYS.filter((way) => !way.startsWith('lease')))('is woken from a %s', async (way) => {
    const before = inUse();
    const [full, empty] = [newChannel(), newChannel()];
    full.sendManySync([0, 1, 2]);
    const begun = newChannel();
    const blocked = crew.run(0, 'blockOn', { full, empty, pool: supervisor.pool, begun: begun.sender }, { way });
    await begun.receive();
    if (way.endsWith('Sync')) await parked();
    full.dispose();
    empty.dispose();
    begun.dispose();
    expect(await blocked).toMatchObject({ code: 'ERR_CHANNEL_CLOSED' });
    await eventually(() => inUse() === before);
  });
});

test('a worker that takes the place of one that died gets what was disposed of as such', async () => {
  await using other = newSupervisor();
  const [channel, out] = [
    other.channel('gone', { codec: u32, capacity: 1 }),
    other.channel('out', { codec: u32, capacity: 9 }),
  ];
  other.spawn(workerEntry('workers/reborn.ts'), {
    ports: { channel, end: channel.sender, out: out.sender },
    respawn: true,
  });
  expect((await out.receive()).value).toBe(0);
  channel.dispose();
  // Whether the channel was gone, and its end, when the second one looked.
  expect([(await out.receive()).value, (await out.receive()).value]).toEqual([1, 1]);
});

describe('what a channel that is disposed of holds', () => {
  test('goes back to the pool: large messages, leases, ends', () => {
    const before = supervisor.snapshot().pool;
    const blobs = supervisor.channel(`blobs ${names++}`, { codec: bytes(), capacity: 4 });
    const both = supervisor.channel(`both ${names++}`, { codec: struct({ a: lease(), b: lease() }), capacity: 4 });
    const kept = supervisor.channel(`kept ${names++}`, {
      codec: bytes(),
      capacity: 4,
      delivery: 'at-least-once',
    });
    for (let round = 0; round < 3; round++) {
      blobs.sendSync(new Uint8Array(10_000));
      kept.sendSync(new Uint8Array(10_000));
      both.sendSync({ a: supervisor.pool.leaseSync(100), b: supervisor.pool.leaseSync(70_000) });
    }
    kept.receiveSync();
    for (const channel of [blobs, both, kept]) channel.dispose();
    const { leases, inUse } = supervisor.snapshot().pool;
    expect({ leases, inUse }).toEqual({ leases: before.leases, inUse: before.inUse });
  });

  test('an error that it was closed with goes back as well', () => {
    const before = inUse();
    const channel = newChannel();
    channel.close(new Error('why'.repeat(100)));
    expect(inUse()).toBeGreaterThan(before);
    channel.dispose();
    expect(inUse()).toBe(before);
    expect(() => channel.trySend(1)).toThrow(/disposed of/);
  });

  test('deliveries in hand can be acknowledged; then the memory goes back', () => {
    const before = supervisor.snapshot().pool;
    const codec = struct({ body: lease() });
    const kept = supervisor.channel(`kept ${names++}`, { codec, capacity: 4, delivery: 'at-least-once' });
    for (let round = 0; round < 3; round++) kept.sendSync({ body: supervisor.pool.leaseSync(100) });
    const deliveries = kept.deliveries()[Symbol.iterator]();
    const [first, second] = [deliveries.next().value!, deliveries.next().value!];
    kept.dispose();
    expect([first.value.body.byteLength, first.ack(), second.nack()]).toEqual([100, true, true]);
    first.value.body.release();
    newChannel().dispose();
    expect([first.ack(), second.ack()]).toEqual([true, false]);
    const { leases, inUse } = supervisor.snapshot().pool;
    expect({ leases, inUse }).toEqual({ leases: before.leases, inUse: before.inUse });
  });

  test('a codec that disposes of the channel it decodes for does not pull the ground from under itself', () => {
    const before = inUse();
    let dispose = () => {};
    const codec = custom<number>({
      name: `suicidal ${names++}`,
      encode: (value) => new Uint8Array([value]),
      decode: ([value]) => {
        dispose();
        return value!;
      },
    });
    const channel = supervisor.channel(`channel ${names++}`, { codec, capacity: 4 });
    channel.sendManySync([1, 2, 3]);
    dispose = () => channel.dispose();
    expect(channel.receiveSync().value).toBe(1);
    expect(() => channel.receiveSync()).toThrow(/disposed of/);
    newChannel().dispose();
    expect(inUse()).toBe(before);
  });

  test('a getter that disposes of the channel it is sent to', () => {
    const before = inUse();
    const codec = struct({ id: u32 });
    const channel = supervisor.channel(`channel ${names++}`, { codec, capacity: 4, topology: 'spsc' });
    const trap = {
      get id() {
        channel.dispose();
        newChannel().dispose();
        return 7;
      },
    };
    expect(() => channel.sendManySync([{ id: 1 }, trap, { id: 2 }])).toThrow(/disposed of/);
    newChannel().dispose();
    expect(inUse()).toBe(before);
  });
});

describe('a channel that others name', () => {
  test('is closed when it is disposed of, and its memory stays until they are gone', () => {
    const before = inUse();
    const deadLetter = newChannel();
    const kept = newChannel({ delivery: 'at-least-once', maxAttempts: 1, deadLetter });
    kept.sendManySync([1, 2]);
    const next = () => kept.deliveries()[Symbol.iterator]().next().value!;
    next().nack();
    expect(deadLetter.length).toBe(1);
    deadLetter.dispose();
    next().nack();
    expect([kept.length, listed(deadLetter)]).toEqual([0, false]);
    expect(inUse()).toBeGreaterThan(before);
    kept.dispose();
    expect(inUse()).toBe(before);
  });

  test('is no longer sent what overflows', async () => {
    const before = inUse();
    const onOverflow = newChannel();
    const rejecting = newChannel({ capacity: 1, overflow: 'reject', onOverflow });
    rejecting.sendSync(1);
    rejecting.sendSync(2);
    expect(onOverflow.length).toBe(1);
    onOverflow.dispose();
    expect(() => rejecting.sendSync(3)).toThrow(/expected room/);
    expect(() => newChannel({ overflow: 'reject', onOverflow })).toThrow(/disposed of/);
    rejecting.dispose();
    expect(inUse()).toBe(before);
  });
});

test('40,000 channels in a row leave segment and table flat', () => {
  const before = inUse();
  for (let round = 0; round < 40_000; round++) {
    const channel = supervisor.channel('short', { codec: u32, capacity: 1 });
    channel.sendSync(round);
    channel.dispose();
  }
  const { peak, channels } = { peak: supervisor.snapshot().pool.peak, channels: supervisor.snapshot().channels };
  expect(inUse()).toBe(before);
  expect(channels.some(({ name }) => name === 'short')).toBe(false);
  expect(peak).toBeLessThan(8 * 2 ** 20);
});
