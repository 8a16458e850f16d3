/**
 * Scopes: what threads do together and can be called off on all of them at once.
 *
 * The table has an entry a scope. Its state word says everything there is to say in one step:
 *
 * ```
 *  31                  13 12        3 2   0
 * ┌──────────────────────┬────────────┬─────┐
 * │ generation (19 bits) │ who or how │state│
 * └──────────────────────┴────────────┴─────┘
 *   FREE ─► LAYING by me ─► OPEN ─┬─► ENDING by me ─┬─► ENDED how ─► CLEARING by me ─► FREE
 *                                 └─────────────────┘       ▲              │
 *                                                           └─ (held again)┘
 * ```
 *
 * Called by any attached thread. A scope is named by its entry and its OPEN word, which holds its generation: whether
 * it is over is one load, compared with that word, and a name that is kept for too long means nobody else's scope. An
 * open scope that others are in is CROWDED: a bit in its word that names leave out.
 *
 * Ending: the first to change OPEN has ended it, so there is one end, and one reason. One who has a reason to write goes
 * through ENDING, during which the reason is its own; the scope is over from the first step on.
 *
 * Being told: threads that have the scope stand in SCOPE_HOLDERS. Whoever ends it changes the state, then looks at the
 * holders and wakes them; a holder enters itself, then looks at the state. So one of the two sees the other. How they
 * sleep is not said here: see `channel/scopes.ts`.
 *
 * Scopes in scopes: the maker of one marks the parent CROWDED, which fails if that is over, opens its own, then looks at
 * the parent's state; whoever ends the parent changes its state, and if it was marked, looks for open scopes that name
 * it. So either the maker sees that the parent is over, or the one who ends it finds the new scope.
 *
 * Giving back: an entry that is over and that nobody holds goes back. A thread enters itself as a holder before it
 * looks at the state, and who clears looks at the holders again after CLEARING; so it is not given back under a thread
 * that found it standing. One that found it CLEARING leaves, and the clearer, having put it back for its sake, looks
 * once more after that.
 *
 * A death: what it was at work on, LAYING, ENDING or CLEARING, becomes ENDED, with the reason lost, and goes back if
 * nobody holds it; a scope whose maker is dead is ended, because nobody may be left who would; and one whose parent is
 * over is ended for whoever died before it came to that.
 */

import {
  HEADER_SCOPE_TABLE,
  HEADER_SCOPES,
  HEADER_SCOPES_HINT,
  HEADER_SCOPES_USED,
  SCOPE_HOLDERS,
  SCOPE_OWNER,
  SCOPE_PARENT,
  SCOPE_PARENT_GENERATION,
  SCOPE_REASON_BYTES,
  SCOPE_STATE,
  SCOPE_WORDS,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { cas, load, peek, poke, store } from '../memory/words.ts';
import { BLOCKED } from './codes.ts';
import { waitersAdd, waitersNext, waitersRemove } from './waiters.ts';

const FREE = 0;
const LAYING = 1;
const OPEN = 2;
const ENDING = 3;
const ENDED = 4;
const CLEARING = 5;
const STATE_MASK = 7;
const WHO_SHIFT = 3;
const WHO_MASK = 2 ** 10 - 1;
const GENERATION_SHIFT = 13;
const GENERATION_MASK = 2 ** 19 - 1;

/** Whether others are in an open scope. */
export const SCOPE_CROWDED = 1 << WHO_SHIFT;

/** What those who end a scope answer who were the first to: whether others may be in it. */
export const SCOPE_ALONE = 0;
export const SCOPE_WITH_OTHERS = 1;

/** How a scope ended: cancelled; out of time; its maker, or who was ending it, died; its supervisor was closed. */
export const ENDED_CANCELLED = 1;
export const ENDED_LATE = 2;
export const ENDED_FORSAKEN = 3;
export const ENDED_LOST = 4;
export const ENDED_CLOSED = 5;

/** What `scopeHow` answers while a scope is open, and while its reason is being written. */
export const SCOPE_OPEN = 0;
export const SCOPE_ENDING = -1;

function scopeWord(state: i32, who: i32, generation: i32): i32 {
  return (generation << GENERATION_SHIFT) | (who << WHO_SHIFT) | state;
}

function generationOf(word: i32): i32 {
  return (word >>> GENERATION_SHIFT) & GENERATION_MASK;
}

function whoOf(word: i32): i32 {
  return (word >>> WHO_SHIFT) & WHO_MASK;
}

export function scopeAddress(index: i32): i32 {
  return peek(HEADER_SCOPE_TABLE) + index * SCOPE_WORDS;
}

/** One past the highest index ever used. */
export function scopesUsed(): i32 {
  const used: i32 = load(HEADER_SCOPES_USED);
  const most: i32 = peek(HEADER_SCOPES);
  return used >= 0 && used <= most ? used : most;
}

// ── Making one ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Takes an entry, for `me` to fill in. Returns its index, or BLOCKED when there is none. */
export function scopeClaim(me: i32): i32 {
  const total: i32 = peek(HEADER_SCOPES);
  const hint: i32 = load(HEADER_SCOPES_HINT);
  const start: i32 = hint >= 0 && hint < total ? hint : 0;
  for (let step: i32 = 0; step < total; step++) {
    const index: i32 = (start + step) % total;
    const at: i32 = scopeAddress(index);
    const word: i32 = load(at + SCOPE_STATE);
    if ((word & STATE_MASK) !== FREE) continue;
    raiseUsed(index + 1);
    if (cas(at + SCOPE_STATE, word, scopeWord(LAYING, me, generationOf(word) + 1)) !== word) continue;
    store(HEADER_SCOPES_HINT, (index + 1) % total);
    store(at + SCOPE_OWNER, me);
    store(at + SCOPE_PARENT, 0);
    store(at + SCOPE_PARENT_GENERATION, 0);
    poke(at + SCOPE_REASON_BYTES, 0);
    return index;
  }
  return BLOCKED;
}

/** The claimer only: puts the scope into another one. Returns false if that one is over. */
export function scopeInto(index: i32, parent: i32, parentOpen: i32): boolean {
  const at: i32 = scopeAddress(index);
  const parentAt: i32 = scopeAddress(parent) + SCOPE_STATE;
  store(at + SCOPE_PARENT_GENERATION, generationOf(parentOpen));
  store(at + SCOPE_PARENT, parent + 1);
  const found: i32 = cas(parentAt, parentOpen, parentOpen | SCOPE_CROWDED);
  return found === parentOpen || found === (parentOpen | SCOPE_CROWDED);
}

/** The claimer only: it is not to be after all. */
export function scopeUnclaim(index: i32): void {
  const at: i32 = scopeAddress(index) + SCOPE_STATE;
  store(at, scopeWord(FREE, 0, generationOf(load(at))));
}

/** The claimer only, who is its first holder: opens it. Look then whether its parent is still open. Returns its word. */
export function scopeOpen(index: i32, me: i32): i32 {
  const at: i32 = scopeAddress(index);
  const open: i32 = scopeWord(OPEN, 0, generationOf(load(at + SCOPE_STATE)));
  waitersAdd(at + SCOPE_HOLDERS, me);
  store(at + SCOPE_STATE, open);
  return open;
}

// ── Having one ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Makes `me` a holder. Returns false when the scope of that word is not there any more; then `me` is none. */
export function scopeHold(index: i32, open: i32, me: i32): boolean {
  const at: i32 = scopeAddress(index);
  waitersAdd(at + SCOPE_HOLDERS, me);
  const word: i32 = load(at + SCOPE_STATE);
  const state: i32 = word & STATE_MASK;
  if (generationOf(word) === generationOf(open) && (state === OPEN || state === ENDING || state === ENDED)) return true;
  scopeLeave(index, me);
  return false;
}

/** `me` has seen its end. The last to see it gives the entry back. */
export function scopeLeave(index: i32, me: i32): void {
  waitersRemove(scopeAddress(index) + SCOPE_HOLDERS, me);
  scopeGiveBack(index, me);
}

/** SCOPE_OPEN, SCOPE_ENDING, or how the scope of that word ended: ENDED_*. */
export function scopeHow(index: i32, open: i32): i32 {
  const word: i32 = load(scopeAddress(index) + SCOPE_STATE);
  if ((word & ~SCOPE_CROWDED) === open) return SCOPE_OPEN;
  if (generationOf(word) !== generationOf(open)) return ENDED_LOST;
  if ((word & STATE_MASK) === ENDING) return SCOPE_ENDING;
  return (word & STATE_MASK) === ENDED ? whoOf(word) : ENDED_LOST;
}

/** Whether the entry is in use. */
export function scopeLive(index: i32): boolean {
  return (load(scopeAddress(index) + SCOPE_STATE) & STATE_MASK) !== FREE;
}

// ── Ending one ──────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Ends it, without a reason. Returns SCOPE_ALONE or SCOPE_WITH_OTHERS, or BLOCKED if it is over already. Tell its holders
 * then, and end those in it.
 */
export function scopeEnd(index: i32, open: i32, how: i32): i32 {
  return scopeLeaveOpen(index, open, scopeWord(ENDED, how, generationOf(open)));
}

/** The same for one who has a reason to write: between this and {@link scopeReasoned}. */
export function scopeEnding(index: i32, open: i32, me: i32): i32 {
  return scopeLeaveOpen(index, open, scopeWord(ENDING, me, generationOf(open)));
}

function scopeLeaveOpen(index: i32, open: i32, next: i32): i32 {
  const at: i32 = scopeAddress(index) + SCOPE_STATE;
  while (true) {
    const word: i32 = load(at);
    if ((word & ~SCOPE_CROWDED) !== open) return BLOCKED;
    if (cas(at, word, next) === word) return word === open ? SCOPE_ALONE : SCOPE_WITH_OTHERS;
  }
}

/** Whoever is ending it: so many bytes of the reason are written. */
export function scopeReasoned(index: i32, open: i32, bytes: i32): void {
  const at: i32 = scopeAddress(index);
  poke(at + SCOPE_REASON_BYTES, bytes);
  store(at + SCOPE_STATE, scopeWord(ENDED, ENDED_CANCELLED, generationOf(open)));
}

/** The OPEN word of the scope at `index`, if it is open and in the scope `parent` of that word; 0 otherwise. */
export function scopeChild(index: i32, parent: i32, parentOpen: i32): i32 {
  const at: i32 = scopeAddress(index);
  const word: i32 = load(at + SCOPE_STATE);
  if ((word & STATE_MASK) !== OPEN) return 0;
  if (load(at + SCOPE_PARENT) !== parent + 1) return 0;
  if (load(at + SCOPE_PARENT_GENERATION) !== generationOf(parentOpen)) return 0;
  // What was read is of one generation only if the scope is still the same.
  const again: i32 = load(at + SCOPE_STATE);
  return (again & STATE_MASK) === OPEN && generationOf(again) === generationOf(word) ? again & ~SCOPE_CROWDED : 0;
}

/** The index of the first scope at or behind `from` that is open and in the scope `parent` of that word, or BLOCKED. */
export function scopeNextChild(parent: i32, parentOpen: i32, from: i32): i32 {
  const used: i32 = scopesUsed();
  for (let index: i32 = from; index < used; index++) if (scopeChild(index, parent, parentOpen) !== 0) return index;
  return BLOCKED;
}

/** The OPEN word of the scope at `index` if it is open; 0 otherwise. */
export function scopeOpenWord(index: i32): i32 {
  const word: i32 = load(scopeAddress(index) + SCOPE_STATE);
  return (word & STATE_MASK) === OPEN ? word & ~SCOPE_CROWDED : 0;
}

/** Gives the entry back if it is over and nobody holds it. */
export function scopeGiveBack(index: i32, me: i32): void {
  const at: i32 = scopeAddress(index);
  while (true) {
    const word: i32 = load(at + SCOPE_STATE);
    if ((word & STATE_MASK) !== ENDED || waitersNext(at + SCOPE_HOLDERS, 0) >= 0) return;
    const generation: i32 = generationOf(word);
    if (cas(at + SCOPE_STATE, word, scopeWord(CLEARING, me, generation)) !== word) return;
    if (waitersNext(at + SCOPE_HOLDERS, 0) < 0) {
      store(at + SCOPE_STATE, scopeWord(FREE, 0, generation));
      return;
    }
    // Who entered meanwhile either found it standing, or has left again without giving it back: so look once more.
    store(at + SCOPE_STATE, word);
  }
}

// ── After a death ───────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Puts what `dead` was doing to the entry in order. Returns how the scope is to be ended, or SCOPE_OPEN: not at all.
 * Tell its holders then, and give it back.
 */
export function scopeRecover(index: i32, dead: i32): i32 {
  const at: i32 = scopeAddress(index);
  waitersRemove(at + SCOPE_HOLDERS, dead);
  const word: i32 = load(at + SCOPE_STATE);
  const state: i32 = word & STATE_MASK;
  if (state === OPEN) return load(at + SCOPE_OWNER) === dead ? ENDED_FORSAKEN : afterParent(at);
  if (state === FREE || state === ENDED || whoOf(word) !== dead) return SCOPE_OPEN;
  cas(at + SCOPE_STATE, word, scopeWord(ENDED, ENDED_LOST, generationOf(word)));
  return SCOPE_OPEN;
}

/** How a scope whose parent is over is to be ended. */
function afterParent(at: i32): i32 {
  const parent: i32 = load(at + SCOPE_PARENT) - 1;
  if (parent < 0 || parent >= peek(HEADER_SCOPES)) return SCOPE_OPEN;
  const open: i32 = scopeWord(OPEN, 0, load(at + SCOPE_PARENT_GENERATION));
  const how: i32 = scopeHow(parent, open);
  // While its reason is being written, somebody is there to end those in it.
  if (how === SCOPE_ENDING) return SCOPE_OPEN;
  return how === ENDED_CANCELLED ? ENDED_LOST : how;
}

/** Before an entry is filled scans must reach it. */
function raiseUsed(least: i32): void {
  while (true) {
    const used: i32 = load(HEADER_SCOPES_USED);
    if (used >= least || cas(HEADER_SCOPES_USED, used, least) === used) return;
  }
}
