/** Both rings of the kernel behind one face, for one suite over both. */

import { channelClose, NO_ERROR } from '../../src/kernel/close.ts';
import { BLOCKED, CLOSED, SKIPPED } from '../../src/kernel/codes.ts';
import {
  MPMC_SLOT_HEADER,
  mpmcClaim,
  mpmcFree,
  mpmcLength,
  mpmcPublish,
  mpmcTake,
  mpmcWatchMessage,
  mpmcWatchRoom,
} from '../../src/kernel/mpmc.ts';
import {
  spscLength,
  spscPosition,
  spscPublish,
  spscReadable,
  spscRelease,
  spscWatchMessage,
  spscWatchRoom,
  spscWritable,
} from '../../src/kernel/spsc.ts';
import { CHANNEL_SENT, CHANNEL_SHIFT, CHANNEL_SLOTS, CHANNEL_STRIDE, CHANNEL_TAKEN } from '../../src/memory/layout.ts';
import type { i32 } from '../../src/memory/words.ts';
import { peek, poke } from '../../src/memory/words.ts';
import { layChannel, ME } from './segment.ts';

export interface Ring {
  readonly channel: i32;
  /** Sends one value, if that is possible now. */
  send(value: number): 'accepted' | 'full' | 'closed';
  /** Takes one value, if there is one now. */
  receive(): number | 'empty' | 'drained';
  close(): void;
  length(): number;
  /** Whether someone who was refused sees, within two looks, that something has happened. */
  watchMessage(): boolean;
  watchRoom(): boolean;
}

export type RingKind = 'spsc' | 'mpmc';

export function layRing(kind: RingKind, capacity: number, start = 0): Ring {
  const channel = layChannel(kind, capacity, start);
  const close = () => void channelClose(channel, NO_ERROR);
  return kind === 'spsc'
    ? {
        channel,
        send: (value) => spscSend(channel, [value]),
        receive: () => spscReceive(channel, 1)?.[0] ?? emptyOrDrained(channel),
        close,
        length: () => spscLength(channel),
        watchMessage: () => spscWatchMessage(channel, 2),
        watchRoom: () => spscWatchRoom(channel, 2),
      }
    : {
        channel,
        send: (value) => mpmcSend(channel, value),
        receive: () => mpmcReceive(channel),
        close,
        length: () => mpmcLength(channel),
        watchMessage: () => mpmcWatchMessage(channel, 2),
        watchRoom: () => mpmcWatchRoom(channel, 2),
      };
}

/** Word index of the slot of a position. */
export function slotAt(channel: i32, position: number): i32 {
  const mask = (1 << peek(channel + CHANNEL_SHIFT)) - 1;
  return peek(channel + CHANNEL_SLOTS) + (position & mask) * peek(channel + CHANNEL_STRIDE);
}

/** Sends as many of the values as there is room for, made visible at once. */
export function spscSend(channel: i32, values: readonly number[]): 'accepted' | 'full' | 'closed' {
  const count = spscWritable(channel, values.length);
  if (count < 0) return count === CLOSED ? 'closed' : 'full';
  const position = spscPosition(peek(channel + CHANNEL_SENT));
  for (let i = 0; i < count; i++) poke(slotAt(channel, position + i), values[i]!);
  return spscPublish(channel, count) === CLOSED ? 'closed' : 'accepted';
}

/** Takes from 1 to `most` values, given back at once; undefined when there is none. */
export function spscReceive(channel: i32, most: number): number[] | undefined {
  const count = spscReadable(channel, most);
  if (count < 0) return undefined;
  const position = spscPosition(peek(channel + CHANNEL_TAKEN));
  const values = Array.from({ length: count }, (_, i) => peek(slotAt(channel, position + i)));
  spscRelease(channel, count);
  return values;
}

function emptyOrDrained(channel: i32): 'empty' | 'drained' {
  return spscReadable(channel, 1) === CLOSED ? 'drained' : 'empty';
}

export function mpmcSend(channel: i32, value: number, me: i32 = ME): 'accepted' | 'full' | 'closed' {
  const slot = mpmcClaim(channel, me);
  if (slot < 0) return slot === CLOSED ? 'closed' : 'full';
  poke(slot + MPMC_SLOT_HEADER, value);
  mpmcPublish(channel, slot);
  return 'accepted';
}

/** Takes a value and gives its slot back; passes over tombstones. */
export function mpmcReceive(channel: i32, me: i32 = ME): number | 'empty' | 'drained' {
  let slot = mpmcTake(channel, me);
  while (slot === SKIPPED) slot = mpmcTake(channel, me);
  if (slot === BLOCKED) return 'empty';
  if (slot === CLOSED) return 'drained';
  const value = peek(slot + MPMC_SLOT_HEADER);
  mpmcFree(channel, slot);
  return value;
}
