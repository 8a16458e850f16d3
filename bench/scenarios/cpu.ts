import type { Row, Scenario } from '../harness.ts';
import { cpp, go, rust } from '../peers/native.ts';
import { sideBySide } from '../plots.ts';
import { measuredByScript } from '../programs.ts';

const portStream = {
  name: 'messageport',
  measure: measuredByScript('peers/messageport/stream.mjs', 300_000),
};
const portEvents = { name: 'messageport', measure: measuredByScript('peers/messageport/rtt.mjs', 4_000, 'events') };

const rows: readonly Row[] = [
  {
    name: 'stream',
    ours: measuredByScript('ours/stream.mjs', 2_000_000),
    variants: [{ name: 'park', measure: measuredByScript('ours/stream.mjs', 2_000_000, '--no-spin') }],
    peers: [portStream, cpp('small', 5_000_000), rust('small', 2_000_000, 1024), go('small', 2_000_000, 1024)],
  },
  {
    name: 'round-trip',
    ours: measuredByScript('ours/rtt.mjs', 100_000, 'spin'),
    variants: [{ name: 'park', measure: measuredByScript('ours/rtt.mjs', 4_000, 'park') }],
    peers: [portEvents, go('rtt-spin', 100_000)],
  },
];

export const cpu: Scenario = {
  name: 'cpu',
  description: 'processor time for a million messages of 8 bytes, beside the speed; spinning and not',
  notes: [
    'stream: one way, one by one, capacity 1024. round-trip: there and back, which is two messages.',
    'Processor time is that of all threads, user and system. Ours spins a little before it sleeps, as it does by ' +
      'default; `park` sleeps at once (spin: 0).',
    'What waiting costs while nothing comes is in `idle`.',
  ],
  mainFigure: 'cpuSecondsPerMillion',
  rows,
  plots: [
    sideBySide({
      title: 'Processor time for a million messages',
      figure: 'cpuSecondsPerMillion',
      unit: 'seconds',
      rows: rows.map(({ name }) => name!),
    }),
  ],
};
