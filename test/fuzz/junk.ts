/** Values that nobody should pass, for where something else is expected. */

import fc from 'fast-check';

/** Words as they are after a stray write: near to what is right, at the edges, or anything. */
export const word: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, -1, 2, 3, 4, 7, 8, 16, 64, 1023, 1024, 2 ** 16, 2 ** 28, 2 ** 30, 2 ** 31 - 1, -(2 ** 31)),
  fc.integer({ min: -100, max: 5000 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);

/** Whatever structured clone would pass on. */
export const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, false, '', 'x', 'u32', 0, 1, -1, 1.5, 7, 10n),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, -(2 ** 31), 2 ** 53, 16_383, 16_384, 1e308),
  fc.constantFrom('u32', 'i64', 'bytes', 'bytes.fixed', 'json', 'struct', 'lease', 'custom', 'none').map((kind) => ({
    kind,
  })),
  fc.record({ kind: fc.constantFrom('bytes', 'utf8', 'bytes.fixed', 'json'), max: word, inline: word, length: word }),
  fc
    .constantFrom<() => unknown>(
      () => [],
      () => ({}),
      () => new Map([[1, 2]]),
      () => new Date(0),
      () => new Uint8Array(3),
      () => ({ '~sluice': 'pool' }),
      () => ({ '~sluice': 'else' }),
      () => ({ '~sluice': 'channel', index: 0, name: 'x' }),
      () => {
        const cyclic: Record<string, unknown> = {};
        cyclic.self = cyclic;
        return cyclic;
      },
    )
    .map((make) => make()),
);

/** Memory that is not the segment it is said to be. */
export const foreignMemory: fc.Arbitrary<unknown> = fc
  .constantFrom<() => unknown>(
    () => ({ buffer: new SharedArrayBuffer(64) }),
    () => ({ buffer: new SharedArrayBuffer(5 * 1024 * 1024) }),
    () => ({ buffer: new ArrayBuffer(64) }),
    () => ({ buffer: {} }),
    () => new SharedArrayBuffer(64),
    () => ({}),
  )
  .map((make) => make());
