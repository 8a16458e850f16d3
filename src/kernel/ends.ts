/**
 * Who holds an end of which channel.
 *
 * The end table has one word an end. The number of ends of a channel is never stored: it is what a scan finds, so no
 * death between two steps can leave a count that lies.
 *
 * ```
 *  31 30                     17 16 15               2 1 0
 * ┌──┬─────────────────────────┬──┬──────────────────┬───┐
 * │0 │ channel index (14 bits) │ro│ holder or ticket │ st│   st: FREE · PENDING (ticket) · HELD (holder)
 * └──┴─────────────────────────┴──┴──────────────────┴───┘
 *   grant: FREE → PENDING (shared, not attached yet)
 *   adopt: PENDING → HELD by the attaching thread      hold: FREE → HELD      retire, revoke: HELD, PENDING → FREE
 * ```
 *
 * A grant is named by its entry and its ticket, so that whoever gives it up late does not give up another's.
 *
 * The last to retire an end closes the channel. Two that retire at once each clear their own word and then scan: the
 * later clearing is before the later scan, so at least one of them sees nobody left, and closing is idempotent. One that
 * dies in between has left a channel that once had such an end (`CHANNEL_COUNTED`) with none: recovery closes it.
 *
 * An end that moves to another thread is granted there first and retired here then, so a scan could pass the new entry
 * too early and the old one too late, and see none of both. `HEADER_ENDS_PLACED` moves between the two: a scan during
 * which it did is done again.
 */

import {
  ENDS_MAX,
  HEADER_END_TABLE,
  HEADER_ENDS_GRANTED,
  HEADER_ENDS_HINT,
  HEADER_ENDS_PLACED,
  HEADER_ENDS_USED,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { add, cas, load, peek, store } from '../memory/words.ts';
import { BLOCKED } from './codes.ts';

export const ROLE_SENDER = 0;
export const ROLE_RECEIVER = 1;

const FREE = 0;
const PENDING = 1;
const HELD = 2;
const STATE_MASK = 3;
const WHO_SHIFT = 2;
const WHO_MASK = 2 ** 14 - 1;
const ROLE_SHIFT = 16;
const CHANNEL_SHIFT = 17;
/** A grant is its entry and, above that, its ticket. */
const ENTRY_MASK = ENDS_MAX - 1;
const TICKET_SHIFT = 15;

function endWord(state: i32, who: i32, role: i32, channelIndex: i32): i32 {
  return (channelIndex << CHANNEL_SHIFT) | (role << ROLE_SHIFT) | (who << WHO_SHIFT) | state;
}

function pendingWord(grant: i32, role: i32, channelIndex: i32): i32 {
  return endWord(PENDING, (grant >>> TICKET_SHIFT) & WHO_MASK, role, channelIndex);
}

/** Makes an end for another thread to adopt. Returns the grant, or BLOCKED when the table is full. */
export function endGrant(channelIndex: i32, role: i32): i32 {
  const ticket: i32 = add(HEADER_ENDS_GRANTED, 1) & WHO_MASK;
  const entry: i32 = endPlace(endWord(PENDING, ticket, role, channelIndex));
  return entry === BLOCKED ? BLOCKED : (ticket << TICKET_SHIFT) | entry;
}

/** The entry of a grant. */
export function grantEntry(grant: i32): i32 {
  return grant & ENTRY_MASK;
}

/** Makes an end held by `thread`. Returns its entry, or BLOCKED when the table is full. */
export function endHold(channelIndex: i32, role: i32, thread: i32): i32 {
  return endPlace(endWord(HELD, thread, role, channelIndex));
}

/** Takes over an end that was granted. Returns whether it was still pending. */
export function endAdopt(grant: i32, channelIndex: i32, role: i32, thread: i32): boolean {
  const at: i32 = peek(HEADER_END_TABLE) + grantEntry(grant);
  const pending: i32 = pendingWord(grant, role, channelIndex);
  return cas(at, pending, endWord(HELD, thread, role, channelIndex)) === pending;
}

/** Retires an end held by `thread`. Returns whether it was there. */
export function endRetire(entry: i32, channelIndex: i32, role: i32, thread: i32): boolean {
  return endFree(entry, endWord(HELD, thread, role, channelIndex));
}

/** Retires an end that was granted and not adopted yet. Returns whether it was still pending. */
export function endRevoke(grant: i32, channelIndex: i32, role: i32): boolean {
  return endFree(grantEntry(grant), pendingWord(grant, role, channelIndex));
}

/** How many ends of this role the channel has, pending ones included. */
export function endCount(channelIndex: i32, role: i32): i32 {
  const table: i32 = peek(HEADER_END_TABLE);
  while (true) {
    const placed: i32 = endsPlaced();
    const used: i32 = endsUsed();
    let count: i32 = 0;
    for (let entry: i32 = 0; entry < used; entry++) {
      const word: i32 = load(table + entry);
      if ((word & STATE_MASK) === FREE) continue;
      if (word >>> ROLE_SHIFT === ((channelIndex << 1) | role)) count++;
    }
    if (endsPlaced() === placed) return count;
  }
}

/** How many ends were ever placed: unchanged over a scan, the scan saw every end that was there at its end. */
export function endsPlaced(): i32 {
  return load(HEADER_ENDS_PLACED);
}

/** The first end at or behind entry `from` that `thread` holds, or BLOCKED. */
export function endNextHeld(thread: i32, from: i32): i32 {
  const table: i32 = peek(HEADER_END_TABLE);
  const used: i32 = endsUsed();
  for (let entry: i32 = from; entry < used; entry++) {
    const word: i32 = load(table + entry);
    if ((word & STATE_MASK) === HELD && ((word >>> WHO_SHIFT) & WHO_MASK) === thread) return entry;
  }
  return BLOCKED;
}

/** Whoever gives the channel back: frees every end that there is of it, held or pending. */
export function endsClear(channelIndex: i32): void {
  const table: i32 = peek(HEADER_END_TABLE);
  const used: i32 = endsUsed();
  for (let entry: i32 = 0; entry < used; entry++) {
    const word: i32 = load(table + entry);
    if ((word & STATE_MASK) !== FREE && word >>> CHANNEL_SHIFT === channelIndex) endFree(entry, word);
  }
}

/** One past the highest entry ever used. */
export function endsUsed(): i32 {
  const used: i32 = load(HEADER_ENDS_USED);
  return used >= 0 && used <= ENDS_MAX ? used : ENDS_MAX;
}

/** Whether there is an end at `entry`, held or pending. */
export function endLive(entry: i32): boolean {
  return (load(peek(HEADER_END_TABLE) + entry) & STATE_MASK) !== FREE;
}

/** Channel index of the end at `entry`. */
export function endChannelAt(entry: i32): i32 {
  return load(peek(HEADER_END_TABLE) + entry) >>> CHANNEL_SHIFT;
}

/** Role of the end at `entry`. */
export function endRoleAt(entry: i32): i32 {
  return (load(peek(HEADER_END_TABLE) + entry) >>> ROLE_SHIFT) & 1;
}

function endFree(entry: i32, expected: i32): boolean {
  if (cas(peek(HEADER_END_TABLE) + entry, expected, FREE) !== expected) return false;
  store(HEADER_ENDS_HINT, entry);
  return true;
}

function endPlace(word: i32): i32 {
  const table: i32 = peek(HEADER_END_TABLE);
  const start: i32 = load(HEADER_ENDS_HINT) & ENTRY_MASK;
  for (let step: i32 = 0; step < ENDS_MAX; step++) {
    const entry: i32 = (start + step) % ENDS_MAX;
    if ((load(table + entry) & STATE_MASK) !== FREE) continue;
    raiseUsed(entry + 1);
    if (cas(table + entry, FREE, word) !== FREE) continue;
    add(HEADER_ENDS_PLACED, 1);
    store(HEADER_ENDS_HINT, entry + 1);
    return entry;
  }
  return BLOCKED;
}

/** Before an entry is filled scans must reach it. */
function raiseUsed(least: i32): void {
  while (true) {
    const used: i32 = load(HEADER_ENDS_USED);
    if (used >= least || cas(HEADER_ENDS_USED, used, least) === used) return;
  }
}
