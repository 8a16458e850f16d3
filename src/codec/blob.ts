/**
 * Messages of any length: bytes, text, JSON, structured clones, and whatever a custom codec makes of its values.
 *
 * Slot: `length · 1 + block · inline bytes …`. What fits is in the slot; the rest goes to a pool block, which travels by
 * its number and is given back by the receiver.
 */

import { deserialize, serialize } from 'node:v8';
import { CodecError, MessageTooLargeError } from '../errors.ts';
import { BLOCKED, CLOSED } from '../kernel/codes.ts';
import { describe } from '../memory/describe.ts';
import { PAGE_BYTES, WORD_BYTES } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { peek, poke } from '../memory/words.ts';
import type { BufferPool } from '../pool/pool.ts';
import type { Codec, CustomCodec, Lent, Staged, StagedWire } from './codec.ts';
import { consumeRef, discardRef, lendRef, NO_BLOCK, putRef, readRef, receiveRef } from './ref.ts';
import { refuse } from './scalars.ts';

export interface BlobOptions {
  /** Longest message, in bytes. Default: what the pool can hold. */
  readonly max?: number;
  /** Bytes of a message that travel in the slot itself; longer ones take a pool block. Default 48. */
  readonly inline?: number;
}

export interface BlobCodec<T> extends Codec<T>, BlobOptions {
  readonly kind: 'bytes' | 'utf8' | 'json' | 'structured';
}

/** A fixed number of bytes, for the field of a struct or alone. */
export interface FixedBytesCodec extends Codec<Uint8Array> {
  readonly kind: 'bytes.fixed';
  readonly length: number;
}

/** Bytes, of any length; the receiver gets its own copy. To pass bytes without copying, see `lease()`. */
export function bytes(options?: BlobOptions): BlobCodec<Uint8Array> {
  return { kind: 'bytes', ...checkBlob(options) };
}

/** Exactly `length` bytes. */
bytes.fixed = (length: number): FixedBytesCodec => {
  if (!Number.isInteger(length) || length < 1 || length > PAGE_BYTES) {
    refuse(`a length of 1 to ${PAGE_BYTES} bytes`, length);
  }
  return { kind: 'bytes.fixed', length };
};

/** Strings. */
export function utf8(options?: BlobOptions): BlobCodec<string> {
  return { kind: 'utf8', ...checkBlob(options) };
}

/** What `JSON.stringify` takes. */
export function json(options?: BlobOptions): BlobCodec<unknown>;
export function json<T>(options?: BlobOptions): BlobCodec<T>;
export function json<T>(options?: BlobOptions): BlobCodec<T> {
  return { kind: 'json', ...checkBlob(options) };
}

/** What structured clone takes: maps, sets, dates, errors, typed arrays, cycles … */
export function structured(options?: BlobOptions): BlobCodec<unknown>;
export function structured<T>(options?: BlobOptions): BlobCodec<T>;
export function structured<T>(options?: BlobOptions): BlobCodec<T> {
  return { kind: 'structured', ...checkBlob(options) };
}

/**
 * A codec of your own. `encode` answers the bytes of a value, `decode` the value of bytes that are its own to keep.
 * Threads that attach to a channel of it pass it as well: `attach(shared, { codecs: [mine] })`.
 */
export function custom<T>(definition: Omit<CustomCodec<T>, 'kind'> & BlobOptions): CustomCodec<T> & BlobOptions {
  if (typeof definition.name !== 'string' || definition.name === '') refuse('a codec with a name', definition.name);
  return { kind: 'custom', ...definition, ...checkBlob(definition) };
}

/** The options that there are, of a codec made here or come from another thread. Throws CodecError. */
export function checkBlob(options: BlobOptions = {}): BlobOptions {
  const { max, inline } = options;
  if (max !== undefined && (!Number.isInteger(max) || max < 0)) refuse('max: a number of bytes ≥ 0', max);
  if (inline !== undefined && (!Number.isInteger(inline) || inline < 0 || inline > PAGE_BYTES)) {
    refuse(`inline: 0 to ${PAGE_BYTES} bytes`, inline);
  }
  return { ...(max !== undefined && { max }), ...(inline !== undefined && { inline }) };
}

/** How one kind of value becomes bytes, and bytes what is read of them. */
interface Translation<T, R = T> {
  readonly encode: (value: T) => Uint8Array;
  /** `view` is shared memory that this thread owns during the call, and no longer. */
  readonly read: (view: Uint8Array) => R;
  /** Code of the user's that makes the value of that. Absent: it is the value. */
  readonly decode?: (read: R) => T;
  /** Whether what `encode` answers still belongs to the caller. */
  readonly borrows: boolean;
}

const encoder = new TextEncoder();
// A byte order mark is a character like any other here.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function ownCopy(view: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(view.length);
  copy.set(view);
  return copy;
}

export const translations: Record<BlobCodec<any>['kind'], Translation<any>> = {
  bytes: {
    encode: (value) => (value instanceof Uint8Array ? value : refuse('a Uint8Array', value)),
    read: ownCopy,
    borrows: true,
  },
  utf8: {
    encode: (value) => (typeof value === 'string' ? encoder.encode(value) : refuse('a string', value)),
    read: (view) => decoder.decode(view as Uint8Array<ArrayBuffer>),
    borrows: false,
  },
  json: {
    encode: (value) => encoder.encode(stringify(value)),
    read: (view) => decoded('JSON', () => JSON.parse(decoder.decode(view as Uint8Array<ArrayBuffer>))),
    borrows: false,
  },
  structured: {
    encode: (value) => {
      try {
        return serialize(value);
      } catch (error) {
        throw new CodecError(`expected a value that structured clone takes, met ${describe(value)}`, { cause: error });
      }
    },
    // Typed arrays in the result are views of the bytes they are read from, so those must be the receiver's own.
    read: (view) => decoded('a structured clone', () => deserialize(ownCopy(view))),
    borrows: false,
  },
};

/** What was not written by the same codec, or was overwritten since, cannot be read. */
function decoded<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw new CodecError(`expected the bytes of ${what}, met others`, { cause: error });
  }
}

export function customTranslation<T>(codec: CustomCodec<T>): Translation<T, Uint8Array> {
  return {
    encode: (value) => {
      const encoded = codec.encode(value);
      return encoded instanceof Uint8Array ? encoded : refuse(`bytes from the codec "${codec.name}"`, encoded);
    },
    read: ownCopy,
    decode: (bytes) => codec.decode(bytes),
    borrows: true,
  };
}

function stringify(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    throw new CodecError(`expected a value that JSON can express, met ${describe(value)}`, { cause: error });
  }
  return text ?? refuse('a value that JSON can express', value);
}

const INLINE_DEFAULT = 48;
const HEADER_BYTES = 8;

export class BlobWire<T, R = T> implements StagedWire<T, R> {
  readonly staged = true;
  readonly slotBytes: number;
  readonly refs = [1];
  readonly decode: ((read: R) => T) | undefined;
  readonly #translation: Translation<T, R>;
  readonly #pool: BufferPool;
  readonly #inline: number;
  readonly #max: number;

  constructor(translation: Translation<T, R>, options: BlobOptions, pool: BufferPool) {
    this.decode = translation.decode;
    this.#translation = translation;
    this.#pool = pool;
    this.#inline = Math.ceil((options.inline ?? INLINE_DEFAULT) / 8) * 8;
    this.#max = Math.min(options.max ?? Number.POSITIVE_INFINITY, pool.segment.pages * PAGE_BYTES);
    this.slotBytes = HEADER_BYTES + this.#inline;
  }

  stage(value: T): Staged {
    const encoded = this.#translation.encode(value);
    if (encoded.length > this.#max) {
      throw new MessageTooLargeError(`expected a message of at most ${this.#max} bytes, met one of ${encoded.length}`);
    }
    const fits = encoded.length <= this.#inline;
    return new StagedBlob(this.#pool, encoded, fits, this.#translation.borrows);
  }

  read(at: number): R {
    const { bytes } = this.#pool.segment;
    const length = peek(at / WORD_BYTES);
    const ref = at / WORD_BYTES + 1;
    if (readRef(ref) === NO_BLOCK) return this.#translation.read(this.#inlined(at, length));
    const block = receiveRef(this.#pool, ref, length);
    try {
      const from = this.#pool.byteOffset(block);
      return this.#translation.read(bytes.subarray(from, from + length));
    } finally {
      consumeRef(this.#pool, ref, block);
    }
  }

  lend(at: number): Lent<R> {
    const { bytes } = this.#pool.segment;
    const length = peek(at / WORD_BYTES);
    const ref = at / WORD_BYTES + 1;
    const from = readRef(ref) === NO_BLOCK ? undefined : this.#pool.byteOffset(lendRef(this.#pool, ref, length));
    const view = from === undefined ? this.#inlined(at, length) : bytes.subarray(from, from + length);
    const value = this.#translation.read(view);
    return { value, keep: () => this.discard(at), recall: () => {} };
  }

  discard(at: number): void {
    discardRef(this.#pool, at / WORD_BYTES + 1);
  }

  /** The bytes of a message that are in the slot. */
  #inlined(at: number, length: number): Uint8Array {
    if (length < 0 || length > this.#inline) {
      throw new CodecError(`expected a message of at most ${this.#inline} bytes in its slot, met one of ${length}`);
    }
    return this.#pool.segment.bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length);
  }
}

class StagedBlob implements Staged {
  readonly #pool: BufferPool;
  readonly #fits: boolean;
  readonly #length: number;
  #bytes: Uint8Array | undefined;
  #borrowed: boolean;
  #block: i32 = NO_BLOCK;

  constructor(pool: BufferPool, encoded: Uint8Array, fits: boolean, borrowed: boolean) {
    this.#pool = pool;
    this.#bytes = encoded;
    this.#length = encoded.length;
    this.#fits = fits;
    this.#borrowed = borrowed;
  }

  reserve(): boolean {
    if (this.#fits || this.#block !== NO_BLOCK) return true;
    const block = this.#pool.take(this.#length);
    if (block === BLOCKED || block === CLOSED) return false;
    this.#pool.segment.bytes.set(this.#bytes!, this.#pool.byteOffset(block));
    this.#block = block;
    this.#bytes = undefined;
    return true;
  }

  keep(): void {
    if (this.#borrowed && this.#bytes) this.#bytes = ownCopy(this.#bytes);
    this.#borrowed = false;
  }

  put(at: number): void {
    poke(at / WORD_BYTES, this.#length);
    if (this.#block === NO_BLOCK) this.#pool.segment.bytes.set(this.#bytes!, at + HEADER_BYTES);
    putRef(this.#pool, at / WORD_BYTES + 1, this.#block);
  }

  done(): void {}

  undo(): void {
    if (this.#block === NO_BLOCK) return;
    this.#pool.unsend(this.#block);
    this.#pool.giveBack(this.#block);
    this.#block = NO_BLOCK;
  }
}
