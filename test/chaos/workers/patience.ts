/** How long a receiver waits before it looks whether it is time to rest. */

import type { Journal } from '../journal.ts';

/** Longer than an operation may take: a receiver that nobody woke is not to be saved by its time-out. */
const AT_WORK = { timeout: 2500 };
const AT_REST = { timeout: 20 };

export function patience(journal: Journal): { readonly timeout: number } {
  return journal.stage.phase === 'work' ? AT_WORK : AT_REST;
}
