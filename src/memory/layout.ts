/**
 * Where every shared word lives. This file owns every offset; each is accumulated from the one before, none is typed in.
 *
 * ```
 * segment  ┌────────┬──────────────┬───────────────┬───────────┬────────┬───────┬──────────────────────┬─ … ─┐
 *          │ header │ thread cells │ channel table │ end table │ scopes │ syncs │ page table │ bitmaps │ pages │
 *          │        │              │ holds         │           │        │       │ block owners         │       │
 *          └────────┴──────────────┴───────────────┴───────────┴────────┴───────┴──────────────────────┴─ … ─┘
 * page     64 KiB, one of: free · a slab of equal blocks (64 B … 32 KiB) · part of a run (one block of whole pages)
 * channel  ┌────────┬──────┬──────┬───────────────────┬─────────────────┬───────┬──────┬───────┬─────────┬──────┐
 * (a block)│ fixed  │ tail │ head │ waiting receivers │ waiting senders │ tally │ name │ slots │ letters │ refs │
 *          └────────┴──────┴──────┴───────────────────┴─────────────────┴───────┴──────┴───────┴─────────┴──────┘
 * ```
 *
 * Two words that different threads write stand at least a line apart. A line is 128 bytes: twice the cache line,
 * because the adjacent line is prefetched with it. Sizes below are in words of 4 bytes unless a name says bytes.
 */

/** Bytes of a word, words of a line, words of a page. */
export const WORD_BYTES = 4;
export const LINE = 32;
export const PAGE_BYTES = 65_536;
export const PAGE = PAGE_BYTES / WORD_BYTES;

/** Rises with every change of what this file describes: threads of different versions refuse each other's segments. */
export const LAYOUT_VERSION = 5;
/** 'SLCE' */
export const MAGIC = 0x534c4345;

function accumulate(start: number): { take(words: number): number; line(words?: number): number; end(): number } {
  let next = start;
  const align = () => {
    next = Math.ceil(next / LINE) * LINE;
  };
  return {
    take(words) {
      const at = next;
      next += words;
      return at;
    },
    line(words = 1) {
      align();
      const at = next;
      next += words;
      align();
      return at;
    },
    end() {
      align();
      return next;
    },
  };
}

// ── Waiter set: which threads wait for one thing ────────────────────────────────────────────────────────────────────
// first   bits 0–30: threads 0–30; bit 31: look at the groups as well (sticky)
// groups  bit g: group g (threads 31 + 32g …) has been used (sticky)
// turn    whom to serve next
// offers  at a rendezvous: how often somebody has sat down to wait
// met     at a rendezvous: how many of those were met. Both stand where the bits do, as they change together with them
const set = accumulate(0);
export const SET_FIRST = set.take(1);
export const SET_GROUPS = set.take(1);
export const SET_TURN = set.take(1);
export const SET_OFFERS = set.take(1);
export const SET_MET = set.take(1);
export const SET_GROUP_WORDS = set.line(32);
export const SET_WORDS = set.end();

// ── Header ──────────────────────────────────────────────────────────────────────────────────────────────────────────
const header = accumulate(0);
export const HEADER_MAGIC = header.take(1);
export const HEADER_VERSION = header.take(1);
/** Random, so that one thread can tell two views of one segment from two segments. */
export const HEADER_ID = header.take(2);
export const HEADER_PAGES = header.take(1);
export const HEADER_THREADS = header.take(1);
/** Most looks at a channel before a thread goes to sleep. */
export const HEADER_SPIN = header.take(1);
/** Bit 0: remember call sites. */
export const HEADER_FLAGS = header.take(1);
/** Milliseconds of `Date.now()` at creation, low and high word: times in the segment count from here. */
export const HEADER_EPOCH = header.take(2);
/** Word indexes of the tables: the segment describes itself, so the kernel need not be told. */
export const HEADER_CELLS = header.take(1);
export const HEADER_CHANNEL_TABLE = header.take(1);
export const HEADER_CHANNEL_HOLDS = header.take(1);
export const HEADER_END_TABLE = header.take(1);
export const HEADER_SCOPE_TABLE = header.take(1);
/** Most scopes at once. */
export const HEADER_SCOPES = header.take(1);
export const HEADER_SYNC_TABLE = header.take(1);
/** Most primitives of `sluice/sync` at once, and the words of one: it has some for each thread. */
export const HEADER_SYNCS = header.take(1);
export const HEADER_SYNC_STRIDE = header.take(1);
export const HEADER_PAGE_TABLE = header.take(1);
export const HEADER_BITMAPS = header.take(1);
export const HEADER_OWNERS = header.take(1);
export const HEADER_FIRST_PAGE = header.take(1);
/** 1 once the supervisor closes the segment: nothing may block on it any more. */
export const HEADER_CLOSING = header.line();
/** One past the highest entry ever used: scans end here. */
export const HEADER_CHANNELS_USED = header.line();
/** Where a free entry of the channel table is likely. */
export const HEADER_CHANNELS_HINT = header.line();
export const HEADER_ENDS_USED = header.line();
/** Where a free entry of the end table is likely. */
export const HEADER_ENDS_HINT = header.line();
/** Ends granted so far: tells one grant from the next. */
export const HEADER_ENDS_GRANTED = header.line();
/** Ends placed in the table so far: a scan during which it moved may have missed one that went to another entry. */
export const HEADER_ENDS_PLACED = header.line();
export const HEADER_SCOPES_USED = header.line();
/** Where a free scope is likely. */
export const HEADER_SCOPES_HINT = header.line();
export const HEADER_SYNCS_USED = header.line();
/** Where a free entry for a primitive is likely. */
export const HEADER_SYNCS_HINT = header.line();
export const HEADER_PAGES_USED = header.line();
/** Units of `BLOCK_UNIT_BYTES` in use now, and the most there ever were. */
export const HEADER_POOL_IN_USE = header.line();
export const HEADER_POOL_PEAK = header.line();
/** Threads that wait for pool memory. */
export const HEADER_POOL_WAITERS = header.line(SET_WORDS);
/** Threads that want to be told when one of their scopes ends. */
export const HEADER_SCOPE_WAITERS = header.line(SET_WORDS);
/** Threads that want to be told when a channel that they hold is disposed of. */
export const HEADER_DISPOSAL_WAITERS = header.line(SET_WORDS);
/** Threads that wait for nothing: where operations stand that wait at a channel that is gone. */
export const HEADER_NOWHERE = header.line(SET_WORDS);
/** Threads that want to be told when one of their primitives is closed, or broken. */
export const HEADER_SYNC_WATCHERS = header.line(SET_WORDS);
const HEADER_WORDS = header.end();

// ── Thread cell ─────────────────────────────────────────────────────────────────────────────────────────────────────
const cell = accumulate(0);
/** (epoch << 1) | asleep. See `kernel/wake.ts`. */
export const CELL_WAKE = cell.line();
/** Who has the cell: see `kernel/threads.ts`. */
export const CELL_STATE = cell.line();
/** What the thread sleeps on: 0 nothing, else see `PARKED_*`. */
export const CELL_PARKED_ON = CELL_STATE + 1;
/** Milliseconds since the segment's epoch. */
export const CELL_PARKED_SINCE = CELL_STATE + 2;
export const CELL_NAME_BYTES = CELL_STATE + 3;
/** What a thread that has left gave back: blocks and ends, and messages that were lost with it or returned. */
export const CELL_LEFT_BLOCKS = CELL_STATE + 4;
export const CELL_LEFT_ENDS = CELL_STATE + 5;
export const CELL_LEFT_LOST = CELL_STATE + 6;
export const CELL_LEFT_RETURNED = CELL_STATE + 7;
/** UTF-8. */
export const CELL_NAME = cell.line(LINE);
/** The thread's own: the page where it last found a block of each class. */
export const CELL_HINTS = cell.line(LINE);
/** The thread's own: the word of the letter it took last. See `kernel/letters.ts`. */
export const CELL_TAKEN = cell.line();
/** The thread's own: where a short message stands on its way into a channel, or out of one. See `kernel/short.ts`. */
export const CELL_DRAFT = cell.line(LINE);
export const CELL_WORDS = cell.end();
/** Most words of a message that is short. */
export const DRAFT_WORDS = LINE;
export const NAME_MAX_BYTES = LINE * WORD_BYTES;

export const THREAD_FREE = 0;
export const THREAD_ATTACHING = 1;
export const THREAD_ATTACHED = 2;
export const THREAD_GONE = 3;
export const THREAD_LEFT = 4;

/** `CELL_PARKED_ON`: what | (channel index << 2). */
export const PARKED_RUNNING = 0;
export const PARKED_RECEIVE = 1;
export const PARKED_SEND = 2;
/** The pool; with (1 + the index of a primitive) << 2, that primitive. */
export const PARKED_POOL = 3;
/** Several things at once, or none. */
export const PARKED_SELECT = 4;

// ── Tables ──────────────────────────────────────────────────────────────────────────────────────────────────────────
/** Most channels at once. See `kernel/channels.ts`. */
export const CHANNELS_MAX = 16_384;
const channelEntry = accumulate(0);
/** How it stands, and who is at work on it. */
export const ENTRY_STATE = channelEntry.take(1);
/** 1 + the block of the channel, or 0. */
export const ENTRY_BLOCK = channelEntry.take(1);
/** How many channels have had the entry: tells one from the next. */
export const ENTRY_GENERATION = channelEntry.take(1);
/** Which channels this one names, for overflow and dead letters, and whether any ever named this one. */
export const ENTRY_NAMES = channelEntry.take(1);
export const ENTRY_WORDS = ENTRY_NAMES + 1;
/** Words of a row of holds: a bit for each channel. Row 0 says which are disposed of, row 1 + t which thread t holds. */
export const HOLD_WORDS = CHANNELS_MAX / 32;
/** Most ends (senders and receivers) at once. See `kernel/ends.ts`. */
export const ENDS_MAX = 32_768;
/** Most threads a segment can be made for: what an owner field of 10 bits holds. */
export const THREADS_MAX = 1_024;

// ── Scope: what can be called off on all threads at once. See `kernel/scopes.ts` ────────────────────────────────────
const scope = accumulate(0);
/** Its generation, who is at work on it, and how it stands. Loops that never yield look at it: on a line of its own. */
export const SCOPE_STATE = scope.line();
/** The thread that made it. */
export const SCOPE_OWNER = scope.take(1);
/** 1 + the index of the scope it is in, and the generation of that one; 0: none. */
export const SCOPE_PARENT = scope.take(1);
export const SCOPE_PARENT_GENERATION = scope.take(1);
/** Microseconds on a clock that all threads share, high and low word; both 0: no time-out. */
export const SCOPE_DEADLINE = scope.take(2);
/** Bytes of the reason it was cancelled with. */
export const SCOPE_REASON_BYTES = scope.take(1);
/** Threads that have it, and have not seen its end yet. */
export const SCOPE_HOLDERS = scope.line(SET_WORDS);
export const SCOPE_REASON = scope.line(3 * LINE);
export const SCOPE_WORDS = scope.end();
export const REASON_MAX_BYTES = 3 * LINE * WORD_BYTES;
/** Most scopes of the largest segment; smaller ones have one for so many bytes. */
export const SCOPES_MAX = 8_192;
export const BYTES_PER_SCOPE = 32_768;

// ── Primitive of `sluice/sync`: see `kernel/syncs.ts` ───────────────────────────────────────────────────────────────
const sync = accumulate(0);
/** Its generation, who is at work on it, and how it stands. Every operation looks at it. */
export const SYNC_STATE = sync.line();
/** What it is: SYNC_*; how many permits it has, or how many threads meet; bytes of its name. */
export const SYNC_KIND = sync.take(1);
export const SYNC_SIZE = sync.take(1);
export const SYNC_NAME_BYTES = sync.take(1);
/** How it stands: see `kernel/locks.ts`, `kernel/permits.ts` and `kernel/gates.ts`. */
export const SYNC_WORD = sync.line();
/** Semaphore: 1 once somebody waited for more than one permit at a time. */
export const SYNC_GREEDY = sync.line();
/** Threads that wait for it, and threads that have it and have not seen its end yet. */
export const SYNC_WAITERS = sync.line(SET_WORDS);
export const SYNC_HOLDERS = sync.line(SET_WORDS);
export const SYNC_NAME = sync.line(LINE);
/** Semaphore: an account for each thread. */
export const SYNC_ACCOUNTS = sync.end();
export const ACCOUNT_WORDS = 2;
export const SYNC_MUTEX = 1;
export const SYNC_SEMAPHORE = 2;
export const SYNC_ONCE = 3;
export const SYNC_WAIT_GROUP = 4;
export const SYNC_BARRIER = 5;
/** Most primitives of the largest segment; smaller ones have one for so many bytes. */
export const SYNCS_MAX = 4_096;
export const BYTES_PER_SYNC = 65_536;

// ── Pool ────────────────────────────────────────────────────────────────────────────────────────────────────────────
/** The smallest block; sizes of slab blocks are this times a power of two, up to half a page. */
export const BLOCK_UNIT_BYTES = 64;
export const SLAB_CLASSES = 10;
/** Owner words and bitmap words of one page. A page of the smallest class has one owner word a block. */
export const PAGE_OWNERS = PAGE_BYTES / BLOCK_UNIT_BYTES;
export const PAGE_BITMAP = PAGE_OWNERS / 32;
/** Words of the page table a page: its state, and for the head of a run the number of pages. */
export const PAGE_ENTRY = 2;

// ── Channel ─────────────────────────────────────────────────────────────────────────────────────────────────────────
const channel = accumulate(0);
/** This channel's index in the channel table. */
export const CHANNEL_INDEX = channel.take(1);
export const CHANNEL_TOPOLOGY = channel.take(1);
/** How messages stand in it: QUEUE_*. */
export const CHANNEL_QUEUE = channel.take(1);
/** Exact limit, in messages. */
export const CHANNEL_CAPACITY = channel.take(1);
/** log2 of the slots there are: at least the capacity, at least 8. */
export const CHANNEL_SHIFT = channel.take(1);
/** Words of a slot, its state words included; even. */
export const CHANNEL_STRIDE = channel.take(1);
/** Word index of slot 0. */
export const CHANNEL_SLOTS = channel.take(1);
export const CHANNEL_NAME_BYTES = channel.take(1);
/** How many pool blocks a message may refer to, and the word index of the list that says where; see `kernel/refs.ts`. */
export const CHANNEL_REFS = channel.take(1);
export const CHANNEL_REFS_AT = channel.take(1);
/** At-least-once: word indexes of the letters' states, their bitmap, letter 0, and words of a letter. */
export const CHANNEL_LETTERS = channel.take(1);
export const CHANNEL_LETTER_BITMAP = channel.take(1);
export const CHANNEL_LETTER_FIRST = channel.take(1);
export const CHANNEL_LETTER_STRIDE = channel.take(1);
/** Most times a message is handed out, 0 without limit; and 1 + the index of the channel it goes to then, or 0. */
export const CHANNEL_ATTEMPTS = channel.take(1);
export const CHANNEL_DEAD_LETTERS = channel.take(1);
/** Milliseconds until a message that was not acknowledged is handed out again, or 0. */
export const CHANNEL_ACK_TIMEOUT = channel.take(1);
/** What a send does when it is full: OVERFLOW_*; and 1 + the index of the channel for what has no room, or 0. */
export const CHANNEL_OVERFLOW = channel.take(1);
export const CHANNEL_OVERFLOW_TO = channel.take(1);
/** Levels, in thousandths of the capacity. */
export const CHANNEL_YELLOW = channel.take(1);
export const CHANNEL_RED = channel.take(1);
/** 0 open; how it was closed otherwise, see `kernel/close.ts`. On a line of its own: senders poll it. */
export const CHANNEL_CLOSED = channel.line();
/** At-least-once: 1 while there may be messages to be handed out again. */
export const CHANNEL_RETURNED = channel.line();
/** The sender's line. mpmc: position. spsc: position and flags, see `kernel/spsc.ts`. */
export const CHANNEL_TAIL = channel.line(4);
/** spsc, the sender's own: the tail without flags. */
export const CHANNEL_SENT = CHANNEL_TAIL + 1;
/** A sender's last look at the head. */
export const CHANNEL_HEAD_SEEN = CHANNEL_TAIL + 2;
/** Most messages there ever were. */
export const CHANNEL_PEAK = CHANNEL_TAIL + 3;
/** The receiver's line. mpmc: position. spsc: position and flags. */
export const CHANNEL_HEAD = channel.line(3);
/** spsc, the receiver's own: the head without flags, and its last look at the tail. */
export const CHANNEL_TAKEN = CHANNEL_HEAD + 1;
export const CHANNEL_TAIL_SEEN = CHANNEL_HEAD + 2;
export const CHANNEL_RECEIVERS_WAITING = channel.line(SET_WORDS);
export const CHANNEL_SENDERS_WAITING = channel.line(SET_WORDS);
/** What is counted off the hot path. */
export const CHANNEL_TALLY = channel.line(LINE);
/** 1 + the only thread that may send (spsc, spmc) or receive (spsc, mpsc); 0 while none has. */
export const CHANNEL_ONLY_SENDER = CHANNEL_TALLY;
export const CHANNEL_ONLY_RECEIVER = CHANNEL_TALLY + 1;
/** Claims that were given up, and those of them that receivers have passed over: positions without a message. */
export const CHANNEL_BURIED = CHANNEL_TALLY + 2;
export const CHANNEL_SKIPPED = CHANNEL_TALLY + 11;
/** mpmc: no position from here on was ever given up. */
export const CHANNEL_BURIED_BELOW = CHANNEL_TALLY + 12;
/** 1 once there was a sending end that counts. */
export const CHANNEL_COUNTED = CHANNEL_TALLY + 13;
/** 1 if there may be ends of it in the end table. */
export const CHANNEL_ENDED = CHANNEL_TALLY + 14;
export const CHANNEL_DROPPED = CHANNEL_TALLY + 3;
export const CHANNEL_REJECTED = CHANNEL_TALLY + 4;
export const CHANNEL_LOST = CHANNEL_TALLY + 5;
export const CHANNEL_REDELIVERED = CHANNEL_TALLY + 6;
/** Microseconds spent waiting, low and high word. */
export const CHANNEL_SEND_WAIT = CHANNEL_TALLY + 7;
export const CHANNEL_RECEIVE_WAIT = CHANNEL_TALLY + 9;
export const CHANNEL_NAME = channel.line(LINE);
/** Words before slot 0. */
export const CHANNEL_WORDS = channel.end();

// ── Letter: a message that is kept until it is acknowledged. See `kernel/letters.ts` ────────────────────────────────
const letter = accumulate(0);
/** Its generation when it was posted: how often it was handed out is what its generation has moved by since. */
export const LETTER_POSTED = letter.take(1);
/** Where it stands in the queue, and the slot there; while it moves to another channel, the slot there. */
export const LETTER_POSITION = letter.take(1);
export const LETTER_SLOT = letter.take(1);
/** Keeps the payload on an 8-byte boundary. */
export const LETTER_HEADER = letter.take(1) + 1;
/** Words of the payload of a slot in the queue of an at-least-once channel: the letter's number and generation. */
export const LETTER_REFERENCE = 2;

// ── Seat: where a thread waits at a channel of capacity 0. See `kernel/rendezvous.ts` ───────────────────────────────
const seat = accumulate(0);
export const SEAT_STATE = seat.take(1);
/** Its present, or last, generation. */
export const SEAT_GENERATION = seat.take(1);
/** The seat whose state decides for this one, and what it has to be for that: a seat may be one of several of a select. */
export const SEAT_LEAD = seat.take(1);
export const SEAT_LEAD_STATE = seat.take(1);
/** The index of the channel that the lead is at. The word behind it keeps the message on an 8-byte boundary. */
export const SEAT_LEAD_CHANNEL = seat.take(2);
/** Words before the message. */
export const SEAT_HEADER = seat.take(0);

export const TOPOLOGY_MPMC = 0;
export const TOPOLOGY_MPSC = 1;
export const TOPOLOGY_SPMC = 2;
export const TOPOLOGY_SPSC = 3;

export const OVERFLOW_BLOCK = 0;
export const OVERFLOW_REJECT = 1;
export const OVERFLOW_DROP_NEWEST = 2;
export const OVERFLOW_DROP_OLDEST = 3;

/**
 * A queue of messages between two threads; between any number; one of letters (`kernel/letters.ts`); or none at all, but
 * seats at which threads meet (`kernel/rendezvous.ts`).
 */
export const QUEUE_SPSC = 0;
export const QUEUE_MPMC = 1;
export const QUEUE_LETTERS = 2;
export const QUEUE_RENDEZVOUS = 3;

/** Fewest slots of a channel: keeps a position's lap within the 29 bits of a slot's state word. */
export const SLOTS_MIN_SHIFT = 3;
export const CAPACITY_MAX = 2 ** 28;

/** Word indexes of the tables of a segment with so many threads and pages. */
export interface Layout {
  readonly threads: number;
  readonly pages: number;
  readonly cells: number;
  readonly channelTable: number;
  readonly holds: number;
  readonly endTable: number;
  readonly scopeTable: number;
  readonly scopes: number;
  readonly syncTable: number;
  readonly syncs: number;
  /** Words of a primitive. */
  readonly syncStride: number;
  readonly pageTable: number;
  readonly bitmaps: number;
  readonly owners: number;
  /** Word index of page 0. */
  readonly firstPage: number;
}

/** Lays out a segment of `bytes` (a multiple of `PAGE_BYTES`) for `threads`. */
export function layoutOf(threads: number, bytes: number): Layout {
  const perPage = PAGE + PAGE_ENTRY + PAGE_BITMAP + PAGE_OWNERS;
  const fixed = accumulate(HEADER_WORDS);
  const cells = fixed.line(threads * CELL_WORDS);
  const channelTable = fixed.line(CHANNELS_MAX * ENTRY_WORDS);
  const holds = fixed.line((threads + 1) * HOLD_WORDS);
  const endTable = fixed.line(ENDS_MAX);
  const scopes = Math.min(SCOPES_MAX, Math.floor(bytes / BYTES_PER_SCOPE));
  const scopeTable = fixed.line(scopes * SCOPE_WORDS);
  const syncs = Math.min(SYNCS_MAX, Math.floor(bytes / BYTES_PER_SYNC));
  const syncStride = SYNC_ACCOUNTS + Math.ceil((threads * ACCOUNT_WORDS) / LINE) * LINE;
  const syncTable = fixed.line(syncs * syncStride);
  const total = bytes / WORD_BYTES;
  const pages = Math.max(0, Math.floor((total - fixed.end() - PAGE - LINE * 4) / perPage));
  const pageTable = fixed.line(pages * PAGE_ENTRY);
  const bitmaps = fixed.line(pages * PAGE_BITMAP);
  const owners = fixed.line(pages * PAGE_OWNERS);
  const firstPage = Math.ceil(fixed.end() / PAGE) * PAGE;
  const tables = { cells, channelTable, holds, endTable, scopeTable, scopes, syncTable, syncs, syncStride };
  return { threads, pages, ...tables, pageTable, bitmaps, owners, firstPage };
}
