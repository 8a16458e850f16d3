/** Numbered messages of each kind that a channel treats differently. */

import { type BufferPool, bytes, type Codec, type Lease, lease } from '../../../src/index.ts';

/** In the slot, in a pool block of the channel's, or in a lease of the user's. */
export type Kind = 'inline' | 'pooled' | 'lease';

export const KINDS: readonly Kind[] = ['inline', 'pooled', 'lease'];

/** Of a message that is not in its slot. */
export const MESSAGE_BYTES = 1000;
const BYTES: Record<Kind, number> = { inline: 8, pooled: MESSAGE_BYTES, lease: MESSAGE_BYTES };

export function codecOf(kind: Kind): Codec<any> {
  return kind === 'lease' ? lease() : bytes();
}

export function makeMessage(kind: Kind, number: number, pool: BufferPool): unknown {
  if (kind !== 'lease') return new Uint8Array(BYTES[kind]).fill(number);
  const made = pool.leaseSync(BYTES.lease);
  made.bytes.fill(number);
  return made;
}

/** The number of a message; −1 when it is torn. */
export function numberOf(kind: Kind, message: unknown): number {
  const content = kind === 'lease' ? (message as Lease).bytes : (message as Uint8Array);
  const number = content[0]!;
  return content.length === BYTES[kind] && content.every((byte) => byte === number) ? number : -1;
}

/** Gives back what a message holds. */
export function spend(kind: Kind, message: unknown): void {
  if (kind === 'lease') (message as Lease).release();
}
