import type { Row, Scenario } from '../harness.ts';
import { go, rustMpmc } from '../peers/native.ts';
import { alongRows, perSecond } from '../plots.ts';
import { measuredByScript } from '../programs.ts';

const OURS = 10_000_000;
const PEERS = 5_000_000;
const THREADS: readonly [senders: number, receivers: number][] = [
  [1, 1],
  [2, 2],
  [4, 4],
  [1, 3],
  [3, 1],
];

const rows = THREADS.map(
  ([senders, receivers]): Row => ({
    name: `${senders}+${receivers}`,
    ours: measuredByScript('ours/mpmc.mjs', OURS, senders, receivers),
    peers: [rustMpmc(PEERS, senders, receivers), go('mpmc', PEERS, senders, receivers)],
  }),
);

export const threads: Scenario = {
  name: 'threads',
  description: 'throughput against the number of threads: messages of 8 bytes one by one, mpmc, capacity 1024',
  notes: ['The rows are sending + receiving threads. The contestants are those of `mpmc`.'],
  mainFigure: 'nsPerMessage',
  rows,
  plots: [
    alongRows({
      title: 'Throughput against threads',
      figure: 'nsPerMessage',
      unit: 'messages a second',
      convert: perSecond,
      rows: rows.map(({ name }) => name!),
      along: 'sending + receiving threads',
    }),
  ],
};
