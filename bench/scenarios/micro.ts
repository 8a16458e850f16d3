import type { Scenario } from '../harness.ts';
import { measuredByScript } from '../programs.ts';

export const micro: Scenario = {
  name: 'micro',
  description: 'what single operations cost inside one thread: atomics, codecs, uncontended channels, the pool',
  notes: [
    'door: one call of the module through which all shared words are reached. codec: one value written into a slot and ' +
      'read back.',
    'spsc, mpmc: one message through a channel and out again, by trySend and tryReceive (try) or sendSync and ' +
      'receiveSync (sync). pool: a block leased and released; handover: a lease through a channel.',
    'Each includes the call by the benchmark package’s loop, about 5 ns. The programs are in bench/micro.',
  ],
  mainFigure: 'nsPerOp',
  rows: [{ ours: measuredByScript('micro/main.mjs'), peers: [] }],
};
