/** What the words of a segment are called, and what their values mean, for people. */

import * as ends from '../../../src/kernel/ends.ts';
import * as mpmc from '../../../src/kernel/mpmc.ts';
import { MPMC_SLOT_HEADER } from '../../../src/kernel/mpmc.ts';
import * as seats from '../../../src/kernel/seats.ts';
import * as layout from '../../../src/memory/layout.ts';

/** A channel that a model laid out. */
export interface NamedChannel {
  readonly address: number;
  readonly kind: 'spsc' | 'mpmc' | 'rendezvous';
}

export interface Word {
  readonly name: string;
  show(value: number): string;
}

/** What a table of offsets calls them, lowest first. */
function offsetsOf(prefix: string, but: RegExp): [number, string][] {
  return Object.entries(layout)
    .filter(([name, value]) => name.startsWith(prefix) && typeof value === 'number' && !but.test(name))
    .map(([name, value]): [number, string] => [value as number, camel(name.slice(prefix.length))])
    .sort(([a], [b]) => a - b);
}

function camel(name: string): string {
  return name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

const HEADER = offsetsOf('HEADER_', /WORDS$/);
const CELL = offsetsOf('CELL_', /WORDS$/);
const SEAT = offsetsOf('SEAT_', /HEADER$/);
const CHANNEL = offsetsOf('CHANNEL_', /WORDS$|_TALLY$/);
const SCOPE = offsetsOf('SCOPE_', /WORDS$/);
const SYNC = offsetsOf('SYNC_', /_(MUTEX|SEMAPHORE|ONCE|WAIT_GROUP|BARRIER)$/);
const SLOT_STATES = Object.entries(mpmc)
  .filter(([name]) => /^SLOT_/.test(name))
  .sort(([, a], [, b]) => (a as number) - (b as number))
  .map(([name]) => name.slice('SLOT_'.length));
const SEAT_STATES = Object.entries(seats)
  .filter(([name]) => /^SEAT_/.test(name))
  .sort(([, a], [, b]) => (a as number) - (b as number))
  .map(([name]) => name.slice('SEAT_'.length));
const OWNERS = ['NONE', 'VACANT', 'OWNED', 'FLYING', 'SEGMENT', 'CLOSING'];
const PAGES = ['FREE', 'TAKEN', 'RUN', 'BODY', 'OPENING', 'SLAB', 'RETIRING'];

const decimal = (value: number) => String(value);
const tagged = (names: readonly string[]) => (value: number) => {
  const kind = names[value & 7] ?? `kind ${value & 7}`;
  return value >>> 3 === 0 ? kind : `${kind} ${value >>> 3}`;
};
const bits = (value: number) => `{${[...Array(32).keys()].filter((bit) => value & (1 << bit)).join(' ')}}`;
const wake = (value: number) => `epoch ${value >>> 1}${value & 1 ? ' asleep' : ''}`;
const flagged = (value: number) => `${value >>> 2}${value & 2 ? ' awaited' : ''}${value & 1 ? ' closed' : ''}`;

function slotState(value: number): string {
  const state = mpmc.slotState(value);
  const owned = state === mpmc.SLOT_CLAIMED || state === mpmc.SLOT_READING;
  const name = SLOT_STATES[state] ?? `state ${state}`;
  return owned ? `${name} t${mpmc.slotOwner(value)} lap ${value >>> 13}` : `${name} lap ${value >>> 3}`;
}

function seatState(value: number): string {
  const state = value & 7;
  const claimed = state === seats.SEAT_CLAIMED || state === seats.SEAT_LED || state === seats.SEAT_ORPHANED;
  const name = SEAT_STATES[state] ?? `state ${state}`;
  return claimed ? `${name} by t${(value >>> 3) & 1023} ${value >>> 13}` : `${name} ${value >>> 3}`;
}

/** Finds the offset at or below `at`. */
function within(table: readonly [number, string][], at: number): [string, number] {
  const entry = table.findLast(([offset]) => offset <= at) ?? [0, '?'];
  return [entry[1], at - entry[0]];
}

function plus(name: string, rest: number): string {
  return rest === 0 ? name : `${name}+${rest}`;
}

export class Names {
  readonly #value: (at: number) => number;
  readonly #channels: readonly NamedChannel[];

  constructor(value: (at: number) => number, channels: readonly NamedChannel[]) {
    this.#value = value;
    this.#channels = channels;
  }

  of(at: number): Word {
    return this.#inChannel(at) ?? this.#inTables(at);
  }

  #inChannel(at: number): Word | undefined {
    for (const { address, kind } of this.#channels) {
      const offset = at - address;
      if (offset < 0) continue;
      const prefix =
        this.#channels.length > 1 ? `channel ${this.#channels.findIndex((c) => c.address === address)} ` : '';
      if (offset < layout.CHANNEL_WORDS) return channelWord(prefix, offset, kind);
      const stride = this.#value(address + layout.CHANNEL_STRIDE);
      const slot = Math.floor((offset - layout.CHANNEL_WORDS) / stride);
      if (kind === 'rendezvous') {
        const threads = this.#value(layout.HEADER_THREADS);
        if (slot < 2 * threads) return seatWord(prefix, slot, threads, (offset - layout.CHANNEL_WORDS) % stride);
        continue;
      }
      if (slot >= 1 << this.#value(address + layout.CHANNEL_SHIFT)) continue;
      const word = (offset - layout.CHANNEL_WORDS) % stride;
      const header = kind === 'mpmc' ? MPMC_SLOT_HEADER : 0;
      if (word >= header) return { name: plus(`${prefix}slot ${slot} payload`, word - header), show: decimal };
      return word === 0
        ? { name: `${prefix}slot ${slot} state`, show: slotState }
        : { name: plus(`${prefix}slot ${slot} position`, word - 1), show: decimal };
    }
    return undefined;
  }

  #inTables(at: number): Word {
    const header = (offset: number) => this.#value(offset);
    const tables: [number, (offset: number) => Word][] = [
      [0, headerWord],
      [header(layout.HEADER_CELLS), cellWord],
      [header(layout.HEADER_CHANNEL_TABLE), (offset) => ({ name: `channel table ${offset}`, show: decimal })],
      [header(layout.HEADER_CHANNEL_HOLDS), (offset) => ({ name: `hold ${offset}`, show: bits })],
      [header(layout.HEADER_END_TABLE), (offset) => ({ name: `end ${offset}`, show: endState })],
      [header(layout.HEADER_SCOPE_TABLE), (offset) => entryWord('scope', SCOPE, layout.SCOPE_WORDS, offset)],
      [
        header(layout.HEADER_SYNC_TABLE),
        (offset) => entryWord('primitive', SYNC, header(layout.HEADER_SYNC_STRIDE), offset),
      ],
      [header(layout.HEADER_PAGE_TABLE), pageWord],
      [header(layout.HEADER_BITMAPS), (offset) => ({ name: `bitmap ${offset}`, show: bits })],
      [header(layout.HEADER_OWNERS), (offset) => ({ name: `owner of block ${offset}`, show: tagged(OWNERS) })],
      [header(layout.HEADER_FIRST_PAGE), (offset) => ({ name: `pool word ${offset}`, show: decimal })],
    ];
    const [start, name] = tables.findLast(([each]) => each <= at)!;
    return name(at - start);
  }
}

/** Whether this word of a waiter set has a bit for each thread. */
function isBits(word: number): boolean {
  return word === layout.SET_FIRST || word >= layout.SET_GROUP_WORDS;
}

function headerWord(offset: number): Word {
  const [name, rest] = within(HEADER, offset);
  return { name: plus(name, rest), show: /Waiters$/.test(name) && isBits(rest) ? bits : decimal };
}

function cellWord(offset: number): Word {
  const [name, rest] = within(CELL, offset % layout.CELL_WORDS);
  const thread = Math.floor(offset / layout.CELL_WORDS);
  return { name: plus(`thread ${thread} ${name}`, rest), show: name === 'wake' ? wake : decimal };
}

function entryWord(kind: string, table: readonly [number, string][], words: number, offset: number): Word {
  const [name, rest] = within(table, offset % words);
  const set = /^(waiters|holders)$/.test(name) && isBits(rest);
  return { name: plus(`${kind} ${Math.floor(offset / words)} ${name}`, rest), show: set ? bits : decimal };
}

function pageWord(offset: number): Word {
  const page = Math.floor(offset / layout.PAGE_ENTRY);
  const rest = offset % layout.PAGE_ENTRY;
  return { name: rest === 0 ? `page ${page}` : `pages of run ${page}`, show: rest === 0 ? tagged(PAGES) : decimal };
}

function seatWord(prefix: string, place: number, threads: number, word: number): Word {
  const seat = `${prefix}${place < threads ? 'sending' : 'receiving'} seat of t${place % threads}`;
  if (word >= layout.SEAT_HEADER) return { name: plus(`${seat} payload`, word - layout.SEAT_HEADER), show: decimal };
  const [name] = within(SEAT, word);
  return { name: `${seat} ${name}`, show: /^(state|leadState)$/.test(name) ? seatState : decimal };
}

function channelWord(prefix: string, offset: number, kind: NamedChannel['kind']): Word {
  const [name, rest] = within(CHANNEL, offset);
  const cursor = kind === 'spsc' && /^(tail|head|sent|taken|headSeen|tailSeen)$/.test(name);
  const waiting = /Waiting$/.test(name) && isBits(rest);
  return { name: prefix + plus(name, rest), show: cursor ? flagged : waiting ? bits : decimal };
}

function endState(value: number): string {
  const states = ['FREE', 'PENDING', 'HELD'];
  const role = (value >>> 16) & 1;
  if ((value & 3) === 0) return value === 0 ? 'FREE' : `FREE ${value}`;
  const end = role === ends.ROLE_SENDER ? 'sender' : 'receiver';
  return `${states[value & 3]} ${end} of channel ${value >>> 17}, ${(value >>> 6) & 1023}`;
}
