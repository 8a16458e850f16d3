/**
 * Thread cells: who is attached.
 *
 * `CELL_STATE` is (generation << 2) | state. A cell goes FREE → ATTACHING → ATTACHED → GONE → FREE; the generation grows
 * with each attach, so an id used again is told from its former holder. GONE means: its thread ended, and recovery is
 * giving back what it held; only then is the cell free again.
 */

import {
  CELL_STATE,
  CELL_WORDS,
  HEADER_CELLS,
  HEADER_THREADS,
  THREAD_ATTACHED,
  THREAD_ATTACHING,
  THREAD_FREE,
  THREAD_GONE,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { cas, load, peek, store } from '../memory/words.ts';
import { BLOCKED } from './codes.ts';

const STATE_MASK = 3;
const GENERATION_SHIFT = 2;

export function threadCell(thread: i32): i32 {
  return peek(HEADER_CELLS) + thread * CELL_WORDS;
}

/** Takes the lowest free cell. Returns its thread id, or BLOCKED when as many threads are attached as may be. */
export function threadClaim(): i32 {
  const threads: i32 = peek(HEADER_THREADS);
  for (let thread: i32 = 0; thread < threads; thread++) {
    const at: i32 = threadCell(thread) + CELL_STATE;
    const word: i32 = load(at);
    if ((word & STATE_MASK) !== THREAD_FREE) continue;
    const generation: i32 = (word >>> GENERATION_SHIFT) + 1;
    if (cas(at, word, (generation << GENERATION_SHIFT) | THREAD_ATTACHING) === word) return thread;
  }
  return BLOCKED;
}

/** The claimer only: the cell is filled in. */
export function threadReady(thread: i32): void {
  const at: i32 = threadCell(thread) + CELL_STATE;
  store(at, (load(at) & ~STATE_MASK) | THREAD_ATTACHED);
}

export function threadState(thread: i32): i32 {
  return load(threadCell(thread) + CELL_STATE) & STATE_MASK;
}

/** Marks a cell whose thread ended. Returns whether this call did it: only one caller recovers a thread. */
export function threadBury(thread: i32): boolean {
  const at: i32 = threadCell(thread) + CELL_STATE;
  const word: i32 = load(at);
  const state: i32 = word & STATE_MASK;
  if (state !== THREAD_ATTACHED && state !== THREAD_ATTACHING) return false;
  return cas(at, word, (word & ~STATE_MASK) | THREAD_GONE) === word;
}

/** Whoever buried it: nothing of it is left, the id may be used again. */
export function threadFree(thread: i32): void {
  const at: i32 = threadCell(thread) + CELL_STATE;
  store(at, (load(at) & ~STATE_MASK) | THREAD_FREE);
}
