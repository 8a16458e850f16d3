/** Messages of any length: round trips, limits, and what becomes of the memory they travel in. */

import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type BlobOptions,
  bytes,
  type Channel,
  type Codec,
  CodecError,
  custom,
  json,
  MessageTooLargeError,
  structured,
  utf8,
} from '../../src/index.ts';
import { errorOf, turns } from '../support/eventually.ts';
import { runSeed } from '../support/random.ts';
import { newSupervisor } from '../support/supervisors.ts';

const supervisor = newSupervisor({ memory: 32 * 2 ** 20 });
const { pool } = supervisor;
const INLINE_DEFAULT = 48;

afterAll(() => supervisor.close());

let names = 0;

function newChannel<T>(codec: Codec<T>, capacity = 4): Channel<T> {
  return supervisor.channel(`channel ${names++}`, { codec, capacity });
}

/** What comes out at the other end. */
function roundTrip<T>(channel: Channel<T>, value: T): T {
  expect(channel.trySend(value)).toBe(true);
  const { done, value: got } = channel.tryReceive()!;
  expect(done).toBe(false);
  return got as T;
}

let before: ReturnType<typeof pool.stats>;

beforeEach(() => {
  before = pool.stats();
});

/** Nothing is in use that was not before; but for the channels made since, which live in the pool as well. */
const expectNoLeases = () => expect(pool.stats().leases).toBe(before.leases);

const check = <T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void, numRuns = 200) =>
  fc.assert(
    fc.property(arbitrary, (value) => {
      property(value);
    }),
    { numRuns, seed: runSeed },
  );

/** Around the edges of a slot's inline bytes, of each size of block, and of pages. */
const LENGTHS = [
  0, 1, 7, 8, 9, 40, 47, 48, 49, 63, 64, 65, 127, 128, 129, 255, 256, 257, 1023, 1024, 1025, 4095, 4096, 4097, 32_767,
  32_768, 32_769, 65_535, 65_536, 65_537, 131_072, 131_073, 1_000_003,
];

const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 7 + length) % 256);

describe('bytes', () => {
  test.each([undefined, 0, 1, 8, 47, 100, 65_536])('of every length arrive as they were, with inline: %s', (inline) => {
    const channel = newChannel(bytes(inline === undefined ? {} : { inline }));
    const edges = inline === undefined ? [] : [inline - 1, inline, inline + 1, Math.ceil(inline / 8) * 8 + 1];
    for (const length of [...LENGTHS, ...edges.filter((edge) => edge >= 0)]) {
      const sent = pattern(length);
      expect(Buffer.compare(roundTrip(channel, sent), sent)).toBe(0);
    }
    expectNoLeases();
  });

  test('of any content arrive as they were', () => {
    const channel = newChannel(bytes());
    check(fc.uint8Array({ maxLength: 300 }), (value) => expect(roundTrip(channel, value)).toEqual(value));
    expectNoLeases();
  });

  test('are the receiver’s own: a plain Uint8Array over memory that nobody shares', () => {
    const channel = newChannel(bytes());
    for (const length of [3, 3000]) {
      const got = roundTrip(channel, Buffer.from(pattern(length)));
      expect(got.constructor).toBe(Uint8Array);
      expect(got.buffer).toBeInstanceOf(ArrayBuffer);
      expect([got.buffer.byteLength, got.byteOffset]).toEqual([length, 0]);
    }
  });

  test('may be a view of a part of something larger', () => {
    const channel = newChannel(bytes());
    const whole = pattern(5000);
    expect(roundTrip(channel, whole.subarray(13, 20))).toEqual(whole.slice(13, 20));
    expect(roundTrip(channel, whole.subarray(1001, 4003))).toEqual(whole.slice(1001, 4003));
  });

  test('may lie in shared memory, also in that of a lease', () => {
    const channel = newChannel(bytes());
    using held = pool.leaseSync(2000);
    held.bytes.set(pattern(2000));
    expect(roundTrip(channel, held.bytes)).toEqual(pattern(2000));
  });
});

describe('utf8', () => {
  test('arrives as it was, whatever well-formed text it is', () => {
    const channel = newChannel(utf8());
    check(fc.string({ unit: 'binary', maxLength: 200 }), (text) => expect(roundTrip(channel, text)).toBe(text));
    expectNoLeases();
  });

  test.each([
    ['empty', ''],
    ['a byte order mark first', '\ufeffmarked'],
    ['nothing but byte order marks', '\ufeff\ufeff'],
    ['the null character', 'a\0b'],
    ['characters of one to four bytes', 'a\u00e9\u20ac\u{1f600}'],
    ['a family of joined characters', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}'],
    ['the edges of the planes', '\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}'],
    ['48 bytes', 'x'.repeat(INLINE_DEFAULT)],
    ['49 bytes', 'x'.repeat(INLINE_DEFAULT + 1)],
    ['a character across the edge of the slot', `${'x'.repeat(INLINE_DEFAULT - 1)}\u20ac`],
    ['a million characters', '\u20ac'.repeat(1_000_000)],
  ])('arrives as it was: %s', (_what, text) => {
    expect(roundTrip(newChannel(utf8()), text) === text).toBe(true);
    expectNoLeases();
  });

  test('has the replacement character for halves of surrogate pairs, as UTF-8 cannot express them', () => {
    const channel = newChannel(utf8());
    expect(roundTrip(channel, 'a\ud800b')).toBe('a\ufffdb');
    expect(roundTrip(channel, '\udc00')).toBe('\ufffd');
    expect(roundTrip(channel, '\udc00\ud800')).toBe('\ufffd\ufffd');
  });
});

describe('json', () => {
  test('arrives as JSON has it', () => {
    const channel = newChannel(json());
    check(fc.jsonValue({ maxDepth: 4 }), (value) =>
      expect(roundTrip(channel, value)).toEqual(JSON.parse(JSON.stringify(value))),
    );
    expectNoLeases();
  });

  test('keeps what JSON keeps, and drops what it drops', () => {
    const channel = newChannel(json<any>());
    expect(roundTrip(channel, { a: undefined, b: [undefined, Number.NaN], c: new Date(0) })).toEqual({
      b: [null, null],
      c: '1970-01-01T00:00:00.000Z',
    });
    expect(roundTrip(channel, 'a\ud800\ufeff')).toBe('a\ud800\ufeff');
    expect(roundTrip(channel, null)).toBeNull();
    expect(Object.is(roundTrip(channel, 0), 0)).toBe(true);
  });
});

describe('structured', () => {
  const samples: Record<string, () => unknown> = {
    undefined: () => undefined,
    null: () => null,
    'numbers that JSON has not': () => [Number.NaN, -0, Number.POSITIVE_INFINITY],
    'a bigint': () => -(2n ** 100n),
    'a date': () => new Date(1234),
    'an invalid date': () => new Date(Number.NaN),
    'a regular expression': () => /a+/giu,
    'a map': () =>
      new Map<unknown, unknown>([
        ['a', 1],
        [{}, new Map()],
      ]),
    'a set': () => new Set([1, 'a', null]),
    'an array with holes': () => Object.assign([1], { 2: 3 }),
    'boxed values': () => [Object(1), Object('a'), Object(true), Object(1n)],
    'an array buffer': () => Uint8Array.of(1, 2, 3).buffer,
    'typed arrays': () => [
      Int8Array.of(-1),
      Uint8Array.of(1),
      Uint8ClampedArray.of(300),
      Int16Array.of(-2),
      Uint16Array.of(2),
      Int32Array.of(-3),
      Uint32Array.of(3),
      Float32Array.of(0.5),
      Float64Array.of(0.1),
      BigInt64Array.of(-1n),
      BigUint64Array.of(1n),
    ],
    'a large typed array': () => Float64Array.from({ length: 10_000 }, (_, i) => i / 7),
    'deep objects': () => ({ a: { b: { c: { d: [{}] } } } }),
    'text with halves of surrogate pairs': () => 'a\ud800',
  };

  test.each(Object.entries(samples))('arrives as it was: %s', (_what, make) => {
    expect(roundTrip(newChannel(structured()), make())).toStrictEqual(make());
    expectNoLeases();
  });

  test('arrives as structured clone has it, whatever is put together', () => {
    const channel = newChannel(structured());
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      withBoxedValues: true,
    });
    check(anything, (value) => expect(roundTrip(channel, value)).toEqual(structuredClone(value)));
    expectNoLeases();
  });

  test('keeps cycles and what is the same', () => {
    const value: Record<string, unknown> = { list: [], name: 'root' };
    value.self = value;
    value.again = value.list;
    const got = roundTrip(newChannel(structured<any>()), value);
    expect([got.self === got, got.again === got.list, got.name]).toEqual([true, true, 'root']);
  });

  test('keeps errors, with kind, message, stack and cause', () => {
    const sent = new TypeError('outer', { cause: new RangeError('inner') });
    const got = roundTrip(newChannel(structured<Error>()), sent);
    expect(got).toBeInstanceOf(TypeError);
    expect([got.message, got.stack, (got.cause as Error).message]).toEqual([sent.message, sent.stack, 'inner']);
  });

  test('gives typed arrays memory of the receiver’s own, that it can write to', () => {
    const channel = newChannel(structured<Uint8Array>());
    const first = roundTrip(channel, pattern(1000));
    const second = roundTrip(channel, pattern(1000));
    first.fill(0);
    expect(second).toEqual(pattern(1000));
    expect(first.buffer).toBeInstanceOf(ArrayBuffer);
  });
});

describe('a value that a codec cannot take is refused with CodecError, whether or not there is room', () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const failing = custom<string>({
    name: 'failing',
    encode: (text) => {
      if (text === 'throw') throw new RangeError('from the codec');
      return text as never;
    },
    decode: () => '',
  });
  const refused: [string, Codec<any>, unknown, unknown[]][] = [
    ['bytes', bytes(), Uint8Array.of(1), ['text', 7, null, undefined, [1], new ArrayBuffer(8), new Int16Array(1)]],
    ['utf8', utf8(), 'ok', [7, null, undefined, {}, Symbol('s'), Object('boxed')]],
    ['json', json(), {}, [undefined, () => {}, Symbol('s'), 1n, circular, { toJSON: () => undefined }]],
    ['structured', structured(), {}, [() => {}, Symbol('s'), { f() {} }, new WeakMap(), Promise.resolve()]],
    ['custom', failing, new Uint8Array(1) as never, ['text', undefined]],
  ];

  describe.each(refused)('%s', (_kind, codec, good, values) => {
    test.each([0, 1])('with %d messages in a channel of capacity 1', async (filling) => {
      const channel = newChannel(codec, 1);
      if (filling === 1) channel.trySend(good);
      for (const bad of values) {
        for (const send of [
          () => channel.trySend(bad),
          () => channel.sendSync(bad, { timeout: 0 }),
          () => channel.send(bad, { timeout: 0 }),
          () => channel.sendManySync([bad], { timeout: 0 }),
          () => channel.sendMany([bad], { timeout: 0 }),
        ]) {
          const error = await errorOf(send);
          expect(error).toBeInstanceOf(CodecError);
          expect(error.code).toBe('ERR_CODEC');
          expect(error.message).toMatch(/expected .*, met /);
        }
      }
      expect(channel.length).toBe(filling);
      if (filling === 0) expect(channel.trySend(good)).toBe(true);
      expect([channel.tryReceive()!.done, channel.tryReceive()]).toEqual([false, undefined]);
      expectNoLeases();
    });
  });

  test('what a custom codec throws is passed on as it is', async () => {
    const channel = newChannel(failing, 1);
    expect(await errorOf(() => channel.send('throw'))).toBeInstanceOf(RangeError);
    expect(() => channel.trySend('throw')).toThrow(RangeError);
    expect(channel.length).toBe(0);
  });
});

describe('a message that is too large is refused with MessageTooLargeError', () => {
  const tooLarge: [string, Codec<any>, unknown, unknown][] = [
    ['bytes', bytes({ max: 100 }), new Uint8Array(100), new Uint8Array(101)],
    ['bytes that would fit into the slot', bytes({ max: 10 }), new Uint8Array(10), new Uint8Array(11)],
    ['utf8, counted in bytes', utf8({ max: 6 }), '\u20ac\u20ac', '\u20ac\u20aca'],
    ['json', json({ max: 7 }), [1, 2, 3], [1, 2, 34]],
    ['structured', structured({ max: 100 }), 'a', 'a'.repeat(100)],
    ['nothing but empty messages', bytes({ max: 0 }), new Uint8Array(0), new Uint8Array(1)],
  ];

  test.each(tooLarge)('%s', async (_what, codec, fits, large) => {
    const channel = newChannel(codec, 1);
    expect(roundTrip(channel, fits)).toEqual(fits);
    for (const filling of [0, 1]) {
      if (filling === 1) channel.trySend(fits);
      for (const send of [
        () => channel.trySend(large),
        () => channel.sendSync(large, { timeout: 0 }),
        () => channel.send(large, { timeout: 0 }),
      ]) {
        const error = await errorOf(send);
        expect(error).toBeInstanceOf(MessageTooLargeError);
        expect(error).toMatchObject({
          code: 'ERR_MESSAGE_TOO_LARGE',
          message: expect.stringMatching(/at most \d+ bytes/),
        });
      }
      expect(channel.length).toBe(filling);
    }
    channel.cancel();
    expectNoLeases();
  });

  test('one that no pool of this size can hold, at once and whether or not there is room', async () => {
    const channel = newChannel(bytes(), 1);
    const large = new Uint8Array(pool.stats().bytes + 1);
    for (let filling = 0; filling < 2; filling++) {
      expect(() => channel.trySend(large)).toThrow(MessageTooLargeError);
      expect(() => channel.sendSync(large)).toThrow(MessageTooLargeError);
      expect(await errorOf(channel.send(large))).toBeInstanceOf(MessageTooLargeError);
      channel.trySend(new Uint8Array(1));
    }
    expect(channel.length).toBe(1);
  });
});

describe.each<[string, Partial<BlobOptions>[]]>([
  ['max', [{ max: -1 }, { max: 1.5 }, { max: Number.NaN }, { max: '5' as never }]],
  ['inline', [{ inline: -1 }, { inline: 0.5 }, { inline: 65_537 }, { inline: Number.NaN }]],
])('the option %s', (_name, options) => {
  test('is refused with CodecError when it makes no sense', () => {
    for (const make of [bytes, utf8, json, structured]) {
      for (const option of options) expect(() => make(option)).toThrow(CodecError);
    }
  });
});

describe('what is changed after it was sent does not change the message', () => {
  const mutable: [string, Codec<any>, () => any, (value: any) => void][] = [
    ['bytes in a slot', bytes(), () => pattern(10), (value) => value.fill(0)],
    ['bytes in a block', bytes(), () => pattern(1000), (value) => value.fill(0)],
    ['json', json(), () => ({ list: [1] }), (value) => value.list.push(2)],
    ['structured', structured(), () => ({ at: new Date(1), raw: pattern(100) }), (value) => value.raw.fill(0)],
  ];

  describe.each(mutable)('%s', (_what, codec, make, change) => {
    test('when it was accepted at once', () => {
      const channel = newChannel(codec, 1);
      const value = make();
      channel.trySend(value);
      change(value);
      expect(channel.tryReceive()!.value).toEqual(make());
    });

    test('while it is pending', async () => {
      const channel = newChannel(codec, 1);
      channel.trySend(make());
      const values = [make(), make()];
      const sending = values.map((value) => channel.send(value));
      for (const value of values) change(value);
      await turns(1);
      for (let i = 0; i < 3; i++) expect((await channel.receive()).value).toEqual(make());
      await Promise.all(sending);
    });
  });
});

describe('a message that cannot be decoded', () => {
  const picky = custom<number>({
    name: 'picky',
    encode: (value) => new Uint8Array(value < 10 ? 1 : 1000).fill(value),
    decode: ([first]) => {
      if (first! % 5 === 0) throw new RangeError(`no ${first}`);
      return first!;
    },
  });
  const outcome = (call: () => number | undefined | number[]): unknown => {
    try {
      return call();
    } catch (error) {
      return (error as Error).message;
    }
  };

  test.each(['mpmc', 'spsc'] as const)('is lost by itself; those before and behind it are not: %s', (topology) => {
    const ways = [
      (channel: Channel<number>) => channel.receiveSync({ timeout: 0 }).value,
      (channel: Channel<number>) => channel.receiveManySync(4, { timeout: 0 }),
    ];
    for (const way of ways) {
      const channel = supervisor.channel(`channel ${names++}`, { codec: picky, capacity: 8, topology });
      channel.sendManySync([1, 5, 2, 10, 11]);
      const met: unknown[] = [];
      while (met.at(-1) !== 11 && met.length < 9) met.push(...[outcome(() => way(channel))].flat());
      expect(met).toEqual([1, 'no 5', 2, 'no 10', 11]);
      expect(channel.length).toBe(0);
    }
    expectNoLeases();
  });

  test('rejects the receive that was waiting for it, and no other', async () => {
    const channel = newChannel(picky, 4);
    const receiving = [0, 1, 2].map(() => channel.receive().then(({ value }) => value, String));
    channel.sendManySync([1, 5, 2]);
    expect(await Promise.all(receiving)).toEqual([1, 'RangeError: no 5', 2]);
  });
});

describe('memory', () => {
  test('is given back with every message that was received, and the channel’s own is all that stays', () => {
    const channel = newChannel(bytes(), 20);
    const made = pool.stats();
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 20; i++) channel.trySend(new Uint8Array((i * 997 * (round + 1)) % 50_000));
      for (let i = 0; i < 20; i++) channel.tryReceive();
    }
    expect(pool.stats()).toMatchObject({ leases: made.leases, inUse: made.inUse });
  });

  test('is not taken by a message that fits into its slot', () => {
    const channel = newChannel(bytes({ inline: 100 }), 20);
    const made = pool.stats();
    for (let i = 0; i < 20; i++) channel.trySend(new Uint8Array(100));
    expect(pool.stats()).toMatchObject({ leases: made.leases, inUse: made.inUse });
    channel.cancel();
  });

  test('is given back when a channel is cancelled, or its pending sends are refused', async () => {
    const channel = newChannel(structured<string>(), 2);
    const made = pool.stats();
    const refusals = [1, 2, 3, 4].map(() => channel.send('x'.repeat(5000)).catch(({ code }) => code));
    await turns(1);
    channel.cancel();
    expect(await Promise.all(refusals)).toEqual([undefined, undefined, 'ERR_CHANNEL_CLOSED', 'ERR_CHANNEL_CLOSED']);
    expect(pool.stats()).toMatchObject({ leases: made.leases, inUse: made.inUse });
  });
});
