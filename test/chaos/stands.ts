/** All that a run works on. */

import type { Supervisor } from '../../src/index.ts';
import { Channels } from './channels.ts';
import { lanesOf, SHIFTS_OF_LANES } from './lanes.ts';
import { Locks } from './locks.ts';
import { Meetings } from './meetings.ts';
import type { Stand } from './stand.ts';

const EVERYTHING = [''];

/** The stands whose names contain one of `parts`. */
export function standsOf(supervisor: Supervisor, parts: readonly string[] = EVERYTHING): Stand[] {
  const isMeant = ({ name }: { readonly name: string }) => parts.some((part) => name.includes(part));
  const lanes = lanesOf().filter(isMeant);
  const stands: Stand[] = lanes.map((lane) => new Channels(supervisor, lane));
  if (isMeant({ name: Locks.title })) stands.push(new Locks(supervisor, SHIFTS_OF_LANES));
  if (isMeant({ name: Meetings.title })) stands.push(new Meetings(supervisor, SHIFTS_OF_LANES));
  return stands;
}
