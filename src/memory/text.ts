/** Names in a segment: UTF-8, of so many bytes at most. */

import { LimitError } from '../errors.ts';
import { NAME_MAX_BYTES, WORD_BYTES } from './layout.ts';
import type { Segment } from './segment.ts';
import type { i32 } from './words.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The bytes of a name. Throws LimitError for one that is too long. */
export function encodeName(name: string): Uint8Array {
  const bytes = encoder.encode(name);
  if (bytes.length <= NAME_MAX_BYTES) return bytes;
  throw new LimitError(`name: expected at most ${NAME_MAX_BYTES} bytes of UTF-8, met ${bytes.length}`);
}

/** The name at word index `at`, of `length` bytes as far as that can be. */
export function readName(segment: Segment, at: i32, length: number): string {
  const most = Math.min(Math.max(0, length), NAME_MAX_BYTES);
  // A copy: decoding bytes that another thread may still write is not safe everywhere.
  return decoder.decode(segment.bytes.slice(at * WORD_BYTES, at * WORD_BYTES + most));
}
