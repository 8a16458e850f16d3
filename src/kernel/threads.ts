/**
 * Thread cells: who is attached.
 *
 * ```
 *  31                              3 2   0
 * ┌─────────────────────────────────┬─────┐
 * │ Node's thread id                │state│
 * └─────────────────────────────────┴─────┘
 *   FREE ─► ATTACHING ─► ATTACHED ─► GONE ─► FREE            the supervisor recovers it
 *    ▲                                 └───► LEFT ─┬─► FREE  it recovered itself as its last act
 *    └── (no cell is free) ◄───────────────────────┘
 * ```
 *
 * Node never gives a thread id twice, so it also tells apart who has a cell now from who had it before. It is written
 * in the same step that claims the cell: a thread may die anywhere while it attaches, and is found.
 *
 * GONE means that the thread ended and what it held is being given back. Only the thread itself, as its last act, and
 * the supervisor, once the thread has exited, do that; so a recovery that was cut short may simply be done again.
 * LEFT means that nothing is left to be done; the cell only remembers who it was until the supervisor has told so.
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
  THREAD_LEFT,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { cas, load, peek, store } from '../memory/words.ts';
import { BLOCKED } from './codes.ts';

const STATE_BITS = 3;
const STATE_MASK = 7;

/** Thread ids beyond this do not fit into a cell. */
export const NODE_THREAD_MAX = 2 ** 28 - 1;

export function threadCell(thread: i32): i32 {
  return peek(HEADER_CELLS) + thread * CELL_WORDS;
}

/** Takes a cell for Node's thread `nodeThread`. Returns its index, or BLOCKED when as many are attached as may be. */
export function threadClaim(nodeThread: i32): i32 {
  const claimed: i32 = claimFrom(THREAD_FREE, nodeThread);
  return claimed !== BLOCKED ? claimed : claimFrom(THREAD_LEFT, nodeThread);
}

function claimFrom(state: i32, nodeThread: i32): i32 {
  const threads: i32 = peek(HEADER_THREADS);
  for (let thread: i32 = 0; thread < threads; thread++) {
    const at: i32 = threadCell(thread) + CELL_STATE;
    const word: i32 = load(at);
    if ((word & STATE_MASK) !== state) continue;
    if (cas(at, word, (nodeThread << STATE_BITS) | THREAD_ATTACHING) === word) return thread;
  }
  return BLOCKED;
}

/** The claimer only: the cell is filled in. */
export function threadReady(thread: i32): void {
  enter(thread, THREAD_ATTACHED);
}

export function threadState(thread: i32): i32 {
  return load(threadCell(thread) + CELL_STATE) & STATE_MASK;
}

/** How many threads are attached. */
export function threadsAttached(): i32 {
  const threads: i32 = peek(HEADER_THREADS);
  let attached: i32 = 0;
  for (let thread: i32 = 0; thread < threads; thread++) if (threadState(thread) === THREAD_ATTACHED) attached++;
  return attached;
}

/** The cell at or behind `from` that Node's thread `nodeThread` has, or has left, or BLOCKED. */
export function threadFind(nodeThread: i32, from: i32): i32 {
  const threads: i32 = peek(HEADER_THREADS);
  for (let thread: i32 = from; thread < threads; thread++) {
    const word: i32 = load(threadCell(thread) + CELL_STATE);
    if ((word & STATE_MASK) !== THREAD_FREE && word >>> STATE_BITS === nodeThread) return thread;
  }
  return BLOCKED;
}

/** Begins to give back what a thread held. Returns whether there is anything that could be left to give. */
export function threadBury(thread: i32): boolean {
  const state: i32 = threadState(thread);
  if (state === THREAD_FREE || state === THREAD_LEFT) return false;
  enter(thread, THREAD_GONE);
  return true;
}

/** Whoever buried it: nothing of it is left. The cell keeps its name until it is freed, or needed. */
export function threadLeave(thread: i32): void {
  enter(thread, THREAD_LEFT);
}

/** Whoever buried it: nothing of it is left, and nobody need remember it. */
export function threadFree(thread: i32): void {
  store(threadCell(thread) + CELL_STATE, THREAD_FREE);
}

/** The supervisor: it knows that this thread has left. Somebody else may have taken the cell already. */
export function threadForget(thread: i32, nodeThread: i32): void {
  cas(threadCell(thread) + CELL_STATE, (nodeThread << STATE_BITS) | THREAD_LEFT, THREAD_FREE);
}

function enter(thread: i32, state: i32): void {
  const at: i32 = threadCell(thread) + CELL_STATE;
  store(at, (load(at) & ~STATE_MASK) | state);
}
