import type { Scenario } from '../harness.ts';
import { cpp, go, rust } from '../peers/native.ts';
import { sideBySide } from '../plots.ts';
import { byBothKernels, measuredByScript } from '../programs.ts';

export const rtt: Scenario = {
  name: 'rtt',
  description: 'one message of 8 bytes there and back over two channels between two threads that block',
  notes: [
    'spin: ours waits as it does by default. cpp spins on its rings; rust polls try_recv in a loop, and ' +
      'usRoundTripBlocking is its plain recv; go is its channels as they are, which its scheduler may serve on one ' +
      'thread; messageport polls receiveMessageOnPort in a loop.',
    'park: both sides sleep at once. Ours has spin: 0; cpp uses a mutex and a condition variable, rust ' +
      'thread::park and unpark around one atomic word, go goroutines locked to threads, messageport events.',
  ],
  mainFigure: 'usRoundTrip',
  rows: [
    {
      name: 'spin',
      ...byBothKernels('ours/rtt.mjs', 300_000, 'spin'),
      peers: [
        { name: 'messageport', measure: measuredByScript('peers/messageport/rtt.mjs', 100_000, 'spin') },
        cpp('rtt-spin', 500_000),
        rust('rtt-spin', 50_000),
        go('rtt-spin', 500_000),
      ],
    },
    {
      name: 'park',
      ...byBothKernels('ours/rtt.mjs', 4_000, 'park'),
      peers: [
        { name: 'messageport', measure: measuredByScript('peers/messageport/rtt.mjs', 4_000, 'events') },
        cpp('rtt-park', 4_000),
        rust('rtt-park', 4_000),
        go('rtt-park', 4_000),
      ],
    },
  ],
  plots: [sideBySide({ title: 'There and back', figure: 'usRoundTrip', unit: 'microseconds', rows: ['spin', 'park'] })],
};
