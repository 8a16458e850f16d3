/** Something that workers of the suite work on together: the channels of a lane, locks, meetings. */

import type { Worker } from 'node:worker_threads';
import type { Role } from './journal.ts';

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

export abstract class Stand {
  abstract readonly name: string;
  /** The stands of one shift work at the same time. */
  abstract readonly shift: number;
  abstract readonly crews: readonly Crew[];
  readonly places: Place[] = [];

  /** Whether a worker has whomever it needs among those who work. */
  abstract manned(place: Place, working: readonly Place[]): boolean;

  /** What there is to see of it, for a message. */
  abstract describe(): string;

  /** A round of its shift begins. Everybody is at rest. */
  begin(): void {}

  /** Everybody is to come to rest. */
  adjourn(): void {}

  /** The worker of this place has ended, and what it held is not recovered yet. */
  bury(_place: Place): void {}

  /** What it held is recovered. */
  recovered(_place: Place): void {}
}

/** The workers among some places. */
export function namesOf(places: readonly Place[]): Set<string> {
  return new Set(places.map(({ name }) => name));
}
