/** A lease travels as the number of its block and its length; its bytes stay where they are. */

import { WORD_BYTES } from '../memory/layout.ts';
import { peek, poke } from '../memory/words.ts';
import { Lease } from '../pool/lease.ts';
import type { BufferPool } from '../pool/pool.ts';
import type { Codec, Lent, Staged, StagedWire } from './codec.ts';
import { discardRef, lendRef, putRef, receiveRef } from './ref.ts';
import { refuse } from './scalars.ts';

/** Hands pool blocks over: the same cost for 64 bytes and 64 MiB. The sender's lease is spent once it was accepted. */
export function lease(): Codec<Lease> {
  return { kind: 'lease' };
}

export const LEASE_BYTES = 8;

/** Takes the lease out of its holder's hands. */
export function departLease(value: unknown, pool: BufferPool): { readonly lease: Lease; readonly byteLength: number } {
  if (!(value instanceof Lease)) refuse('a Lease', value);
  const byteLength = value.byteLength;
  value.depart(pool);
  return { lease: value, byteLength };
}

export function putLease(departed: ReturnType<typeof departLease>, at: number, pool: BufferPool): void {
  poke(at / WORD_BYTES + 1, departed.byteLength);
  putRef(pool, at / WORD_BYTES, departed.lease.block);
}

export function undoLease(departed: ReturnType<typeof departLease>, pool: BufferPool): void {
  pool.unsend(departed.lease.block);
  departed.lease.comeBack();
}

export function readLease(at: number, pool: BufferPool): Lease {
  const byteLength = peek(at / WORD_BYTES + 1);
  return pool.leaseOf(receiveRef(pool, at / WORD_BYTES, byteLength), byteLength);
}

/** The lease of a block that stays on its way: `keep` makes it this thread's. */
export function lendLease(at: number, pool: BufferPool): Lent<Lease> {
  const byteLength = peek(at / WORD_BYTES + 1);
  const lent = pool.lend(lendRef(pool, at / WORD_BYTES, byteLength), byteLength);
  return {
    value: lent,
    keep: () => {
      receiveRef(pool, at / WORD_BYTES, byteLength);
      lent.keep();
    },
    recall: () => lent.recall(),
  };
}

export function discardLease(at: number, pool: BufferPool): void {
  discardRef(pool, at / WORD_BYTES);
}

export class LeaseWire implements StagedWire<Lease> {
  readonly staged = true;
  readonly slotBytes = LEASE_BYTES;
  readonly refs = [0];
  readonly #pool: BufferPool;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  stage(value: Lease): Staged {
    return new StagedLease(value, this.#pool);
  }

  read(at: number): Lease {
    return readLease(at, this.#pool);
  }

  lend(at: number): Lent<Lease> {
    return lendLease(at, this.#pool);
  }

  discard(at: number): void {
    discardLease(at, this.#pool);
  }
}

class StagedLease implements Staged {
  readonly #pool: BufferPool;
  readonly #departed: ReturnType<typeof departLease>;

  constructor(value: Lease, pool: BufferPool) {
    this.#pool = pool;
    this.#departed = departLease(value, pool);
  }

  reserve(): boolean {
    return true;
  }

  keep(): void {}

  put(at: number): void {
    putLease(this.#departed, at, this.#pool);
  }

  done(): void {
    this.#departed.lease.arrive();
  }

  undo(): void {
    undoLease(this.#departed, this.#pool);
  }
}
