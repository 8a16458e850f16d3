/**
 * How faults are ordered: memory that a test writes, and that the threads it tests read before each of their steps.
 *
 * A thread that was started to be broken has a slot here, by its thread id. A step is one atomic operation on the
 * segment. Words of a slot:
 *
 * ```
 * held      0 the thread runs, 1 it is paused, 2 it has stopped for ever
 * pause     1 while it is to pause at its next step
 * stopIn    steps until it stops for ever, that one included; 0: it does not
 * stepDelay microseconds to sleep before each step
 * drop      wake-ups it is still to withhold for good
 * delay     whether it is to withhold wake-ups for a while
 * withheld  how many wake-ups it has withheld, and the words they were meant for, the last ones
 * steps     how many steps it has taken
 * ```
 */

/** Under this name workers find the memory, by `getEnvironmentData`. */
export const CONTROL_KEY = 'sluice/testing';

/** Two live threads whose ids are this far apart would share a slot. */
const SLOTS = 4096;
const SLOT_WORDS = 64;

export const HELD = 0;
export const PAUSE = 1;
export const STOP_IN = 2;
export const STEP_DELAY = 3;
export const DROP = 4;
export const DELAY = 5;
export const WITHHELD = 6;
export const STEPS = 7;
export const WITHHELD_WORDS = 8;
export const WITHHELD_MAX = SLOT_WORDS - WITHHELD_WORDS;

export const RUNNING = 0;
export const PAUSED = 1;
export const STOPPED = 2;

export const CONTROL_BYTES = SLOTS * SLOT_WORDS * Int32Array.BYTES_PER_ELEMENT;

/** The words of a thread. */
export function slotOf(control: SharedArrayBuffer, threadId: number): Int32Array {
  const bytes = SLOT_WORDS * Int32Array.BYTES_PER_ELEMENT;
  return new Int32Array(control, (threadId % SLOTS) * bytes, SLOT_WORDS);
}
