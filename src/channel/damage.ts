/**
 * Queues whose words somebody has overwritten.
 *
 * Where a word leads to is not checked on the way of each message. A word index outside the segment is met by the
 * runtime, which throws a RangeError, or traps where the kernel is WebAssembly; words that contradict each other make the kernel look again and again, until it answers
 * DAMAGED. Both become the one error that says so. Positions that were overwritten and still make sense cannot be told
 * from right ones: messages may be lost then, or come twice.
 */

import { isTrap } from '../engine/engine.ts';
import { IncompatibleSegmentError } from '../errors.ts';

export function damaged(cause?: unknown): IncompatibleSegmentError {
  return new IncompatibleSegmentError(
    'expected the words of a queue to make sense, met some that were overwritten',
    cause === undefined ? undefined : { cause },
  );
}

/** The error to throw for one that was met while looking at a queue. */
export function judged(error: unknown): unknown {
  return error instanceof RangeError || isTrap(error) ? damaged(error) : error;
}

/** Makes every method and getter of a class throw what {@link judged} says. Costs a call: not for the fastest paths. */
export function guard(type: { readonly prototype: object }): void {
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(type.prototype))) {
    if (name === 'constructor') continue;
    for (const part of ['value', 'get'] as const) {
      const original: unknown = descriptor[part];
      if (typeof original !== 'function') continue;
      descriptor[part] = function (this: unknown, argument: unknown) {
        try {
          return original.call(this, argument);
        } catch (error) {
          throw judged(error);
        }
      };
    }
    Object.defineProperty(type.prototype, name, descriptor);
  }
}
