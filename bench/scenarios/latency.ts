import type { Row, Scenario } from '../harness.ts';
import { alongFigures } from '../plots.ts';
import { timedByScript } from '../programs.ts';

const row = (name: string): Row => ({
  name,
  ours: timedByScript('ours/latency.mjs', name),
  variants: [{ name: 'park', measure: timedByScript('ours/latency.mjs', name, '--no-spin') }],
  peers: [{ name: 'messageport', measure: timedByScript('peers/messageport/latency.mjs', name) }],
});

export const latency: Scenario = {
  name: 'latency',
  description: 'how late messages of 8 bytes arrive that a thread sends at a fixed rate, 20,000 a second',
  notes: [
    'Lateness counts from the moment when a message should have been sent, so a stall is charged to every message that ' +
      'had to wait behind it (corrected for coordinated omission). The sender never sleeps, and has a core busy.',
    'worker: received by another worker; ours blocks, messageport answers events. main: received on the main thread’s ' +
      'event loop; ours awaits each message, messageport answers events. park: ours, sleeping at once (spin: 0).',
  ],
  mainFigure: 'usP99',
  seconds: 3,
  rows: [row('worker'), row('main')],
  plots: [row('worker'), row('main')].map(({ name }) =>
    alongFigures({
      name: name!,
      title: `Lateness, received by ${name === 'main' ? 'the main thread' : 'a worker'}`,
      unit: 'microseconds',
      figures: { p50: 'usP50', p90: 'usP90', p99: 'usP99', 'p99.9': 'usP999', 'p99.99': 'usP9999', max: 'usMax' },
      row: name!,
      along: 'percentile of messages',
    }),
  ),
};
