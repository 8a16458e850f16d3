/** What the main thread and the compressing threads of `sluice gzip` share; `workers/gzip.ts` has the other side. */

import { type BufferPool, lease, type Receiver, type Sender, struct, u32, type ValueOf } from '../../index.ts';

/** Part of the input. `body` is its bytes. */
export const block = struct({ index: u32, body: lease() });
export type Block = ValueOf<typeof block>;

/** A block, compressed to a gzip member of its own, which was inflated again and compared with the block. */
export const member = struct({ index: u32, blockBytes: u32, body: lease() });
export type Member = ValueOf<typeof member>;

export interface GzipPorts {
  readonly blocks: Receiver<Block>;
  readonly members: Sender<Member>;
  readonly pool: BufferPool;
  /** Bytes to lease for a block or a member, whatever its length. */
  readonly leaseBytes: number;
  readonly level: number;
}
