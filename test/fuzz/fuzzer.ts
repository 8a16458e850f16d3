/** A kind of case, and what to do with one. */

import type fc from 'fast-check';

export interface Fuzzer<C> {
  readonly cases: fc.Arbitrary<C>;
  /** Throws for what must not happen. */
  run(each: C): Promise<void>;
}
