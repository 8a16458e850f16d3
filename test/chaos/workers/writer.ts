/** Makes the messages of a sender. */

import type { BufferPool, Lease } from '../../../src/index.ts';
import type { Payload } from '../lanes.ts';
import { inscribe, LEASE_SIZES, MESSAGE_SIZES, STAMP_BYTES, type Stamp, UNBOOKED } from '../payload.ts';

export class Writer {
  readonly #place: number;
  readonly #payload: Payload;
  readonly #pool: BufferPool;

  constructor(place: number, payload: Payload, pool: BufferPool) {
    this.#place = place;
    this.#payload = payload;
    this.#pool = pool;
  }

  message(sequence: number, round: number): Uint8Array | Lease {
    const sizes = this.#payload === 'bytes' ? MESSAGE_SIZES : LEASE_SIZES;
    return this.#write(sizes[sequence % sizes.length]!, { sender: this.#place, sequence, round });
  }

  /** The smallest message there is, in no book. */
  unbooked(): Uint8Array | Lease {
    return this.#write(STAMP_BYTES, { sender: this.#place, sequence: UNBOOKED, round: 0 });
  }

  #write(byteLength: number, stamp: Stamp): Uint8Array | Lease {
    const message = this.#payload === 'bytes' ? new Uint8Array(byteLength) : this.#pool.leaseSync(byteLength);
    inscribe(message instanceof Uint8Array ? message : message.bytes, stamp);
    return message;
  }
}
