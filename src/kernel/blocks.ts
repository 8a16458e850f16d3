/**
 * Pool blocks: which thread owns which bytes.
 *
 * Pages of 64 KiB serve two kinds of block. A slab is a page cut into equal blocks of 64 B … 32 KiB. A run is one block
 * of whole pages. A block is named by `page * PAGE_OWNERS + index`, and has one owner word:
 *
 * ```
 *   slab page   FREE ─► TAKEN by me ─► OPENING by me ─► SLAB class ─► (all blocks free) RETIRING by me ─► FREE
 *   run pages   FREE ─► TAKEN by me ─► head: RUN, rest: BODY of head ─► (head: TAKEN by me) ─► FREE
 *   owner       VACANT class ─► OWNED by me ─► FLYING from me ─► OWNED by you ─► VACANT class
 *                                  └─► SEGMENT (channels, errors: nobody's, so nobody's death frees it) ─► OWNED by me
 * ```
 *
 * Every step is one compare-and-swap on the word that says who owns it, so that the tables are at once the free list,
 * the guard against double release, and the record of who holds what. ABA cannot do harm: a VACANT word names the size
 * class, and a block that is vacant with the class one expects is what one was looking for.
 *
 * While a page is OPENING, SLAB or RETIRING its word names the size class, so a block's address never depends on who is
 * at work on the page. All owner words of a page in another state are NONE, but for the head of a run.
 *
 * A slab also has a bitmap of vacant blocks, to find one quickly. It only hints: a set bit may be stale, and a block is
 * had by its owner word alone. A vacant block whose bit is clear exists only between two adjacent steps of the thread
 * that is releasing it, or that has just taken and not yet unmarked it.
 */

import {
  BLOCK_UNIT_BYTES,
  CELL_HINTS,
  HEADER_BITMAPS,
  HEADER_FIRST_PAGE,
  HEADER_OWNERS,
  HEADER_PAGE_TABLE,
  HEADER_PAGES,
  HEADER_PAGES_USED,
  HEADER_POOL_IN_USE,
  HEADER_POOL_PEAK,
  PAGE,
  PAGE_BITMAP,
  PAGE_BYTES,
  PAGE_ENTRY,
  PAGE_OWNERS,
  SLAB_CLASSES,
  WORD_BYTES,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { add, and, cas, load, lowestBit, or, peek, poke, store } from '../memory/words.ts';
import { BLOCKED, TOO_LARGE } from './codes.ts';
import { threadCell } from './threads.ts';

const PAGE_FREE = 0;
const PAGE_TAKEN = 1;
const PAGE_RUN = 2;
const PAGE_BODY = 3;
// From here on the page has a size class, in the low bits of the value.
const PAGE_OPENING = 4;
const PAGE_SLAB = 5;
const PAGE_RETIRING = 6;
const CLASS_BITS = 4;
const CLASS_MASK = 15;

const OWNER_NONE = 0;
const OWNER_VACANT = 1;
const OWNER_OWNED = 2;
const OWNER_FLYING = 3;
const OWNER_SEGMENT = 4;
const OWNER_CLOSING = 5;

const KIND_BITS = 3;
const KIND_MASK = 7;

function tagged(kind: i32, value: i32): i32 {
  return (value << KIND_BITS) | kind;
}

/** A page that `me` turns into a slab of this class, or back. */
function underWork(kind: i32, me: i32, sizeClass: i32): i32 {
  return tagged(kind, (me << CLASS_BITS) | sizeClass);
}

function hasClass(pageWord: i32): boolean {
  return (pageWord & KIND_MASK) >= PAGE_OPENING && classOf(pageWord) < SLAB_CLASSES;
}

function classOf(pageWord: i32): i32 {
  return (pageWord >>> KIND_BITS) & CLASS_MASK;
}

// ── Reading the tables ──────────────────────────────────────────────────────────────────────────────────────────────

function pageAt(page: i32): i32 {
  return peek(HEADER_PAGE_TABLE) + page * PAGE_ENTRY;
}

function ownerAt(block: i32): i32 {
  return peek(HEADER_OWNERS) + block;
}

/** Word index of a block's first byte. */
export function blockAddress(block: i32): i32 {
  const page: i32 = (block / PAGE_OWNERS) | 0;
  const word: i32 = load(pageAt(page));
  const start: i32 = peek(HEADER_FIRST_PAGE) + page * PAGE;
  return hasClass(word) ? start + (block - page * PAGE_OWNERS) * slabBlockWords(classOf(word)) : start;
}

/** Bytes a block can hold. */
export function blockCapacity(block: i32): i32 {
  const page: i32 = (block / PAGE_OWNERS) | 0;
  const word: i32 = load(pageAt(page));
  if (hasClass(word)) return slabBlockWords(classOf(word)) * WORD_BYTES;
  return load(pageAt(page) + 1) * PAGE_BYTES;
}

/** Whether there is such a block, as far as the tables tell, with at least so many bytes. */
export function blockHolds(block: i32, bytes: i32): boolean {
  const page: i32 = (block / PAGE_OWNERS) | 0;
  const pages: i32 = peek(HEADER_PAGES);
  if (block < 0 || page >= pages || bytes < 0) return false;
  const index: i32 = block - page * PAGE_OWNERS;
  const word: i32 = load(pageAt(page));
  if (hasClass(word)) return index < slabBlocks(classOf(word)) && bytes <= slabBlockWords(classOf(word)) * WORD_BYTES;
  const count: i32 = load(pageAt(page) + 1);
  return index === 0 && count > 0 && count <= pages - page && bytes <= count * PAGE_BYTES;
}

function slabBlockWords(sizeClass: i32): i32 {
  return (BLOCK_UNIT_BYTES / WORD_BYTES) << sizeClass;
}

/** Blocks in a slab of this class. */
export function slabBlocks(sizeClass: i32): i32 {
  return PAGE_OWNERS >> sizeClass;
}

/** What a page is: −1 not a slab and not the head of a run, else the slab's class, or SLAB_CLASSES for a run. */
export function pageClass(page: i32): i32 {
  const word: i32 = load(pageAt(page));
  if (hasClass(word)) return classOf(word);
  return (word & KIND_MASK) === PAGE_RUN ? SLAB_CLASSES : -1;
}

/** Pages of the run that starts at `page`. */
export function runPages(page: i32): i32 {
  return load(pageAt(page) + 1);
}

/** Whether a block is owned by a thread or on its way between two. */
export function blockLeased(block: i32): boolean {
  const kind: i32 = load(ownerAt(block)) & KIND_MASK;
  return kind === OWNER_OWNED || kind === OWNER_FLYING;
}

/** Whether a block is on its way between two threads. */
export function blockFlying(block: i32): boolean {
  return (load(ownerAt(block)) & KIND_MASK) === OWNER_FLYING;
}

/** Whether `thread` owns a block. */
export function blockOwned(block: i32, thread: i32): boolean {
  return load(ownerAt(block)) === tagged(OWNER_OWNED, thread);
}

export function blockVacant(block: i32): boolean {
  return (load(ownerAt(block)) & KIND_MASK) === OWNER_VACANT;
}

// ── Taking ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Takes a block of at least `bytes` for `me`. Returns it, BLOCKED when there is none now, or TOO_LARGE. */
export function blockTake(me: i32, bytes: i32): i32 {
  if (bytes > PAGE_BYTES / 2) {
    const pages: i32 = ((bytes + (PAGE_BYTES - 1)) / PAGE_BYTES) | 0;
    if (pages > peek(HEADER_PAGES)) return TOO_LARGE;
    const run: i32 = runTake(me, pages);
    if (run !== BLOCKED || !retireEmptySlabs(me)) return run;
    return runTake(me, pages);
  }
  let sizeClass: i32 = 0;
  while (BLOCK_UNIT_BYTES << sizeClass < bytes) sizeClass++;
  const block: i32 = slabTake(me, sizeClass);
  if (block !== BLOCKED || !retireEmptySlabs(me)) return block;
  return slabTake(me, sizeClass);
}

function slabTake(me: i32, sizeClass: i32): i32 {
  const fitting: i32 = slabTakeOpen(me, sizeClass);
  if (fitting !== BLOCKED) return fitting;
  const fresh: i32 = pageTake(me, 0);
  if (fresh !== BLOCKED) {
    poke(threadCell(me) + CELL_HINTS + sizeClass, fresh);
    return slabOpen(fresh, sizeClass, me);
  }
  // Better a block that is too large than none.
  for (let larger: i32 = sizeClass + 1; larger < SLAB_CLASSES; larger++) {
    const block: i32 = slabTakeOpen(me, larger);
    if (block !== BLOCKED) return block;
  }
  return BLOCKED;
}

/** Takes a block from a slab that there is already. */
function slabTakeOpen(me: i32, sizeClass: i32): i32 {
  const hint: i32 = threadCell(me) + CELL_HINTS + sizeClass;
  const hinted: i32 = peek(hint);
  const start: i32 = hinted < 0 ? 0 : hinted;
  const used: i32 = pagesUsed();
  for (let step: i32 = 0; step < used; step++) {
    let page: i32 = start + step;
    if (page >= used) page -= used;
    if (page >= used || load(pageAt(page)) !== tagged(PAGE_SLAB, sizeClass)) continue;
    const block: i32 = slabTakeFrom(page, sizeClass, me);
    if (block >= 0) {
      poke(hint, page);
      return block;
    }
  }
  return BLOCKED;
}

function slabTakeFrom(page: i32, sizeClass: i32, me: i32): i32 {
  const bitmap: i32 = peek(HEADER_BITMAPS) + page * PAGE_BITMAP;
  const words: i32 = (slabBlocks(sizeClass) + 31) >> 5;
  for (let i: i32 = 0; i < words; i++) {
    let vacant: i32 = load(bitmap + i);
    while (vacant !== 0) {
      const bit: i32 = lowestBit(vacant);
      vacant &= vacant - 1;
      const block: i32 = page * PAGE_OWNERS + (i << 5) + bit;
      const expected: i32 = tagged(OWNER_VACANT, sizeClass);
      if (cas(ownerAt(block), expected, tagged(OWNER_OWNED, me)) !== expected) continue;
      and(bitmap + i, ~(1 << bit));
      noteUse(1 << sizeClass);
      return block;
    }
  }
  return BLOCKED;
}

/** Cuts a page that `me` has taken into blocks and keeps the first. */
function slabOpen(page: i32, sizeClass: i32, me: i32): i32 {
  const bitmap: i32 = peek(HEADER_BITMAPS) + page * PAGE_BITMAP;
  const blocks: i32 = slabBlocks(sizeClass);
  const first: i32 = page * PAGE_OWNERS;
  markVacant(page, sizeClass);
  and(bitmap, ~1);
  store(pageAt(page), underWork(PAGE_OPENING, me, sizeClass));
  store(ownerAt(first), tagged(OWNER_OWNED, me));
  for (let i: i32 = 1; i < blocks; i++) store(ownerAt(first + i), tagged(OWNER_VACANT, sizeClass));
  store(pageAt(page), tagged(PAGE_SLAB, sizeClass));
  noteUse(1 << sizeClass);
  return first;
}

/** Takes the lowest free page at or behind `from`. */
function pageTake(me: i32, from: i32): i32 {
  const pages: i32 = peek(HEADER_PAGES);
  for (let page: i32 = from; page < pages; page++) {
    if (load(pageAt(page)) !== PAGE_FREE) continue;
    raisePagesUsed(page + 1);
    if (cas(pageAt(page), PAGE_FREE, tagged(PAGE_TAKEN, me)) === PAGE_FREE) return page;
  }
  return BLOCKED;
}

/** Takes the lowest `count` free pages in a row. */
function runTake(me: i32, count: i32): i32 {
  const pages: i32 = peek(HEADER_PAGES);
  let head: i32 = 0;
  let have: i32 = 0;
  while (head + count <= pages) {
    const page: i32 = head + have;
    const word: i32 = load(pageAt(page));
    if (word === PAGE_FREE) {
      raisePagesUsed(page + 1);
      if (cas(pageAt(page), PAGE_FREE, tagged(PAGE_TAKEN, me)) === PAGE_FREE) {
        have++;
        if (have === count) return runOpen(head, count, me);
        continue;
      }
    }
    while (have > 0) {
      have--;
      store(pageAt(head + have), PAGE_FREE);
    }
    head = (word & KIND_MASK) === PAGE_RUN ? page + load(pageAt(page) + 1) : page + 1;
    if (head <= page) head = page + 1;
  }
  return BLOCKED;
}

function runOpen(head: i32, count: i32, me: i32): i32 {
  const block: i32 = head * PAGE_OWNERS;
  store(pageAt(head) + 1, count);
  store(ownerAt(block), tagged(OWNER_OWNED, me));
  store(pageAt(head), PAGE_RUN);
  for (let i: i32 = 1; i < count; i++) store(pageAt(head + i), tagged(PAGE_BODY, head));
  noteUse(count * PAGE_OWNERS);
  return block;
}

// ── Passing on ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Puts a block of `me` on its way to another thread. Returns whether `me` owned it. */
export function blockSend(block: i32, me: i32): boolean {
  const owned: i32 = tagged(OWNER_OWNED, me);
  return cas(ownerAt(block), owned, tagged(OWNER_FLYING, me)) === owned;
}

/** Takes a block back that `me` had put on its way. */
export function blockUnsend(block: i32, me: i32): boolean {
  const flying: i32 = tagged(OWNER_FLYING, me);
  return cas(ownerAt(block), flying, tagged(OWNER_OWNED, me)) === flying;
}

/** Makes `me` the owner of a block that was on its way. Returns whether it was. */
export function blockReceive(block: i32, me: i32): boolean {
  const word: i32 = load(ownerAt(block));
  if ((word & KIND_MASK) !== OWNER_FLYING) return false;
  return cas(ownerAt(block), word, tagged(OWNER_OWNED, me)) === word;
}

/** Frees a block that `dead` had put on its way, if it still is. Returns whether it was. */
export function blockGround(block: i32, dead: i32, me: i32): boolean {
  const flying: i32 = tagged(OWNER_FLYING, dead);
  return cas(ownerAt(block), flying, tagged(OWNER_OWNED, me)) === flying && blockRelease(block, me);
}

/** Gives a block of `me` to the segment itself: it outlives the thread. */
export function blockDonate(block: i32, me: i32): boolean {
  const owned: i32 = tagged(OWNER_OWNED, me);
  return cas(ownerAt(block), owned, OWNER_SEGMENT) === owned;
}

/** Frees a block that belongs to the segment. Returns whether it did. */
export function blockDismiss(block: i32, me: i32): boolean {
  return blockFree(block, OWNER_SEGMENT, me);
}

/** Makes a block of the segment `me`'s own again. Returns whether it was the segment's. */
export function blockReclaim(block: i32, me: i32): boolean {
  return cas(ownerAt(block), OWNER_SEGMENT, tagged(OWNER_OWNED, me)) === OWNER_SEGMENT;
}

// ── Giving back ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Gives a block of `me` back. Returns whether `me` owned it; wake those who wait for memory then. */
export function blockRelease(block: i32, me: i32): boolean {
  return blockFree(block, tagged(OWNER_OWNED, me), me);
}

function blockFree(block: i32, expected: i32, me: i32): boolean {
  const page: i32 = (block / PAGE_OWNERS) | 0;
  const word: i32 = load(pageAt(page));
  if ((word & KIND_MASK) === PAGE_RUN) {
    if (cas(ownerAt(block), expected, tagged(OWNER_CLOSING, me)) !== expected) return false;
    runClose(page, me);
    return true;
  }
  const sizeClass: i32 = classOf(word);
  if (cas(ownerAt(block), expected, tagged(OWNER_VACANT, sizeClass)) !== expected) return false;
  const index: i32 = block - page * PAGE_OWNERS;
  or(peek(HEADER_BITMAPS) + page * PAGE_BITMAP + (index >> 5), 1 << (index & 31));
  add(HEADER_POOL_IN_USE, -(1 << sizeClass));
  return true;
}

function runClose(head: i32, me: i32): void {
  const count: i32 = load(pageAt(head) + 1);
  const body: i32 = tagged(PAGE_BODY, head);
  for (let i: i32 = 1; i < count; i++) cas(pageAt(head + i), body, PAGE_FREE);
  add(HEADER_POOL_IN_USE, -(count * PAGE_OWNERS));
  // The owner word has to be cleared while the page is not free yet, and somebody has to be known to be at it.
  store(pageAt(head), tagged(PAGE_TAKEN, me));
  store(ownerAt(head * PAGE_OWNERS), OWNER_NONE);
  store(pageAt(head), PAGE_FREE);
}

/** Turns slabs without a single block in use back into free pages. Returns whether there was one. */
function retireEmptySlabs(me: i32): boolean {
  const used: i32 = pagesUsed();
  let retired: boolean = false;
  for (let page: i32 = 0; page < used; page++) {
    const word: i32 = load(pageAt(page));
    if ((word & KIND_MASK) === PAGE_SLAB && slabRetire(page, classOf(word), me)) retired = true;
  }
  return retired;
}

/** Takes every block of a slab; if all could be had, the page is free. */
function slabRetire(page: i32, sizeClass: i32, me: i32): boolean {
  const slab: i32 = tagged(PAGE_SLAB, sizeClass);
  const blocks: i32 = slabBlocks(sizeClass);
  const first: i32 = page * PAGE_OWNERS;
  const vacant: i32 = tagged(OWNER_VACANT, sizeClass);
  for (let i: i32 = 0; i < blocks; i++) if (load(ownerAt(first + i)) !== vacant) return false;
  if (cas(pageAt(page), slab, underWork(PAGE_RETIRING, me, sizeClass)) !== slab) return false;
  let taken: i32 = 0;
  while (taken < blocks && cas(ownerAt(first + taken), vacant, OWNER_NONE) === vacant) taken++;
  if (taken === blocks) {
    store(pageAt(page), PAGE_FREE);
    return true;
  }
  while (taken > 0) {
    taken--;
    store(ownerAt(first + taken), vacant);
  }
  store(pageAt(page), slab);
  return false;
}

/** The first block at or behind `from` that `dead` had put on its way, or BLOCKED. */
export function blockNextFlying(dead: i32, from: i32): i32 {
  const flying: i32 = tagged(OWNER_FLYING, dead);
  const used: i32 = pagesUsed();
  let block: i32 = from;
  for (let page: i32 = (from / PAGE_OWNERS) | 0; page < used; page++) {
    const end: i32 = page * PAGE_OWNERS + pageBlocks(page);
    for (; block < end; block++) if (load(ownerAt(block)) === flying) return block;
    block = (page + 1) * PAGE_OWNERS;
  }
  return BLOCKED;
}

/** How many blocks start in a page. */
function pageBlocks(page: i32): i32 {
  const sizeClass: i32 = pageClass(page);
  if (sizeClass < 0) return 0;
  return sizeClass === SLAB_CLASSES ? 1 : slabBlocks(sizeClass);
}

/**
 * Gives back what `dead` owned, and finishes or undoes the work on pages and blocks that it left in the middle. Blocks it
 * had put on their way stay there. Returns how many blocks it owned. Only once the thread can no longer run.
 */
export function blocksRecover(dead: i32, me: i32): i32 {
  const used: i32 = pagesUsed();
  const closing: i32 = tagged(OWNER_CLOSING, dead);
  const mine: i32 = tagged(OWNER_OWNED, dead);
  let owned: i32 = 0;
  for (let page: i32 = 0; page < used; page++) {
    pageRecover(page, dead);
    const first: i32 = page * PAGE_OWNERS;
    const owners: i32 = ownerAt(first);
    const blocks: i32 = pageBlocks(page);
    for (let i: i32 = 0; i < blocks; i++) {
      const word: i32 = load(owners + i);
      if (word === closing) runClose(page, me);
      else if (word === mine) owned += blockFree(first + i, word, me) ? 1 : 0;
      else if ((word & KIND_MASK) === OWNER_VACANT) showVacant(page, i);
    }
  }
  return owned;
}

/** The dead thread may have freed a block and not yet marked it in the bitmap. */
function showVacant(page: i32, index: i32): void {
  const at: i32 = peek(HEADER_BITMAPS) + page * PAGE_BITMAP + (index >> 5);
  if ((load(at) & (1 << (index & 31))) === 0) or(at, 1 << (index & 31));
}

function pageRecover(page: i32, dead: i32): void {
  const word: i32 = load(pageAt(page));
  const kind: i32 = word & KIND_MASK;
  if (word === tagged(PAGE_TAKEN, dead)) {
    // A run whose head was not marked yet may have its owner word set.
    store(ownerAt(page * PAGE_OWNERS), OWNER_NONE);
    store(pageAt(page), PAGE_FREE);
  } else if (kind === PAGE_OPENING || kind === PAGE_RETIRING) {
    if (word !== underWork(kind, dead, classOf(word))) return;
    const sizeClass: i32 = classOf(word);
    const first: i32 = page * PAGE_OWNERS;
    const blocks: i32 = slabBlocks(sizeClass);
    for (let i: i32 = 0; i < blocks; i++) cas(ownerAt(first + i), OWNER_NONE, tagged(OWNER_VACANT, sizeClass));
    markVacant(page, sizeClass);
    store(pageAt(page), tagged(PAGE_SLAB, sizeClass));
  }
}

/** Sets every bit of a slab's bitmap: stale ones only cost a look. */
function markVacant(page: i32, sizeClass: i32): void {
  const bitmap: i32 = peek(HEADER_BITMAPS) + page * PAGE_BITMAP;
  const blocks: i32 = slabBlocks(sizeClass);
  const words: i32 = (blocks + 31) >> 5;
  for (let i: i32 = 0; i < words; i++) {
    const last: i32 = blocks - (i << 5);
    or(bitmap + i, last >= 32 ? -1 : (1 << last) - 1);
  }
}

/** One past the highest page ever taken. */
export function pagesUsed(): i32 {
  const used: i32 = load(HEADER_PAGES_USED);
  const pages: i32 = peek(HEADER_PAGES);
  return used >= 0 && used <= pages ? used : pages;
}

function noteUse(units: i32): void {
  const used: i32 = add(HEADER_POOL_IN_USE, units) + units;
  while (true) {
    const peak: i32 = load(HEADER_POOL_PEAK);
    if (used <= peak || cas(HEADER_POOL_PEAK, peak, used) === peak) return;
  }
}

function raisePagesUsed(least: i32): void {
  while (true) {
    const used: i32 = load(HEADER_PAGES_USED);
    if (used >= least || cas(HEADER_PAGES_USED, used, least) === used) return;
  }
}
