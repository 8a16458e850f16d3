/** What the suite sends messages through: channels of every kind, each with workers at both ends. */

import type { ChannelOptions, Topology } from '../../src/index.ts';

export type DeliveryMode = NonNullable<ChannelOptions<unknown>['delivery']>;
/** Messages that are copied through slots and pool blocks, or leases that are handed over. */
export type Payload = 'bytes' | 'lease';

export interface Lane {
  readonly name: string;
  readonly topology: Topology;
  /** Of each of its channels. If there are several, workers choose among them. */
  readonly capacities: readonly number[];
  readonly delivery: DeliveryMode;
  readonly payload: Payload;
  readonly senders: number;
  readonly receivers: number;
  /** Workers that send and receive. */
  readonly peers: number;
  /** The lanes of one shift work at the same time. */
  readonly shift: number;
}

/** What the workers of a lane are told. */
export interface LaneTask {
  readonly payload: Payload;
}

const CREWS: Record<Topology, Pick<Lane, 'senders' | 'receivers' | 'peers'>> = {
  mpmc: { senders: 2, receivers: 2, peers: 0 },
  mpsc: { senders: 3, receivers: 1, peers: 0 },
  spmc: { senders: 1, receivers: 3, peers: 0 },
  spsc: { senders: 1, receivers: 1, peers: 0 },
};

const TOPOLOGIES = Object.keys(CREWS) as Topology[];

const CAPACITY = 64;

const SHIFTS: readonly Pick<Lane, 'capacities' | 'delivery' | 'payload'>[] = [
  { capacities: [CAPACITY], delivery: 'at-most-once', payload: 'bytes' },
  { capacities: [CAPACITY], delivery: 'at-least-once', payload: 'bytes' },
  { capacities: [CAPACITY], delivery: 'at-most-once', payload: 'lease' },
  { capacities: [CAPACITY], delivery: 'at-least-once', payload: 'lease' },
  { capacities: [0], delivery: 'at-most-once', payload: 'bytes' },
  { capacities: [0], delivery: 'at-most-once', payload: 'lease' },
];

const CHOICES: readonly Pick<Lane, 'name' | 'capacities' | 'payload' | 'senders' | 'receivers' | 'peers'>[] = [
  { name: 'select-buffered', capacities: [2, 2], payload: 'lease', senders: 2, receivers: 2, peers: 0 },
  { name: 'select-rendezvous', capacities: [0, 0], payload: 'bytes', senders: 2, receivers: 2, peers: 0 },
  { name: 'select-mixed', capacities: [0, 2, CAPACITY], payload: 'lease', senders: 1, receivers: 1, peers: 2 },
  { name: 'select-peers', capacities: [0, 0], payload: 'bytes', senders: 0, receivers: 0, peers: 3 },
];

const SELECT_SHIFT = SHIFTS.length;
/** How many shifts there are. */
export const SHIFTS_OF_LANES = SELECT_SHIFT + 1;

/** A channel for each combination, those that differ in topology only being one shift; and several channels side by side. */
export function lanesOf(): Lane[] {
  const single = SHIFTS.flatMap((kind, shift) =>
    TOPOLOGIES.map((topology): Lane => {
      const name = `${topology}-${kind.capacities[0] === 0 ? 'rendezvous' : kind.delivery}-${kind.payload}`;
      return { name, topology, shift, ...kind, ...CREWS[topology] };
    }),
  );
  const several = CHOICES.map((choice): Lane => {
    return { topology: 'mpmc', delivery: 'at-most-once', shift: SELECT_SHIFT, ...choice };
  });
  return [...single, ...several];
}
