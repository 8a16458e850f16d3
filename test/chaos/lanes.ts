/** What the suite runs on: a channel of every kind, each with workers at both ends. */

import type { Topology } from '../../src/index.ts';

/** Messages that are copied through slots and pool blocks, or leases that are handed over. */
export type Payload = 'bytes' | 'lease';

export interface Lane {
  readonly name: string;
  readonly topology: Topology;
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
const PAYLOADS: readonly Payload[] = ['bytes', 'lease'];

/** One lane for each combination; lanes of one payload are one shift. */
export function lanesOf(topologies: readonly Topology[] = TOPOLOGIES): Lane[] {
  return PAYLOADS.flatMap((payload, shift) =>
    topologies.map((topology) => ({ name: `${topology}-${payload}`, topology, payload, shift, ...CREWS[topology] })),
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
}
