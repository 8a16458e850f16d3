/** Numbers and booleans: eight bytes or fewer, written in place. */

import { CodecError } from '../errors.ts';
import { describe } from '../memory/describe.ts';
import type { Codec, DirectWire, PackedWire } from './codec.ts';

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

/** The memory that a field lives in: that of the segment, or of a struct that is being prepared. */
export interface Views {
  readonly words: Int32Array;
  readonly floats: Float64Array;
  readonly longs: BigInt64Array;
  readonly bytes: Uint8Array;
}

/**
 * Something of a fixed size that is written in place: alone in a slot, or as the field of a struct.
 *
 * The scalars below are a class each, with every method written out, so that each call site of a channel meets one
 * small function and the engine inlines it.
 */
export interface Field<T> extends DirectWire<T, T> {
  /** Bytes it takes, and the multiple of bytes it starts on. */
  readonly bytes: number;
  readonly align: number;
}

export function scalarField(kind: ScalarKind, views: Views): Field<any> {
  switch (kind) {
    case 'u32':
      return new U32(views);
    case 'i32':
      return new I32(views);
    case 'f64':
      return new F64(views);
    case 'i64':
      return new I64(views);
    case 'bool':
      return new Bool(views);
  }
}

class U32 implements Field<number>, PackedWire<number> {
  readonly staged = false;
  readonly packed = this;
  readonly slotBytes = 8;
  readonly bytes = 4;
  readonly align = 4;
  readonly #words: Int32Array;

  constructor(views: Views) {
    this.#words = views.words;
  }

  prepare(value: number): number {
    if (typeof value !== 'number' || value >>> 0 !== value) refuse('an integer from 0 to 4294967295', value);
    return value;
  }

  keep(value: number): number {
    return value;
  }

  put(value: number, at: number): void {
    this.#words[at >>> 2] = value;
  }

  read(at: number): number {
    return this.#words[at >>> 2]! >>> 0;
  }

  putMany(values: readonly number[], from: number, count: number, at: number): number {
    const words = this.#words;
    const first = at >>> 2;
    let i = 0;
    try {
      for (; i < count; i++) {
        const value = values[from + i]!;
        if (typeof value !== 'number' || value >>> 0 !== value) break;
        words[first + 2 * i] = value;
      }
    } catch {
      // The list's own doing. Whoever asks for that value again meets it.
    }
    return i;
  }

  readMany(values: number[], from: number, count: number, at: number): void {
    const words = this.#words;
    const first = at >>> 2;
    for (let i = 0; i < count; i++) values[from + i] = words[first + 2 * i]! >>> 0;
  }
}

class I32 implements Field<number>, PackedWire<number> {
  readonly staged = false;
  readonly packed = this;
  readonly slotBytes = 8;
  readonly bytes = 4;
  readonly align = 4;
  readonly #words: Int32Array;

  constructor(views: Views) {
    this.#words = views.words;
  }

  prepare(value: number): number {
    if (typeof value !== 'number' || (value | 0) !== value) refuse('an integer from −2³¹ to 2³¹ − 1', value);
    return value;
  }

  keep(value: number): number {
    return value;
  }

  put(value: number, at: number): void {
    this.#words[at >>> 2] = value;
  }

  read(at: number): number {
    return this.#words[at >>> 2]!;
  }

  putMany(values: readonly number[], from: number, count: number, at: number): number {
    const words = this.#words;
    const first = at >>> 2;
    let i = 0;
    try {
      for (; i < count; i++) {
        const value = values[from + i]!;
        if (typeof value !== 'number' || (value | 0) !== value) break;
        words[first + 2 * i] = value;
      }
    } catch {
      // The list's own doing. Whoever asks for that value again meets it.
    }
    return i;
  }

  readMany(values: number[], from: number, count: number, at: number): void {
    const words = this.#words;
    const first = at >>> 2;
    for (let i = 0; i < count; i++) values[from + i] = words[first + 2 * i]!;
  }
}

class F64 implements Field<number>, PackedWire<number> {
  readonly staged = false;
  readonly packed = this;
  readonly slotBytes = 8;
  readonly bytes = 8;
  readonly align = 8;
  readonly #floats: Float64Array;

  constructor(views: Views) {
    this.#floats = views.floats;
  }

  prepare(value: number): number {
    if (typeof value !== 'number') refuse('a number', value);
    return value;
  }

  keep(value: number): number {
    return value;
  }

  put(value: number, at: number): void {
    this.#floats[at >>> 3] = value;
  }

  read(at: number): number {
    return this.#floats[at >>> 3]!;
  }

  putMany(values: readonly number[], from: number, count: number, at: number): number {
    const floats = this.#floats;
    const first = at >>> 3;
    let i = 0;
    try {
      for (; i < count; i++) {
        const value = values[from + i]!;
        if (typeof value !== 'number') break;
        floats[first + i] = value;
      }
    } catch {
      // The list's own doing. Whoever asks for that value again meets it.
    }
    return i;
  }

  readMany(values: number[], from: number, count: number, at: number): void {
    const floats = this.#floats;
    const first = at >>> 3;
    for (let i = 0; i < count; i++) values[from + i] = floats[first + i]!;
  }
}

class I64 implements Field<bigint>, PackedWire<bigint> {
  readonly staged = false;
  readonly packed = this;
  readonly slotBytes = 8;
  readonly bytes = 8;
  readonly align = 8;
  readonly #longs: BigInt64Array;

  constructor(views: Views) {
    this.#longs = views.longs;
  }

  prepare(value: bigint): bigint {
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) refuse('a bigint of 64 bits', value);
    return value;
  }

  keep(value: bigint): bigint {
    return value;
  }

  put(value: bigint, at: number): void {
    this.#longs[at >>> 3] = value;
  }

  read(at: number): bigint {
    return this.#longs[at >>> 3]!;
  }

  putMany(values: readonly bigint[], from: number, count: number, at: number): number {
    const longs = this.#longs;
    const first = at >>> 3;
    let i = 0;
    try {
      for (; i < count; i++) {
        const value = values[from + i]!;
        if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) break;
        longs[first + i] = value;
      }
    } catch {
      // The list's own doing. Whoever asks for that value again meets it.
    }
    return i;
  }

  readMany(values: bigint[], from: number, count: number, at: number): void {
    const longs = this.#longs;
    const first = at >>> 3;
    for (let i = 0; i < count; i++) values[from + i] = longs[first + i]!;
  }
}

class Bool implements Field<boolean>, PackedWire<boolean> {
  readonly staged = false;
  readonly packed = this;
  readonly slotBytes = 8;
  readonly bytes = 4;
  readonly align = 4;
  readonly #words: Int32Array;

  constructor(views: Views) {
    this.#words = views.words;
  }

  prepare(value: boolean): boolean {
    if (typeof value !== 'boolean') refuse('true or false', value);
    return value;
  }

  keep(value: boolean): boolean {
    return value;
  }

  put(value: boolean, at: number): void {
    this.#words[at >>> 2] = value ? 1 : 0;
  }

  read(at: number): boolean {
    return this.#words[at >>> 2] !== 0;
  }

  putMany(values: readonly boolean[], from: number, count: number, at: number): number {
    const words = this.#words;
    const first = at >>> 2;
    let i = 0;
    try {
      for (; i < count; i++) {
        const value = values[from + i]!;
        if (typeof value !== 'boolean') break;
        words[first + 2 * i] = value ? 1 : 0;
      }
    } catch {
      // The list's own doing. Whoever asks for that value again meets it.
    }
    return i;
  }

  readMany(values: boolean[], from: number, count: number, at: number): void {
    const words = this.#words;
    const first = at >>> 2;
    for (let i = 0; i < count; i++) values[from + i] = words[first + 2 * i] !== 0;
  }
}

/** @throws CodecError */
export function refuse(expected: string, met: unknown): never {
  throw new CodecError(`expected ${expected}, met ${describe(met)}`);
}
