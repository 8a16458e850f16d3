/** Channels of capacity 0: every step of a meeting, and what is left of one that is cut short. */

import { beforeEach, describe, expect, test } from 'vitest';
import { channelClose, NO_ERROR } from '../../src/kernel/close.ts';
import { BLOCKED, CLOSED } from '../../src/kernel/codes.ts';
import { ROLE_RECEIVER, ROLE_SENDER } from '../../src/kernel/ends.ts';
import {
  rendezvousRecover,
  seatAbandon,
  seatClaim,
  seatFinish,
  seatLeave,
  seatOffer,
  seatSeen,
  seatWatch,
  seatWithdraw,
} from '../../src/kernel/rendezvous.ts';
import {
  rendezvousMessage,
  rendezvousMet,
  SEAT_BROKEN,
  SEAT_CLAIMED,
  SEAT_LED,
  SEAT_MET,
  SEAT_OFFERED,
  SEAT_ORPHANED,
  SEAT_VACANT,
  seatOf,
  seatState,
} from '../../src/kernel/seats.ts';
import { waitersCount, waitersHas } from '../../src/kernel/waiters.ts';
import {
  CHANNEL_INDEX,
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_SENDERS_WAITING,
  HEADER_THREADS,
  SEAT_GENERATION,
  SEAT_HEADER,
} from '../../src/memory/layout.ts';
import type { i32 } from '../../src/memory/words.ts';
import { peek, poke } from '../../src/memory/words.ts';
import { freshSegment, layRendezvous, ME, MIB, YOU } from '../support/segment.ts';

const ROLES = [
  ['sender', ROLE_SENDER],
  ['receiver', ROLE_RECEIVER],
] as const;
const THREADS = 80;
const OTHER = 2;

beforeEach(() => {
  freshSegment({ memory: 4 * MIB, threads: THREADS });
});

function setOf(channel: i32, role: i32): i32 {
  return channel + (role === ROLE_SENDER ? CHANNEL_SENDERS_WAITING : CHANNEL_RECEIVERS_WAITING);
}

/** Sits down. Returns the seat. */
function sit(channel: i32, role: i32, thread: i32, lead?: i32): i32 {
  const seat = seatOf(channel, role, thread);
  expect(seatOffer(channel, role, thread, lead ?? seat, peek(channel + CHANNEL_INDEX))).toBe(true);
  return seat;
}

describe.each(ROLES)('a %s who waits', (_name, role) => {
  test('is claimed once, and knows when it is met; its seat can be taken again', () => {
    const channel = layRendezvous();
    for (let round = 1; round <= 3; round++) {
      const seat = sit(channel, role, YOU);
      expect([seatState(seat), waitersHas(setOf(channel, role), YOU)]).toEqual([SEAT_OFFERED, true]);
      expect(seatClaim(channel, role, ME)).toBe(seat);
      expect([seatState(seat), seatClaim(channel, role, OTHER), seatWithdraw(seat)]).toEqual([
        SEAT_CLAIMED,
        BLOCKED,
        false,
      ]);
      expect(seatFinish(channel, seat)).toBe(YOU);
      expect([seatState(seat), rendezvousMet(channel)]).toEqual([SEAT_MET, round]);
      expect(waitersCount(setOf(channel, role))).toBe(0);
      expect(seatOffer(channel, role, YOU, seat, peek(channel + CHANNEL_INDEX))).toBe(false);
      seatLeave(seat);
      expect(seatState(seat)).toBe(SEAT_VACANT);
    }
  });

  test('R22: is met by nobody once it has withdrawn', () => {
    const channel = layRendezvous();
    const seat = sit(channel, role, YOU);
    expect(seatWithdraw(seat)).toBe(true);
    expect([seatState(seat), seatClaim(channel, role, ME), seatWithdraw(seat)]).toEqual([SEAT_VACANT, BLOCKED, false]);
  });

  test('R7: is claimed by nobody on a closed channel', () => {
    const channel = layRendezvous();
    const seat = sit(channel, role, YOU);
    channelClose(channel, NO_ERROR);
    expect([seatClaim(channel, role, ME), seatState(seat)]).toEqual([CLOSED, SEAT_OFFERED]);
  });

  test('is found in turn, whatever its number', () => {
    const channel = layRendezvous();
    const threads = [1, 30, 31, 32, 63, 79];
    for (const thread of threads) sit(channel, role, thread);
    const found = threads.map(() => {
      const seat = seatClaim(channel, role, ME);
      const sitter = seatFinish(channel, seat);
      expect(seat).toBe(seatOf(channel, role, sitter));
      return sitter;
    });
    expect(found).toEqual(threads);
    for (const thread of threads) seatLeave(seatOf(channel, role, thread));
    sit(channel, role, 1);
    sit(channel, role, 63);
    // The turn has passed thread 79, so it begins anew.
    expect(seatFinish(channel, seatClaim(channel, role, ME))).toBe(1);
    seatLeave(seatOf(channel, role, 1));
    sit(channel, role, 1);
    expect(seatFinish(channel, seatClaim(channel, role, ME))).toBe(63);
  });

  test('is passed over where only its bit is set', () => {
    const channel = layRendezvous();
    seatWithdraw(sit(channel, role, 1));
    const seat = sit(channel, role, 40);
    expect([seatSeen(channel, role, ME), seatClaim(channel, role, ME)]).toEqual([true, seat]);
    expect([seatSeen(channel, role, ME), seatClaim(channel, role, ME)]).toEqual([false, BLOCKED]);
  });

  test('generations wrap, and claimers of any number are told apart', () => {
    const channel = layRendezvous();
    const seat = seatOf(channel, role, YOU);
    for (const generation of [2 ** 19 - 2, 2 ** 29 - 2]) {
      poke(seat + SEAT_GENERATION, generation);
      for (let round = 0; round < 3; round++) {
        sit(channel, role, YOU);
        expect(seatClaim(channel, role, THREADS - 1)).toBe(seat);
        expect([seatFinish(channel, seat), seatState(seat)]).toEqual([YOU, SEAT_MET]);
        seatLeave(seat);
      }
    }
  });

  test('who waits no longer for a claimer leaves the seat to it', () => {
    const channel = layRendezvous();
    const seat = sit(channel, role, YOU);
    expect(seatAbandon(seat)).toBe(false);
    seatClaim(channel, role, ME);
    expect([seatAbandon(seat), seatState(seat), seatAbandon(seat)]).toEqual([true, SEAT_ORPHANED, false]);
    expect(seatOffer(channel, role, YOU, seat, peek(channel + CHANNEL_INDEX))).toBe(false);
    expect(seatFinish(channel, seat)).toBe(role === ROLE_SENDER ? YOU : BLOCKED);
    expect([seatState(seat), rendezvousMet(channel)]).toEqual([SEAT_VACANT, role === ROLE_SENDER ? 1 : 0]);
    sit(channel, role, YOU);
  });
});

describe('a select at several seats', () => {
  /** A sender at one channel and a receiver at another, both of YOU; the first leads. */
  function sitting() {
    const [one, two] = [layRendezvous(), layRendezvous()];
    const lead = sit(one, ROLE_SENDER, YOU);
    const led = sit(two, ROLE_RECEIVER, YOU, lead);
    return { one, two, lead, led };
  }

  test('R14: met at its lead, it is met nowhere else', () => {
    const { one, two, lead, led } = sitting();
    expect(seatClaim(one, ROLE_SENDER, ME)).toBe(lead);
    expect([seatSeen(two, ROLE_RECEIVER, OTHER), seatClaim(two, ROLE_RECEIVER, OTHER)]).toEqual([false, BLOCKED]);
    expect([seatWithdraw(led), seatFinish(one, lead)]).toEqual([true, YOU]);
  });

  test('R14: met at another seat, its lead says so', () => {
    const { one, two, lead, led } = sitting();
    expect(seatClaim(two, ROLE_RECEIVER, ME)).toBe(led);
    expect([seatState(lead), seatState(led)]).toEqual([SEAT_LED, SEAT_CLAIMED]);
    expect([seatSeen(one, ROLE_SENDER, OTHER), seatClaim(one, ROLE_SENDER, OTHER)]).toEqual([false, BLOCKED]);
    expect([seatWithdraw(lead), seatWithdraw(led), seatFinish(two, led)]).toEqual([false, false, YOU]);
    seatLeave(lead);
    seatLeave(led);
    expect([seatState(lead), seatState(led)]).toEqual([SEAT_VACANT, SEAT_VACANT]);
  });

  test('R24: once its lead has withdrawn it is met nowhere', () => {
    const { two, lead, led } = sitting();
    expect(seatWithdraw(lead)).toBe(true);
    expect([seatSeen(two, ROLE_RECEIVER, ME), seatClaim(two, ROLE_RECEIVER, ME)]).toEqual([false, BLOCKED]);
    expect(seatWithdraw(led)).toBe(true);
  });

  test('a lead that has sat down anew leads no seat of before', () => {
    const { one, two, lead, led } = sitting();
    seatWithdraw(lead);
    sit(one, ROLE_SENDER, YOU);
    expect([seatClaim(two, ROLE_RECEIVER, ME), seatState(lead), seatState(led)]).toEqual([
      BLOCKED,
      SEAT_OFFERED,
      SEAT_OFFERED,
    ]);
  });

  test('R17: does not see itself, while others see it, and it sees others', () => {
    const channel = layRendezvous();
    const lead = sit(channel, ROLE_SENDER, YOU);
    sit(channel, ROLE_RECEIVER, YOU, lead);
    const seen = (me: i32) => [seatSeen(channel, ROLE_SENDER, me), seatSeen(channel, ROLE_RECEIVER, me)];
    expect([seen(YOU), seen(ME)]).toEqual([
      [false, false],
      [true, true],
    ]);
    sit(channel, ROLE_RECEIVER, 79);
    expect(seen(YOU)).toEqual([false, true]);
  });

  test('two operations of one thread see each other', () => {
    const channel = layRendezvous();
    sit(channel, ROLE_SENDER, YOU);
    sit(channel, ROLE_RECEIVER, YOU);
    expect([seatSeen(channel, ROLE_SENDER, YOU), seatSeen(channel, ROLE_RECEIVER, YOU)]).toEqual([true, true]);
  });
});

describe('who watches its seat', () => {
  test('sees that somebody waits on the other side, that it was claimed, and the end', () => {
    const channel = layRendezvous();
    const seat = sit(channel, ROLE_RECEIVER, YOU);
    const watch = () => seatWatch(channel, ROLE_RECEIVER, YOU, 2);
    expect(watch()).toBe(false);
    const sender = sit(channel, ROLE_SENDER, ME);
    expect(watch()).toBe(true);
    seatFinish(channel, seatClaim(channel, ROLE_SENDER, OTHER));
    seatLeave(sender);
    expect(watch()).toBe(false);
    seatClaim(channel, ROLE_RECEIVER, ME);
    expect(watch()).toBe(true);
    seatFinish(channel, seat);
    seatLeave(seat);
    sit(channel, ROLE_RECEIVER, YOU);
    expect(watch()).toBe(false);
    channelClose(channel, NO_ERROR);
    expect(watch()).toBe(true);
  });
});

describe('R29, R30: after a death', () => {
  test.each(ROLES)('a %s that waited is gone, and its seat is for the next thread of its number', (_name, role) => {
    const channel = layRendezvous();
    const seat = sit(channel, role, YOU);
    expect([rendezvousRecover(channel, YOU, ME), seatState(seat)]).toEqual([0, SEAT_VACANT]);
    expect([seatClaim(channel, role, ME), rendezvousRecover(channel, YOU, ME)]).toEqual([BLOCKED, 0]);
    sit(channel, role, YOU);
  });

  test('who had claimed a receiver has not come', () => {
    const channel = layRendezvous();
    const seat = sit(channel, ROLE_RECEIVER, YOU);
    seatClaim(channel, ROLE_RECEIVER, OTHER);
    expect([rendezvousRecover(channel, OTHER, ME), seatState(seat)]).toEqual([0, SEAT_BROKEN]);
    expect([rendezvousRecover(channel, OTHER, ME), rendezvousMet(channel)]).toEqual([0, 0]);
  });

  test('who had claimed a sender has its message, which is lost once', () => {
    const channel = layRendezvous();
    const seat = sit(channel, ROLE_SENDER, YOU);
    seatClaim(channel, ROLE_SENDER, OTHER);
    expect([rendezvousRecover(channel, OTHER, ME), seatState(seat)]).toEqual([1, SEAT_MET]);
    expect([rendezvousRecover(channel, OTHER, ME), rendezvousMet(channel)]).toEqual([0, 1]);
  });

  test('claims of the living, and of others that are dead, stay', () => {
    const channel = layRendezvous();
    const seat = sit(channel, ROLE_SENDER, YOU);
    seatClaim(channel, ROLE_SENDER, 31);
    expect([rendezvousRecover(channel, OTHER, ME), seatState(seat)]).toEqual([0, SEAT_CLAIMED]);
  });

  test.each(ROLES)('a %s that died while it was claimed leaves its seat to the claimer', (_name, role) => {
    const channel = layRendezvous();
    const seat = sit(channel, role, YOU);
    seatClaim(channel, role, OTHER);
    expect([rendezvousRecover(channel, YOU, ME), seatState(seat)]).toEqual([0, SEAT_ORPHANED]);
    expect(seatFinish(channel, seat)).toBe(role === ROLE_SENDER ? YOU : BLOCKED);
    expect(seatState(seat)).toBe(SEAT_VACANT);
  });

  test.each(ROLES)('a %s and its claimer may die both, in either order', (_name, role) => {
    const lost = role === ROLE_SENDER ? 1 : 0;
    for (const order of [
      [YOU, OTHER],
      [OTHER, YOU],
    ]) {
      const channel = layRendezvous();
      const seat = sit(channel, role, YOU);
      seatClaim(channel, role, OTHER);
      const counted = order.reduce((sum, dead) => sum + rendezvousRecover(channel, dead, ME), 0);
      expect([counted, seatState(seat)]).toEqual([lost, SEAT_VACANT]);
    }
  });

  test('what was brought to a receiver who died then is lost once', () => {
    const channel = layRendezvous();
    const seat = sit(channel, ROLE_RECEIVER, YOU);
    seatFinish(channel, seatClaim(channel, ROLE_RECEIVER, OTHER));
    expect([rendezvousRecover(channel, YOU, ME), rendezvousRecover(channel, YOU, ME)]).toEqual([1, 0]);
    expect(seatState(seat)).toBe(SEAT_VACANT);
  });

  test('a message was taken from a sender who died then, and is not lost', () => {
    const channel = layRendezvous();
    const seat = sit(channel, ROLE_SENDER, YOU);
    seatFinish(channel, seatClaim(channel, ROLE_SENDER, OTHER));
    expect([rendezvousRecover(channel, YOU, ME), seatState(seat)]).toEqual([0, SEAT_VACANT]);
  });
});

test('R7, R10: a claim that a close comes before is given back', () => {
  const channel = layRendezvous();
  const seat = sit(channel, ROLE_RECEIVER, YOU);
  seatClaim(channel, ROLE_RECEIVER, ME);
  channelClose(channel, NO_ERROR);
  // That one came before the close, and may go on.
  expect([seatFinish(channel, seat), seatState(seat)]).toEqual([YOU, SEAT_MET]);
});

test('a message is where its sender waits, until it was taken, and where its receiver is, until it is read', () => {
  const channel = layRendezvous();
  const threads = peek(HEADER_THREADS);
  const at = (role: i32, thread: i32) => rendezvousMessage(channel, role * threads + thread);
  const states = (role: i32, thread: i32) => {
    const message = at(role, thread);
    if (message >= 0) expect(message).toBe(seatOf(channel, role, thread) + SEAT_HEADER);
    return message >= 0;
  };
  const seen: boolean[] = [states(ROLE_SENDER, YOU), states(ROLE_RECEIVER, OTHER)];
  const [sender, receiver] = [sit(channel, ROLE_SENDER, YOU), sit(channel, ROLE_RECEIVER, OTHER)];
  seen.push(states(ROLE_SENDER, YOU), states(ROLE_RECEIVER, OTHER));
  seatClaim(channel, ROLE_SENDER, ME);
  seatClaim(channel, ROLE_RECEIVER, ME);
  seen.push(states(ROLE_SENDER, YOU), states(ROLE_RECEIVER, OTHER));
  seatFinish(channel, sender);
  seatFinish(channel, receiver);
  seen.push(states(ROLE_SENDER, YOU), states(ROLE_RECEIVER, OTHER));
  expect(seen).toEqual([false, false, true, false, true, false, false, true]);
});
