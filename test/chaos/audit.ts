/**
 * The books of a round, compared: what was accepted, what was received, and what was in dead hands.
 *
 * Let A be the messages whose send had returned, and D those a sender had begun to send when it died: they may or may
 * not have been accepted (R31). Of a receiver that died, let `hands` be the receives it had begun and not written down.
 * With M the messages of A that nobody received, U those of D that nobody did, and L the losses that the channel counted:
 *
 *  - no message is received twice, or torn, or after one that was sent later: the receivers tell, while they work.
 *  - M ≤ hands: only what was in dead hands is missing.
 *  - a message whose send was called off, or that a select did not choose to send, has not been sent: it is sent again under
 *    its number, and would be received twice.
 *  - L ≤ M + U: what the channel counts as lost is lost; and of each death, L ≤ hands.
 *  - at least once, "received" means acknowledged, and `hands` are acknowledgements begun and not written down; L = 0.
 *  - at most once, M − L messages are missing and not counted. A receive had handed those back: the channel was done with
 *    them, and the worker died before it could write its first word about them. At most (hands − L) can be of that kind.
 *    That the count is exact up to there is for the deaths at each single step to show.
 *
 * All of that is the same with a capacity of 0. A send that has returned has met somebody, and the message is in that one's
 * hands; also if he is stopped or dies before he is done, and the sender goes on without him (decision 12).
 *
 * Where workers choose among several channels, it is compared what went through all of them together. Order is promised,
 * and looked at, for each channel by itself. Locks and meetings have books of their own (`locks.ts`, `meetings.ts`).
 */

import type { Channels } from './channels.ts';
import type { Books, Departure } from './stand.ts';

export interface Audit {
  readonly accepted: number;
  readonly received: number;
  /** Accepted, and received by nobody. */
  readonly missing: number;
  /** What the channels counted as lost. */
  readonly lost: number;
  /** Missing and not counted, and the most there may be. */
  readonly unaccounted: number;
  readonly unaccountedMost: number;
  /** Sections of locks that were passed through. */
  readonly sections: number;
  /** How many were told that whoever had a lock before them died with it. */
  readonly recovered: number;
  /** Meetings that a death broke. */
  readonly broken: number;
  /** Each as one sentence. */
  readonly violations: readonly string[];
}

export const NOTHING: Audit = {
  accepted: 0,
  received: 0,
  missing: 0,
  lost: 0,
  unaccounted: 0,
  unaccountedMost: 0,
  sections: 0,
  recovered: 0,
  broken: 0,
  violations: [],
};

/** Audits the messages of a lane whose channels have counted `lost` of them as lost. */
export function auditLane(stand: Channels, lost: number, { journal, round, departed }: Books): Audit {
  const ofSenders = departed.filter(({ place }) => place.role === 'sender');
  const ofReceivers = departed.filter(({ place }) => place.role === 'receiver');
  const violations: string[] = [];
  let accepted = 0;
  let missing = 0;
  let doubtfulMissing = 0;
  let doubtful = 0;
  for (const { role, number } of stand.places) {
    if (role !== 'sender') continue;
    const begun = journal.begun(number);
    const doubts = doubtsOf(ofSenders, number);
    const absent = journal.missing(number, begun);
    const absentDoubtful = absent.filter((sequence) => doubts.has(sequence)).length;
    accepted += begun - doubts.size;
    missing += absent.length - absentDoubtful;
    doubtful += doubts.size;
    doubtfulMissing += absentDoubtful;
    const unsent = journal.receivedFrom(number, begun);
    if (unsent > 0) violations.push(`sender ${number}: ${unsent} messages were received that were never sent`);
  }
  const hands = ofReceivers.reduce((total, { count }) => total + count, 0);
  if (missing > hands) violations.push(`${missing} messages are missing, at most ${hands} were in dead hands`);
  if (lost > missing + doubtfulMissing) {
    violations.push(`${lost} messages were counted as lost, at most ${missing + doubtfulMissing} are`);
  }
  if (lost > 0 && stand.lane.delivery === 'at-least-once') {
    violations.push(`${lost} messages were counted as lost, though none may be`);
  }
  for (const { place, count, lost: counted } of departed) {
    if (counted > (place.role === 'receiver' ? count : 0)) {
      violations.push(`${place.role} ${place.number} had ${count} in its hands, but ${counted} were counted as lost`);
    }
  }
  return {
    ...NOTHING,
    accepted,
    received: accepted + doubtful - missing - doubtfulMissing,
    missing,
    lost,
    unaccounted: Math.max(0, missing - lost),
    unaccountedMost: hands - lost,
    violations: violations.map((violation) => `${stand.name}, round ${round}: ${violation}`),
  };
}

/** The messages that senders of this place had begun to send when they died. */
function doubtsOf(departures: readonly Departure[], number: number): Set<number> {
  const doubts = new Set<number>();
  for (const { place, from, count } of departures) {
    if (place.number === number) for (let index = 0; index < count; index++) doubts.add(from + index);
  }
  return doubts;
}

export function sum(a: Audit, b: Audit): Audit {
  return {
    accepted: a.accepted + b.accepted,
    received: a.received + b.received,
    missing: a.missing + b.missing,
    lost: a.lost + b.lost,
    unaccounted: a.unaccounted + b.unaccounted,
    unaccountedMost: a.unaccountedMost + b.unaccountedMost,
    sections: a.sections + b.sections,
    recovered: a.recovered + b.recovered,
    broken: a.broken + b.broken,
    violations: [...a.violations, ...b.violations],
  };
}

export function withViolation(audit: Audit, violation: string): Audit {
  return { ...audit, violations: [...audit.violations, violation] };
}
