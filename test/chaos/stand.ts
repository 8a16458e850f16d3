/** Something that workers of the suite work on together: the channels of a lane, locks, meetings. */

import type { Worker } from 'node:worker_threads';
import type { Audit } from './audit.ts';
import type { Journal, Role } from './journal.ts';

/** Where the journal keeps what a worker does in one role: it, or whoever replaced it. */
export interface Place {
  readonly number: number;
  readonly role: Role;
  readonly stand: Stand;
  /** What its worker is called. One that sends and receives has two places. */
  readonly name: string;
  /** Its number among those of its crew. */
  readonly index: number;
  worker(): Worker;
}

/** Workers of one kind. */
export interface Crew {
  readonly roles: readonly Role[];
  /** The worker module they run. */
  readonly entry: string;
  readonly count: number;
  readonly ports: object;
  /** What they are told beside their places. */
  readonly task: object;
}

/** What a worker left in doubt when it died. */
export interface Departure {
  readonly place: Place;
  /** Operations it had begun and not finished: from this one on, so many. */
  readonly from: number;
  readonly count: number;
  /** Messages that were counted as lost with it. */
  readonly lost: number;
}

/** What there is to tell of a round that has just ended. */
export interface Books {
  readonly journal: Journal;
  readonly round: number;
  /** Of the stand that is audited. */
  readonly departed: readonly Departure[];
}

export abstract class Stand {
  abstract readonly name: string;
  /** The stands of one shift work at the same time. */
  abstract readonly shift: number;
  abstract readonly crews: readonly Crew[];
  readonly places: Place[] = [];

  /** Whether a worker has whomever it needs among those who work. */
  abstract manned(place: Place, working: readonly Place[]): boolean;

  /** Whether a worker that is there takes part already. */
  engages(_place: Place): boolean {
    return true;
  }

  /** What there is to see of it, for a message. */
  abstract describe(): string;

  /** Compares what was written down in a round. Everybody is at rest. */
  abstract audit(books: Books): Audit;

  /** A round of its shift begins. Everybody is at rest. */
  begin(): void {}

  /** Everybody is to come to rest. */
  adjourn(): void {}

  /** The worker of this place has ended, and what it held is not recovered yet. */
  bury(_place: Place): void {}

  /** What it held is recovered. */
  recovered(_place: Place): void {}
}
