import type { Peer, Scenario } from '../harness.ts';
import { cpp, go, rust } from '../peers/native.ts';
import { measuredByScript, withRate } from '../programs.ts';

const BATCH = 256;

const peers: Peer[] = [
  { name: 'messageport', measure: measuredByScript('peers/messageport/stream.mjs', 300_000) },
  cpp('small', 10_000_000),
  rust('small', 5_000_000),
  go('small', 5_000_000),
];

export const batch: Scenario = {
  name: 'batch',
  description: `messages of 8 bytes in batches of ${BATCH}, capacity 1024; the peers, having no batches, one by one`,
  notes: ['Only our side sends in batches: the peers are those of `small`.'],
  mainFigure: 'nsPerMessage',
  rows: [
    {
      ours: withRate(measuredByScript('ours/stream.mjs', 20_000_000, BATCH)),
      peers: peers.map((peer) => ({ ...peer, measure: withRate(peer.measure) })),
    },
  ],
};
