/** What the suite runs on: a channel of every kind, each with workers at both ends. */

import type { ChannelOptions, Topology } from '../../src/index.ts';
import type { JournalNote } from './journal.ts';

export type DeliveryMode = NonNullable<ChannelOptions<unknown>['delivery']>;
/** Messages that are copied through slots and pool blocks, or leases that are handed over. */
export type Payload = 'bytes' | 'lease';

export interface Lane {
  readonly name: string;
  readonly topology: Topology;
  readonly capacity: number;
  readonly delivery: DeliveryMode;
  readonly payload: Payload;
  readonly senders: number;
  readonly receivers: number;
  /** The lanes of one shift work at the same time. */
  readonly shift: number;
}

const CREWS: Record<Topology, { readonly senders: number; readonly receivers: number }> = {
  mpmc: { senders: 2, receivers: 2 },
  mpsc: { senders: 3, receivers: 1 },
  spmc: { senders: 1, receivers: 3 },
  spsc: { senders: 1, receivers: 1 },
};

export const TOPOLOGIES = Object.keys(CREWS) as Topology[];

const CAPACITY = 64;

const SHIFTS: readonly Pick<Lane, 'capacity' | 'delivery' | 'payload'>[] = [
  { capacity: CAPACITY, delivery: 'at-most-once', payload: 'bytes' },
  { capacity: CAPACITY, delivery: 'at-least-once', payload: 'bytes' },
  { capacity: CAPACITY, delivery: 'at-most-once', payload: 'lease' },
  { capacity: CAPACITY, delivery: 'at-least-once', payload: 'lease' },
  { capacity: 0, delivery: 'at-most-once', payload: 'bytes' },
  { capacity: 0, delivery: 'at-most-once', payload: 'lease' },
];

/** One lane for each combination; those that differ in topology only are one shift. */
export function lanesOf(topologies: readonly Topology[] = TOPOLOGIES): Lane[] {
  return SHIFTS.flatMap((kind, shift) =>
    topologies.map((topology) => {
      const name = `${topology}-${kind.capacity === 0 ? 'rendezvous' : kind.delivery}-${kind.payload}`;
      return { name, topology, shift, ...kind, ...CREWS[topology] };
    }),
  );
}

export function shiftsOf(lanes: readonly Lane[]): number {
  return new Set(lanes.map(({ shift }) => shift)).size;
}

/** What a worker is told. */
export interface Post {
  /** Of the first worker of its group; the others follow. */
  readonly firstPlace: number;
  readonly payload: Payload;
  readonly shift: number;
  readonly lane: number;
  readonly journal: JournalNote;
}
