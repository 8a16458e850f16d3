/**
 * Locks: one word that one thread at a time has. A mutex is one; a `Once` is one that is used up in the end.
 *
 * ```
 *   SYNC_WORD   31         2 1   0
 *              ┌────────────┬─────┐
 *              │ who        │state│
 *              └────────────┴─────┘
 *   FREE ─► HELD by me ─┬─► FREE        given back
 *    ▲                  ├─► SEALED      used up for good: what was to be done once is done
 *    │                  └─► ORPHANED    its holder died; whoever takes it next is told
 *    └── (a taker sees ORPHANED as FREE)
 * ```
 *
 * Called by any attached thread that holds the primitive (`syncs.ts`); every step is one compare-and-swap that also says
 * who did it. So at most one thread has the lock, and what a dead one had is known from the word alone.
 *
 * No wake-up is lost: whoever gives it back (`lockGive`, `lockSeal`, `lockRecover`) changes the word, then looks at the
 * waiters; a waiter enters itself, then looks at the word. Both orders are sequentially consistent, so the waiter finds
 * it free, or is found. One that was woken and does not want it any more, or died, hands the wake-up on (`passOn`,
 * recovery). A close changes the state before it wakes everybody, and the state is looked at before each attempt to
 * take: whoever is woken by a close, or enters after it, sees it.
 *
 * A death before the swap that takes leaves the word as it was; after it, HELD by the dead, which recovery turns into
 * ORPHANED by one swap that expects just that. Done twice it does nothing more. A death between giving back and waking
 * leaves a lock that is free with threads asleep: recovery wakes one of each primitive.
 *
 * What the one who gives it back wrote before is seen by the one who takes it: the swaps are on one word.
 */

import { SYNC_STATE, SYNC_WORD } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { cas, load } from '../memory/words.ts';
import { BLOCKED, CLOSED } from './codes.ts';

const FREE = 0;
const ORPHANED = 1;
const HELD = 2;
const SEALED = 3;
const STATE_MASK = 3;
const WHO_SHIFT = 2;

/** What `lockTake` answers beside BLOCKED and CLOSED: taken; taken, and its last holder died; it is used up. */
export const LOCK_TAKEN = 0;
export const LOCK_ORPHANED = 1;
export const LOCK_SEALED = 2;

function heldBy(thread: i32): i32 {
  return (thread << WHO_SHIFT) | HELD;
}

/** Takes the lock of the primitive whose OPEN word is `open`. LOCK_*, BLOCKED, or CLOSED. */
export function lockTake(sync: i32, open: i32, me: i32): i32 {
  while (true) {
    const word: i32 = load(sync + SYNC_WORD);
    if (word === SEALED) return LOCK_SEALED;
    if (load(sync + SYNC_STATE) !== open) return CLOSED;
    if ((word & STATE_MASK) === HELD) return BLOCKED;
    if (cas(sync + SYNC_WORD, word, heldBy(me)) === word) return word === ORPHANED ? LOCK_ORPHANED : LOCK_TAKEN;
  }
}

/** Gives it back. Returns whether `me` had it. Wake a waiter then. */
export function lockGive(sync: i32, me: i32): boolean {
  return cas(sync + SYNC_WORD, heldBy(me), FREE) === heldBy(me);
}

/** Uses it up. Returns whether `me` had it. Wake all waiters then. */
export function lockSeal(sync: i32, me: i32): boolean {
  return cas(sync + SYNC_WORD, heldBy(me), SEALED) === heldBy(me);
}

/** Who has it, or −1. */
export function lockHolder(sync: i32): i32 {
  const word: i32 = load(sync + SYNC_WORD);
  return (word & STATE_MASK) === HELD ? word >>> WHO_SHIFT : -1;
}

/** Whether it is used up. */
export function lockSealed(sync: i32): boolean {
  return load(sync + SYNC_WORD) === SEALED;
}

/** Takes it away from a dead thread. Returns whether that had it. */
export function lockRecover(sync: i32, dead: i32): boolean {
  return cas(sync + SYNC_WORD, heldBy(dead), ORPHANED) === heldBy(dead);
}
