import type { Scenario } from '../harness.ts';
import { go, rustMpmc } from '../peers/native.ts';
import { measuredByScript } from '../programs.ts';

export const mpmc: Scenario = {
  name: 'mpmc',
  description: 'messages of 8 bytes one by one, 2 sending and 2 receiving threads, capacity 1024',
  notes: [
    'rust is std::sync::mpmc (unstable, built with RUSTC_BOOTSTRAP=1), crossbeam’s array channel. ' +
      'nsPerMessageMutex is the stable std::sync::mpsc with its one receiver shared behind a mutex.',
    'go runs four goroutines on as many threads as there are cores.',
  ],
  mainFigure: 'nsPerMessage',
  rows: [
    {
      ours: measuredByScript('ours/mpmc.mjs', 2_000_000),
      peers: [rustMpmc(3_000_000), go('mpmc', 3_000_000)],
    },
  ],
  absent: {
    cpp: 'the C++ peer is a ring of one sender and one receiver; the standard library has no mpmc queue',
    messageport: 'a port has one receiver',
  },
};
