/** A segment that is as good as new for every case, and costs no more than a copy. */

import { Attachment } from '../../src/channel/attachment.ts';
import type { Layout } from '../../src/memory/layout.ts';
import { layoutOf, PAGE_BYTES } from '../../src/memory/layout.ts';
import { Segment } from '../../src/memory/segment.ts';
import type { Lease } from '../../src/pool/lease.ts';

const BYTES = 4 * 1024 * 1024;
const THREADS = 4;

export class Rig {
  readonly #segment = Segment.create({ memory: BYTES, threads: THREADS, spin: 100, debug: false });
  readonly #image = new Uint8Array(this.#segment.bytes);

  get words(): Int32Array {
    return this.#segment.words;
  }

  get layout(): Layout {
    return layoutOf(THREADS, Math.floor(BYTES / PAGE_BYTES) * PAGE_BYTES);
  }

  /** Calls `use` with this thread attached to the segment, after `prepare` has had its way with the words. */
  async with(use: (attachment: Attachment) => Promise<void>, prepare: (words: Int32Array) => void = () => {}) {
    this.#segment.bytes.set(this.#image);
    prepare(this.words);
    const attachment = Attachment.of(Segment.open(this.#segment.memory), 'fuzz', 1);
    try {
      await use(attachment);
    } finally {
      attachment.detach();
    }
  }

  /** Throws if the bytes of a lease are not in the pages of the pool. */
  assertInPool({ bytes }: Lease): void {
    const first = this.layout.firstPage * Int32Array.BYTES_PER_ELEMENT;
    const end = first + this.layout.pages * PAGE_BYTES;
    if (bytes.buffer === this.#segment.buffer && bytes.byteOffset >= first && bytes.byteOffset + bytes.length <= end) {
      return;
    }
    throw new Error(
      `expected bytes within ${first} … ${end}, met ${bytes.byteOffset} … ${bytes.byteOffset + bytes.length}`,
    );
  }
}
