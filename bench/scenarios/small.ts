import type { Scenario } from '../harness.ts';
import { cpp, go, rust } from '../peers/native.ts';
import { sideBySide } from '../plots.ts';
import { byBothKernels, measuredByScript } from '../programs.ts';

export const small: Scenario = {
  name: 'small',
  description: 'messages of 8 bytes one by one, from one thread to another, capacity 1024',
  notes: [
    'cpp is a ring with cached cursors; its main figure publishes with release stores, nsPerMessageSeqCst with ' +
      'sequentially consistent ones, the only kind JavaScript has.',
    'rust is std::sync::mpsc::sync_channel, go is chan int, messageport posts numbers with nothing to hold it back.',
  ],
  mainFigure: 'nsPerMessage',
  rows: [
    {
      ...byBothKernels('ours/stream.mjs', 5_000_000),
      peers: [
        { name: 'messageport', measure: measuredByScript('peers/messageport/stream.mjs', 300_000) },
        cpp('small', 10_000_000),
        rust('small', 5_000_000, 1024),
        go('small', 5_000_000, 1024),
      ],
    },
  ],
  plots: [sideBySide({ title: 'Messages one by one', figure: 'nsPerMessage', unit: 'nanoseconds a message' })],
};
