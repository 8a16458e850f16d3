import type { Row, Scenario } from '../harness.ts';
import { go, rustMpmc } from '../peers/native.ts';
import { sideBySide } from '../plots.ts';
import { byBothKernels } from '../programs.ts';

const OURS = 10_000_000;
const PEERS = 3_000_000;

const row = (senders: number, receivers: number): Row => ({
  name: `${senders}+${receivers}`,
  ...byBothKernels('ours/mpmc.mjs', OURS, senders, receivers),
  peers: [rustMpmc(PEERS, senders, receivers), go('mpmc', PEERS, senders, receivers)],
});

const rows: readonly Row[] = [{ ...row(2, 2), main: true }, row(1, 3), row(3, 1)];

export const mpmc: Scenario = {
  name: 'mpmc',
  description: 'messages of 8 bytes one by one, several sending and receiving threads, capacity 1024',
  notes: [
    'The rows are sending + receiving threads. Figures without a row, in the JSON, are those of 2+2.',
    'rust is std::sync::mpmc (unstable, built with RUSTC_BOOTSTRAP=1), crossbeam’s array channel. ' +
      'nsPerMessageMutex is the stable std::sync::mpsc with its one receiver shared behind a mutex.',
    'go runs as many goroutines on as many threads as there are cores.',
  ],
  mainFigure: 'nsPerMessage',
  rows,
  plots: [
    sideBySide({
      title: 'Several senders and receivers',
      figure: 'nsPerMessage',
      unit: 'nanoseconds a message',
      rows: rows.map(({ name }) => name!),
    }),
  ],
  absent: {
    cpp: 'the C++ peer is a ring of one sender and one receiver; the standard library has no mpmc queue',
    messageport: 'a port has one receiver',
  },
};
