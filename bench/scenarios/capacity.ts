import type { Row, Scenario } from '../harness.ts';
import { go, rust } from '../peers/native.ts';
import { alongRows, perSecond } from '../plots.ts';
import { measuredByScript } from '../programs.ts';

/** Capacities, each with the number of messages in a run: the threads of a small channel wait for each other often. */
const CAPACITIES: readonly [capacity: number, messages: number][] = [
  [1, 50_000],
  [8, 200_000],
  [64, 1_000_000],
  [1024, 2_000_000],
  [16_384, 2_000_000],
];

const rows = CAPACITIES.map(
  ([capacity, messages]): Row => ({
    name: String(capacity),
    ours: measuredByScript('ours/stream.mjs', messages, '--capacity', capacity),
    peers: [rust('small', messages, capacity), go('small', messages, capacity)],
  }),
);

export const capacity: Scenario = {
  name: 'capacity',
  description: 'throughput against capacity: messages of 8 bytes one by one, from one thread to another',
  notes: ['The row’s name is the capacity. The contestants are those of `small`.'],
  mainFigure: 'nsPerMessage',
  rows,
  plots: [
    alongRows({
      title: 'Throughput against capacity',
      figure: 'nsPerMessage',
      unit: 'messages a second',
      convert: perSecond,
      rows: rows.map(({ name }) => name!),
      along: 'capacity, messages',
    }),
  ],
};
