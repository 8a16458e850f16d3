/**
 * Which threads wait for one thing: a bit each.
 *
 * Words: see `SET_*` in the layout. Threads 0–30 have their bits in the first word, so that the one look of a publisher
 * costs one load; bit 31 of it says that bits of further threads may be set, in the groups that `SET_GROUPS` names.
 * Bit 31 and the group bits are sticky: once set they stay, so no clearing can race with a setting.
 *
 * The sleeper: add its bit → look again at what it waits for → sleep on its own wake word.
 * The publisher: publish → look at the set → take a bit → wake that thread.
 * Both orders are sequentially consistent. So either the sleeper's second look sees what was published, or its bit was
 * set before the publisher's look, which then sees it. A wake-up cannot fall between them.
 *
 * Whoever takes a bit owes its thread a wake-up. Turns rotate: the search starts behind the thread served last, so with
 * n threads waiting each is served within n turns.
 */

import { SET_FIRST, SET_GROUP_WORDS, SET_GROUPS, SET_TURN } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { and, load, lowestBit, or, store } from '../memory/words.ts';

const DIRECT = 31;
const MORE = 1 << 31;

/** Sets the bit of `thread`. */
export function waitersAdd(set: i32, thread: i32): void {
  if (thread < DIRECT) {
    or(set + SET_FIRST, 1 << thread);
    return;
  }
  const group: i32 = (thread - DIRECT) >>> 5;
  or(set + SET_GROUP_WORDS + group, 1 << ((thread - DIRECT) & 31));
  or(set + SET_GROUPS, 1 << group);
  or(set + SET_FIRST, MORE);
}

/** Clears the bit of `thread`. Returns whether it was still set; if not, a wake-up was meant for this thread. */
export function waitersRemove(set: i32, thread: i32): boolean {
  if (thread < DIRECT) return takeBit(set + SET_FIRST, thread);
  return takeBit(set + SET_GROUP_WORDS + ((thread - DIRECT) >>> 5), (thread - DIRECT) & 31);
}

export function waitersHas(set: i32, thread: i32): boolean {
  if (thread < DIRECT) return (load(set + SET_FIRST) & (1 << thread)) !== 0;
  return (load(set + SET_GROUP_WORDS + ((thread - DIRECT) >>> 5)) & (1 << ((thread - DIRECT) & 31))) !== 0;
}

/** The one look of a publisher. May answer true for nobody once more than 31 threads have waited here. */
export function waitersAny(set: i32): boolean {
  return load(set + SET_FIRST) !== 0;
}

/** Takes one thread out, in turn. Returns it, or −1. */
export function waitersTake(set: i32): i32 {
  const first: i32 = load(set + SET_FIRST);
  if (first === 0 || (first === MORE && groupsEmpty(set))) return -1;
  const turn: i32 = load(set + SET_TURN);
  let thread: i32 = takeFrom(set, turn);
  if (thread < 0 && turn !== 0) thread = takeFrom(set, 0);
  if (thread >= 0) store(set + SET_TURN, thread + 1);
  return thread;
}

/** The first thread at or behind `from` that is in the set, or −1. */
export function waitersNext(set: i32, from: i32): i32 {
  if (from < DIRECT) {
    const direct: i32 = load(set + SET_FIRST) & ~((1 << from) - 1) & ~MORE;
    if (direct !== 0) return lowestBit(direct);
  }
  if ((load(set + SET_FIRST) & MORE) === 0) return -1;
  const start: i32 = from < DIRECT ? 0 : from - DIRECT;
  const groups: i32 = load(set + SET_GROUPS);
  for (let group: i32 = start >>> 5; group < 32; group++) {
    if ((groups & (1 << group)) === 0) continue;
    const mask: i32 = group === start >>> 5 ? ~((1 << (start & 31)) - 1) : -1;
    const word: i32 = load(set + SET_GROUP_WORDS + group) & mask;
    if (word !== 0) return DIRECT + (group << 5) + lowestBit(word);
  }
  return -1;
}

/** How many threads wait. */
export function waitersCount(set: i32): i32 {
  const first: i32 = load(set + SET_FIRST);
  let count: i32 = bits(first & ~MORE);
  if ((first & MORE) === 0) return count;
  let groups: i32 = load(set + SET_GROUPS);
  while (groups !== 0) {
    const group: i32 = lowestBit(groups);
    groups &= groups - 1;
    count += bits(load(set + SET_GROUP_WORDS + group));
  }
  return count;
}

/** Whether no group has a bit set: what a publisher finds most often once more than 31 threads have waited here. */
function groupsEmpty(set: i32): boolean {
  let groups: i32 = load(set + SET_GROUPS);
  while (groups !== 0) {
    const group: i32 = lowestBit(groups);
    groups &= groups - 1;
    if (load(set + SET_GROUP_WORDS + group) !== 0) return false;
  }
  return true;
}

/** Takes the lowest thread that is at least `from`. */
function takeFrom(set: i32, from: i32): i32 {
  const first: i32 = load(set + SET_FIRST);
  if (from < DIRECT) {
    const thread: i32 = takeLowest(set + SET_FIRST, ~((1 << from) - 1) & ~MORE);
    if (thread >= 0) return thread;
  }
  if ((first & MORE) === 0) return -1;
  const start: i32 = from < DIRECT ? 0 : from - DIRECT;
  const groups: i32 = load(set + SET_GROUPS);
  for (let group: i32 = start >>> 5; group < 32; group++) {
    if ((groups & (1 << group)) === 0) continue;
    const mask: i32 = group === start >>> 5 ? ~((1 << (start & 31)) - 1) : -1;
    const bit: i32 = takeLowest(set + SET_GROUP_WORDS + group, mask);
    if (bit >= 0) return DIRECT + (group << 5) + bit;
  }
  return -1;
}

function takeLowest(word: i32, mask: i32): i32 {
  let candidates: i32 = load(word) & mask;
  while (candidates !== 0) {
    const bit: i32 = lowestBit(candidates);
    if (takeBit(word, bit)) return bit;
    candidates = load(word) & mask;
  }
  return -1;
}

function takeBit(word: i32, bit: i32): boolean {
  return (and(word, ~(1 << bit)) & (1 << bit)) !== 0;
}

function bits(word: i32): i32 {
  let rest: i32 = word;
  let count: i32 = 0;
  while (rest !== 0) {
    rest &= rest - 1;
    count++;
  }
  return count;
}
