/** Objects of fixed layout: every kind of field in every order, what is refused, and leases inside. */

import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import {
  bool,
  bytes,
  type Codec,
  CodecError,
  f64,
  i32,
  i64,
  json,
  type Lease,
  LeaseReleasedError,
  lease,
  struct,
  u32,
  utf8,
} from '../../src/index.ts';
import { errorOf } from '../support/eventually.ts';
import { runSeed } from '../support/random.ts';
import { newSupervisor } from '../support/supervisors.ts';
import { TOPOLOGY_NAMES } from '../support/topologies.ts';

const supervisor = newSupervisor({ memory: 32 * 2 ** 20 });
const { pool } = supervisor;
afterAll(() => supervisor.close());

let names = 0;
const newChannel = <T>(codec: Codec<T>, capacity = 2, topology: (typeof TOPOLOGY_NAMES)[number] = 'mpmc') =>
  supervisor.channel(`channel ${names++}`, { codec, capacity, topology });

const everything = struct({
  flag: bool,
  id: u32,
  at: f64,
  small: i32,
  hash: bytes.fixed(5),
  count: i64,
  last: bool,
});

const sample = () => ({
  flag: true,
  id: 2 ** 32 - 1,
  at: -0.5,
  small: -7,
  hash: Uint8Array.of(1, 2, 3, 4, 255),
  count: -(2n ** 63n),
  last: false,
});

const FIELDS: Record<string, [Codec<any>, fc.Arbitrary<unknown>]> = {
  u32: [u32, fc.integer({ min: 0, max: 2 ** 32 - 1 })],
  i32: [i32, fc.integer()],
  f64: [f64, fc.double()],
  i64: [i64, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  bool: [bool, fc.boolean()],
  'bytes.fixed(1)': [bytes.fixed(1), fc.uint8Array({ minLength: 1, maxLength: 1 })],
  'bytes.fixed(13)': [bytes.fixed(13), fc.uint8Array({ minLength: 13, maxLength: 13 })],
};

describe('a struct', () => {
  test('arrives as it was, with its fields in the order they were declared', () => {
    const channel = newChannel(everything);
    channel.trySend(sample());
    const got = channel.tryReceive()!.value!;
    expect(got).toStrictEqual(sample());
    expect(Object.keys(got)).toEqual(Object.keys(sample()));
  });

  test.each(TOPOLOGY_NAMES)('keeps its fields apart from those of its neighbours: %s', (topology) => {
    const channel = newChannel(everything, 7, topology);
    const values = Array.from({ length: 7 }, (_, i) => ({
      ...sample(),
      id: i,
      hash: new Uint8Array(5).fill(i),
      last: i % 2 === 0,
    }));
    for (let lap = 0; lap < 3; lap++) {
      channel.sendManySync(values);
      expect(channel.receiveManySync(7)).toStrictEqual(values);
    }
  });

  test('of any fields in any order arrives as it was', () => {
    const shapes = fc.array(fc.constantFrom(...Object.keys(FIELDS)), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(
        shapes.chain((kinds) => fc.tuple(fc.constant(kinds), fc.tuple(...kinds.map((kind) => FIELDS[kind]![1])))),
        ([kinds, values]) => {
          const codec = struct(Object.fromEntries(kinds.map((kind, i) => [`f${i}`, FIELDS[kind]![0]])));
          const value = Object.fromEntries(values.map((each, i) => [`f${i}`, each]));
          const channel = newChannel(codec, 2, 'spsc');
          channel.sendManySync([value, value] as never);
          expect(channel.receiveManySync(2)).toStrictEqual([value, value]);
        },
      ),
      { numRuns: 100, seed: runSeed },
    );
  });

  test('drops what is no field of it', () => {
    const channel = newChannel(struct({ id: u32 }));
    channel.trySend({ id: 1, more: 'no' } as { id: number });
    expect(channel.tryReceive()!.value).toStrictEqual({ id: 1 });
  });

  test('may be an instance of a class, or have getters: each property is read once', () => {
    const channel = newChannel(struct({ id: u32, hash: bytes.fixed(4) }));
    const reads: string[] = [];
    class Job {
      get id() {
        reads.push('id');
        return 7;
      }
      get hash() {
        reads.push('hash');
        return new Uint8Array(reads.filter((name) => name === 'hash').length === 1 ? 4 : 4000);
      }
    }
    channel.trySend(new Job());
    expect(reads).toEqual(['id', 'hash']);
    expect(channel.tryReceive()!.value).toStrictEqual({ id: 7, hash: new Uint8Array(4) });
  });

  test.each(TOPOLOGY_NAMES)('may send another one while it is being read: %s', (topology) => {
    const channel = newChannel(struct({ id: u32 }), 4, topology);
    const outer = {
      get id() {
        channel.trySend({ id: 1 });
        return 2;
      },
    };
    channel.trySend(outer);
    expect([channel.tryReceive()!.value, channel.tryReceive()!.value, channel.tryReceive()]).toEqual([
      { id: 1 },
      { id: 2 },
      undefined,
    ]);
  });

  test('is the receiver’s own, whatever becomes of what was sent', async () => {
    const channel = newChannel(everything, 1);
    const [first, second] = [sample(), sample()];
    channel.trySend(first);
    const sending = channel.send(second);
    for (const each of [first, second]) {
      each.hash.fill(0);
      each.id = 0;
    }
    expect((await channel.receive()).value).toStrictEqual(sample());
    await sending;
    expect((await channel.receive()).value).toStrictEqual(sample());
  });
});

describe('a value that does not fit is refused with CodecError, by the name of its field', () => {
  const bad: [string, object | null | undefined | number, RegExp][] = [
    ['a field of another type', { ...sample(), id: '7' }, /field "id": expected an integer/],
    ['a field out of range', { ...sample(), small: 2 ** 31 }, /field "small"/],
    ['a field too long', { ...sample(), hash: new Uint8Array(6) }, /field "hash": expected 5 bytes, met 6/],
    ['a missing field', { flag: true }, /field "id".* met undefined/],
    ['a number for a bigint', { ...sample(), count: 1 }, /field "count"/],
    ['null', null, /expected an object/],
    ['nothing', undefined, /expected an object/],
    ['a number', 7, /expected an object/],
  ];

  test.each(bad)('%s', async (_what, value, message) => {
    for (const filling of [0, 2]) {
      const channel = newChannel(everything);
      if (filling > 0) channel.sendManySync([sample(), sample()]);
      for (const send of [
        () => channel.trySend(value as never),
        () => channel.sendSync(value as never, { timeout: 0 }),
        () => channel.send(value as never, { timeout: 0 }),
      ]) {
        const error = await errorOf(send);
        expect(error).toBeInstanceOf(CodecError);
        expect(error.message).toMatch(message);
      }
      expect(channel.length).toBe(filling);
      if (filling === 0) channel.trySend(sample());
      expect(channel.tryReceive()!.value).toStrictEqual(sample());
    }
  });

  test.each<[string, unknown]>([
    ['no fields', {}],
    ['nothing', undefined],
    ['null', null],
    ['a text field', { text: utf8() }],
    ['a JSON field', { data: json() }],
    ['bytes of any length', { body: bytes() }],
    ['a struct in a struct', { inner: struct({ id: u32 }) }],
    ['a field that is no codec', { id: 7 }],
    ['a field that is nothing', { id: undefined }],
  ])('a declaration with %s', (_what, fields) => {
    expect(() => struct(fields as never)).toThrow(CodecError);
  });
});

describe('leases in a struct', () => {
  const message = struct({ id: u32, body: lease(), hash: bytes.fixed(3), trailer: lease() });
  const make = (length: number) => ({
    id: length,
    body: pool.leaseSync(length),
    hash: Uint8Array.of(1, 2, 3),
    trailer: pool.leaseSync(8),
  });

  test.each(TOPOLOGY_NAMES)('arrive in their places, with what is in them: %s', (topology) => {
    const before = pool.stats().leases;
    const channel = newChannel(message, 3, topology);
    for (let lap = 0; lap < 3; lap++) {
      for (const length of [1, 100, 100_000]) {
        const value = make(length);
        value.body.bytes.fill(length % 256);
        channel.trySend(value);
      }
      for (const length of [1, 100, 100_000]) {
        const { id, body, hash, trailer } = channel.tryReceive()!.value!;
        expect([id, body.byteLength, body.bytes.at(-1), hash, trailer.byteLength]).toEqual([
          length,
          length,
          length % 256,
          Uint8Array.of(1, 2, 3),
          8,
        ]);
        body.release();
        trailer.release();
      }
    }
    expect(pool.stats().leases).toBe(before);
  });

  test('stay their sender’s when the struct is refused for another field', async () => {
    const channel = newChannel(message);
    const held = make(100);
    const refused: [object, typeof CodecError | typeof LeaseReleasedError][] = [
      [{ ...held, id: -1 }, CodecError],
      [{ ...held, hash: new Uint8Array(2) }, CodecError],
      [{ ...held, trailer: new Uint8Array(8) }, CodecError],
      [{ ...held, body: undefined }, CodecError],
      [{ ...held, trailer: held.body }, LeaseReleasedError],
    ];
    for (const [value, kind] of refused) {
      for (const send of [
        () => channel.trySend(value as never),
        () => channel.sendSync(value as never),
        () => channel.send(value as never),
      ]) {
        expect(await errorOf(send)).toBeInstanceOf(kind);
        expect([held.body.byteLength, held.trailer.byteLength]).toEqual([100, 8]);
      }
    }
    expect(channel.trySend(held)).toBe(true);
    channel.cancel();
  });

  test('go back to the pool when the struct is not received', () => {
    const before = pool.stats();
    const channel = newChannel(message);
    channel.trySend(make(5000));
    channel.trySend(make(50));
    channel.cancel();
    expect(pool.stats().leases).toBe(before.leases);
  });
});

describe('a channel of leases', () => {
  test('takes nothing but leases', async () => {
    const channel = newChannel(lease());
    for (const bad of [new Uint8Array(8), undefined, null, 7, {}, { byteLength: 8 }]) {
      for (const send of [
        () => channel.trySend(bad as Lease),
        () => channel.sendSync(bad as Lease),
        () => channel.send(bad as Lease),
      ]) {
        expect(await errorOf(send)).toBeInstanceOf(CodecError);
      }
    }
    expect(channel.length).toBe(0);
  });

  test('passes blocks of every size on, and leaves none behind', () => {
    const before = pool.stats();
    const channel = newChannel(lease(), 3);
    const { inUse } = pool.stats();
    for (const length of [0, 1, 64, 65, 4096, 32_768, 32_769, 65_536, 65_537, 1_000_000]) {
      const held = pool.leaseSync(length);
      held.bytes.fill(length % 256);
      channel.trySend(held);
      const got = channel.tryReceive()!.value!;
      expect([got.byteLength, got.bytes.every((byte) => byte === length % 256)]).toEqual([length, true]);
      got.release();
    }
    expect(pool.stats()).toMatchObject({ leases: before.leases, inUse });
  });
});
