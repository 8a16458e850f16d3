/** Supervisors for tests: small, quiet, and closed with the test. */

import { Supervisor, type SupervisorOptions } from '../../src/index.ts';
import { MIB } from './segment.ts';

/** A supervisor with a small segment and no sampling, unless asked otherwise. Use it with `await using`. */
export function newSupervisor(options: SupervisorOptions = {}): Supervisor {
  return new Supervisor({ memory: 8 * MIB, sampleInterval: false, ...options });
}

/** The only channel of that name in a snapshot. */
export function snapshotOf(supervisor: Supervisor, name: string) {
  const found = supervisor.snapshot().channels.filter((channel) => channel.name === name);
  if (found.length !== 1) throw new Error(`expected one channel "${name}", met ${found.length}`);
  return found[0]!;
}
