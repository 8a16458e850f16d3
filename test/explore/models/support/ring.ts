/** Rings as small as they get, and one way of using them. */

import { BLOCKED, CLOSED, SKIPPED } from '../../../../src/kernel/codes.ts';
import { MPMC_SLOT_HEADER, mpmcClaim, mpmcFree, mpmcInit, mpmcPublish, mpmcTake } from '../../../../src/kernel/mpmc.ts';
import {
  spscInit,
  spscPosition,
  spscPublish,
  spscReadable,
  spscRelease,
  spscWritable,
} from '../../../../src/kernel/spsc.ts';
import {
  CHANNEL_CAPACITY,
  CHANNEL_SENT,
  CHANNEL_SHIFT,
  CHANNEL_SLOTS,
  CHANNEL_STRIDE,
  CHANNEL_TAKEN,
} from '../../../../src/memory/layout.ts';
import { peek, poke } from '../../../../src/memory/words.ts';
import { freshSegment, layChannel } from '../../../support/segment.ts';
import { check, nameChannel } from '../../model.ts';

export interface RingOptions {
  readonly capacity: number;
  /** Position of the first message. Default: the one before positions wrap. */
  readonly start?: number;
}

/** A segment with one ring in it, of as few slots as the capacity needs. Returns the address of its channel. */
export function layRing(kind: 'spsc' | 'mpmc', { capacity, start = -1 }: RingOptions): number {
  freshSegment();
  const channel = layChannel(kind, capacity);
  poke(channel + CHANNEL_CAPACITY, capacity);
  poke(channel + CHANNEL_SHIFT, Math.ceil(Math.log2(capacity)));
  if (kind === 'spsc') spscInit(channel, start);
  else mpmcInit(channel, start);
  nameChannel({ address: channel, kind });
  return channel;
}

/** Sends a value if that is possible now. Returns the value, BLOCKED or CLOSED. */
export function trySend(channel: number, me: number, value: number): number {
  const slot = mpmcClaim(channel, me);
  if (slot < 0) return slot;
  poke(slot + MPMC_SLOT_HEADER, value);
  mpmcPublish(channel, slot);
  return value;
}

/** Receives a value if there is one now. Returns it, BLOCKED, CLOSED or SKIPPED. */
export function tryReceive(channel: number, me: number): number {
  const slot = mpmcTake(channel, me);
  if (slot < 0) return slot;
  const value = peek(slot + MPMC_SLOT_HEADER);
  mpmcFree(channel, slot);
  return value;
}

/** Receives all that is there, passing over tombstones. */
export function drain(channel: number, me: number): number[] {
  const values: number[] = [];
  for (;;) {
    const value = tryReceive(channel, me);
    if (value === BLOCKED || value === CLOSED) return values;
    if (value !== SKIPPED) values.push(value);
  }
}

function slotAt(channel: number, position: number): number {
  const mask = (1 << peek(channel + CHANNEL_SHIFT)) - 1;
  return peek(channel + CHANNEL_SLOTS) + (position & mask) * peek(channel + CHANNEL_STRIDE);
}

/** Sends as many of the values as there is room for, published at once. Returns how many, BLOCKED or CLOSED. */
export function spscSend(channel: number, values: readonly number[]): number {
  const count = spscWritable(channel, values.length);
  if (count < 0) return count;
  check(count > 0, 'a full ring said that there is room for no message');
  const position = spscPosition(peek(channel + CHANNEL_SENT));
  for (let i = 0; i < count; i++) poke(slotAt(channel, position + i), values[i]!);
  return spscPublish(channel, count) === CLOSED ? CLOSED : count;
}

/** Receives up to `most` values, given back at once. Returns how many, BLOCKED or CLOSED. */
export function spscReceive(channel: number, most: number, into: number[]): number {
  const count = spscReadable(channel, most);
  if (count < 0) return count;
  const position = spscPosition(peek(channel + CHANNEL_TAKEN));
  for (let i = 0; i < count; i++) into.push(peek(slotAt(channel, position + i)));
  spscRelease(channel, count);
  return count;
}
