/** The topologies and capacities that the rules are checked over, and what every delivery must look like. */

import { expect } from 'vitest';
import type { Topology } from '../../src/index.ts';

export interface TopologyCase {
  readonly topology: Topology;
  /** As many threads at either end as the topology allows, up to a few. */
  readonly senders: number;
  readonly receivers: number;
}

export const TOPOLOGIES: readonly TopologyCase[] = [
  { topology: 'spsc', senders: 1, receivers: 1 },
  { topology: 'mpsc', senders: 3, receivers: 1 },
  { topology: 'spmc', senders: 1, receivers: 3 },
  { topology: 'mpmc', senders: 2, receivers: 2 },
];

export const CAPACITIES = [1, 2, 7, 1024] as const;

export const TOPOLOGY_NAMES = TOPOLOGIES.map(({ topology }) => topology);

export interface ChannelCase extends TopologyCase {
  readonly capacity: number;
}

/** Every topology with every capacity, each with what it is called: for `describe.each`. */
export const CHANNELS: readonly [string, ChannelCase][] = TOPOLOGIES.flatMap((each) =>
  CAPACITIES.map((capacity): [string, ChannelCase] => [
    `${each.topology} of capacity ${capacity}`,
    { ...each, capacity },
  ]),
);

/**
 * R1 and R2: of what was sent (a list a sender) and received (a list a receiver), everything arrived once, and what one
 * receiver got of one sender came in the order sent.
 */
export function expectDelivered(sent: readonly number[][], received: readonly number[][]): void {
  expect(received.flat().toSorted((a, b) => a - b)).toEqual(sent.flat().toSorted((a, b) => a - b));
  for (const values of sent) {
    const senders = new Set(values);
    for (const got of received) {
      const ofSender = got.filter((value) => senders.has(value));
      expect(ofSender).toEqual(ofSender.toSorted((a, b) => a - b));
    }
  }
}
