/** The error a channel was closed with, in a pool block: `length · structured clone`. */

import { deserialize, serialize } from 'node:v8';
import { CodecError } from '../errors.ts';
import { ERROR_LOST } from '../kernel/close.ts';
import { describe } from '../memory/describe.ts';
import { PAGE_BYTES, WORD_BYTES } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import type { BufferPool } from '../pool/pool.ts';

/** Longest error that is passed on: one that drags a whole world along must not take the pool. */
const MESSAGE_LONGEST = 4096;
const LONGEST = PAGE_BYTES / 2 - WORD_BYTES;

/** Writes the error into a block of this thread's. Returns it, or ERROR_LOST when there is no memory for it. */
export function encodeError(error: unknown, pool: BufferPool): i32 {
  const encoded = encode(error);
  pool.segment.enter();
  const block = pool.take(WORD_BYTES + encoded.length);
  if (block < 0) return ERROR_LOST;
  const at = pool.byteOffset(block);
  pool.segment.words[at / WORD_BYTES] = encoded.length;
  pool.segment.bytes.set(encoded, at + WORD_BYTES);
  return block;
}

/** Reads what {@link encodeError} wrote. */
export function readError(block: i32, pool: BufferPool): Error {
  if (block === ERROR_LOST) return new Error('the error that the channel was closed with found no room in the pool');
  try {
    const error: unknown = deserialize(bytesOf(block, pool));
    return error instanceof Error ? error : new Error(describe(error));
  } catch (cause) {
    return new Error('the error that the channel was closed with cannot be read', { cause });
  }
}

function bytesOf(block: i32, pool: BufferPool): Uint8Array {
  if (!pool.holds(block, WORD_BYTES)) throw new CodecError(`expected a block of the pool, met block ${block}`);
  const at = pool.byteOffset(block);
  const length = pool.segment.words[at / WORD_BYTES]!;
  if (length < 0 || !pool.holds(block, WORD_BYTES + length)) {
    throw new CodecError(`expected at most ${pool.capacityOf(block)} bytes in block ${block}, met ${length}`);
  }
  const copy = new Uint8Array(length);
  copy.set(pool.segment.bytes.subarray(at + WORD_BYTES, at + WORD_BYTES + length));
  return copy;
}

function encode(error: unknown): Uint8Array {
  try {
    const whole = serialize(error);
    if (whole.length <= LONGEST) return whole;
  } catch {
    // It drags something along that cannot be cloned.
  }
  const message = error instanceof Error ? error.message : describe(error);
  return serialize(new Error(message.slice(0, MESSAGE_LONGEST)));
}
