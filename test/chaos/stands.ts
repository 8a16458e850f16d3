/** All that a run works on. */

import type { Supervisor } from '../../src/index.ts';
import { Channels } from './channels.ts';
import { lanesOf } from './lanes.ts';
import type { Stand } from './stand.ts';

/** The stands whose names contain one of `parts`. */
export function standsOf(supervisor: Supervisor, parts?: readonly string[]): Stand[] {
  return lanesOf(parts).map((lane) => new Channels(supervisor, lane));
}
