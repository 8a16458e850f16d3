/** Numbers and booleans: eight bytes or fewer, written in place. */

import { CodecError } from '../errors.ts';
import type { Segment } from '../memory/segment.ts';
import { type Codec, describe } from './codec.ts';

export type ScalarKind = 'u32' | 'i32' | 'f64' | 'i64' | 'bool';

/** An integer from 0 to 2³² − 1. */
export const u32: Codec<number> = { kind: 'u32' };
/** An integer from −2³¹ to 2³¹ − 1. */
export const i32: Codec<number> = { kind: 'i32' };
/** Any number. */
export const f64: Codec<number> = { kind: 'f64' };
/** A bigint from −2⁶³ to 2⁶³ − 1. */
export const i64: Codec<bigint> = { kind: 'i64' };
export const bool: Codec<boolean> = { kind: 'bool' };

/** Something of a fixed size that is written in place: alone in a slot, or as the field of a struct. */
export interface Field<T> {
  /** Bytes it takes, and the multiple of bytes it starts on. */
  readonly bytes: number;
  readonly align: number;
  check(value: unknown): asserts value is T;
  /** Writes a value that `check` accepts. */
  write(value: T, at: number): void;
  read(at: number): T;
  /** A copy that its giver can no longer change. */
  copy(value: T): T;
}

const same = <T>(value: T): T => value;

export function scalarField(kind: ScalarKind, segment: Segment): Field<any> {
  const { words, floats, longs } = segment;
  switch (kind) {
    case 'u32':
      return {
        bytes: 4,
        align: 4,
        check(value) {
          if (typeof value !== 'number' || value >>> 0 !== value) refuse('an integer from 0 to 4294967295', value);
        },
        write(value: number, at) {
          words[at >>> 2] = value;
        },
        read: (at) => words[at >>> 2]! >>> 0,
        copy: same,
      };
    case 'i32':
      return {
        bytes: 4,
        align: 4,
        check(value) {
          if (typeof value !== 'number' || (value | 0) !== value) refuse('an integer from −2³¹ to 2³¹ − 1', value);
        },
        write(value: number, at) {
          words[at >>> 2] = value;
        },
        read: (at) => words[at >>> 2]!,
        copy: same,
      };
    case 'f64':
      return {
        bytes: 8,
        align: 8,
        check(value) {
          if (typeof value !== 'number') refuse('a number', value);
        },
        write(value: number, at) {
          floats[at / 8] = value;
        },
        read: (at) => floats[at / 8]!,
        copy: same,
      };
    case 'i64':
      return {
        bytes: 8,
        align: 8,
        check(value) {
          if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) refuse('a bigint of 64 bits', value);
        },
        write(value: bigint, at) {
          longs[at / 8] = value;
        },
        read: (at) => longs[at / 8]!,
        copy: same,
      };
    case 'bool':
      return {
        bytes: 4,
        align: 4,
        check(value) {
          if (typeof value !== 'boolean') refuse('true or false', value);
        },
        write(value: boolean, at) {
          words[at >>> 2] = value ? 1 : 0;
        },
        read: (at) => words[at >>> 2] !== 0,
        copy: same,
      };
  }
}

/** @throws CodecError */
export function refuse(expected: string, met: unknown): never {
  throw new CodecError(`expected ${expected}, met ${describe(met)}`);
}
