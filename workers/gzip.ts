/** A compressing thread of `sluice gzip`: from lease to lease, one block after the other, until there are no more. */

import { MessageChannel } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { gzip } from 'libdeflate';
import { attach, type BufferPool, type Lease, type Receiver, type Sender, type Shared } from '../src/index.ts';

/** What the main thread hands over: see `src/cli/gzip/ports.ts`. */
export interface GzipPorts {
  readonly blocks: Receiver<{ index: number; body: Lease }>;
  readonly members: Sender<{ index: number; blockBytes: number; body: Lease }>;
  readonly pool: BufferPool;
  readonly leaseBytes: number;
  readonly level: number;
}

export default function compressBlocks(shared: Shared<GzipPorts>): void {
  const { blocks, members, pool, leaseBytes, level } = attach(shared);
  try {
    for (const { index, body } of blocks) {
      const blockBytes = body.byteLength;
      const compressed = gzip(body.bytes, level);
      verify(compressed, body.buffer, index);
      // Released before the next is leased: no block in flight ever holds two.
      body.release();
      const lease = pool.leaseSync(leaseBytes).truncate(compressed.length);
      lease.bytes.set(compressed);
      freeAtOnce(compressed);
      members.sendSync({ index, blockBytes, body: lease });
    }
  } finally {
    members.close();
  }
}

function verify(compressed: Uint8Array, block: Buffer, index: number): void {
  // One chunk that the whole block fits into, with room to spare that tells the inflater that it is done.
  const inflated = gunzipSync(compressed, { chunkSize: Math.max(block.length + 1, 64) });
  if (!inflated.equals(block)) {
    throw new Error(`block ${index}: expected its member to inflate to the same ${block.length} bytes, met others`);
  }
  freeAtOnce(inflated);
}

const { port1: nowhere } = new MessageChannel();
nowhere.close();

/**
 * Frees the memory behind `bytes`, which nobody may touch any more. Left to the garbage collector, each thread would
 * have some 30 MB of such buffers before it thought of collecting. What is transferred to a closed port is detached here
 * and arrives nowhere. Small buffers may share their memory with others of Node's, and are left alone.
 */
function freeAtOnce({ buffer }: Uint8Array): void {
  if (buffer.byteLength > Buffer.poolSize) nowhere.postMessage(undefined, [buffer as ArrayBuffer]);
}
