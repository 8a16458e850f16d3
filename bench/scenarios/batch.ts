import type { Scenario } from '../harness.ts';
import { sideBySide } from '../plots.ts';
import { byBothKernels, withRates } from '../programs.ts';
import { small } from './small.ts';

const BATCH = 256;

export const batch: Scenario = {
  name: 'batch',
  description: `messages of 8 bytes in batches of ${BATCH}, capacity 1024; the peers, having no batches, one by one`,
  notes: ['Only our side sends in batches: the peers are those of `small`. `batches` has peers that send lists.'],
  mainFigure: 'nsPerMessage',
  rows: small.rows.map(({ peers }) =>
    withRates({ ...byBothKernels('ours/stream.mjs', 20_000_000, '--batch', BATCH), peers }),
  ),
  plots: [sideBySide({ title: 'Messages in batches', figure: 'nsPerMessage', unit: 'nanoseconds a message' })],
};
