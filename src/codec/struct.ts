/** Objects with a fixed layout: every field at its own offset, no allocation to write one. */

import { PAGE_BYTES } from '../memory/layout.ts';
import type { BufferPool } from '../pool/pool.ts';
import type { FixedBytesCodec } from './blob.ts';
import type { Codec, DirectWire, Staged, StagedWire, ValueOf } from './codec.ts';
import { departLease, discardLease, LEASE_BYTES, putLease, readLease, undoLease } from './lease.ts';
import { type Field, refuse, type ScalarKind, scalarField } from './scalars.ts';

export type StructFields = Readonly<Record<string, Codec<any>>>;
export type StructValue<F extends StructFields> = { -readonly [K in keyof F]: ValueOf<F[K]> };

export interface StructCodec<T> extends Codec<T> {
  readonly kind: 'struct';
  readonly fields: StructFields;
}

const FIELD_KINDS = ['u32', 'i32', 'f64', 'i64', 'bool', 'bytes.fixed', 'lease'];

/**
 * Objects of fixed layout. Fields are scalars, `bytes.fixed(n)` or `lease()`.
 *
 * ```ts
 * const job = struct({ id: u32, at: f64, hash: bytes.fixed(32), body: lease() });
 * ```
 */
export function struct<F extends StructFields>(fields: F): StructCodec<StructValue<F>> {
  if (fields === null || typeof fields !== 'object' || Object.keys(fields).length === 0) {
    refuse('at least one field', fields);
  }
  for (const [name, field] of Object.entries(fields)) {
    if (!FIELD_KINDS.includes(field?.kind)) {
      refuse(`field "${name}" to be one of ${FIELD_KINDS.join(', ')}`, field?.kind);
    }
  }
  return { kind: 'struct', fields };
}

export function fixedBytesField(codec: FixedBytesCodec, pool: BufferPool): Field<Uint8Array> {
  const { bytes } = pool.segment;
  const { length } = codec;
  return {
    bytes: length,
    align: 8,
    check(value): asserts value is Uint8Array {
      if (!(value instanceof Uint8Array)) refuse(`a Uint8Array of ${length} bytes`, value);
      if (value.length !== length) refuse(`${length} bytes`, value.length);
    },
    write(value, at) {
      bytes.set(value, at);
    },
    read(at) {
      const copy = new Uint8Array(length);
      copy.set(bytes.subarray(at, at + length));
      return copy;
    },
    copy: (value) => value.slice(),
  };
}

/** The field that a codec of fixed size makes. */
export function fieldOf(codec: Codec<any>, pool: BufferPool): Field<any> {
  if (codec.kind === 'bytes.fixed') return fixedBytesField(codec as FixedBytesCodec, pool);
  return scalarField(codec.kind as ScalarKind, pool.segment);
}

/** A slot with one field in it. */
export class FieldWire<T> implements DirectWire<T> {
  readonly staged = false;
  readonly slotBytes: number;
  readonly read: (at: number) => T;
  readonly #field: Field<T>;

  constructor(field: Field<T>) {
    this.#field = field;
    this.slotBytes = roundUp(field.bytes, 8);
    this.read = field.read;
  }

  write(value: T, at: number): void {
    const field: Field<T> = this.#field;
    field.check(value);
    field.write(value, at);
  }

  copy(value: T): T {
    const field: Field<T> = this.#field;
    field.check(value);
    return field.copy(value);
  }
}

interface Placed {
  readonly name: string;
  readonly offset: number;
  readonly field: Field<any>;
}

interface PlacedLease {
  readonly name: string;
  readonly offset: number;
}

function place(codec: StructCodec<any>, pool: BufferPool) {
  const fields: Placed[] = [];
  const leases: PlacedLease[] = [];
  let end = 0;
  for (const [name, fieldCodec] of Object.entries(codec.fields)) {
    if (fieldCodec.kind === 'lease') {
      leases.push({ name, offset: roundUp(end, 8) });
      end = roundUp(end, 8) + LEASE_BYTES;
    } else {
      const field = fieldOf(fieldCodec, pool);
      const offset = roundUp(end, field.align);
      fields.push({ name, offset, field });
      end = offset + field.bytes;
    }
  }
  if (end > PAGE_BYTES) refuse(`a struct of at most ${PAGE_BYTES} bytes`, end);
  return { fields, leases, order: Object.keys(codec.fields), slotBytes: roundUp(end, 8) };
}

type Values = Record<string, unknown>;

/** Makes the wire of a struct: direct, or staged when a field is a lease. */
export function structWire<T>(codec: StructCodec<T>, pool: BufferPool): DirectWire<T> | StagedWire<T> {
  const placed = place(codec, pool);
  return placed.leases.length === 0
    ? new StructWire<T>(placed.fields, placed.slotBytes)
    : new LeasingStructWire<T>(placed, pool);
}

function checkFields(fields: readonly Placed[], value: unknown): asserts value is Values {
  if (value === null || typeof value !== 'object') refuse('an object with the fields of the struct', value);
  for (const placed of fields) {
    try {
      placed.field.check((value as Values)[placed.name]);
    } catch (error) {
      if (error instanceof Error) error.message = `field "${placed.name}": ${error.message}`;
      throw error;
    }
  }
}

function copyFields(fields: readonly Placed[], value: Values): Values {
  const copy: Values = {};
  for (const { name, field } of fields) copy[name] = field.copy(value[name]);
  return copy;
}

class StructWire<T> implements DirectWire<T> {
  readonly staged = false;
  readonly slotBytes: number;
  readonly #fields: readonly Placed[];

  constructor(fields: readonly Placed[], slotBytes: number) {
    this.#fields = fields;
    this.slotBytes = slotBytes;
  }

  write(value: T, at: number): void {
    checkFields(this.#fields, value);
    for (const { name, offset, field } of this.#fields) field.write((value as Values)[name], at + offset);
  }

  read(at: number): T {
    const value: Values = {};
    for (const { name, offset, field } of this.#fields) value[name] = field.read(at + offset);
    return value as T;
  }

  copy(value: T): T {
    checkFields(this.#fields, value);
    return copyFields(this.#fields, value as Values) as T;
  }
}

class LeasingStructWire<T> implements StagedWire<T> {
  readonly staged = true;
  readonly slotBytes: number;
  readonly #placed: ReturnType<typeof place>;
  readonly #pool: BufferPool;

  constructor(placed: ReturnType<typeof place>, pool: BufferPool) {
    this.#placed = placed;
    this.#pool = pool;
    this.slotBytes = placed.slotBytes;
  }

  stage(value: T): Staged {
    const { fields, leases } = this.#placed;
    checkFields(fields, value);
    const copy = copyFields(fields, value as Values);
    const departed: DepartedLease[] = [];
    try {
      for (const { name, offset } of leases) {
        departed.push({ offset, departed: departLease((value as Values)[name], this.#pool) });
      }
    } catch (error) {
      for (const each of departed) undoLease(each.departed, this.#pool);
      throw error;
    }
    return new StagedStruct(fields, copy, departed, this.#pool);
  }

  read(at: number): T {
    const { fields, leases, order } = this.#placed;
    const value: Values = Object.fromEntries(order.map((name) => [name, undefined]));
    for (const { name, offset, field } of fields) value[name] = field.read(at + offset);
    for (const { name, offset } of leases) value[name] = readLease(at + offset, this.#pool);
    return value as T;
  }

  discard(at: number): void {
    for (const { offset } of this.#placed.leases) discardLease(at + offset, this.#pool);
  }
}

interface DepartedLease {
  readonly offset: number;
  readonly departed: ReturnType<typeof departLease>;
}

class StagedStruct implements Staged {
  readonly #fields: readonly Placed[];
  readonly #values: Values;
  readonly #leases: readonly DepartedLease[];
  readonly #pool: BufferPool;

  constructor(fields: readonly Placed[], values: Values, leases: readonly DepartedLease[], pool: BufferPool) {
    this.#fields = fields;
    this.#values = values;
    this.#leases = leases;
    this.#pool = pool;
  }

  reserve(): boolean {
    return true;
  }

  keep(): void {}

  put(at: number): void {
    for (const { name, offset, field } of this.#fields) field.write(this.#values[name], at + offset);
    for (const { offset, departed } of this.#leases) putLease(departed, at + offset, this.#pool);
  }

  done(): void {
    for (const { departed } of this.#leases) departed.lease.arrive();
  }

  undo(): void {
    for (const { departed } of this.#leases) undoLease(departed, this.#pool);
  }
}

function roundUp(bytes: number, multiple: number): number {
  return Math.ceil(bytes / multiple) * multiple;
}
