/** Every case, by its title. */

import type { Case } from '../case.ts';
import { choosing } from './choosing.ts';
import { crossbeam } from './crossbeam.ts';
import { crossbeamSelect } from './crossbeam-select.ts';
import { goChan } from './go-chan.ts';
import { goRuntime } from './go-runtime.ts';

export const GROUPS = { goChan, goRuntime, crossbeam, crossbeamSelect, choosing };

export const CASES: ReadonlyMap<string, Case> = new Map(
  Object.values(GROUPS)
    .flat()
    .map((which) => [which.title, which]),
);
