/** How a worker of the suite takes its place. */

import { workerData } from 'node:worker_threads';
import { attach, type Shared } from '../../../src/index.ts';
import { Journal, type JournalNote } from '../journal.ts';
import type { Post } from '../lanes.ts';

/** Attaches, and answers the ports with where to write down what is done with them. */
export function takePlace<P>() {
  const shared = workerData as Shared<P> & { name: string; data: Post & { journal: JournalNote } };
  const ports = attach<P>(shared);
  const { firstPlace, payload, shift, journal: note } = shared.data;
  const journal = Journal.open(note);
  const place = firstPlace + Number(shared.name.slice(shared.name.lastIndexOf('-') + 1));
  const lives = journal.arrive(place);
  return { ports, journal, place, payload, shift, lives };
}
