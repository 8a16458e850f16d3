/** What this version of sluice can make, of that which cases need. */

import * as sluice from '../../src/index.ts';
import { type Case, type Instance, needs } from './case.ts';

/** Answers why an instance cannot be played, if it cannot. */
export function builtBy(supervisor: sluice.Supervisor): (which: Case, instance: Instance) => string | undefined {
  const rendezvous = canRendezvous(supervisor);
  return (which, instance) => {
    const missing = which.wants?.find((name) => !(name in sluice));
    if (missing) return `${missing} is not built yet`;
    return rendezvous || !needs(which, instance).includes(0) ? undefined : 'capacity 0 is not built yet';
  };
}

/** Asked by making one. An error that does not say "not built" is one, and is thrown. */
export function canRendezvous(supervisor: sluice.Supervisor): boolean {
  try {
    supervisor.channel('rendezvous', { codec: sluice.u32, capacity: 0 }).close();
    return true;
  } catch (error) {
    if (error instanceof sluice.LimitError && /not built/.test(error.message)) return false;
    throw error;
  }
}
