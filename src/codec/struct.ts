/** Objects with a fixed layout: every field at its own offset, no allocation to write one. */

import { CodecError } from '../errors.ts';
import { PAGE_BYTES, WORD_BYTES } from '../memory/layout.ts';
import type { BufferPool } from '../pool/pool.ts';
import { bytes, type FixedBytesCodec } from './blob.ts';
import { ChannelRefField, type RefCodec } from './channel-ref.ts';
import type { ChannelRefs, Codec, DirectWire, Lent, Staged, StagedWire, ValueOf, WireContext } from './codec.ts';
import { departLease, discardLease, LEASE_BYTES, lendLease, putLease, readLease, undoLease } from './lease.ts';
import { type Field, refuse, type ScalarKind, scalarField, type Views } from './scalars.ts';

export type StructFields = Readonly<Record<string, Codec<any>>>;
export type StructValue<F extends StructFields> = { -readonly [K in keyof F]: ValueOf<F[K]> };

export interface StructCodec<T> extends Codec<T> {
  readonly kind: 'struct';
  readonly fields: StructFields;
}

const FIELD_KINDS = ['u32', 'i32', 'f64', 'i64', 'bool', 'bytes.fixed', 'lease', 'channelRef'];

/**
 * Objects of fixed layout. Fields are scalars, `bytes.fixed(n)`, `lease()` or `channelRef(codec)`.
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

/** A fixed number of bytes, in place. */
class FixedBytes implements Field<Uint8Array> {
  readonly staged = false;
  readonly slotBytes: number;
  readonly bytes: number;
  readonly align = 8;
  readonly #bytes: Uint8Array;

  constructor(length: number, views: Views) {
    this.bytes = length;
    this.slotBytes = roundUp(length, 8);
    this.#bytes = views.bytes;
  }

  prepare(value: Uint8Array): Uint8Array {
    if (!(value instanceof Uint8Array)) refuse(`a Uint8Array of ${this.bytes} bytes`, value);
    if (value.length !== this.bytes) refuse(`${this.bytes} bytes`, value.length);
    return value;
  }

  keep(value: Uint8Array): Uint8Array {
    return value.slice();
  }

  put(value: Uint8Array, at: number): void {
    this.#bytes.set(value, at);
  }

  read(at: number): Uint8Array {
    const copy = new Uint8Array(this.bytes);
    copy.set(this.#bytes.subarray(at, at + this.bytes));
    return copy;
  }
}

/** The field that a codec of fixed size makes: by itself the wire of a channel of it. */
export function fieldOf(codec: Codec<any>, views: Views, refs: ChannelRefs): Field<any> {
  if (codec.kind === 'channelRef') return new ChannelRefField(codec as RefCodec<any>, views, refs);
  if (codec.kind === 'bytes.fixed') return new FixedBytes(bytes.fixed((codec as FixedBytesCodec).length).length, views);
  return scalarField(codec.kind as ScalarKind, views);
}

interface Placed {
  readonly name: string;
  readonly offset: number;
  readonly codec: Codec<any>;
}

/** Gives every field its offset; a lease takes that of its descriptor. */
function place(codec: StructCodec<any>, views: Views, refs: ChannelRefs): { placed: Placed[]; slotBytes: number } {
  const placed: Placed[] = [];
  let end = 0;
  for (const [name, fieldCodec] of Object.entries(codec.fields)) {
    const { bytes, align } = fieldCodec.kind === 'lease' ? LEASE_FIELD : fieldOf(fieldCodec, views, refs);
    const offset = roundUp(end, align);
    placed.push({ name, offset, codec: fieldCodec });
    end = offset + bytes;
  }
  if (end > PAGE_BYTES) refuse(`a struct of at most ${PAGE_BYTES} bytes`, end);
  return { placed, slotBytes: roundUp(end, 8) };
}

const LEASE_FIELD = { bytes: LEASE_BYTES, align: 8 };

type Values = Record<string, unknown>;

/** Makes the wire of a struct: direct, or staged when a field is a lease. */
export function structWire<T>(codec: StructCodec<T>, { pool, refs }: WireContext): DirectWire<T> | StagedWire<T> {
  const { placed, slotBytes } = place(codec, pool.segment, refs);
  const plain = new StructWire<T>(
    placed.filter((each) => each.codec.kind !== 'lease'),
    slotBytes,
    pool.segment,
    refs,
  );
  const leases = placed.filter((each) => each.codec.kind === 'lease');
  return leases.length === 0 ? plain : new LeasingStructWire<T>(placed, leases, plain, pool);
}

/** Fields in some memory. */
type Bound = readonly { readonly name: string; readonly offset: number; readonly field: Field<any> }[];

function bindFields(placed: readonly Placed[], views: Views, refs: ChannelRefs): Bound {
  return placed.map(({ name, offset, codec }) => ({ name, offset, field: fieldOf(codec, views, refs) }));
}

/** Memory of this thread's own that a struct is written to first: reading its properties may run code of the user's. */
class Scratch implements Views {
  readonly words: Int32Array;
  readonly floats: Float64Array;
  readonly longs: BigInt64Array;
  readonly bytes: Uint8Array;
  readonly #fields: Bound;

  constructor(placed: readonly Placed[], slotBytes: number, refs: ChannelRefs) {
    const buffer = new ArrayBuffer(slotBytes);
    this.words = new Int32Array(buffer);
    this.floats = new Float64Array(buffer);
    this.longs = new BigInt64Array(buffer);
    this.bytes = new Uint8Array(buffer);
    this.#fields = bindFields(placed, this, refs);
  }

  fill(value: unknown): void {
    if (value === null || typeof value !== 'object') refuse('an object with the fields of the struct', value);
    let current = '';
    try {
      for (const { name, offset, field } of this.#fields) {
        current = name;
        field.put(field.prepare((value as Values)[name]), offset);
      }
    } catch (error) {
      if (error instanceof CodecError) error.message = `field "${current}": ${error.message}`;
      throw error;
    }
  }
}

class StructWire<T> implements DirectWire<T, Scratch> {
  readonly staged = false;
  readonly slotBytes: number;
  readonly #placed: readonly Placed[];
  readonly #refs: ChannelRefs;
  readonly #words: Int32Array;
  readonly #fields: Bound;
  #scratch: Scratch | undefined;

  constructor(placed: readonly Placed[], slotBytes: number, views: Views, refs: ChannelRefs) {
    this.slotBytes = slotBytes;
    this.#placed = placed;
    this.#refs = refs;
    this.#words = views.words;
    this.#fields = bindFields(placed, views, refs);
  }

  prepare(value: T): Scratch {
    // Taken out while it is filled: a getter of the value's may send a struct of its own.
    const scratch = this.#scratch ?? new Scratch(this.#placed, this.slotBytes, this.#refs);
    this.#scratch = undefined;
    try {
      scratch.fill(value);
    } finally {
      this.#scratch = scratch;
    }
    return scratch;
  }

  keep(scratch: Scratch): Scratch {
    if (this.#scratch === scratch) this.#scratch = undefined;
    return scratch;
  }

  put(scratch: Scratch, at: number): void {
    const { words } = scratch;
    const from = at / WORD_BYTES;
    for (let i = 0; i < words.length; i++) this.#words[from + i] = words[i]!;
  }

  read(at: number): T {
    const value: Values = {};
    for (const { name, offset, field } of this.#fields) value[name] = field.read(at + offset);
    return value as T;
  }
}

class LeasingStructWire<T> implements StagedWire<T> {
  readonly staged = true;
  readonly slotBytes: number;
  readonly refs: readonly number[];
  readonly #placed: readonly Placed[];
  readonly #leases: readonly Placed[];
  readonly #plain: StructWire<T>;
  readonly #pool: BufferPool;

  constructor(placed: readonly Placed[], leases: readonly Placed[], plain: StructWire<T>, pool: BufferPool) {
    this.slotBytes = plain.slotBytes;
    this.refs = leases.map(({ offset }) => offset / WORD_BYTES);
    this.#placed = placed;
    this.#leases = leases;
    this.#plain = plain;
    this.#pool = pool;
  }

  stage(value: T): Staged {
    const scratch = this.#plain.keep(this.#plain.prepare(value));
    const departed: PlacedLease[] = [];
    try {
      for (const { name, offset } of this.#leases) {
        departed.push({ offset, departed: departLease((value as Values)[name], this.#pool) });
      }
    } catch (error) {
      for (const each of departed) undoLease(each.departed, this.#pool);
      throw error;
    }
    return new StagedStruct((at) => this.#plain.put(scratch, at), departed, this.#pool);
  }

  read(at: number): T {
    const value = this.#readPlain(at);
    for (const { name, offset } of this.#leases) value[name] = readLease(at + offset, this.#pool);
    return value as T;
  }

  lend(at: number): Lent<T> {
    const value = this.#readPlain(at);
    const lent = this.#leases.map(({ offset }) => lendLease(at + offset, this.#pool));
    this.#leases.forEach(({ name }, i) => {
      value[name] = lent[i]!.value;
    });
    return {
      value: value as T,
      keep: () => {
        for (const each of lent) each.keep();
      },
      recall: () => {
        for (const each of lent) each.recall();
      },
    };
  }

  #readPlain(at: number): Values {
    const value: Values = {};
    // Every name first, so that the fields come in the order they were declared in.
    for (const { name } of this.#placed) value[name] = undefined;
    return Object.assign(value, this.#plain.read(at));
  }

  discard(at: number): void {
    for (const { offset } of this.#leases) discardLease(at + offset, this.#pool);
  }
}

interface PlacedLease {
  readonly offset: number;
  readonly departed: ReturnType<typeof departLease>;
}

class StagedStruct implements Staged {
  readonly #putFields: (at: number) => void;
  readonly #leases: readonly PlacedLease[];
  readonly #pool: BufferPool;

  constructor(putFields: (at: number) => void, leases: readonly PlacedLease[], pool: BufferPool) {
    this.#putFields = putFields;
    this.#leases = leases;
    this.#pool = pool;
  }

  reserve(): boolean {
    return true;
  }

  keep(): void {}

  put(at: number): void {
    this.#putFields(at);
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
