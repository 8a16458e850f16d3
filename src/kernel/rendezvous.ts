/**
 * A channel of capacity 0: nothing is ever in it, threads meet at it.
 *
 * Shape: a seat for each thread and role. A thread that waits takes its seat, with the message beside it if it is a
 * sender, and offers it; a thread that comes claims an offered seat of the other role, carries the message over, and is
 * done. Both know then: the one who came has nothing to wait for, the one who sat finds MET.
 *
 * ```
 *  31                            13 12          3 2    0
 * ┌────────────────────────────────┬─────────────┬──────┐
 * │ generation (29 bits)                         │ state│  VACANT OFFERED MET BROKEN
 * ├────────────────────────────────┬─────────────┼──────┤
 * │ generation (low 19 bits)       │ claimer     │ state│  CLAIMED LED ORPHANED
 * └────────────────────────────────┴─────────────┴──────┘
 *
 *             offer              claim               finish           leave
 *   VACANT g ──────► OFFERED g ─────────► CLAIMED x ────────► MET g ────────► VACANT g
 *      ▲ withdraw        │ │                  │ └─ unclaim ─► BROKEN g ─────►
 *      └─────────────────┘ │                  └─ abandon ───► ORPHANED x ── finish ─► VACANT g
 *                          └ claimed at another seat of the same select: LED x ─────► VACANT g
 * ```
 *
 * Roles: `sitter`, the thread whose seat it is, offers, withdraws, leaves and abandons; any thread claims, the sitter too
 * (another operation of its own), and finishes or unclaims what it claimed.
 *
 * A select sits at several seats at once and must be met at one. One of them leads: `SEAT_LEAD` of the others names it, and
 * `SEAT_LEAD_STATE` the word it has while the select may be met. To claim a seat that is led is to change the lead's
 * word from that to LED, and then one's own seat's. So whether a select is met is decided by ONE compare-and-swap, on the
 * lead, and its withdrawing is the same.
 *
 * Invariants:
 *  - An operation is met at most once, by whom its lead's compare-and-swap lets through (R14, R24). Only the sitter
 *    changes a seat that is not claimed, and only after it withdrew the lead, or found that it is decided.
 *  - LED, and the claimer has not come to its own seat: the sitter empties its seats one by one, by compare-and-swap. Where
 *    that fails it was met; if it fails nowhere the claimer finds its seat gone, and was too late.
 *  - No meeting is slept over: to wait is to set one's bit, offer, and then look at the other role's seats. Of two threads
 *    that wait for each other, the one whose offer came later sees the other's (both orders are sequentially consistent).
 *    It withdraws its own and claims that one; if it has been claimed itself meanwhile, all the better.
 *  - The bit of a sitter is taken out before its seat is MET: it cannot take out one that was set for the next wait.
 *  - Closing: whoever claims looks at `CHANNEL_CLOSED` AFTER it, and unclaims if it is set. So a meeting is before the
 *    close, or is none (R7, R10). Whoever sits looks at it after its offer.
 *  - R26: what the sitter wrote before its offer is seen by the claimer; what the claimer wrote before MET, by the sitter.
 *    Both directions, as the sender may be either.
 *  - "Nobody sits" is concluded from a round of all seats during which `SET_OFFERS`, the number of offers made, has not
 *    moved: of offers that were counted before, one that is there all the time cannot be missed by going from seat to
 *    seat, and none has come to them. An offer is counted AFTER it can be claimed, so one that is not counted yet is known
 *    to nobody: who misses it came before it.
 *
 * Deaths: who is CLAIMED, and by whom, is one step. A claimer that dies at a receiver's seat leaves BROKEN, as if it had
 * never come; at a sender's seat it has the message, which is lost with it. A sitter that dies leaves its seat VACANT, or
 * ORPHANED if somebody is at work there, who sees to the rest: also to waking the next thread of that number, which sets its
 * bit, finds the seat taken and sleeps. The seat is VACANT before the set is looked at, so one of the two sees the other.
 */

import {
  CHANNEL_CLOSED,
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_SENDERS_WAITING,
  CHANNEL_SLOTS,
  CHANNEL_STRIDE,
  CHANNELS_MAX,
  HEADER_THREADS,
  SEAT_GENERATION,
  SEAT_HEADER,
  SEAT_LEAD,
  SEAT_LEAD_CHANNEL,
  SEAT_LEAD_STATE,
  SEAT_STATE,
  SET_MET,
  SET_OFFERS,
  SET_TURN,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { add, below, cas, load, peek, poke, store } from '../memory/words.ts';
import { BLOCKED, CLOSED, DAMAGED } from './codes.ts';
import { ROLE_RECEIVER, ROLE_SENDER } from './ends.ts';
import { channelHolds, channelPin } from './holds.ts';
import { refsDrop } from './refs.ts';
import {
  SEAT_BROKEN,
  SEAT_CLAIMED,
  SEAT_LED,
  SEAT_MET,
  SEAT_OFFERED,
  SEAT_ORPHANED,
  SEAT_VACANT,
  seatOf,
  seatState,
} from './seats.ts';
import { waitersAdd, waitersAny, waitersHas, waitersNext, waitersRemove } from './waiters.ts';

/** Each round that is not the last means that somebody has sat down meanwhile. */
const ROUNDS_MOST = 1 << 20;

const STATE_BITS = 3;
const OWNER_BITS = 10;
const STATE_MASK = 7;
const OWNER_MASK = 1023;

function stated(state: i32, seat: i32): i32 {
  return (peek(seat + SEAT_GENERATION) << STATE_BITS) | state;
}

/** The word of a seat that `claimer` has to do with, made from the one before. */
function claimed(state: i32, claimer: i32, word: i32): i32 {
  return ((word >>> STATE_BITS) << (STATE_BITS + OWNER_BITS)) | (claimer << STATE_BITS) | state;
}

function claimerOf(word: i32): i32 {
  return (word >>> STATE_BITS) & OWNER_MASK;
}

function waitingSet(channel: i32, role: i32): i32 {
  return role === ROLE_SENDER ? channel + CHANNEL_SENDERS_WAITING : channel + CHANNEL_RECEIVERS_WAITING;
}

function otherRole(role: i32): i32 {
  return role === ROLE_SENDER ? ROLE_RECEIVER : ROLE_SENDER;
}

/**
 * The sitter, with its message at the seat if it is a sender: it waits from here on. `lead` is the seat that decides, which
 * is offered already, at the channel with the index `leadChannel`, or the seat itself. Returns whether it sits: not while a
 * claimer is still at work there whom the sitter before abandoned, or left by its death. The message may not be put there
 * either before that: the claimer may be reading the one before. Look at the other role's seats, and whether the channel is closed, afterwards.
 */
export function seatOffer(channel: i32, role: i32, me: i32, lead: i32, leadChannel: i32): boolean {
  const seat: i32 = seatOf(channel, role, me);
  if (seatState(seat) !== SEAT_VACANT) return false;
  poke(seat + SEAT_GENERATION, (peek(seat + SEAT_GENERATION) + 1) & (-1 >>> STATE_BITS));
  const offered: i32 = stated(SEAT_OFFERED, seat);
  store(seat + SEAT_LEAD, lead);
  store(seat + SEAT_LEAD_STATE, lead === seat ? offered : stated(SEAT_OFFERED, lead));
  store(seat + SEAT_LEAD_CHANNEL, leadChannel);
  const set: i32 = waitingSet(channel, role);
  if (!waitersHas(set, me)) waitersAdd(set, me);
  store(seat + SEAT_STATE, offered);
  add(set + SET_OFFERS, 1);
  return true;
}

/** The sitter: it does not wait any more. Returns false if it is decided already; ask `seatState` how. */
export function seatWithdraw(seat: i32): boolean {
  const offered: i32 = stated(SEAT_OFFERED, seat);
  return cas(seat + SEAT_STATE, offered, stated(SEAT_VACANT, seat)) === offered;
}

/** The sitter: it has seen how its waiting ended, and has read the message. */
export function seatLeave(seat: i32): void {
  store(seat + SEAT_STATE, stated(SEAT_VACANT, seat));
}

/** The sitter cannot wait for its claimer any longer, who sees to the rest. Returns false if that one is done after all. */
export function seatAbandon(seat: i32): boolean {
  const word: i32 = load(seat + SEAT_STATE);
  if ((word & STATE_MASK) !== SEAT_CLAIMED) return false;
  return cas(seat + SEAT_STATE, word, (word & ~STATE_MASK) | SEAT_ORPHANED) === word;
}

/**
 * Claims a seat where somebody waits in that role, in turn. Returns its word index, BLOCKED, CLOSED or DAMAGED.
 *
 * A thread whose own select waits in both roles meets that one: whoever else is there is for the select, which came first.
 */
export function seatClaim(channel: i32, role: i32, me: i32): i32 {
  if (seatItself(channel, me)) return claimOwn(channel, role, me);
  const set: i32 = waitingSet(channel, role);
  for (let rounds: i32 = 0; rounds < ROUNDS_MOST; rounds++) {
    if (load(channel + CHANNEL_CLOSED) !== 0) return CLOSED;
    const offers: i32 = load(set + SET_OFFERS);
    if (!waitersAny(set)) return BLOCKED;
    const turn: i32 = load(set + SET_TURN);
    let seat: i32 = claimFrom(channel, role, me, turn);
    if (seat < 0 && turn !== 0) seat = claimFrom(channel, role, me, 0);
    if (seat >= 0) {
      if (load(channel + CHANNEL_CLOSED) === 0 || !unclaim(channel, seat)) return seat;
      return CLOSED;
    }
    if (load(set + SET_OFFERS) === offers) return BLOCKED;
  }
  return DAMAGED;
}

function claimOwn(channel: i32, role: i32, me: i32): i32 {
  if (load(channel + CHANNEL_CLOSED) !== 0) return CLOSED;
  const seat: i32 = seatOf(channel, role, me);
  if (!claimAt(seat, me)) return BLOCKED;
  return load(channel + CHANNEL_CLOSED) === 0 || !unclaim(channel, seat) ? seat : CLOSED;
}

function claimFrom(channel: i32, role: i32, me: i32, from: i32): i32 {
  const set: i32 = waitingSet(channel, role);
  for (let thread: i32 = waitersNext(set, from); thread >= 0; thread = waitersNext(set, thread + 1)) {
    if (thread >= peek(HEADER_THREADS)) return BLOCKED;
    const seat: i32 = seatOf(channel, role, thread);
    if (!claimAt(seat, me)) continue;
    store(set + SET_TURN, thread + 1);
    return seat;
  }
  return BLOCKED;
}

function claimAt(seat: i32, me: i32): boolean {
  const word: i32 = load(seat + SEAT_STATE);
  if ((word & STATE_MASK) !== SEAT_OFFERED) return false;
  const lead: i32 = load(seat + SEAT_LEAD);
  const leadState: i32 = load(seat + SEAT_LEAD_STATE);
  if (lead !== seat) {
    // The lead's channel may be disposed of as soon as the sitter gets up, unless this thread holds it: it stays pinned
    // until it is told of that.
    const leadChannel: i32 = load(seat + SEAT_LEAD_CHANNEL);
    if (!below(leadChannel, CHANNELS_MAX)) return false;
    if (!channelHolds(leadChannel, me) && !channelPin(leadChannel, me)) return false;
    // All this belongs together, and the sitter has not got up, if the seat is still what it was before.
    if (load(seat + SEAT_STATE) !== word) return false;
    if (cas(lead + SEAT_STATE, leadState, claimed(SEAT_LED, me, leadState)) !== leadState) return false;
  }
  // A led seat is this thread's now, unless its sitter is dead, or tired of waiting for this step.
  return cas(seat + SEAT_STATE, word, claimed(SEAT_CLAIMED, me, word)) === word;
}

/** Gives a claim back, as the channel is closed. Returns false if the sitter, a sender, counts on it already. */
function unclaim(channel: i32, seat: i32): boolean {
  const word: i32 = load(seat + SEAT_STATE);
  const claim: boolean = (word & STATE_MASK) === SEAT_CLAIMED;
  if (claim && cas(seat + SEAT_STATE, word, stated(SEAT_BROKEN, seat)) === word) return true;
  if (sitsAs(channel, seat) === ROLE_SENDER) return false;
  seatLeave(seat);
  return true;
}

/**
 * The claimer: the message is where it should be. Returns the sitter, who has to be woken. If that one is gone, then at a
 * receiver's seat nothing was sent: BLOCKED; and the seat is vacant, for which its thread may be waiting: wake the set.
 */
export function seatFinish(channel: i32, seat: i32): i32 {
  const role: i32 = sitsAs(channel, seat);
  const sitter: i32 = sitterOf(channel, seat);
  const set: i32 = waitingSet(channel, role);
  waitersRemove(set, sitter);
  const word: i32 = load(seat + SEAT_STATE);
  if ((word & STATE_MASK) === SEAT_CLAIMED && cas(seat + SEAT_STATE, word, stated(SEAT_MET, seat)) === word) {
    add(set + SET_MET, 1);
    return sitter;
  }
  seatLeave(seat);
  if (role === ROLE_RECEIVER) {
    // The bit that was taken out may have been set since by who sits there next, and could not sit down yet.
    waitersAdd(set, sitter);
    return BLOCKED;
  }
  add(set + SET_MET, 1);
  return sitter;
}

function sitterOf(channel: i32, seat: i32): i32 {
  const place: i32 = ((seat - peek(channel + CHANNEL_SLOTS)) / peek(channel + CHANNEL_STRIDE)) | 0;
  const threads: i32 = peek(HEADER_THREADS);
  return place < threads ? place : place - threads;
}

function sitsAs(channel: i32, seat: i32): i32 {
  const place: i32 = ((seat - peek(channel + CHANNEL_SLOTS)) / peek(channel + CHANNEL_STRIDE)) | 0;
  return place < peek(HEADER_THREADS) ? ROLE_SENDER : ROLE_RECEIVER;
}

/**
 * Whether somebody waits in that role whom `me` could claim. A seat of its own that belongs to the operation which also
 * waits in the other role is none: nobody meets himself (R17).
 */
export function seatSeen(channel: i32, role: i32, me: i32): boolean {
  const set: i32 = waitingSet(channel, role);
  for (let thread: i32 = waitersNext(set, 0); thread >= 0; thread = waitersNext(set, thread + 1)) {
    if (thread >= peek(HEADER_THREADS)) return false;
    if (claimable(seatOf(channel, role, thread)) && !(thread === me && seatItself(channel, me))) return true;
  }
  return false;
}

function claimable(seat: i32): boolean {
  if (seatState(seat) !== SEAT_OFFERED) return false;
  const lead: i32 = load(seat + SEAT_LEAD);
  return lead === seat || load(lead + SEAT_STATE) === load(seat + SEAT_LEAD_STATE);
}

/** Whether a thread waits in both roles with one operation, a select, that has not been met. */
export function seatItself(channel: i32, me: i32): boolean {
  const one: i32 = seatOf(channel, ROLE_SENDER, me);
  if (seatState(one) !== SEAT_OFFERED) return false;
  const other: i32 = seatOf(channel, ROLE_RECEIVER, me);
  if (seatState(other) !== SEAT_OFFERED) return false;
  return load(one + SEAT_LEAD) === load(other + SEAT_LEAD);
}

/** Looks at most so many times whether the seat of `me` is decided, somebody waits in the other role, or it is the end. */
export function seatWatch(channel: i32, role: i32, me: i32, looks: i32): boolean {
  const seat: i32 = seatOf(channel, role, me);
  const others: i32 = waitingSet(channel, otherRole(role));
  for (let look: i32 = 0; look < looks; look++) {
    if (seatState(seat) !== SEAT_OFFERED || waitersAny(others) || load(channel + CHANNEL_CLOSED) !== 0) return true;
  }
  return false;
}

/**
 * Settles what `dead` left: claims of its own, and its seats. Returns how many messages were lost with it. Only once the
 * thread can no longer run; wake everybody afterwards.
 */
export function rendezvousRecover(channel: i32, dead: i32, me: i32): i32 {
  const threads: i32 = peek(HEADER_THREADS);
  let lost: i32 = 0;
  for (let thread: i32 = 0; thread < threads; thread++) {
    lost += giveUpClaim(channel, seatOf(channel, ROLE_SENDER, thread), dead, me);
    lost += giveUpClaim(channel, seatOf(channel, ROLE_RECEIVER, thread), dead, me);
  }
  lost += giveUpSeat(channel, seatOf(channel, ROLE_SENDER, dead), me);
  lost += giveUpSeat(channel, seatOf(channel, ROLE_RECEIVER, dead), me);
  return lost;
}

/** What a dead thread had claimed. Returns how many messages were lost. */
function giveUpClaim(channel: i32, seat: i32, dead: i32, me: i32): i32 {
  const word: i32 = load(seat + SEAT_STATE);
  const state: i32 = word & STATE_MASK;
  if ((state !== SEAT_CLAIMED && state !== SEAT_ORPHANED) || claimerOf(word) !== dead) return 0;
  const asSender: boolean = sitsAs(channel, seat) === ROLE_SENDER;
  if (asSender) refsDrop(channel, seat + SEAT_HEADER, me);
  let next: i32 = stated(SEAT_VACANT, seat);
  if (state === SEAT_CLAIMED) next = stated(asSender ? SEAT_MET : SEAT_BROKEN, seat);
  // Its sitter may abandon it at this very moment.
  if (cas(seat + SEAT_STATE, word, next) !== word) seatLeave(seat);
  if (asSender) add(channel + CHANNEL_SENDERS_WAITING + SET_MET, 1);
  return asSender ? 1 : 0;
}

/** Where a dead thread sat. Returns how many messages were lost. */
function giveUpSeat(channel: i32, seat: i32, me: i32): i32 {
  const asSender: boolean = sitsAs(channel, seat) === ROLE_SENDER;
  while (true) {
    const word: i32 = load(seat + SEAT_STATE);
    const state: i32 = word & STATE_MASK;
    if (state === SEAT_VACANT || state === SEAT_ORPHANED) return 0;
    if (state === SEAT_CLAIMED) {
      if (seatAbandon(seat)) return 0;
      continue;
    }
    const holds: boolean = state === (asSender ? SEAT_OFFERED : SEAT_MET);
    if (cas(seat + SEAT_STATE, word, stated(SEAT_VACANT, seat)) !== word) continue;
    if (!holds) return 0;
    refsDrop(channel, seat + SEAT_HEADER, me);
    return asSender ? 0 : 1;
  }
}
