/** Every case, by its title. */

import type { Case } from '../case.ts';
import { choosing } from './choosing.ts';
import { crossbeam } from './crossbeam.ts';
import { crossbeamSelect } from './crossbeam-select.ts';
import { goChan } from './go-chan.ts';
import { goRuntime } from './go-runtime.ts';
import { passing } from './passing.ts';
import { powerSeries } from './power-series.ts';
import { sync } from './sync.ts';

export interface Group {
  /** In this folder. */
  readonly file: string;
  readonly cases: readonly Case[];
}

export const GROUPS: readonly Group[] = [
  { file: 'go-chan.ts', cases: goChan },
  { file: 'go-runtime.ts', cases: goRuntime },
  { file: 'crossbeam.ts', cases: crossbeam },
  { file: 'crossbeam-select.ts', cases: crossbeamSelect },
  { file: 'choosing.ts', cases: choosing },
  { file: 'power-series.ts', cases: powerSeries },
  { file: 'passing.ts', cases: passing },
  { file: 'sync.ts', cases: sync },
];

export const CASES: ReadonlyMap<string, Case> = new Map(
  GROUPS.flatMap(({ cases }) => cases).map((which) => [which.title, which]),
);
