import type { Row, Scenario } from '../harness.ts';
import { alongRows } from '../plots.ts';
import { measuredByScript } from '../programs.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Payload sizes, each with the number of round trips that we, the copying and the transferring peer make in a run. */
const SIZES: readonly [byteLength: number, ours: number, clone: number, transfer: number][] = [
  [64, 30_000, 1_500, 1_500],
  [4 * KIB, 30_000, 1_500, 1_500],
  [64 * KIB, 30_000, 1_000, 1_500],
  [MIB, 30_000, 100, 1_000],
  [16 * MIB, 30_000, 10, 500],
  [64 * MIB, 30_000, 3, 300],
];

export const payload: Scenario = {
  name: 'payload',
  description: 'a payload of 64 B to 64 MiB there and back; ours by lease, the peers by structured clone and transfer',
  notes: [
    'Both sides touch the first and the last byte. The row’s name is the payload’s size in bytes.',
    'Our two threads block, as they do by default; the peers answer events, since a port has no way to block.',
  ],
  mainFigure: 'usRoundTrip',
  rows: SIZES.map(
    ([byteLength, ours, clone, transfer]): Row => ({
      name: String(byteLength),
      ours: measuredByScript('ours/payload.mjs', ours, byteLength),
      peers: [
        {
          name: 'messageport',
          measure: measuredByScript('peers/messageport/payload.mjs', clone, byteLength, 'clone'),
        },
        {
          name: 'transfer',
          measure: measuredByScript('peers/messageport/payload.mjs', transfer, byteLength, 'transfer'),
        },
      ],
    }),
  ),
  plots: [
    alongRows({
      title: 'A payload there and back',
      figure: 'usRoundTrip',
      unit: 'microseconds',
      rows: SIZES.map(([byteLength]) => String(byteLength)),
      along: 'bytes',
    }),
  ],
};
