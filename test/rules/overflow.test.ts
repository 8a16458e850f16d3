/** What a send does when the channel is full, if it does not wait; and what becomes of the message. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  bytes,
  type Channel,
  ChannelClosedError,
  ChannelFullError,
  type ChannelOptions,
  type Lease,
  LeaseReleasedError,
  LimitError,
  lease,
  type Overflow,
  struct,
  u32,
  utf8,
} from '../../src/index.ts';
import { Crew } from '../support/crew.ts';
import { errorOf } from '../support/eventually.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';
import { TOPOLOGY_NAMES } from '../support/topologies.ts';

const supervisor = newSupervisor({ memory: 64 * 2 ** 20, threads: 8 });
let crew: Crew;
let names = 0;

beforeAll(() => {
  crew = new Crew(supervisor, 2);
});

afterAll(() => crew[Symbol.asyncDispose]());

function newChannel(options: Partial<ChannelOptions<number>> = {}): Channel<number> {
  return supervisor.channel(`channel ${names++}`, { codec: u32, capacity: 3, ...options });
}

function drained<T>(channel: Channel<T>): T[] {
  const values: T[] = [];
  for (let next = channel.tryReceive(); next && !next.done; next = channel.tryReceive()) values.push(next.value);
  return values;
}

const countsOf = ({ name }: Channel<any>) => {
  const { sent, received, dropped, rejected, length } = snapshotOf(supervisor, name);
  return { sent, received, dropped, rejected, length };
};

type Send = (channel: Channel<any>, value: unknown) => unknown;
const SENDS: Record<string, Send> = {
  sendSync: (channel, value) => channel.sendSync(value),
  send: (channel, value) => channel.send(value),
  sendManySync: (channel, value) => channel.sendManySync([value]),
  sendMany: (channel, value) => channel.sendMany([value]),
};
const WAYS = Object.entries(SENDS);
const DROPPING = ['drop-newest', 'drop-oldest'] as const;

describe.each(TOPOLOGY_NAMES)('%s', (topology) => {
  describe('reject', () => {
    test.each(WAYS)('a %s throws when the channel is full, and the message was not accepted', async (_name, send) => {
      const channel = newChannel({ topology, overflow: 'reject' });
      for (const value of [1, 2, 3]) await send(channel, value);
      const error = await errorOf(() => send(channel, 4));
      expect(error).toBeInstanceOf(ChannelFullError);
      expect([error.code, error.message]).toEqual(['ERR_CHANNEL_FULL', expect.stringContaining('3 of 3')]);
      expect(channel.trySend(5)).toBe(false);
      expect(drained(channel)).toEqual([1, 2, 3]);
      await send(channel, 6);
      expect(countsOf(channel)).toEqual({ sent: 4, received: 3, dropped: 0, rejected: 2, length: 1 });
    });

    test('in a batch those before the one it stopped at were accepted', async () => {
      for (const send of ['sendManySync', 'sendMany'] as const) {
        const channel = newChannel({ topology, overflow: 'reject' });
        expect(await errorOf(() => channel[send]([1, 2, 3, 4, 5]))).toBeInstanceOf(ChannelFullError);
        expect(drained(channel)).toEqual([1, 2, 3]);
      }
    });
  });

  test.each(WAYS)('drop-newest: a %s drops its message when the channel is full', async (_name, send) => {
    const channel = newChannel({ topology, overflow: 'drop-newest' });
    for (const value of [1, 2, 3, 4, 5]) await send(channel, value);
    expect(channel.trySend(6)).toBe(true);
    expect(drained(channel)).toEqual([1, 2, 3]);
    await send(channel, 7);
    expect(drained(channel)).toEqual([7]);
    expect(countsOf(channel)).toEqual({ sent: 4, received: 4, dropped: 3, rejected: 0, length: 0 });
  });

  test.each(WAYS)('drop-oldest: a %s drops the oldest message when the channel is full', async (_name, send) => {
    const channel = newChannel({ topology, overflow: 'drop-oldest' });
    for (const value of [1, 2, 3, 4, 5]) await send(channel, value);
    expect(channel.trySend(6)).toBe(true);
    expect(countsOf(channel)).toEqual({ sent: 6, received: 0, dropped: 3, rejected: 0, length: 3 });
    expect(drained(channel)).toEqual([4, 5, 6]);
    expect(countsOf(channel)).toEqual({ sent: 6, received: 3, dropped: 3, rejected: 0, length: 0 });
  });

  test.each(DROPPING)(
    '%s: a sender that is faster than its receiver never waits; each message is there or dropped',
    async (overflow) => {
      const channel = newChannel({ topology, overflow });
      const received = crew.run(0, 'receiveNumbers', { from: channel.receiver }, { way: 'for-of' });
      for (let value = 0; value < 20_000; value++) channel.sendSync(value);
      channel.close();
      const got = await received;
      const { dropped } = countsOf(channel);
      expect(got.length + dropped).toBe(20_000);
      expect(got).toEqual(got.toSorted((a, b) => a - b));
      expect(new Set(got).size).toBe(got.length);
      if (overflow === 'drop-oldest') expect(got.at(-1)).toBe(19_999);
    },
  );

  test.each(['reject', ...DROPPING] as const)('R7: %s: sending to a closed channel throws', async (overflow) => {
    const fallback = newChannel();
    const channel = newChannel({ topology, overflow, onOverflow: fallback });
    channel.sendManySync([1, 2, 3]);
    channel.close();
    for (const send of Object.values(SENDS))
      expect(await errorOf(() => send(channel, 4))).toBeInstanceOf(ChannelClosedError);
    expect(() => channel.trySend(4)).toThrow(ChannelClosedError);
    expect([drained(channel), fallback.length]).toEqual([[1, 2, 3], 0]);
  });
});

test.each(DROPPING)('%s: several senders and receivers at once: each message once, or dropped', async (overflow) => {
  const channel = newChannel({ overflow });
  const count = 5000;
  const received = crew.run(0, 'receiveNumbers', { from: channel.receiver }, { way: 'sync' });
  const sent = crew.run(1, 'sendNumbers', { out: channel.sender }, { sender: 1, count, way: 'sync' });
  // An end of its own: the other sender may be done first, and the last one closes the channel.
  const own = channel.sender;
  const mine: number[] = [];
  for (let value = 0; value < count; value++) {
    own.sendSync(value);
    const next = value % 3 === 0 ? channel.tryReceive() : undefined;
    if (next && !next.done) mine.push(next.value);
  }
  await sent;
  channel.close();
  const all = [...mine, ...(await received)];
  expect(new Set(all).size).toBe(all.length);
  expect(all.length + countsOf(channel).dropped).toBe(2 * count);
});

describe('onOverflow', () => {
  test.each(WAYS)('reject: a %s hands what has no room to a function, and does not throw', async (_name, send) => {
    const refused: number[] = [];
    const channel = newChannel({ overflow: 'reject', onOverflow: (value) => void refused.push(value) });
    for (const value of [1, 2, 3, 4, 5]) await send(channel, value);
    expect(channel.trySend(6)).toBe(false);
    expect([drained(channel), refused]).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
    expect(countsOf(channel)).toMatchObject({ rejected: 3, dropped: 0 });
  });

  test.each([
    ['drop-newest', [1, 2, 3], [4, 5, 6]],
    ['drop-oldest', [4, 5, 6], [1, 2, 3]],
  ] as const)('%s: a function is handed what was dropped', async (overflow, kept, expected) => {
    const dropped: number[] = [];
    const channel = newChannel({ overflow, onOverflow: (value) => void dropped.push(value) });
    channel.sendManySync([1, 2, 3, 4]);
    await channel.send(5);
    expect(channel.trySend(6)).toBe(true);
    expect([drained(channel), dropped]).toEqual([kept, expected]);
  });

  test.each([
    ['drop-newest', [1, 2, 3], [4, 5]],
    ['drop-oldest', [4, 5, 6], [1, 2]],
  ] as const)('%s: another channel gets what was dropped, for as long as it has room', (overflow, kept, expected) => {
    const spill = newChannel({ capacity: 2 });
    const channel = newChannel({ overflow, onOverflow: spill.sender });
    channel.sendManySync([1, 2, 3, 4, 5, 6]);
    expect([drained(channel), drained(spill)]).toEqual([kept, expected]);
    expect(countsOf(channel)).toMatchObject({ dropped: 3 });
  });

  test('reject: what another channel does not take, or no more, is refused after all', () => {
    const spill = newChannel({ capacity: 1 });
    const channel = newChannel({ overflow: 'reject', capacity: 1, onOverflow: spill });
    channel.sendManySync([1, 2]);
    expect(() => channel.sendSync(3)).toThrow(ChannelFullError);
    expect([drained(spill), channel.length]).toEqual([[2], 1]);
    spill.close();
    expect(() => channel.sendSync(4)).toThrow(ChannelFullError);
  });

  test('a channel serves senders on other threads, too', async () => {
    const spill = newChannel({ capacity: 1024 });
    const channel = newChannel({ overflow: 'drop-newest', onOverflow: spill });
    await crew.run(0, 'sendNumbers', { out: channel.sender }, { sender: 0, count: 10, way: 'sync' });
    expect([drained(channel), drained(spill)]).toEqual([
      [0, 1, 2],
      [3, 4, 5, 6, 7, 8, 9],
    ]);
  });

  test('a function is not called for what other threads send', async () => {
    const dropped: number[] = [];
    const channel = newChannel({ overflow: 'drop-newest', onOverflow: (value) => void dropped.push(value) });
    await crew.run(0, 'sendNumbers', { out: channel.sender }, { sender: 0, count: 10, way: 'sync' });
    expect([countsOf(channel).dropped, dropped]).toEqual([7, []]);
  });

  test('what the function throws, the send throws', () => {
    const failing = () => {
      throw new RangeError('full disk');
    };
    const channel = newChannel({ overflow: 'drop-newest', capacity: 1, onOverflow: failing });
    channel.sendSync(1);
    expect(() => channel.sendSync(2)).toThrow(RangeError);
    expect(drained(channel)).toEqual([1]);
  });
});

describe('R27: leases of messages that have no room', () => {
  const leasesInUse = () => supervisor.pool.stats().leases;
  const newLeases = (overflow: Overflow, onOverflow?: (value: Lease) => void) =>
    supervisor.channel<Lease>(`leases ${names++}`, {
      codec: lease(),
      capacity: 2,
      overflow,
      ...(onOverflow && { onOverflow }),
    });
  const filled = (channel: Channel<Lease>, count: number) => {
    for (let index = 0; index < count; index++) {
      const each = supervisor.pool.leaseSync(64);
      each.bytes[0] = index;
      channel.sendSync(each);
    }
  };

  test('go back to the pool when they are dropped, and are spent', () => {
    for (const overflow of DROPPING) {
      const before = leasesInUse();
      const channel = newLeases(overflow);
      filled(channel, 5);
      expect(leasesInUse()).toBe(before + 2);
      const mine = supervisor.pool.leaseSync(64);
      mine.bytes[0] = 9;
      channel.sendSync(mine);
      expect(() => mine.bytes).toThrow(LeaseReleasedError);
      const kept = drained(channel);
      expect(kept.map(({ bytes: [first] }) => first)).toEqual(overflow === 'drop-newest' ? [0, 1] : [4, 9]);
      for (const each of kept) each.release();
      expect(leasesInUse()).toBe(before);
    }
  });

  test('stay their sender’s when they are rejected', async () => {
    const channel = newLeases('reject');
    filled(channel, 2);
    using mine = supervisor.pool.leaseSync(64);
    for (const send of Object.values(SENDS))
      expect(await errorOf(() => send(channel, mine))).toBeInstanceOf(ChannelFullError);
    expect(channel.trySend(mine)).toBe(false);
    expect(mine.byteLength).toBe(64);
    channel.cancel();
  });

  test('are the function’s that is handed them', () => {
    const before = leasesInUse();
    for (const overflow of ['reject', ...DROPPING] as const) {
      const handed: Lease[] = [];
      const channel = newLeases(overflow, (each) => void handed.push(each));
      filled(channel, 4);
      expect(handed.map(({ bytes: [first] }) => first)).toEqual(overflow === 'drop-oldest' ? [0, 1] : [2, 3]);
      for (const each of handed) each.release();
      channel.cancel();
    }
    expect(leasesInUse()).toBe(before);
  });

  test('in a struct go back as well', () => {
    const before = leasesInUse();
    const codec = struct({ id: u32, body: lease() });
    for (const overflow of DROPPING) {
      const channel = supervisor.channel(`structs ${names++}`, { codec, capacity: 1, overflow });
      for (let id = 0; id < 4; id++) channel.sendSync({ id, body: supervisor.pool.leaseSync(64) });
      expect(leasesInUse()).toBe(before + 1);
      channel.cancel();
    }
    expect(leasesInUse()).toBe(before);
  });

  test.each(DROPPING)('%s: blocks of large messages go back', (overflow) => {
    const channel = supervisor.channel(`large ${names++}`, { codec: bytes(), capacity: 2, overflow });
    const before = leasesInUse();
    for (let size = 5000; size < 5010; size++) channel.sendSync(new Uint8Array(size));
    expect(leasesInUse()).toBe(before + 2);
    expect(drained(channel).map(({ length }) => length)).toEqual(
      overflow === 'drop-newest' ? [5000, 5001] : [5008, 5009],
    );
    expect(leasesInUse()).toBe(before);
  });

  test('a lack of memory is as good as a full channel', async () => {
    await using small = newSupervisor({ memory: 4 * 2 ** 20 });
    const options = { codec: bytes(), capacity: 4 };
    const [rejecting, newest, oldest] = (['reject', ...DROPPING] as const).map((overflow) =>
      small.channel(overflow, { ...options, overflow }),
    ) as [Channel<Uint8Array>, Channel<Uint8Array>, Channel<Uint8Array>];
    oldest.sendSync(new Uint8Array(60_000));
    for (let size = small.pool.stats().bytes; size >= 64; size /= 2) while (small.pool.tryLease(size));
    expect(() => rejecting.sendSync(new Uint8Array(60_000))).toThrow(ChannelFullError);
    newest.sendSync(new Uint8Array(60_000));
    oldest.sendSync(new Uint8Array(50_000));
    expect([rejecting.length, newest.length, oldest.tryReceive()!.value!.length]).toEqual([0, 0, 50_000]);
    oldest.sendSync(new Uint8Array(50_000));
    const dropped = (name: string) => small.snapshot().channels.find((each) => each.name === name)!.dropped;
    expect([dropped('drop-newest'), dropped('drop-oldest')]).toEqual([1, 1]);
  });
});

describe('options that make no sense are refused', () => {
  const full = { codec: u32, capacity: 1 };
  test.each([
    ['a policy that there is not', { overflow: 'explode' as never }],
    ['the name of a method', { overflow: 'toString' as never }],
    ['drop-newest with at-least-once', { overflow: 'drop-newest', delivery: 'at-least-once' }],
    ['drop-oldest with at-least-once', { overflow: 'drop-oldest', delivery: 'at-least-once' }],
    ['onOverflow of a channel that waits', { onOverflow: () => {} }],
    ['onOverflow that is nothing of the kind', { overflow: 'reject', onOverflow: 5 as never }],
    [
      'onOverflow of another codec',
      { overflow: 'reject', onOverflow: supervisor.channel('words', { codec: utf8(), capacity: 1 }) as never },
    ],
  ] satisfies [string, Partial<ChannelOptions<number>>][])('%s', (_what, options) => {
    expect(() => supervisor.channel('refused', { ...full, ...(options as Partial<ChannelOptions<number>>) })).toThrow(
      LimitError,
    );
  });

  test('onOverflow of another supervisor', async () => {
    await using other = newSupervisor();
    const foreign = other.channel('foreign', full);
    expect(() => newChannel({ overflow: 'reject', onOverflow: foreign })).toThrow(LimitError);
  });
});

test('R30: an at-least-once channel that rejects counts what is not acknowledged', () => {
  const channel = newChannel({ overflow: 'reject', delivery: 'at-least-once', capacity: 1 });
  channel.sendSync(1);
  expect(channel.receiveSync().value).toBe(1);
  expect(() => channel.sendSync(2)).toThrow(ChannelFullError);
  expect(channel.tryReceive()).toBeUndefined();
  channel.sendSync(3);
  expect(channel.receiveSync().value).toBe(3);
});
