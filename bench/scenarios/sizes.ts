import type { Row, Scenario } from '../harness.ts';
import { goSlices, rustVectors } from '../peers/native.ts';
import { alongRows, perSecond } from '../plots.ts';
import { measuredByScript } from '../programs.ts';

/** Message sizes in bytes, each with the number of messages in a run. */
const SIZES: readonly [byteLength: number, messages: number][] = [
  [8, 300_000],
  [64, 300_000],
  [512, 300_000],
  [4096, 100_000],
  [65_536, 10_000],
];

const rows = SIZES.map(
  ([byteLength, messages]): Row => ({
    name: String(byteLength),
    ours: measuredByScript('ours/bytes.mjs', messages, byteLength, 'copy'),
    variants: [{ name: 'lease', measure: measuredByScript('ours/bytes.mjs', messages, byteLength, 'lease') }],
    peers: [
      { name: 'messageport', measure: measuredByScript('peers/messageport/stream.mjs', messages, byteLength) },
      rustVectors('sizes', messages, byteLength),
      goSlices('sizes', messages, byteLength),
    ],
  }),
);

export const sizes: Scenario = {
  name: 'sizes',
  description: 'throughput against message size: byte arrays of 8 B to 64 KiB, from one thread to another, capacity 64',
  notes: [
    'The row’s name is the size in bytes. The sender fills each message from an array that it keeps; the receiver looks ' +
      'at the first and the last byte.',
    'Ours copies in and out, by the bytes codec; `lease` fills a leased block, which the receiver releases. rust sends a ' +
      'Vec, go a slice, made for each message. messageport copies by structured clone, with nothing to hold it back.',
  ],
  mainFigure: 'nsPerMessage',
  rows,
  plots: [
    alongRows({
      title: 'Throughput against message size',
      figure: 'nsPerMessage',
      unit: 'messages a second',
      convert: perSecond,
      rows: rows.map(({ name }) => name!),
      along: 'bytes in a message',
    }),
  ],
};
