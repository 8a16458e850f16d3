/** What this version of sluice can make, of that which cases need. */

import { LimitError, type Supervisor, u32 } from '../../src/index.ts';

export interface Built {
  readonly capacity0: boolean;
}

/** Asked by making one. An error that does not say "not built" is one, and is thrown. */
export function builtBy(supervisor: Supervisor): Built {
  return { capacity0: unlessNotBuilt(() => supervisor.channel('rendezvous', { codec: u32, capacity: 0 }).close()) };
}

function unlessNotBuilt(make: () => void): boolean {
  try {
    make();
    return true;
  } catch (error) {
    if (error instanceof LimitError && /not built/.test(error.message)) return false;
    throw error;
  }
}
