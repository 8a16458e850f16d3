/** What a scheduler chooses: a thread, and what happens to it. Encoded as kind × MAX_THREADS + thread. */

import { MAX_THREADS } from './thread.ts';

export const STEP = 0;
export const DEATH = 1;
/** A sleeper wakes up without a reason. */
export const SPURIOUS = 2;
/** A sleeper wakes up because its time is over. */
export const TIME_OUT = 3;

export function choiceOf(kind: number, thread: number): number {
  return kind * MAX_THREADS + thread;
}

export function kindOf(choice: number): number {
  return (choice / MAX_THREADS) | 0;
}

export function threadOf(choice: number): number {
  return choice % MAX_THREADS;
}
