import type { Scenario } from '../harness.ts';
import { cpp, go, rust } from '../peers/native.ts';
import { sideBySide } from '../plots.ts';
import { byBothKernels, measuredByScript } from '../programs.ts';

/** Round trips of threads that sleep: as many as the engine needs to compile what goes on in them. */
const PARKED = 20_000;

export const rtt: Scenario = {
  name: 'rtt',
  description: 'one message of 8 bytes there and back over two channels between two threads that block',
  notes: [
    'spin: ours waits as it does by default. cpp spins on its rings; rust polls try_recv in a loop, and ' +
      'usRoundTripBlocking is its plain recv; go is its channels as they are, which its scheduler may serve on one ' +
      'thread; messageport polls receiveMessageOnPort in a loop.',
    'park: both sides sleep at once. Ours has spin: 0; cpp uses a mutex and a condition variable, rust ' +
      'thread::park and unpark around one atomic word, go goroutines locked to threads, messageport events. atomics is ' +
      'no peer: two threads that pass one word with Atomics.wait and Atomics.notify, the least that is to be had here.',
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
      ...byBothKernels('ours/rtt.mjs', PARKED, 'park'),
      peers: [
        { name: 'atomics', measure: measuredByScript('peers/atomics/rtt.mjs', PARKED) },
        { name: 'messageport', measure: measuredByScript('peers/messageport/rtt.mjs', PARKED, 'events') },
        cpp('rtt-park', PARKED),
        rust('rtt-park', PARKED),
        go('rtt-park', PARKED),
      ],
    },
  ],
  plots: [sideBySide({ title: 'There and back', figure: 'usRoundTrip', unit: 'microseconds', rows: ['spin', 'park'] })],
};
