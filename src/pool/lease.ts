/** A block of pooled bytes in the hands of this thread. */

import { LeaseReleasedError } from '../errors.ts';
import { describe } from '../memory/describe.ts';
import type { i32 } from '../memory/words.ts';
import type { BufferPool } from './pool.ts';

type State = 'held' | 'lent' | 'sending' | 'sent' | 'released' | 'given up' | 'recalled';

const FATES: Record<State, string> = {
  held: 'is held',
  lent: 'is lent until its delivery is acknowledged',
  sending: 'is being sent',
  sent: 'was sent',
  released: 'was released',
  'given up': 'was released',
  recalled: 'went back with its delivery',
};

/**
 * Bytes that exactly one thread owns. They live in shared memory, start on a 64-byte boundary, and are handed to another
 * thread by sending the lease; what the block held before is still in it. A lease that was sent or released is spent:
 * touching it throws {@link LeaseReleasedError}.
 *
 * ```ts
 * using lease = await pool.lease(1 << 20);
 * lease.bytes.set(header);
 * await sender.send(lease);       // spent from here on; `using` then has nothing left to do
 * ```
 */
export class Lease implements Disposable {
  /** @internal */
  readonly block: i32;
  readonly #pool: BufferPool;
  readonly #byteOffset: number;
  #byteLength: number;
  #state: State;
  #bytes: Uint8Array<SharedArrayBuffer> | undefined;
  #buffer: Buffer<SharedArrayBuffer> | undefined;

  /** @internal */
  constructor(pool: BufferPool, block: i32, byteOffset: number, byteLength: number, state: 'held' | 'lent' = 'held') {
    this.#pool = pool;
    this.#state = state;
    this.block = block;
    this.#byteOffset = byteOffset;
    this.#byteLength = byteLength;
  }

  /** The bytes, in place. */
  get bytes(): Uint8Array<SharedArrayBuffer> {
    this.#assertHeld();
    this.#bytes ??= new Uint8Array(this.#pool.segment.buffer, this.#byteOffset, this.#byteLength);
    return this.#bytes;
  }

  /** The same bytes as a Node `Buffer`. */
  get buffer(): Buffer<SharedArrayBuffer> {
    this.#assertHeld();
    this.#buffer ??= Buffer.from(this.#pool.segment.buffer, this.#byteOffset, this.#byteLength);
    return this.#buffer;
  }

  get byteLength(): number {
    this.#assertHeld();
    return this.#byteLength;
  }

  /** Keeps the first `byteLength` bytes. The block stays as large as it is. */
  truncate(byteLength: number): this {
    this.#assertHeld();
    if (!Number.isInteger(byteLength) || byteLength < 0 || byteLength > this.#byteLength) {
      throw new RangeError(`truncate: expected 0 to ${this.#byteLength} bytes, met ${describe(byteLength)}`);
    }
    this.#byteLength = byteLength;
    this.#bytes = undefined;
    this.#buffer = undefined;
    return this;
  }

  /** Gives the block back to the pool. Throws {@link LeaseReleasedError} when it was sent or released before. */
  release(): void {
    this.#assertHeld();
    const lent = this.#state === 'lent';
    this.#state = lent ? 'given up' : 'released';
    this.#forget();
    // The block of a message that may yet go to somebody else waits for its acknowledgement.
    if (!lent) this.#pool.giveBack(this.block);
  }

  /** Releases the lease unless it is spent already. */
  [Symbol.dispose](): void {
    if (this.#state === 'held' || this.#state === 'lent') this.release();
  }

  /** @internal The message it came with was acknowledged: the block is this thread's. */
  keep(): void {
    if (this.#state === 'lent') {
      this.#state = 'held';
    } else {
      this.#state = 'released';
      this.#pool.giveBack(this.block);
    }
  }

  /** @internal The message it came with goes to somebody else. */
  recall(): void {
    this.#state = 'recalled';
    this.#forget();
  }

  /** @internal Takes it out of the user's hands while it is being sent. */
  depart(pool: BufferPool): void {
    if (this.#state !== 'held') this.#refuse();
    if (pool.segment.id !== this.#pool.segment.id) {
      throw new LeaseReleasedError('expected a lease of the pool of this channel, met one of another supervisor');
    }
    this.#state = 'sending';
  }

  /** @internal The send was called off. */
  comeBack(): void {
    this.#state = 'held';
  }

  /** @internal The send was accepted. */
  arrive(): void {
    this.#state = 'sent';
    this.#forget();
  }

  #forget(): void {
    this.#bytes = undefined;
    this.#buffer = undefined;
  }

  #assertHeld(): void {
    if (this.#state !== 'held' && this.#state !== 'lent') this.#refuse();
  }

  #refuse(): never {
    throw new LeaseReleasedError(`expected a lease that this thread holds, met one that ${FATES[this.#state]}`);
  }
}
