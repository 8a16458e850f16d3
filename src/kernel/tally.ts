/** Sums of 64 bits in two words, low and high, for what is counted off the hot path. */

import type { i32 } from '../memory/words.ts';
import { add, below, load } from '../memory/words.ts';

/** Adds `amount` (0 … 2^31 − 1). */
export function tallyAdd(at: i32, amount: i32): void {
  const before: i32 = add(at, amount);
  // The low word wrapped if it has fewer (unsigned) than what was added.
  if (below((before + amount) | 0, before)) add(at + 1, 1);
}

/** The high word, read so that it goes with {@link tallyLow}. */
export function tallyHigh(at: i32): i32 {
  return load(at + 1);
}

export function tallyLow(at: i32): i32 {
  return load(at);
}
