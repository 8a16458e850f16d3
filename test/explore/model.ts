/**
 * What a model is made of. Models import from here, and from `src/`; everything they import from `src/`, and they
 * themselves, are run step by step.
 */

import { Violation } from './engine/machine.ts';
import type { NamedChannel } from './engine/names.ts';

/** What became of the threads of an execution. */
export interface Fates {
  died(thread: string): boolean;
}

export interface Program {
  run(): void;
  /** It may stop for ever at any of its steps. At most one thread does in an execution, and its heir. */
  mortal?: boolean;
  /** It starts when one of these threads is dead, and only then. */
  heirOf?: readonly string[];
  /** It need not come to an end: nobody may be left to wake it. */
  maySleep?: boolean;
}

export interface Play {
  readonly threads: Readonly<Record<string, Program | (() => void)>>;
  /** Called when nothing can move any more: what must hold then. */
  atRest?(fates: Fates): void;
}

export interface Model<Place = any> {
  /** `group/variant`. */
  readonly name: string;
  /** What is tried, as half a sentence. */
  readonly about: string;
  /** Prepares the memory, once. */
  lay(): Place;
  /** One execution: threads with fresh variables. Runs before the first of them does. */
  play(place: Place): Play;
  /** Most preemptions an execution of the short run may have; executions with fewer come first. Default 1. */
  readonly preemptions?: number;
  /** Most wake-ups without a reason an execution may have. Default 0. */
  readonly spurious?: number;
}

export function model<Place>(description: Model<Place>): Model<Place> {
  return description;
}

/** Fails the execution unless `holds`. */
export function check(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Violation(otherwise);
}

/** Fails the execution unless both are the same, as JSON. */
export function same(met: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(met), JSON.stringify(expected)];
  if (left !== right) throw new Violation(`${what}: expected ${right}, met ${left}`);
}

const channels: NamedChannel[] = [];

/** Tells where a channel is, so that traces can name its words. */
export function nameChannel(channel: NamedChannel): void {
  channels.push(channel);
}

/** The channels that were named since the last call. */
export function takeChannels(): NamedChannel[] {
  return channels.splice(0);
}
