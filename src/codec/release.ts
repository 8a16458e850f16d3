/** Giving back what a value holds that nobody will receive. */

import type { Lease } from '../pool/lease.ts';
import type { Codec } from './codec.ts';
import type { StructCodec } from './struct.ts';
import { carriesLeases } from './wire.ts';

/** Releases the leases in a value of the codec, unless they are spent. */
export function releaseLeases<T>(codec: Codec<T>, value: T): void {
  if (codec.kind === 'lease') (value as unknown as Lease)[Symbol.dispose]();
  if (codec.kind !== 'struct' || !carriesLeases(codec)) return;
  for (const [name, field] of Object.entries((codec as StructCodec<any>).fields)) {
    releaseLeases(field, (value as Record<string, unknown>)[name]);
  }
}
