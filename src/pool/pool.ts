/**
 * The buffer pool, as this thread sees it: blocks of shared memory that are leased, sent and given back.
 *
 * Which thread owns which block is one word per block in the segment (`kernel/blocks.ts`); waiting for a block parks
 * like everything else, so that memory itself gives backpressure.
 */

import type { Kernel } from '../engine/engine.ts';
import { LimitError, PoolExhaustedError, TimeoutError } from '../errors.ts';
import { BLOCKED, CLOSED, TOO_LARGE } from '../kernel/codes.ts';
import { describe } from '../memory/describe.ts';
import {
  BLOCK_UNIT_BYTES,
  HEADER_CLOSING,
  HEADER_POOL_PEAK,
  HEADER_POOL_WAITERS,
  PAGE_BYTES,
  PAGE_OWNERS,
  PARKED_POOL,
  SLAB_CLASSES,
  WORD_BYTES,
} from '../memory/layout.ts';
import type { Segment } from '../memory/segment.ts';
import type { i32 } from '../memory/words.ts';
import { load } from '../memory/words.ts';
import type { WaitOptions } from '../park/deadline.ts';
import { PromisedOperation } from '../park/promised.ts';
import { assertUncancelled, blockUnder } from '../park/scope.ts';
import type { ThreadContext } from '../park/thread.ts';
import { WaitPoint } from '../park/wait-point.ts';
import { Lease } from './lease.ts';

export interface PoolStats {
  /** Bytes that leases and large messages can take, in all. */
  readonly bytes: number;
  /** Bytes of the blocks in use now, and the most there ever were. Channels live in blocks, too. */
  readonly inUse: number;
  readonly peak: number;
  /** One entry a block size in use: `total` blocks there are, `free` of them not in use. */
  readonly classes: readonly { readonly size: number; readonly total: number; readonly free: number }[];
  /** Blocks that a thread owns, or that are on their way between two. */
  readonly leases: number;
}

export class BufferPool {
  /** @internal */
  readonly segment: Segment;
  /** @internal Where to wait for memory. */
  readonly point: WaitPoint;
  readonly #thread: ThreadContext;
  readonly #kernel: Kernel;

  /** @internal */
  constructor(thread: ThreadContext) {
    this.segment = thread.segment;
    this.#thread = thread;
    this.#kernel = thread.kernel;
    this.point = new WaitPoint(thread, {
      set: HEADER_POOL_WAITERS,
      parkedOn: PARKED_POOL,
      // Whoever gives a block back wakes everybody, so there is never a wake-up to hand on.
      backlog: () => 0,
    });
  }

  /**
   * A block of at least `byteLength` bytes; waits for one to be given back while there is none.
   * Throws {@link PoolExhaustedError} when the pool is smaller than that, or was closed; {@link TimeoutError}.
   */
  lease(byteLength: number, options?: WaitOptions): Promise<Lease> {
    const asked = checkLength(byteLength);
    return new Promise((resolve, reject) => {
      assertUncancelled(this.#thread, options);
      this.segment.enter();
      const operation = new PendingLease(this, asked, resolve, reject);
      if (!operation.attempt()) operation.start(this.point, options, () => this.#late(asked));
    });
  }

  /** The same, blocking this thread. */
  leaseSync(byteLength: number, options?: Omit<WaitOptions, 'signal'>): Lease {
    const asked = checkLength(byteLength);
    assertUncancelled(this.#thread, options);
    this.segment.enter();
    let block = this.take(asked);
    if (block === BLOCKED) {
      block = blockUnder(this.#thread, [this.point], () => this.take(asked), options);
      if (block === BLOCKED) throw this.#late(asked);
    }
    return this.leaseOf(block, asked);
  }

  /** The same, or undefined when there is no block now. */
  tryLease(byteLength: number): Lease | undefined {
    const asked = checkLength(byteLength);
    this.segment.enter();
    const block = this.take(asked);
    return block === BLOCKED ? undefined : this.leaseOf(block, asked);
  }

  stats(): PoolStats {
    this.segment.enter();
    const total = new Array<number>(SLAB_CLASSES).fill(0);
    const free = new Array<number>(SLAB_CLASSES).fill(0);
    const runs = new Map<number, number>();
    let leases = 0;
    const used = this.#kernel.pagesUsed();
    for (let page = 0; page < used; page++) {
      const sizeClass = this.#kernel.pageClass(page);
      if (sizeClass < 0) continue;
      const first = page * PAGE_OWNERS;
      if (sizeClass === SLAB_CLASSES) {
        const size = this.#kernel.runPages(page) * PAGE_BYTES;
        runs.set(size, (runs.get(size) ?? 0) + 1);
        if (this.#kernel.blockLeased(first)) leases++;
        continue;
      }
      const blocks = this.#kernel.slabBlocks(sizeClass);
      total[sizeClass]! += blocks;
      for (let block = first; block < first + blocks; block++) {
        if (this.#kernel.blockVacant(block)) free[sizeClass]!++;
        else if (this.#kernel.blockLeased(block)) leases++;
      }
    }
    const slabs = total.map((count, sizeClass) => ({
      size: BLOCK_UNIT_BYTES << sizeClass,
      total: count,
      free: free[sizeClass]!,
    }));
    const large = [...runs].sort(([a], [b]) => a - b).map(([size, count]) => ({ size, total: count, free: 0 }));
    const classes = [...slabs.filter(({ total: count }) => count > 0), ...large];
    // Not from the counter that the peak comes from: a thread may have died between a block and its count.
    const inUse = classes.reduce((sum, { size, total: count, free: vacant }) => sum + size * (count - vacant), 0);
    const peak = Math.max(inUse, load(HEADER_POOL_PEAK) * BLOCK_UNIT_BYTES);
    return { bytes: this.segment.pages * PAGE_BYTES, inUse, peak, classes, leases };
  }

  // ── For codecs and channels: blocks without a lease around them ─────────────────────────────────────────────────────

  /** @internal A block, BLOCKED or (the segment is being closed) CLOSED. Throws when no such block can ever be had. */
  take(byteLength: number): i32 {
    const block = this.#kernel.blockTake(this.#thread.id, byteLength);
    if (block >= 0) return block;
    if (block === TOO_LARGE) {
      throw new PoolExhaustedError(
        `expected at most the pool's ${this.segment.pages * PAGE_BYTES} bytes, met a request for ${byteLength}`,
      );
    }
    return load(HEADER_CLOSING) === 0 ? BLOCKED : CLOSED;
  }

  /** @internal The lease of a block that this thread owns, or the error that a code stands for. */
  leaseOf(block: i32, byteLength: number): Lease {
    if (block === CLOSED) throw new PoolExhaustedError('expected an open pool, met one whose supervisor was closed');
    return new Lease(this, block, this.byteOffset(block), byteLength);
  }

  /** @internal A lease of a block that is still on its way to this thread. */
  lend(block: i32, byteLength: number): Lease {
    return new Lease(this, block, this.byteOffset(block), byteLength, 'lent');
  }

  /** @internal Byte offset of a block in the segment. */
  byteOffset(block: i32): number {
    return this.#kernel.blockAddress(block) * WORD_BYTES;
  }

  /** @internal Bytes a block can hold. */
  capacityOf(block: i32): number {
    return this.#kernel.blockCapacity(block);
  }

  /** @internal Puts a block on its way to another thread. */
  send(block: i32): void {
    this.#kernel.blockSend(block, this.#thread.id);
  }

  /** @internal Takes back a block that was put on its way. */
  unsend(block: i32): void {
    this.#kernel.blockUnsend(block, this.#thread.id);
  }

  /** @internal Whether there is such a block, and it can hold so many bytes. */
  holds(block: i32, byteLength: number): boolean {
    return !!this.#kernel.blockHolds(block, byteLength);
  }

  /** @internal Whether a block is on its way, and can hold so many bytes. */
  flies(block: i32, byteLength: number): boolean {
    return !!this.#kernel.blockHolds(block, byteLength) && !!this.#kernel.blockFlying(block);
  }

  /** @internal Makes this thread the owner of a block that is on its way, unless it cannot hold so many bytes. */
  receive(block: i32, byteLength: number): boolean {
    return !!this.#kernel.blockHolds(block, byteLength) && !!this.#kernel.blockReceive(block, this.#thread.id);
  }

  /** @internal Hands a block of this thread to the segment, to outlive the thread. */
  donate(block: i32): void {
    this.#kernel.blockDonate(block, this.#thread.id);
  }

  /** @internal Frees a block that belongs to the segment. */
  dismiss(block: i32): void {
    if (this.#kernel.blockDismiss(block, this.#thread.id)) this.announce();
  }

  /** @internal Frees a block of this thread, and tells those who wait for memory. */
  giveBack(block: i32): void {
    this.segment.enter();
    if (this.#kernel.blockRelease(block, this.#thread.id)) this.announce();
  }

  /** @internal Tells those who wait for memory to look again. */
  announce(): void {
    if (this.#kernel.waitersAny(HEADER_POOL_WAITERS)) this.#thread.wakeAll(HEADER_POOL_WAITERS);
  }

  #late(byteLength: number): TimeoutError {
    return new TimeoutError(`expected a block of ${byteLength} bytes within the time allowed, met a pool in full use`);
  }
}

class PendingLease extends PromisedOperation<Lease> {
  readonly #pool: BufferPool;
  readonly #byteLength: number;

  constructor(pool: BufferPool, byteLength: number, resolve: (lease: Lease) => void, reject: (error: unknown) => void) {
    super(resolve, reject);
    this.#pool = pool;
    this.#byteLength = byteLength;
  }

  override attempt(): boolean {
    try {
      const block = this.#pool.take(this.#byteLength);
      if (block === BLOCKED) return false;
      this.resolve(this.#pool.leaseOf(block, this.#byteLength));
    } catch (error) {
      this.reject(error);
    }
    return true;
  }
}

function checkLength(byteLength: number): number {
  if (Number.isInteger(byteLength) && byteLength >= 0 && byteLength < 2 ** 31) return byteLength;
  throw new LimitError(`lease: expected a byte length from 0 to ${2 ** 31 - 1}, met ${describe(byteLength)}`);
}
