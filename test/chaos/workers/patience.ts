/** How long an operation waits: before its worker looks whether it is time to rest, or hardly at all. */

import { TimeoutError } from '../../../src/index.ts';
import type { Journal } from '../journal.ts';

/** Longer than an operation may take: a receiver that nobody woke is not to be saved by its time-out. */
const AT_WORK = { timeout: 2500 };
const AT_REST = { timeout: 20 };
/** Shorter than others often need: most operations with it are called off, many while somebody comes. */
export const HARDLY = { timeout: 1 };

export function patience(journal: Journal): { readonly timeout: number } {
  return journal.stage.phase === 'work' ? AT_WORK : AT_REST;
}

/** To be caught from an operation with a time-out: answers undefined if it was late. */
export function lateIsNone(error: unknown): undefined {
  if (!(error instanceof TimeoutError)) throw error;
  return undefined;
}
