import type { Row, Scenario } from '../harness.ts';
import { goSlices, rustVectors } from '../peers/native.ts';
import { alongRows, perSecond } from '../plots.ts';
import { measuredByScript } from '../programs.ts';

/** Batch lengths, each with the number of messages in a run. */
const BATCHES: readonly [length: number, messages: number][] = [
  [1, 2_000_000],
  [8, 5_000_000],
  [64, 10_000_000],
  [256, 20_000_000],
  [1024, 20_000_000],
];

const rows = BATCHES.map(
  ([length, messages]): Row => ({
    name: String(length),
    ours: measuredByScript('ours/stream.mjs', messages, '--batch', length),
    peers: [rustVectors('batches', messages, length), goSlices('batches', messages, length)],
  }),
);

export const batches: Scenario = {
  name: 'batches',
  description: 'throughput against batch length: messages of 8 bytes, from one thread to another, capacity 1024',
  notes: [
    'The row’s name is the batch’s length. Ours writes each message of a batch into the channel.',
    'The peers’ channels have no batches, so what they send is a list: rust a Vec, go a slice, made for each batch and ' +
      'owned by the receiver from then on. Their channels hold as many lists as make 1024 messages.',
  ],
  mainFigure: 'nsPerMessage',
  rows,
  plots: [
    alongRows({
      title: 'Throughput against batch length',
      figure: 'nsPerMessage',
      unit: 'messages a second',
      convert: perSecond,
      rows: rows.map(({ name }) => name!),
      along: 'messages in a batch',
    }),
  ],
};
