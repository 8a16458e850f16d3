/** Meetings at channels of capacity 0: one way of using the kernel, and what must hold at the seats in the end. */

import type { SharedChannel } from '../../../../src/channel/channel.ts';
import { BLOCKED } from '../../../../src/kernel/codes.ts';
import { ROLE_RECEIVER, ROLE_SENDER } from '../../../../src/kernel/ends.ts';
import {
  seatAbandon,
  seatClaim,
  seatFinish,
  seatLeave,
  seatOffer,
  seatSeen,
  seatWithdraw,
} from '../../../../src/kernel/rendezvous.ts';
import { SEAT_CLAIMED, SEAT_MET, SEAT_OFFERED, SEAT_VACANT, seatOf, seatState } from '../../../../src/kernel/seats.ts';
import { waitersCount } from '../../../../src/kernel/waiters.ts';
import {
  CHANNEL_CLOSED,
  CHANNEL_INDEX,
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_SENDERS_WAITING,
  HEADER_THREADS,
  SEAT_HEADER,
} from '../../../../src/memory/layout.ts';
import { load, peek, poke, relax } from '../../../../src/memory/words.ts';
import type { ThreadContext } from '../../../../src/park/thread.ts';
import { freshSegment, layRendezvous } from '../../../support/segment.ts';
import { check, nameChannel } from '../../model.ts';

/** A segment with one channel of capacity 0 in it. Returns its address. */
export function laySeats(): number {
  freshSegment({ threads: 6 });
  const channel = layRendezvous();
  nameChannel({ address: channel, kind: 'rendezvous' });
  return channel;
}

function other(role: number): number {
  return role === ROLE_SENDER ? ROLE_RECEIVER : ROLE_SENDER;
}

/** Tries to meet somebody who waits. Returns the message, BLOCKED or CLOSED. */
export function tryMeet(channel: number, role: number, me: number, value = 0): number {
  const seat = seatClaim(channel, other(role), me);
  if (seat < 0) return seat;
  let message = value;
  if (role === ROLE_SENDER) poke(seat + SEAT_HEADER, value);
  else message = peek(seat + SEAT_HEADER);
  return seatFinish(channel, seat) === BLOCKED ? BLOCKED : message;
}

/** Meets somebody: whoever waits, or whoever comes within so many looks. Returns the message, BLOCKED or CLOSED. */
export function meet(channel: number, role: number, me: number, value = 0, patience = Number.POSITIVE_INFINITY) {
  const seat = seatOf(channel, role, me);
  for (;;) {
    const met = tryMeet(channel, role, me, value);
    if (met !== BLOCKED) return met;
    sit(channel, role, me, value);
    for (let look = 0; seatState(seat) === SEAT_OFFERED; look++) {
      const late = look >= patience;
      const up = late || seatSeen(channel, other(role), me) || load(channel + CHANNEL_CLOSED) !== 0;
      if (up && seatWithdraw(seat)) {
        if (late) return BLOCKED;
        break;
      }
      relax(1);
    }
    if (seatState(seat) === SEAT_VACANT) continue;
    while (seatState(seat) === SEAT_CLAIMED) relax(1);
    const done = seatState(seat) === SEAT_MET;
    const message = role === ROLE_SENDER ? value : peek(seat + SEAT_HEADER);
    seatLeave(seat);
    if (done) return message;
  }
}

/** Offers the seat of a thread, which decides for itself. Returns its word index. */
export function sit(channel: number, role: number, me: number, value = 0): number {
  const seat = seatOf(channel, role, me);
  if (role === ROLE_SENDER) poke(seat + SEAT_HEADER, value);
  check(seatOffer(channel, role, me, seat, peek(channel + CHANNEL_INDEX)), 'a seat that was left cannot be taken');
  return seat;
}

/** Meets whoever comes within so many looks, and does not wait until he is done. Returns the message, or BLOCKED. */
export function meetHastily(channel: number, role: number, me: number, value = 0, patience = 2): number {
  const seat = sit(channel, role, me, value);
  for (let look = 0; look < patience && seatState(seat) === SEAT_OFFERED; look++) relax(1);
  if (seatWithdraw(seat)) return BLOCKED;
  if (seatAbandon(seat)) return role === ROLE_SENDER ? value : BLOCKED;
  const met = seatState(seat) === SEAT_MET;
  const message = role === ROLE_SENDER ? value : peek(seat + SEAT_HEADER);
  seatLeave(seat);
  return met ? message : BLOCKED;
}

/** Everybody has got up. */
export function seatsVacant(...channels: readonly number[]): void {
  for (const channel of channels) {
    for (let thread = 0; thread < peek(HEADER_THREADS); thread++) {
      for (const role of [ROLE_SENDER, ROLE_RECEIVER]) {
        const state = seatState(seatOf(channel, role, thread));
        check(state === SEAT_VACANT, `the seat of thread ${thread} in role ${role} is left in state ${state}`);
      }
    }
  }
}

/** R14: nobody waits any more. */
export function nobodySits(...channels: readonly number[]): void {
  seatsVacant(...channels);
  for (const channel of channels) {
    const waiting = waitersCount(channel + CHANNEL_RECEIVERS_WAITING) + waitersCount(channel + CHANNEL_SENDERS_WAITING);
    check(waiting === 0, 'somebody is left waiting');
  }
}

/** A thread, and its object for a channel of capacity 0. */
interface Guest {
  readonly thread: ThreadContext;
  readonly channel: SharedChannel<number>;
}

/** Threads that have done nothing yet meet there, whoever of them waits, and in either role. For the end of a model. */
export function stillMeet(address: number, ...guests: readonly [Guest, Guest]): void {
  for (const [waiting, coming] of [guests, guests.toReversed()] as [Guest, Guest][]) {
    for (const role of [ROLE_SENDER, ROLE_RECEIVER]) {
      waiting.thread.segment.enter();
      const { id } = waiting.thread;
      const seat = seatOf(address, role, id);
      check(seatOffer(address, role, id, seat, peek(address + CHANNEL_INDEX)), 'a thread that is new cannot sit down');
      const met = role === ROLE_SENDER ? coming.channel.tryReceive() !== undefined : coming.channel.trySend(99);
      check(met && seatState(seat) === SEAT_MET, 'who waits is not met');
      seatLeave(seat);
    }
  }
}
