/**
 * The word a thread sleeps on: an event count with a flag that says whether anybody has to be notified.
 *
 * Word: (epoch << 1) | asleep. Waking moves to the next epoch and clears the flag in one step.
 *
 * The sleeper reads the epoch BEFORE it looks at what it waits for; it sets `asleep` only while the epoch is still the
 * one it read, and sleeps only while the word is unchanged. So a wake-up after its reading is never slept through, and
 * `notify`, which takes a mutex of the whole process, is called once for a thread that sleeps and never otherwise.
 */

import { CELL_WAKE } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { cas, load } from '../memory/words.ts';

/** The word as it is now; pass it to {@link wakeArm} after looking. */
export function wakeRead(cell: i32): i32 {
  return load(cell + CELL_WAKE);
}

/** Announces sleep. Returns whether the epoch is still the one of `seen`; if so, sleep while the word is `seen | 1`. */
export function wakeArm(cell: i32, seen: i32): boolean {
  const found: i32 = cas(cell + CELL_WAKE, seen, seen | 1);
  return found === seen || found === (seen | 1);
}

/** Takes the announcement back, unless a wake-up already has. */
export function wakeDisarm(cell: i32, seen: i32): void {
  cas(cell + CELL_WAKE, seen | 1, seen & ~1);
}

/** Ends the present epoch. Returns whether somebody sleeps on the word and has to be notified. */
export function wakeSignal(cell: i32): boolean {
  while (true) {
    const word: i32 = load(cell + CELL_WAKE);
    if (cas(cell + CELL_WAKE, word, ((word | 1) + 1) | 0) === word) return (word & 1) !== 0;
  }
}
