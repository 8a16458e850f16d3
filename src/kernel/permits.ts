/**
 * Permits: of a semaphore, as many as it has; a thread takes and gives back any number of them at once.
 *
 * ```
 *   SYNC_WORD   31      24 23        14 13          0      account   31   22 21    14 13          0
 *              ┌──────────┬────────────┬─────────────┐     of each  ┌───────┬────────┬─────────────┐
 *              │ turn     │ who        │ free        │     thread,  │ 0     │ turn   │ permits     │
 *              └──────────┴────────────┴─────────────┘     twice    └───────┴────────┴─────────────┘
 *                who moved last, its how manieth move                 [ what it holds, what it means to hold ]
 * ```
 *
 * Called by any attached thread that holds the primitive (`syncs.ts`). How many are free and how many somebody holds
 * are two words, and a thread may die between them. So that no instant is without an answer, a move is three steps:
 *
 *   1. write down what I mean to hold, with the number of my move (its turn);
 *   2. swap the free ones for so many less (more), me, and that turn: this is the move;
 *   3. write down that I hold it.
 *
 * Whoever wants to make the next move does step 3 of the last one first, if that is missing: by a swap that expects the
 * account as it was, so that a helper that is late changes nothing. Hence the invariant: free + what all accounts say =
 * the size, where the account of who moved last is what it means to hold, if its turn is that of the word; and every
 * other account is what it says it holds. A thread that wrote down what it means to hold and then finds too few, or
 * dies, has moved nothing, because the word does not have its turn.
 *
 * After a death (`permitsRecover`): does step 3 for the dead, then makes a move in its name, down to nothing. Cut short
 * between any two of these steps, it is in the same state as a thread that died in a move of its own; done again, it
 * comes to the same end.
 *
 * No wake-up is lost: giving back swaps the word, then looks at the waiters; a waiter enters itself, then looks at the
 * word. One that waits for several may be woken for too few, and another would sleep beside permits that it could take.
 * So it says that it is greedy before it enters itself, and from then on whoever gives back wakes everybody; it looks
 * for that after it has taken anybody out of the set, and thus sees it if it took the greedy one.
 *
 * The turn has 8 bits. A helper could be fooled only if it slept, between two of its steps, through exactly a multiple of
 * 256 moves of one thread, with as many free, and that thread died between steps 2 and 3 of the last of them.
 */

import { ACCOUNT_WORDS, SYNC_ACCOUNTS, SYNC_STATE, SYNC_WORD } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { cas, load, store } from '../memory/words.ts';
import { BLOCKED, CLOSED } from './codes.ts';

const FREE_MASK = 2 ** 14 - 1;
const WHO_SHIFT = 14;
const WHO_MASK = 2 ** 10 - 1;
const TURN_SHIFT = 24;
const TURN_MASK = 2 ** 8 - 1;
const ACCOUNT_TURN_SHIFT = 14;

/** Most permits that a semaphore can have. */
export const PERMITS_MAX = FREE_MASK;
/** What `permitsTake` answers when it took them. */
export const PERMITS_TAKEN = 0;

function wordOf(free: i32, who: i32, turn: i32): i32 {
  return (turn << TURN_SHIFT) | (who << WHO_SHIFT) | free;
}

function whoOf(word: i32): i32 {
  return (word >>> WHO_SHIFT) & WHO_MASK;
}

function turnOf(word: i32): i32 {
  return (word >>> TURN_SHIFT) & TURN_MASK;
}

function accountOf(permits: i32, turn: i32): i32 {
  return (turn << ACCOUNT_TURN_SHIFT) | permits;
}

function turnOfAccount(account: i32): i32 {
  return (account >>> ACCOUNT_TURN_SHIFT) & TURN_MASK;
}

function held(sync: i32, thread: i32): i32 {
  return sync + SYNC_ACCOUNTS + thread * ACCOUNT_WORDS;
}

function meant(sync: i32, thread: i32): i32 {
  return held(sync, thread) + 1;
}

/** Takes so many of the primitive whose OPEN word is `open`, all or none. PERMITS_TAKEN, BLOCKED, or CLOSED. */
export function permitsTake(sync: i32, open: i32, me: i32, count: i32): i32 {
  if (load(sync + SYNC_STATE) !== open) return CLOSED;
  return move(sync, me, count) ? PERMITS_TAKEN : BLOCKED;
}

/** Gives back so many that `me` holds. Wake waiters then. */
export function permitsGive(sync: i32, me: i32, count: i32): void {
  move(sync, me, -count);
}

/** How many nobody holds. */
export function permitsFree(sync: i32): i32 {
  return load(sync + SYNC_WORD) & FREE_MASK;
}

/** How many `thread` holds, which is in no move of its own: itself, or dead and recovered. */
export function permitsHeld(sync: i32, thread: i32): i32 {
  return load(held(sync, thread)) & FREE_MASK;
}

/** Gives back what a dead thread held. Returns how many. */
export function permitsRecover(sync: i32, dead: i32): i32 {
  settle(sync, load(sync + SYNC_WORD));
  const permits: i32 = permitsHeld(sync, dead);
  if (permits > 0) move(sync, dead, -permits);
  return permits;
}

/** Moves so many to `thread` from those that are free. Returns false if there are too few. */
function move(sync: i32, thread: i32, count: i32): boolean {
  const before: i32 = load(held(sync, thread));
  const turn: i32 = (turnOfAccount(before) + 1) & TURN_MASK;
  const after: i32 = accountOf((before & FREE_MASK) + count, turn);
  let said: boolean = false;
  while (true) {
    const word: i32 = load(sync + SYNC_WORD);
    const free: i32 = (word & FREE_MASK) - count;
    if (free < 0) return false;
    if (!said) store(meant(sync, thread), after);
    said = true;
    settle(sync, word);
    if (cas(sync + SYNC_WORD, word, wordOf(free, thread, turn)) === word) break;
  }
  store(held(sync, thread), after);
  return true;
}

/** Does step 3 of the move that the word is of, if that is missing. */
function settle(sync: i32, word: i32): void {
  const who: i32 = whoOf(word);
  const turn: i32 = turnOf(word);
  const before: i32 = load(held(sync, who));
  if (turnOfAccount(before) === turn) return;
  const after: i32 = load(meant(sync, who));
  if (turnOfAccount(after) === turn) cas(held(sync, who), before, after);
}
