/** Why a scope was cancelled, in the few words that its entry has for that: a structured clone. */

import { deserialize, serialize } from 'node:v8';
import { describe } from '../memory/describe.ts';
import { REASON_MAX_BYTES } from '../memory/layout.ts';

/** Whatever its characters, a message of so many of them has room. */
const MESSAGE_LONGEST = 100;
const NAME_LONGEST = 40;

type Packed = readonly ['value', unknown] | readonly ['error', name: string, message: string, code: unknown];

/** Of an error its name, message and code; anything else whole, or what it is in a few words. Undefined for none. */
export function encodeReason(reason: unknown): Uint8Array | undefined {
  if (reason === undefined) return undefined;
  if (!(reason instanceof Error))
    return packed('value', reason) ?? packed('error', 'Error', describe(reason), undefined);
  const { name, message, code } = reason as Error & { code?: unknown };
  const plainCode = typeof code === 'string' || typeof code === 'number' ? code : undefined;
  const [shortName, shortMessage] = [String(name).slice(0, NAME_LONGEST), String(message).slice(0, MESSAGE_LONGEST)];
  return (
    packed('error', String(name), String(message), plainCode) ??
    packed('error', shortName, shortMessage, plainCode) ??
    packed('error', shortName, shortMessage, undefined)
  );
}

/** Makes a reason anew. */
export function decodeReason(bytes: Uint8Array): unknown {
  try {
    const found = deserialize(bytes) as Packed;
    if (found[0] === 'value') return found[1];
    const [, name, message, code] = found;
    return Object.assign(new Error(message), { name }, code !== undefined && { code });
  } catch (cause) {
    return new Error('the reason cannot be read', { cause });
  }
}

/** Undefined when it cannot be cloned, or is too large. */
function packed(...reason: Packed): Uint8Array | undefined {
  try {
    const bytes = serialize(reason);
    return bytes.length <= REASON_MAX_BYTES ? bytes : undefined;
  } catch {
    return undefined;
  }
}
