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

/** Makes the block that the descriptor names this thread's own. Throws CodecError when it is not on its way. */
export function receiveRef(pool: BufferPool, at: i32): i32 {
  const block = readRef(at);
  if (block >= 0 && pool.receive(block)) return block;
  throw new CodecError(`expected the descriptor of a block on its way, met block ${block}`);
}

/** Gives back a block that came with a message whose slot is still this thread's own. */
export function consumeRef(pool: BufferPool, at: i32, block: i32): void {
  poke(at, REF_CONSUMED);
  pool.giveBack(block);
}

/** Gives back the block of a message that nobody will receive. */
export function discardRef(pool: BufferPool, at: i32): void {
  const block = readRef(at);
  if (block >= 0 && pool.receive(block)) consumeRef(pool, at, block);
}
