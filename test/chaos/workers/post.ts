/** How a worker of the suite takes its place. */

import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { attach, type Shared } from '../../../src/index.ts';
import { type Duty, Journal, type JournalNote, type Role } from '../journal.ts';
import { thisTask } from '../tasks.ts';

/** What a worker is told. */
export interface Post {
  /** Its roles, each with the place of the first worker of its crew; the others follow. */
  readonly firstPlaces: readonly (readonly [Role, number])[];
  readonly shift: number;
  readonly lane: number;
  readonly journal: JournalNote;
}

/** Attaches, and answers the ports with where to write down what is done with them. */
export function takePlace<P, T = object>() {
  const shared = workerData as Shared<P> & { readonly name: string; readonly data: Post & T };
  // Whoever replaces it would hide that it failed.
  process.once('uncaughtExceptionMonitor', (error) => writeSync(2, `${shared.name}: ${error.stack}\n`));
  const ports = attach<P>(shared);
  const { firstPlaces, shift, lane } = shared.data;
  const journal = Journal.open(shared.data.journal);
  const index = Number(shared.name.slice(shared.name.lastIndexOf('-') + 1));
  const duties = firstPlaces.map(([role, first]): Duty => ({ place: first + index, role, index, shift, lane }));
  const task = thisTask();
  const [lives] = duties.map(({ place }) => journal.arrive(place, task));
  const duty = duties[0]!;
  return { ports, journal, duties, duty, place: duty.place, lives: lives!, task: shared.data as T };
}
