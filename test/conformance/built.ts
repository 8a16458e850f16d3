/** What this version of sluice can make, of that which cases need. */

import * as sluice from '../../src/index.ts';
import { type Case, type Instance, needs } from './case.ts';

/** What cases may do without. Once it is built it is taken off this list, and has to be there from then on. */
export const NOT_YET: readonly string[] = ['capacity 0', 'channelRef'];

/** What is missing, in the words of the list. */
export function missingFrom(supervisor: sluice.Supervisor): string[] {
  return [...(canRendezvous(supervisor) ? [] : ['capacity 0']), ...('channelRef' in sluice ? [] : ['channelRef'])];
}

/** Answers why an instance cannot be played, if it cannot. */
export function builtBy(supervisor: sluice.Supervisor): (which: Case, instance: Instance) => string | undefined {
  const missing = missingFrom(supervisor);
  return (which, instance) => {
    const needed = [...(which.wants ?? []), ...(needs(which, instance).includes(0) ? ['capacity 0'] : [])];
    const lacking = needed.find((name) => missing.includes(name));
    return lacking && `${lacking} is not built yet`;
  };
}

/** Asked by making one. An error that does not say "not built" is one, and is thrown. */
function canRendezvous(supervisor: sluice.Supervisor): boolean {
  try {
    supervisor.channel('rendezvous', { codec: sluice.u32, capacity: 0 }).close();
    return true;
  } catch (error) {
    if (error instanceof sluice.LimitError && /not built/.test(error.message)) return false;
    throw error;
  }
}
