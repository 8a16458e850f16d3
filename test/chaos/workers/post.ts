/** How a worker of the suite takes its place. */

import { workerData } from 'node:worker_threads';
import { attach, type Shared } from '../../../src/index.ts';
import { type Duty, Journal } from '../journal.ts';
import type { Post } from '../lanes.ts';
import { thisTask } from '../tasks.ts';

/** Attaches, and answers the ports with where to write down what is done with them. */
export function takePlace<P>() {
  const shared = workerData as Shared<P> & { readonly name: string; readonly data: Post };
  const ports = attach<P>(shared);
  const { firstPlace, payload, shift, lane } = shared.data;
  const journal = Journal.open(shared.data.journal);
  const index = Number(shared.name.slice(shared.name.lastIndexOf('-') + 1));
  const duty: Duty = { place: firstPlace + index, index, shift, lane };
  const lives = journal.arrive(duty.place, thisTask());
  return { ports, journal, duty, place: duty.place, payload, lives };
}
