/**
 * Gates: one word that threads wait for to change. Of a wait group it counts what is left to be done; of a barrier it
 * counts who has arrived.
 *
 * ```
 *   wait group   31                          1  0
 *               ┌─────────────────────────────┬──┐
 *               │ left to be done             │br│      open at 0
 *               └─────────────────────────────┴──┘
 *   barrier      31           15 14          1  0
 *               ┌───────────────┬─────────────┬──┐
 *               │ generation    │ arrived     │br│      the last to arrive begins the next generation
 *               └───────────────┴─────────────┴──┘
 * ```
 *
 * Called by any attached thread that holds the primitive (`syncs.ts`); every step is one compare-and-swap on that word.
 * Whoever opens the gate, or breaks it, changes the word and wakes all waiters afterwards; a waiter enters itself, and
 * then looks at the word. So either it finds the gate open, or it is woken. An open gate counts before a close does:
 * what a waiter waited for came about, and whoever closed the gate later does not take that back.
 *
 * Who of a barrier's generation is called off takes its arrival back, by a swap that expects the same generation. So
 * either it has not been there, or everybody was: never both (R24).
 *
 * A thread that takes part and dies may have been the one that all wait for, and nothing in memory can tell: that a
 * thread had the group does not say how much of it was its own. To count it out would let the others go on as if what it
 * owed were done. So the gate is broken (br), for good, and everybody is told; a wait group only if there is something
 * left to be done. Breaking is one swap, and done twice it is done once. Whether the dead thread took part is known by
 * its being a holder; recovery breaks first, and takes it out of the holders after that, so that it may be cut short.
 * A death between opening and waking leaves a gate open with threads asleep: recovery wakes all who wait.
 */

import { SYNC_SIZE, SYNC_STATE, SYNC_WORD } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { cas, load, peek } from '../memory/words.ts';
import { BLOCKED, BROKEN, CLOSED } from './codes.ts';

const BREACH = 1;
const COUNT_SHIFT = 1;
/** Most that a wait group counts. */
export const GROUP_MAX = 2 ** 30 - 1;
const ARRIVED_MASK = 2 ** 14 - 1;
const GENERATION_SHIFT = 15;
const GENERATION_MASK = 2 ** 17 - 1;

/** Most that meet at a barrier. */
export const PARTIES_MAX = ARRIVED_MASK;
/** What the last to arrive is told; the generation stands above this bit. */
export const ARRIVED_LAST = 1;
/** What is answered when the gate is open. */
export const GATE_OPEN = 0;

function generationOf(word: i32): i32 {
  return (word >>> GENERATION_SHIFT) & GENERATION_MASK;
}

function arrivedOf(word: i32): i32 {
  return (word >>> COUNT_SHIFT) & ARRIVED_MASK;
}

export function gateBroken(sync: i32): boolean {
  return (load(sync + SYNC_WORD) & BREACH) !== 0;
}

// ── Wait groups ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Adds to what is left, or takes from it. Returns what is left, BLOCKED if that cannot be, BROKEN, or CLOSED. */
export function groupAdd(sync: i32, open: i32, amount: i32): i32 {
  while (true) {
    const word: i32 = load(sync + SYNC_WORD);
    if (load(sync + SYNC_STATE) !== open) return CLOSED;
    if ((word & BREACH) !== 0) return BROKEN;
    const left: i32 = ((word >>> COUNT_SHIFT) + amount) | 0;
    if (left < 0 || left > GROUP_MAX) return BLOCKED;
    if (cas(sync + SYNC_WORD, word, left << COUNT_SHIFT) === word) return left;
  }
}

/** What is left to be done. */
export function groupLeft(sync: i32): i32 {
  return (load(sync + SYNC_WORD) >>> COUNT_SHIFT) & GROUP_MAX;
}

/** GATE_OPEN when nothing is left, BLOCKED, BROKEN, or CLOSED. */
export function groupLook(sync: i32, open: i32): i32 {
  const word: i32 = load(sync + SYNC_WORD);
  if (word === 0) return GATE_OPEN;
  if ((word & BREACH) !== 0) return BROKEN;
  return load(sync + SYNC_STATE) === open ? BLOCKED : CLOSED;
}

/** A thread that has it has died. Returns whether that leaves something undone. Wake everybody then. */
export function groupBreak(sync: i32): boolean {
  while (true) {
    const word: i32 = load(sync + SYNC_WORD);
    if (word === 0) return false;
    if ((word & BREACH) !== 0 || cas(sync + SYNC_WORD, word, word | BREACH) === word) return true;
  }
}

// ── Barriers ────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Arrives. Returns the generation to wait for, doubled, and ARRIVED_LAST in it if everybody is there (wake them all
 * then); BROKEN; or CLOSED.
 */
export function barrierArrive(sync: i32, open: i32): i32 {
  const parties: i32 = peek(sync + SYNC_SIZE);
  while (true) {
    const word: i32 = load(sync + SYNC_WORD);
    if (load(sync + SYNC_STATE) !== open) return CLOSED;
    if ((word & BREACH) !== 0) return BROKEN;
    const generation: i32 = generationOf(word);
    const last: boolean = arrivedOf(word) + 1 >= parties;
    const next: i32 = last ? ((generation + 1) & GENERATION_MASK) << GENERATION_SHIFT : word + (1 << COUNT_SHIFT);
    if (cas(sync + SYNC_WORD, word, next) === word) return (generation << 1) | (last ? ARRIVED_LAST : 0);
  }
}

/** GATE_OPEN once everybody of that generation was there, BLOCKED, BROKEN, or CLOSED. */
export function barrierLook(sync: i32, open: i32, generation: i32): i32 {
  const word: i32 = load(sync + SYNC_WORD);
  if (generationOf(word) !== generation) return GATE_OPEN;
  if ((word & BREACH) !== 0) return BROKEN;
  return load(sync + SYNC_STATE) === open ? BLOCKED : CLOSED;
}

/** Who had arrived goes away again. Returns false if everybody was there by then, or will never be. */
export function barrierLeave(sync: i32, generation: i32): boolean {
  while (true) {
    const word: i32 = load(sync + SYNC_WORD);
    if (generationOf(word) !== generation || (word & BREACH) !== 0) return false;
    if (cas(sync + SYNC_WORD, word, word - (1 << COUNT_SHIFT)) === word) return true;
  }
}

/** How many have arrived and wait. */
export function barrierArrived(sync: i32): i32 {
  return arrivedOf(load(sync + SYNC_WORD));
}

/** A thread that has it has died. Wake everybody then. */
export function barrierBreak(sync: i32): void {
  while (true) {
    const word: i32 = load(sync + SYNC_WORD);
    if ((word & BREACH) !== 0 || cas(sync + SYNC_WORD, word, word | BREACH) === word) return;
  }
}
