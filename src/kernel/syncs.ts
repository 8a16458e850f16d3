/**
 * Primitives of `sluice/sync`: their places in the segment.
 *
 * The table has an entry a primitive, never used for anything else. Its state word says whose it is in one step:
 *
 * ```
 *  31                  13 12        3 2   0
 * ┌──────────────────────┬────────────┬─────┐
 * │ generation (19 bits) │ who        │state│
 * └──────────────────────┴────────────┴─────┘
 *   FREE ─► LAYING by me ─► OPEN ─► CLOSED ─► FREE
 * ```
 *
 * Called by any attached thread. A primitive is named by its entry and its OPEN word, which holds its generation: a name
 * that was kept for too long means nobody else's primitive. Whoever uses one is a holder of it (SYNC_HOLDERS).
 *
 * Invariant: a thread changes the words of a primitive (`locks.ts`, `permits.ts`, `gates.ts`), or waits there, only while
 * it stands among the holders, and only once it has seen the OPEN word of that name after it had entered them. Those words
 * therefore need not say whose they are: the entry goes back only if it was CLOSED and then nobody was among the holders.
 * Whoever enters before that look is seen by it; whoever enters after it finds the primitive not OPEN and does nothing.
 * So a holder's compare-and-swap, however late, meets the primitive that it is meant for, open or closed.
 *
 * Closing: the first to change OPEN has closed it. It changes the state, then wakes all who wait for it; a waiter enters
 * the set of waiters, then looks at the state. So one of the two sees the other. It then looks at the holders and tells
 * them; they leave once nothing of theirs waits there any more.
 *
 * Giving back: whoever closes, and whoever leaves, looks whether the entry is closed and has no holders. The last of them
 * to take itself out looks after that, so at least one finds nobody; the swap to FREE expects that generation, so it is
 * given back once. One who comes too late to take a primitive up may stand among the holders for a moment, of the next
 * generation even. That only keeps the entry from going back meanwhile, and it looks as well when it leaves.
 *
 * A death: what it was LAYING becomes CLOSED, and goes back. A primitive that nobody holds any more is closed: whoever
 * shares one holds it, so nobody is left who could share it.
 */

import {
  ACCOUNT_WORDS,
  HEADER_SYNC_STRIDE,
  HEADER_SYNC_TABLE,
  HEADER_SYNCS,
  HEADER_SYNCS_HINT,
  HEADER_SYNCS_USED,
  HEADER_THREADS,
  SYNC_ACCOUNTS,
  SYNC_GREEDY,
  SYNC_HOLDERS,
  SYNC_KIND,
  SYNC_NAME_BYTES,
  SYNC_SIZE,
  SYNC_STATE,
  SYNC_WAITERS,
  SYNC_WORD,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { cas, load, peek, poke, store } from '../memory/words.ts';
import { BLOCKED } from './codes.ts';
import { waitersAdd, waitersHas, waitersNext, waitersRemove } from './waiters.ts';

const FREE = 0;
const LAYING = 1;
const OPEN = 2;
const CLOSED_STATE = 3;
const STATE_MASK = 7;
const WHO_SHIFT = 3;
const WHO_MASK = 2 ** 10 - 1;
const GENERATION_SHIFT = 13;
const GENERATION_MASK = 2 ** 19 - 1;

function syncWord(state: i32, who: i32, generation: i32): i32 {
  return (generation << GENERATION_SHIFT) | (who << WHO_SHIFT) | state;
}

function generationOf(word: i32): i32 {
  return (word >>> GENERATION_SHIFT) & GENERATION_MASK;
}

export function syncAddress(index: i32): i32 {
  return peek(HEADER_SYNC_TABLE) + index * peek(HEADER_SYNC_STRIDE);
}

/** One past the highest index ever used. */
export function syncsUsed(): i32 {
  const used: i32 = load(HEADER_SYNCS_USED);
  const most: i32 = peek(HEADER_SYNCS);
  return used >= 0 && used <= most ? used : most;
}

/** Takes an entry, for `me` to fill in. Returns its index, or BLOCKED when there is none. */
export function syncClaim(me: i32): i32 {
  const total: i32 = peek(HEADER_SYNCS);
  const hint: i32 = load(HEADER_SYNCS_HINT);
  const start: i32 = hint >= 0 && hint < total ? hint : 0;
  for (let step: i32 = 0; step < total; step++) {
    const index: i32 = (start + step) % total;
    const at: i32 = syncAddress(index);
    const word: i32 = load(at + SYNC_STATE);
    if ((word & STATE_MASK) !== FREE) continue;
    raiseUsed(index + 1);
    if (cas(at + SYNC_STATE, word, syncWord(LAYING, me, generationOf(word) + 1)) !== word) continue;
    store(HEADER_SYNCS_HINT, (index + 1) % total);
    return index;
  }
  return BLOCKED;
}

/** The claimer only: what it is, how many permits it has or how many threads meet, and how it stands at first. */
export function syncLay(index: i32, kind: i32, size: i32, word: i32): void {
  const at: i32 = syncAddress(index);
  poke(at + SYNC_KIND, kind);
  poke(at + SYNC_SIZE, size);
  poke(at + SYNC_NAME_BYTES, 0);
  store(at + SYNC_WORD, word);
  store(at + SYNC_GREEDY, 0);
  const accounts: i32 = peek(HEADER_THREADS) * ACCOUNT_WORDS;
  for (let account: i32 = 0; account < accounts; account++) store(at + SYNC_ACCOUNTS + account, 0);
}

/** The claimer only, who is its first holder: opens it. Returns its word. */
export function syncOpen(index: i32, me: i32): i32 {
  const at: i32 = syncAddress(index);
  const open: i32 = syncWord(OPEN, 0, generationOf(load(at + SYNC_STATE)));
  waitersAdd(at + SYNC_HOLDERS, me);
  store(at + SYNC_STATE, open);
  return open;
}

/** Makes `me` a holder. Returns false when the primitive of that word is not open any more; then `me` is none. */
export function syncHold(index: i32, open: i32, me: i32): boolean {
  const at: i32 = syncAddress(index);
  waitersAdd(at + SYNC_HOLDERS, me);
  if (load(at + SYNC_STATE) === open) return true;
  syncLeave(index, me);
  return false;
}

/** `me` has seen its end, and nothing of `me` waits there. The last to see it gives the entry back. */
export function syncLeave(index: i32, me: i32): void {
  waitersRemove(syncAddress(index) + SYNC_HOLDERS, me);
  syncGiveBack(index);
}

/** Whether the primitive of that word is open. */
export function syncIsOpen(index: i32, open: i32): boolean {
  return load(syncAddress(index) + SYNC_STATE) === open;
}

/** The OPEN word of the primitive at `index` if it is open; 0 otherwise. */
export function syncOpenWord(index: i32): i32 {
  const word: i32 = load(syncAddress(index) + SYNC_STATE);
  return (word & STATE_MASK) === OPEN ? word : 0;
}

/** Whether the entry is in use. */
export function syncLive(index: i32): boolean {
  return (load(syncAddress(index) + SYNC_STATE) & STATE_MASK) !== FREE;
}

/** Closes it. Returns whether this was the first. Wake those who wait then, tell its holders, and give it back. */
export function syncClose(index: i32, open: i32): boolean {
  const closed: i32 = syncWord(CLOSED_STATE, 0, generationOf(open));
  return cas(syncAddress(index) + SYNC_STATE, open, closed) === open;
}

/** Gives the entry back if it is closed and nobody holds it. */
export function syncGiveBack(index: i32): void {
  const at: i32 = syncAddress(index);
  const word: i32 = load(at + SYNC_STATE);
  if ((word & STATE_MASK) !== CLOSED_STATE || waitersNext(at + SYNC_HOLDERS, 0) >= 0) return;
  cas(at + SYNC_STATE, word, syncWord(FREE, 0, generationOf(word)));
}

/**
 * After a death, once the words of the primitive are in order: takes `dead` out, and finishes what it was doing to the
 * entry. Returns whether the primitive is to be closed, as nobody has it any more.
 */
export function syncRecover(index: i32, dead: i32): boolean {
  const at: i32 = syncAddress(index);
  waitersRemove(at + SYNC_WAITERS, dead);
  waitersRemove(at + SYNC_HOLDERS, dead);
  const word: i32 = load(at + SYNC_STATE);
  const state: i32 = word & STATE_MASK;
  if (state === OPEN) return waitersNext(at + SYNC_HOLDERS, 0) < 0;
  if (state === LAYING && ((word >>> WHO_SHIFT) & WHO_MASK) === dead) {
    cas(at + SYNC_STATE, word, syncWord(CLOSED_STATE, 0, generationOf(word)));
  }
  return false;
}

/** Whether `thread` has the primitive. */
export function syncHeldBy(index: i32, thread: i32): boolean {
  return waitersHas(syncAddress(index) + SYNC_HOLDERS, thread);
}

/** Before an entry is filled scans must reach it. */
function raiseUsed(least: i32): void {
  while (true) {
    const used: i32 = load(HEADER_SYNCS_USED);
    if (used >= least || cas(HEADER_SYNCS_USED, used, least) === used) return;
  }
}
