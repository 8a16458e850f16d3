/** Laying a channel out: how many words it takes, and what stands in them before anybody uses it. */

import type { Wire } from '../codec/codec.ts';
import { IncompatibleSegmentError } from '../errors.ts';
import { MPMC_SLOT_HEADER } from '../kernel/mpmc.ts';
import {
  CAPACITY_MAX,
  CHANNEL_ACK_TIMEOUT,
  CHANNEL_ATTEMPTS,
  CHANNEL_CAPACITY,
  CHANNEL_DEAD_LETTERS,
  CHANNEL_LETTER_BITMAP,
  CHANNEL_LETTER_FIRST,
  CHANNEL_LETTER_STRIDE,
  CHANNEL_LETTERS,
  CHANNEL_NAME,
  CHANNEL_NAME_BYTES,
  CHANNEL_OVERFLOW,
  CHANNEL_OVERFLOW_TO,
  CHANNEL_QUEUE,
  CHANNEL_RED,
  CHANNEL_REFS,
  CHANNEL_REFS_AT,
  CHANNEL_SHIFT,
  CHANNEL_SLOTS,
  CHANNEL_STRIDE,
  CHANNEL_TOPOLOGY,
  CHANNEL_WORDS,
  CHANNEL_YELLOW,
  LETTER_HEADER,
  LETTER_REFERENCE,
  LINE,
  OVERFLOW_DROP_OLDEST,
  QUEUE_LETTERS,
  QUEUE_MPMC,
  QUEUE_RENDEZVOUS,
  QUEUE_SPSC,
  SEAT_HEADER,
  SLOTS_MIN_SHIFT,
  TOPOLOGY_MPMC,
  TOPOLOGY_SPSC,
  WORD_BYTES,
} from '../memory/layout.ts';
import type { Segment } from '../memory/segment.ts';
import { readName } from '../memory/text.ts';
import type { i32 } from '../memory/words.ts';
import { peek, poke } from '../memory/words.ts';
import type { Attachment } from './attachment.ts';
import type { CheckedOptions } from './options.ts';

/** Where everything of a channel is, in words from its start. */
export interface Plan {
  readonly queue: i32;
  readonly shift: number;
  readonly stride: number;
  readonly letters: number;
  readonly bitmap: number;
  readonly firstLetter: number;
  readonly letterStride: number;
  readonly refs: readonly number[];
  readonly refsAt: number;
  /** In all. */
  readonly words: number;
}

/** What the plan of a channel follows from, beside its codec. */
type Shape = Pick<CheckedOptions, 'capacity' | 'topology'> & {
  readonly keeping: unknown;
  readonly overflow: i32;
  /** Of the segment. */
  readonly threads: number;
};

export function planOf({ capacity, topology, keeping, overflow, threads }: Shape, wire: Wire<any>): Plan {
  // Where senders drop the oldest message, they take from it as receivers do.
  const spsc = topology === TOPOLOGY_SPSC && overflow !== OVERFLOW_DROP_OLDEST;
  const meets = capacity === 0;
  const queue = keeping ? QUEUE_LETTERS : meets ? QUEUE_RENDEZVOUS : spsc ? QUEUE_SPSC : QUEUE_MPMC;
  const payload = wire.slotBytes / WORD_BYTES;
  // What stands in the queue of an at-least-once channel are references to letters, which have the payloads.
  const slot = (queue === QUEUE_SPSC ? 0 : MPMC_SLOT_HEADER) + (keeping ? LETTER_REFERENCE : payload);
  // Seats are of different threads, two for each.
  const stride = meets ? Math.ceil((SEAT_HEADER + payload) / LINE) * LINE : slot;
  const letterStride = LETTER_HEADER + payload;
  const shift = Math.max(SLOTS_MIN_SHIFT, capacity === 0 ? 0 : 32 - Math.clz32(capacity - 1));
  const refs = wire.staged ? wire.refs : [];

  let words = CHANNEL_WORDS;
  const take = (count: number) => {
    const at = words;
    // Nothing of one part shares a line with the next.
    words += Math.ceil(count / LINE) * LINE;
    return at;
  };
  take((meets ? 2 * threads : 2 ** shift) * stride);
  const letters = take(keeping ? capacity : 0);
  const bitmap = take(keeping ? Math.ceil(capacity / 32) : 0);
  const firstLetter = take(keeping ? capacity * letterStride : 0);
  const refsAt = take(refs.length);
  // A line more keeps the neighbour's words off the last one.
  return { queue, shift, stride, letters, bitmap, firstLetter, letterStride, refs, refsAt, words: words + LINE };
}

/** Writes a channel that nobody knows of yet to `address`. */
export function layChannel(
  { segment, thread }: Attachment,
  address: i32,
  { capacity, topology, levels, keeping, overflow, overflowTo }: CheckedOptions,
  plan: Plan,
  name: Uint8Array,
): void {
  const { kernel } = thread;
  segment.enter();
  segment.words.fill(0, address, address + CHANNEL_WORDS);
  poke(address + CHANNEL_TOPOLOGY, topology);
  poke(address + CHANNEL_QUEUE, plan.queue);
  poke(address + CHANNEL_CAPACITY, capacity);
  poke(address + CHANNEL_SHIFT, plan.shift);
  poke(address + CHANNEL_STRIDE, plan.stride);
  poke(address + CHANNEL_SLOTS, address + CHANNEL_WORDS);
  poke(address + CHANNEL_OVERFLOW, overflow);
  poke(address + CHANNEL_OVERFLOW_TO, overflowTo ? overflowTo.index + 1 : 0);
  poke(address + CHANNEL_YELLOW, Math.round(levels.yellow * 1000));
  poke(address + CHANNEL_RED, Math.round(levels.red * 1000));
  poke(address + CHANNEL_REFS, plan.refs.length);
  poke(address + CHANNEL_REFS_AT, address + plan.refsAt);
  plan.refs.forEach((offset, i) => {
    poke(address + plan.refsAt + i, offset);
  });
  poke(address + CHANNEL_NAME_BYTES, name.length);
  segment.bytes.set(name, (address + CHANNEL_NAME) * WORD_BYTES);
  if (plan.queue === QUEUE_SPSC) kernel.spscInit(address, 0);
  else if (plan.queue === QUEUE_RENDEZVOUS) kernel.rendezvousInit(address);
  else kernel.mpmcInit(address, 0);
  if (!keeping) return;
  poke(address + CHANNEL_LETTERS, address + plan.letters);
  poke(address + CHANNEL_LETTER_BITMAP, address + plan.bitmap);
  poke(address + CHANNEL_LETTER_FIRST, address + plan.firstLetter);
  poke(address + CHANNEL_LETTER_STRIDE, plan.letterStride);
  poke(address + CHANNEL_ATTEMPTS, keeping.attempts);
  poke(address + CHANNEL_DEAD_LETTERS, keeping.deadLetter ? keeping.deadLetter.index + 1 : 0);
  poke(address + CHANNEL_ACK_TIMEOUT, keeping.ackTimeout);
  segment.words.fill(0, address + plan.bitmap, address + plan.bitmap + Math.ceil(capacity / 32));
  kernel.lettersInit(address);
}

/** What the channel at `address` was named; nothing if it was not. */
export function nameAt(segment: Segment, address: i32): string {
  return readName(segment, address + CHANNEL_NAME, peek(address + CHANNEL_NAME_BYTES));
}

/** Throws unless the words at `address` are those of a channel whose messages `wire` can read and write. */
export function checkLaid(segment: Segment, address: i32, name: string, wire: Wire<any>): void {
  const capacity = peek(address + CHANNEL_CAPACITY);
  const topology = peek(address + CHANNEL_TOPOLOGY);
  const keeping = peek(address + CHANNEL_QUEUE) === QUEUE_LETTERS;
  const overflow = peek(address + CHANNEL_OVERFLOW);
  if (!(capacity >= 0 && capacity <= CAPACITY_MAX && topology >= TOPOLOGY_MPMC && topology <= TOPOLOGY_SPSC)) {
    throw new IncompatibleSegmentError(
      `channel "${name}": expected a capacity and a topology, met ${capacity} and ${topology}`,
    );
  }
  const plan = planOf({ capacity, topology, keeping: keeping || undefined, overflow, threads: segment.threads }, wire);
  const expected: [number, number][] = [
    [CHANNEL_QUEUE, plan.queue],
    [CHANNEL_SHIFT, plan.shift],
    [CHANNEL_STRIDE, plan.stride],
    [CHANNEL_SLOTS, address + CHANNEL_WORDS],
    [CHANNEL_REFS, plan.refs.length],
    [CHANNEL_REFS_AT, address + plan.refsAt],
  ];
  if (keeping) {
    expected.push(
      [CHANNEL_LETTERS, address + plan.letters],
      [CHANNEL_LETTER_BITMAP, address + plan.bitmap],
      [CHANNEL_LETTER_FIRST, address + plan.firstLetter],
      [CHANNEL_LETTER_STRIDE, plan.letterStride],
    );
  }
  const fits = address + plan.words <= segment.words.length;
  if (fits && expected.every(([word, value]) => peek(address + word) === value)) return;
  throw new IncompatibleSegmentError(
    `channel "${name}": expected it laid out for messages of ${wire.slotBytes} bytes, met another layout`,
  );
}
