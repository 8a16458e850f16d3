/**
 * The segment: the one piece of memory that all threads share, and this thread's views of it.
 *
 * It is a shared `WebAssembly.Memory` where the runtime has one, so that compiled code can work on it too; its `buffer`
 * is an ordinary SharedArrayBuffer. All of it is reserved at once and none of it is resident until touched.
 */

import { IncompatibleSegmentError, LimitError } from '../errors.ts';
import { describe } from './describe.ts';
import {
  HEADER_BITMAPS,
  HEADER_CELLS,
  HEADER_CHANNEL_HOLDS,
  HEADER_CHANNEL_TABLE,
  HEADER_END_TABLE,
  HEADER_EPOCH,
  HEADER_FIRST_PAGE,
  HEADER_FLAGS,
  HEADER_ID,
  HEADER_MAGIC,
  HEADER_OWNERS,
  HEADER_PAGE_TABLE,
  HEADER_PAGES,
  HEADER_SCOPE_TABLE,
  HEADER_SCOPES,
  HEADER_SPIN,
  HEADER_SYNC_STRIDE,
  HEADER_SYNC_TABLE,
  HEADER_SYNCS,
  HEADER_THREADS,
  HEADER_VERSION,
  LAYOUT_VERSION,
  type Layout,
  layoutOf,
  MAGIC,
  PAGE_BYTES,
  THREADS_MAX,
} from './layout.ts';
import { bind, bound, load, peek, poke, store } from './words.ts';

/** What `WebAssembly.Memory` is to us, without asking for the DOM's types. */
export interface SharedMemory {
  readonly buffer: ArrayBufferLike;
}

interface MemoryConstructor {
  new (descriptor: { initial: number; maximum: number; shared: true }): SharedMemory;
}

export interface SegmentOptions {
  /** Bytes in all; rounded down to whole pages. */
  readonly memory: number;
  readonly threads: number;
  /** Most looks before a thread goes to sleep. */
  readonly spin: number;
  readonly debug: boolean;
}

const BYTES_MIN = 4 * 1024 * 1024;
const BYTES_MAX = 65_536 * PAGE_BYTES;
const SPIN_MAX = 2 ** 30;

export class Segment {
  readonly memory: SharedMemory;
  readonly words: Int32Array;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly floats: Float64Array;
  readonly longs: BigInt64Array;
  readonly buffer: SharedArrayBuffer;
  readonly id: string;
  /** `Date.now()` when the segment was made. */
  readonly epoch: number;
  readonly spin: number;
  readonly debug: boolean;
  readonly threads: number;
  readonly pages: number;

  private constructor(memory: SharedMemory) {
    this.memory = memory;
    this.buffer = memory.buffer as SharedArrayBuffer;
    this.words = new Int32Array(this.buffer);
    this.bytes = new Uint8Array(this.buffer);
    this.floats = new Float64Array(this.buffer, 0, Math.floor(this.buffer.byteLength / 8));
    this.longs = new BigInt64Array(this.buffer, 0, Math.floor(this.buffer.byteLength / 8));
    this.enter();
    this.id = `${(peek(HEADER_ID) >>> 0).toString(16)}-${(peek(HEADER_ID + 1) >>> 0).toString(16)}`;
    this.epoch = (peek(HEADER_EPOCH) >>> 0) + peek(HEADER_EPOCH + 1) * 2 ** 32;
    this.spin = peek(HEADER_SPIN);
    this.debug = (peek(HEADER_FLAGS) & 1) !== 0;
    this.threads = peek(HEADER_THREADS);
    this.pages = peek(HEADER_PAGES);
  }

  /** Makes a new segment. Throws {@link LimitError} when the options ask for more than there can be. */
  static create(options: SegmentOptions): Segment {
    const { memory: bytes, threads, spin, debug } = options;
    if (!Number.isInteger(threads) || threads < 1 || threads > THREADS_MAX) {
      throw new LimitError(`threads: expected an integer from 1 to ${THREADS_MAX}, met ${describe(threads)}`);
    }
    if (!Number.isFinite(bytes) || bytes < BYTES_MIN || bytes > BYTES_MAX) {
      throw new LimitError(`memory: expected ${BYTES_MIN} to ${BYTES_MAX} bytes, met ${describe(bytes)}`);
    }
    if (!Number.isInteger(spin) || spin < 0 || spin > SPIN_MAX) {
      throw new LimitError(`spin: expected an integer from 0 to ${SPIN_MAX}, met ${describe(spin)}`);
    }
    const pages = Math.floor(bytes / PAGE_BYTES);
    const layout = layoutOf(threads, pages * PAGE_BYTES);
    if (layout.pages < 1) {
      throw new LimitError(`memory: ${bytes} bytes leave nothing for messages beside the tables of ${threads} threads`);
    }
    const memory = allocate(pages);
    bind(new Int32Array(memory.buffer));
    const id = crypto.getRandomValues(new Int32Array(2));
    const now = Date.now();
    poke(HEADER_ID, id[0]!);
    poke(HEADER_ID + 1, id[1]!);
    poke(HEADER_PAGES, layout.pages);
    poke(HEADER_THREADS, threads);
    poke(HEADER_SPIN, spin);
    poke(HEADER_FLAGS, debug ? 1 : 0);
    poke(HEADER_EPOCH, now | 0);
    poke(HEADER_EPOCH + 1, Math.floor(now / 2 ** 32));
    for (const [word, at] of tablesOf(layout)) poke(word, at);
    poke(HEADER_VERSION, LAYOUT_VERSION);
    store(HEADER_MAGIC, MAGIC);
    return new Segment(memory);
  }

  /** This thread's views of a segment made elsewhere. Throws {@link IncompatibleSegmentError} when it is none of ours. */
  static open(memory: unknown): Segment {
    const buffer = (memory as SharedMemory | undefined)?.buffer;
    if (!(buffer instanceof SharedArrayBuffer) || buffer.byteLength < BYTES_MIN) {
      throw new IncompatibleSegmentError(`expected the shared memory of a sluice segment, met ${describe(memory)}`);
    }
    bind(new Int32Array(buffer));
    const magic = load(HEADER_MAGIC);
    if (magic !== MAGIC) {
      throw new IncompatibleSegmentError(
        `expected a sluice segment (magic ${hex(MAGIC)}), met shared memory that starts with ${hex(magic)}`,
      );
    }
    const version = peek(HEADER_VERSION);
    if (version !== LAYOUT_VERSION) {
      throw new IncompatibleSegmentError(
        `expected segment layout version ${LAYOUT_VERSION}, met version ${version}: both threads must run the same sluice`,
      );
    }
    checkHeader(buffer.byteLength);
    return new Segment(memory as SharedMemory);
  }

  /** Binds the kernel to this segment. Call it first, and again after running user code. */
  enter(): void {
    if (bound() !== this.words) bind(this.words);
  }

  /** Milliseconds since the segment was made. */
  now(): number {
    return (Date.now() - this.epoch) | 0;
  }
}

/** What is written down in the header follows from two of its words and the size. */
function checkHeader(byteLength: number): void {
  const threads = peek(HEADER_THREADS);
  if (threads < 1 || threads > THREADS_MAX) {
    throw new IncompatibleSegmentError(`expected a segment for 1 to ${THREADS_MAX} threads, met one for ${threads}`);
  }
  const layout = layoutOf(threads, Math.floor(byteLength / PAGE_BYTES) * PAGE_BYTES);
  if (peek(HEADER_PAGES) !== layout.pages) {
    throw new IncompatibleSegmentError(`expected a segment of ${layout.pages} pages, met ${peek(HEADER_PAGES)}`);
  }
  if (tablesOf(layout).some(([word, at]) => peek(word) !== at)) {
    throw new IncompatibleSegmentError('expected tables where this version lays them out, met a header with others');
  }
  const spin = peek(HEADER_SPIN);
  if (spin < 0 || spin > SPIN_MAX) {
    throw new IncompatibleSegmentError(`expected 0 to ${SPIN_MAX} looks before a sleep, met ${spin}`);
  }
}

/** The words of the header that say where the tables are and how large, and what they say. */
function tablesOf(layout: Layout): readonly (readonly [number, number])[] {
  return [
    [HEADER_CELLS, layout.cells],
    [HEADER_CHANNEL_TABLE, layout.channelTable],
    [HEADER_CHANNEL_HOLDS, layout.holds],
    [HEADER_END_TABLE, layout.endTable],
    [HEADER_SCOPE_TABLE, layout.scopeTable],
    [HEADER_SCOPES, layout.scopes],
    [HEADER_SYNC_TABLE, layout.syncTable],
    [HEADER_SYNCS, layout.syncs],
    [HEADER_SYNC_STRIDE, layout.syncStride],
    [HEADER_PAGE_TABLE, layout.pageTable],
    [HEADER_BITMAPS, layout.bitmaps],
    [HEADER_OWNERS, layout.owners],
    [HEADER_FIRST_PAGE, layout.firstPage],
  ];
}

function allocate(pages: number): SharedMemory {
  const Memory = (globalThis as { WebAssembly?: { Memory: MemoryConstructor } }).WebAssembly?.Memory;
  try {
    if (!Memory) return { buffer: new SharedArrayBuffer(pages * PAGE_BYTES) };
    return new Memory({ initial: pages, maximum: pages, shared: true });
  } catch (error) {
    throw new LimitError(`memory: the system refused a shared segment of ${pages * PAGE_BYTES} bytes`, {
      cause: error,
    });
  }
}

function hex(word: number): string {
  return `0x${(word >>> 0).toString(16).padStart(8, '0')}`;
}
