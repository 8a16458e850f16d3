/** Numbers and booleans: every value of their kind arrives, and no other is taken. */

import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { bool, bytes, type Codec, CodecError, f64, i32, i64, u32 } from '../../src/index.ts';
import { errorOf } from '../support/eventually.ts';
import { runSeed } from '../support/random.ts';
import { newSupervisor } from '../support/supervisors.ts';
import { TOPOLOGY_NAMES } from '../support/topologies.ts';

const supervisor = newSupervisor({ memory: 32 * 2 ** 20 });
afterAll(() => supervisor.close());

let names = 0;
const newChannel = <T>(codec: Codec<T>, capacity = 1, topology: (typeof TOPOLOGY_NAMES)[number] = 'mpmc') =>
  supervisor.channel(`channel ${names++}`, { codec, capacity, topology });

interface Kind {
  readonly codec: Codec<any>;
  readonly edges: readonly unknown[];
  readonly any: fc.Arbitrary<any>;
  readonly refused: readonly unknown[];
}

const NO_NUMBERS = ['1', null, undefined, {}, [1], true, 1n, Symbol('s'), () => 1];

const KINDS: Record<string, Kind> = {
  u32: {
    codec: u32,
    edges: [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1],
    any: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    refused: [...NO_NUMBERS, -1, 0.5, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY, -(2 ** 31)],
  },
  i32: {
    codec: i32,
    edges: [0, 1, -1, 2 ** 31 - 1, -(2 ** 31)],
    any: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    refused: [...NO_NUMBERS, 0.5, 2 ** 31, -(2 ** 31) - 1, Number.NaN, Number.NEGATIVE_INFINITY],
  },
  f64: {
    codec: f64,
    edges: [0, -0, 0.1, Number.MIN_VALUE, Number.MAX_VALUE, Number.NaN, Number.NEGATIVE_INFINITY, 2 ** 53 + 2],
    any: fc.double(),
    refused: NO_NUMBERS,
  },
  i64: {
    codec: i64,
    edges: [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)],
    any: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    refused: [...NO_NUMBERS.filter((value) => value !== 1n), 1, 2n ** 63n, -(2n ** 63n) - 1n],
  },
  bool: {
    codec: bool,
    edges: [true, false],
    any: fc.boolean(),
    refused: [0, 1, 'true', null, undefined, {}, Object(true)],
  },
  'bytes.fixed': {
    codec: bytes.fixed(5),
    edges: [new Uint8Array(5), Uint8Array.of(255, 0, 255, 0, 1)],
    any: fc.uint8Array({ minLength: 5, maxLength: 5 }),
    refused: [new Uint8Array(4), new Uint8Array(6), [1, 2, 3, 4, 5], 'abcde', new Int8Array(5), null, undefined],
  },
};

describe.each(Object.entries(KINDS))('%s', (_name, { codec, edges, any, refused }) => {
  test('takes every value of its kind, and gives it back as it was', () => {
    const channel = newChannel(codec);
    const roundTrip = (value: unknown) => {
      if (!channel.trySend(value)) throw new Error(`${String(value)} was not taken`);
      expect(channel.tryReceive()).toStrictEqual({ done: false, value });
    };
    for (const value of edges) roundTrip(value);
    fc.assert(
      fc.property(any, (value) => {
        roundTrip(value);
      }),
      { numRuns: 200, seed: runSeed },
    );
  });

  test.each(TOPOLOGY_NAMES)('refuses every other with CodecError, and the channel works on: %s', async (topology) => {
    for (const filling of [0, 2]) {
      const channel = newChannel(codec, 2, topology);
      const good = edges[0];
      if (filling > 0) channel.sendManySync([good, good]);
      for (const bad of refused) {
        for (const send of [
          () => channel.trySend(bad),
          () => channel.sendSync(bad, { timeout: 0 }),
          () => channel.send(bad, { timeout: 0 }),
          () => channel.sendManySync([bad][Symbol.iterator](), { timeout: 0 }),
          () => channel.sendMany([bad], { timeout: 0 }),
        ]) {
          const error = await errorOf(send);
          expect(error).toBeInstanceOf(CodecError);
          expect(error.message).toMatch(/^expected .*, met /);
        }
      }
      expect(channel.length).toBe(filling);
      // Nothing of a refused value takes room, or is ever received.
      while (channel.trySend(good));
      expect(channel.length).toBe(2);
      expect(channel.receiveManySync(9)).toEqual([good, good]);
      expect(channel.tryReceive()).toBeUndefined();
      expect(supervisor.snapshot().channels.at(-1)).toMatchObject({ peak: 2, sent: 2, received: 2 });
    }
  });

  test.each(TOPOLOGY_NAMES)(
    'a batch stops at the value it refuses; those before it are accepted: %s',
    async (topology) => {
      const good = edges[0];
      const batches = refused.map((bad) => [good, good, bad, good]);
      for (const values of [...batches, new Set(batches[0]!.map((value, i) => ({ value, i })))] as any[]) {
        const channel = newChannel(codec, 9, topology);
        const iterate = function* () {
          for (const each of values) yield Array.isArray(values) ? each : each.value;
        };
        const iterable = Array.isArray(values) ? values : { [Symbol.iterator]: iterate };
        expect(await errorOf(() => channel.sendManySync(iterable))).toBeInstanceOf(CodecError);
        expect(channel.receiveManySync(9)).toEqual([good, good]);
        expect(await errorOf(() => channel.sendMany(iterable))).toBeInstanceOf(CodecError);
        expect(channel.receiveManySync(9)).toEqual([good, good]);
      }
    },
  );

  test.each(TOPOLOGY_NAMES)('a batch arrives as it was, wherever in the ring it starts: %s', (topology) => {
    const batch = [...edges, ...edges.toReversed()];
    const channel = newChannel(codec, batch.length, topology);
    for (let start = 0; start < 2 * batch.length; start++) {
      channel.sendManySync(batch, { timeout: 0 });
      expect(channel.receiveManySync(batch.length)).toStrictEqual(batch);
      channel.sendSync(edges[0]);
      channel.receiveSync();
    }
  });

  test('a batch that a value of cannot be got out of stops there, and what its list threw is thrown on', async () => {
    const channel = newChannel(codec, 9, 'spsc');
    const mine = new Error('mine');
    const batch = Object.defineProperty([edges[0], edges[0], edges[0]], 1, {
      get: () => {
        throw mine;
      },
    });
    expect(await errorOf(() => channel.sendManySync(batch))).toBe(mine);
    expect(channel.receiveManySync(9)).toEqual([edges[0]]);
  });
});

test('fixed bytes are copied on both sides', () => {
  const channel = newChannel(bytes.fixed(3), 2);
  const sent = Uint8Array.of(1, 2, 3);
  channel.trySend(sent);
  channel.trySend(sent);
  sent.fill(9);
  const first = channel.tryReceive()!.value!;
  first.fill(8);
  expect(channel.tryReceive()!.value).toEqual(Uint8Array.of(1, 2, 3));
  expect(first.buffer).toBeInstanceOf(ArrayBuffer);
});

test('fixed bytes that wait to be sent are copied', async () => {
  const channel = newChannel(bytes.fixed(3));
  channel.trySend(Uint8Array.of(0, 0, 0));
  const sent = Uint8Array.of(1, 2, 3);
  const sending = channel.send(sent);
  sent.fill(9);
  channel.tryReceive();
  await sending;
  expect(channel.tryReceive()!.value).toEqual(Uint8Array.of(1, 2, 3));
});

test.each([0, -1, 1.5, 65_537, Number.NaN, '3'])('bytes.fixed(%s) is refused with CodecError', (length) => {
  expect(() => bytes.fixed(length as number)).toThrow(CodecError);
});
