/** The descriptor of a pool block inside a message: one word, 1 + the block or 0 for none. See `kernel/refs.ts`. */

import { CodecError } from '../errors.ts';
import { REF_CONSUMED, REF_NONE } from '../kernel/refs.ts';
import type { i32 } from '../memory/words.ts';
import { peek, poke } from '../memory/words.ts';
import type { BufferPool } from '../pool/pool.ts';

/** No block: the message has all its bytes in the slot. */
export const NO_BLOCK = -1;

/** Writes the descriptor, and puts the block on its way. */
export function putRef(pool: BufferPool, at: i32, block: i32): void {
  poke(at, block === NO_BLOCK ? REF_NONE : block + 1);
  if (block !== NO_BLOCK) pool.send(block);
}

/** The block that the descriptor names, or NO_BLOCK. */
export function readRef(at: i32): i32 {
  return peek(at) - 1;
}

/** Makes the block that the descriptor names, with so many bytes, this thread's own. Throws CodecError if it cannot be. */
export function receiveRef(pool: BufferPool, at: i32, byteLength: number): i32 {
  const block = readRef(at);
  if (!pool.receive(block, byteLength)) refuseRef(block, byteLength);
  return block;
}

/** The block that the descriptor names, with so many bytes; it stays on its way. Throws CodecError if it is not. */
export function lendRef(pool: BufferPool, at: i32, byteLength: number): i32 {
  const block = readRef(at);
  if (!pool.flies(block, byteLength)) refuseRef(block, byteLength);
  return block;
}

function refuseRef(block: i32, byteLength: number): never {
  throw new CodecError(`expected the descriptor of a block on its way, met block ${block} with ${byteLength} bytes`);
}

/** Gives back a block that came with a message whose slot is still this thread's own. */
export function consumeRef(pool: BufferPool, at: i32, block: i32): void {
  poke(at, REF_CONSUMED);
  pool.giveBack(block);
}

/** Gives back the block of a message that nobody will receive. */
export function discardRef(pool: BufferPool, at: i32): void {
  const block = readRef(at);
  if (pool.receive(block, 0)) consumeRef(pool, at, block);
}
