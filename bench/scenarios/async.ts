import type { Scenario } from '../harness.ts';
import { sideBySide } from '../plots.ts';
import { measuredByScript } from '../programs.ts';

export const async: Scenario = {
  name: 'async',
  description: 'one message of 8 bytes there and back, awaited on the main thread’s event loop; the worker blocks',
  notes: ['messageport answers events on both sides: a port has no way to block.'],
  mainFigure: 'usRoundTrip',
  rows: [
    {
      ours: measuredByScript('ours/async.mjs', 100_000),
      peers: [{ name: 'messageport', measure: measuredByScript('peers/messageport/rtt.mjs', 5_000, 'events') }],
    },
  ],
  plots: [sideBySide({ title: 'There and back, awaited', figure: 'usRoundTrip', unit: 'microseconds' })],
};
