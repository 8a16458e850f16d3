/** Faults that the models must catch: each re-check, barrier, flag test and owner write removed or swapped in turn. */

import { blocks } from './blocks.ts';
import { dispose } from './dispose.ts';
import { ends } from './ends.ts';
import { gates } from './gates.ts';
import { letters } from './letters.ts';
import { locks } from './locks.ts';
import { mpmc } from './mpmc.ts';
import type { Mutant } from './mutate.ts';
import { overflow } from './overflow.ts';
import { park } from './park.ts';
import { permits } from './permits.ts';
import { recovery } from './recovery.ts';
import { rendezvous } from './rendezvous.ts';
import { scopes } from './scopes.ts';
import { select } from './select.ts';
import { short } from './short.ts';
import { spsc } from './spsc.ts';

export const mutants: readonly Mutant[] = [
  ...mpmc,
  ...short,
  ...spsc,
  ...park,
  ...ends,
  ...dispose,
  ...blocks,
  ...letters,
  ...recovery,
  ...scopes,
  ...select,
  ...locks,
  ...permits,
  ...gates,
  ...rendezvous,
  ...overflow,
];
