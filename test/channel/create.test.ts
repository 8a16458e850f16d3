/** Making channels: what options there are, and what is refused. */

import { describe, expect, test } from 'vitest';
import { bytes, CodecError, LimitError, channel as makeChannel, struct, u32 } from '../../src/index.ts';
import { MIB } from '../support/segment.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';
import { CAPACITIES, TOPOLOGY_NAMES } from '../support/topologies.ts';

describe('a channel', () => {
  test.each(TOPOLOGY_NAMES)('knows its name, capacity and topology: %s', async (topology) => {
    await using supervisor = newSupervisor();
    for (const capacity of [0, ...CAPACITIES]) {
      const channel = supervisor.channel(`${topology} ${capacity}`, { codec: u32, capacity, topology });
      expect(channel).toMatchObject({ name: `${topology} ${capacity}`, capacity, length: 0, closed: false });
      expect([channel.sender.name, channel.receiver.capacity]).toEqual([channel.name, capacity]);
      expect(snapshotOf(supervisor, channel.name)).toMatchObject({ capacity, topology });
    }
  });

  test('is an mpmc one unless said otherwise', async () => {
    await using supervisor = newSupervisor();
    supervisor.channel('plain', { codec: u32, capacity: 1 });
    expect(snapshotOf(supervisor, 'plain').topology).toBe('mpmc');
  });

  test('may have any name of up to 128 bytes of UTF-8', async () => {
    await using supervisor = newSupervisor();
    const names = ['', 'a'.repeat(128), '\u00e9'.repeat(64), 'a b\n"c"', '\ufeffmark'];
    for (const name of names) supervisor.channel(name, { codec: u32, capacity: 1 });
    const shown = supervisor.snapshot().channels.map(({ name }) => name);
    // One without a name is told by its number.
    expect(shown).toEqual(['channel-0', ...names.slice(1)]);
  });

  test('may share its name with another', async () => {
    await using supervisor = newSupervisor();
    const [first, second] = [1, 2].map((capacity) => supervisor.channel('same', { codec: u32, capacity }));
    first!.sendSync(1);
    expect([first!.length, second!.length]).toEqual([1, 0]);
  });

  test('can be as large as the segment allows', async () => {
    await using supervisor = newSupervisor({ memory: 32 * MIB });
    const channel = supervisor.channel('large', { codec: u32, capacity: 1_000_000, topology: 'spsc' });
    const numbers = Array.from({ length: 1_000_000 }, (_, i) => i);
    channel.sendManySync(numbers);
    expect([channel.length, channel.trySend(0)]).toEqual([1_000_000, false]);
    const received = channel.receiveManySync(1_000_000);
    expect([received.length, received[0], received.at(-1)]).toEqual([1_000_000, 0, 999_999]);
  });

  test('without a supervisor in sight lives in the segment attached first', async () => {
    await using supervisor = newSupervisor();
    const anonymous = makeChannel({ codec: u32, capacity: 3 });
    anonymous.sendSync(1);
    expect(supervisor.snapshot().channels).toMatchObject([{ name: anonymous.name, length: 1, capacity: 3 }]);
  });
});

describe('options that cannot be kept are refused, and leave nothing behind', () => {
  const limits: Record<string, [object, RegExp]> = {
    'a negative capacity': [{ capacity: -1 }, /capacity: expected .*met -1/],
    'a fractional capacity': [{ capacity: 1.5 }, /met 1.5/],
    'a capacity that is no number': [{ capacity: Number.NaN }, /met NaN/],
    'an infinite capacity': [{ capacity: Number.POSITIVE_INFINITY }, /met Infinity/],
    'a capacity in words': [{ capacity: '5' }, /met "5"/],
    'no capacity': [{ capacity: undefined }, /met undefined/],
    'a rendezvous that keeps what is not acknowledged': [
      { capacity: 0, delivery: 'at-least-once' },
      /capacity: expected at least 1 with delivery 'at-least-once', met 0/,
    ],
    'a rendezvous that drops its oldest message': [
      { capacity: 0, overflow: 'drop-oldest' },
      /capacity: expected at least 1 with overflow 'drop-oldest', met 0/,
    ],
    'a capacity that no channel can have': [{ capacity: 2 ** 28 + 1 }, /met 268435457/],
    'a capacity too large for the segment': [{ capacity: 2 ** 22 }, /capacity 4194304: expected a channel that fits/],
    'a capacity that takes more than can be counted': [{ capacity: 2 ** 28 }, /capacity 268435456/],
    'an unknown topology': [{ topology: 'mpsp' }, /topology: expected mpmc, mpsc, spmc, spsc, met "mpsp"/],
    'a topology inherited by accident': [{ topology: 'toString' }, /topology/],
    'a negative level': [{ levels: { yellow: -0.1, red: 0.5 } }, /levels: expected 0 ≤ yellow ≤ red ≤ 1/],
    'levels the wrong way round': [{ levels: { yellow: 0.9, red: 0.5 } }, /met 0.9 and 0.5/],
    'a level above the capacity': [{ levels: { yellow: 0.5, red: 1.1 } }, /levels/],
    'a level that is no number': [{ levels: { yellow: Number.NaN, red: 1 } }, /levels/],
    'half a level': [{ levels: { yellow: 0.5 } }, /levels/],
  };

  test.each(Object.entries(limits))('%s: LimitError', async (_what, [options, message]) => {
    await using supervisor = newSupervisor();
    const before = supervisor.snapshot();
    const make = () => supervisor.channel('refused', { codec: u32, capacity: 1, ...options } as never);
    expect(make).toThrow(LimitError);
    expect(make).toThrow(message);
    expect(supervisor.snapshot()).toEqual(before);
    expect(supervisor.channel('next', { codec: u32, capacity: 1 }).trySend(1)).toBe(true);
  });

  const codecs: Record<string, unknown> = {
    'no codec': undefined,
    'null for a codec': null,
    'a codec of no kind': {},
    'a codec of an unknown kind': { kind: 'utf16' },
    'a codec as a string': 'u32',
    'a custom codec without its functions': { kind: 'custom', name: 'unknown here' },
    'a struct that is too large': struct({ a: bytes.fixed(65_536), b: u32 }),
  };

  test.each(Object.entries(codecs))('%s: CodecError', async (_what, codec) => {
    await using supervisor = newSupervisor();
    const before = supervisor.snapshot();
    expect(() => supervisor.channel('refused', { codec, capacity: 1 } as never)).toThrow(CodecError);
    expect(supervisor.snapshot()).toEqual(before);
  });

  test.each([
    ['no options', undefined],
    ['null for options', null],
    ['a number for options', 5],
  ])('%s', async (_what, options) => {
    await using supervisor = newSupervisor();
    expect(() => supervisor.channel('refused', options as never)).toThrow(LimitError);
  });

  test.each([
    ['too long', 'a'.repeat(129)],
    ['too long in bytes', '\u00e9'.repeat(65)],
    ['no string', 7],
    ['missing', undefined],
  ])('a name that is %s: LimitError', async (_what, name) => {
    await using supervisor = newSupervisor();
    const before = supervisor.snapshot();
    expect(() => supervisor.channel(name as string, { codec: u32, capacity: 1 })).toThrow(LimitError);
    expect(supervisor.snapshot()).toEqual(before);
  });

  test('a channel for which the segment has no room left: LimitError, until there is room again', async () => {
    await using supervisor = newSupervisor({ memory: 4 * MIB });
    const { pool } = supervisor;
    const held = [];
    for (let each = pool.tryLease(65_536); each; each = pool.tryLease(65_536)) held.push(each);
    const make = () => supervisor.channel('late', { codec: u32, capacity: 1 });
    expect(make).toThrow(LimitError);
    held.pop()!.release();
    expect(make().trySend(1)).toBe(true);
  });
});

test('receiveMany wants at least one message', async () => {
  await using supervisor = newSupervisor();
  const channel = supervisor.channel('many', { codec: u32, capacity: 1 });
  channel.sendSync(7);
  for (const bad of [0, -1, 1.5, Number.NaN, '1', undefined] as number[]) {
    expect(() => channel.receiveManySync(bad)).toThrow(LimitError);
    await expect(channel.receiveMany(bad)).rejects.toThrow(LimitError);
  }
  expect(channel.receiveManySync(1)).toEqual([7]);
});
