/** From the description of a codec to the code that does it. */

import { CodecError } from '../errors.ts';
import { describe } from '../memory/describe.ts';
import { type BlobCodec, type BlobOptions, BlobWire, checkBlob, customTranslation, translations } from './blob.ts';
import type { RefCodec } from './channel-ref.ts';
import type { Codec, CustomCodec, Wire, WireContext } from './codec.ts';
import { LeaseWire } from './lease.ts';
import { refuse } from './scalars.ts';
import { fieldOf, type StructCodec, struct, structWire } from './struct.ts';

/**
 * Binds a codec to this thread's pool. Throws CodecError when it is none, or not registered here: a description may have
 * come from another thread, so it is looked at as closely as one that is made here.
 */
export function wireOf<T>(codec: Codec<T>, context: WireContext): Wire<T> {
  const { pool } = context;
  switch (codec?.kind) {
    case 'u32':
    case 'i32':
    case 'f64':
    case 'i64':
    case 'bool':
    case 'bytes.fixed':
      return fieldOf(codec, pool.segment, context.refs);
    case 'channelRef':
      checkRef(codec as unknown as RefCodec<any>, context);
      return fieldOf(codec, pool.segment, context.refs);
    case 'bytes':
    case 'utf8':
    case 'json':
    case 'structured':
      return new BlobWire<T>(translations[(codec as BlobCodec<T>).kind], checkBlob(codec as BlobCodec<T>), pool);
    case 'struct':
      for (const field of Object.values((codec as StructCodec<T>).fields ?? {})) {
        if (field?.kind === 'channelRef') checkRef(field as RefCodec<any>, context);
      }
      return structWire(struct((codec as StructCodec<T>).fields) as StructCodec<T>, context);
    case 'lease':
      return new LeaseWire(pool) as Wire<any>;
    case 'custom': {
      const { name } = codec as CustomCodec<T>;
      const known = context.customs.get(name);
      if (known) return new BlobWire<T, Uint8Array>(customTranslation(known), checkBlob(codec as BlobOptions), pool);
      throw new CodecError(`expected the codec "${name}" among attach's option "codecs", met none of that name`);
    }
    default:
      throw new CodecError(`expected a codec such as u32, bytes() or struct({ … }), met ${describe(codec)}`);
  }
}

/** The deepest that channels of channels of channels … may be described. */
const REFS_DEEPEST = 16;
let refsDeep = 0;

/** Whether this thread could take up the channels that arrive: it is better told before the first of them does. */
function checkRef({ codec }: RefCodec<any>, context: WireContext): void {
  if (refsDeep >= REFS_DEEPEST) refuse(`channels of channels at most ${REFS_DEEPEST} deep`, 'more');
  refsDeep++;
  try {
    wireOf(codec, context);
  } finally {
    refsDeep--;
  }
}

/** Whether two descriptions are of the same codec. */
export function sameCodec(codec: Codec<any>, other: Codec<any>): boolean {
  return codec === other || JSON.stringify(portable(codec)) === JSON.stringify(portable(other));
}

/** Every codec that is described in this one, itself first. */
export function codecsIn(codec: Codec<any>): Codec<any>[] {
  if (codec?.kind === 'channelRef') return [codec, ...codecsIn((codec as unknown as RefCodec<any>).codec)];
  if (codec?.kind !== 'struct') return [codec];
  return [codec, ...Object.values((codec as StructCodec<any>).fields ?? {}).flatMap(codecsIn)];
}

/** Whether values of the codec have leases in them. */
export function carriesLeases(codec: Codec<any>): boolean {
  if (codec.kind !== 'struct') return codec.kind === 'lease';
  return Object.values((codec as StructCodec<any>).fields).some(carriesLeases);
}

/** What of a codec travels to other threads. */
export function portable<T>(codec: Codec<T>): Codec<T> {
  if (codec.kind === 'channelRef') {
    return { kind: 'channelRef', codec: portable((codec as unknown as RefCodec<any>).codec) } as Codec<any>;
  }
  if (codec.kind === 'struct') {
    const fields = Object.entries((codec as StructCodec<T>).fields).map(([name, field]) => [name, portable(field)]);
    return { kind: 'struct', fields: Object.fromEntries(fields) } as Codec<any>;
  }
  if (codec.kind !== 'custom') return codec;
  const { encode: _encode, decode: _decode, ...rest } = codec as CustomCodec<T>;
  return rest;
}
