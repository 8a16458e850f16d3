import type { Row, Scenario } from '../harness.ts';
import { goPending } from '../peers/native.ts';
import { sideBySide } from '../plots.ts';
import { figuresOf, script } from '../programs.ts';

const PENDING = 100_000;

const row = (name: 'receive' | 'select'): Row => ({
  name,
  ours: () => figuresOf(process.execPath, ['--expose-gc', script('ours/pending.mjs'), name, PENDING]),
  peers: [goPending(name, PENDING)],
});

export const pending: Scenario = {
  name: 'pending',
  description: `${PENDING.toLocaleString('en-US')} operations wait at once, until another thread closes their channel`,
  notes: [
    'receive: each awaits a message of one channel. select: each selects among two channels. Figures without a row, in ' +
      'the JSON, are those of receive.',
    'bytesPerPending is the heap for each, with its promise; an async function that awaits it takes bytesPerAwait more. ' +
      'In go, where a goroutine is what waits, it is the memory of its stack and all else in use.',
    'msToWake is the time from the close until the last one has gone on; waitAsync how many waits are outstanding in ' +
      'the engine meanwhile.',
  ],
  mainFigure: 'bytesPerPending',
  rows: [{ ...row('receive'), main: true }, row('select')],
  plots: [
    sideBySide({
      title: 'Memory of an operation that waits',
      figure: 'bytesPerPending',
      unit: 'bytes',
      rows: ['receive', 'select'],
    }),
  ],
  absent: { messageport: 'a port has no receive that could be pending: whatever queues promises is the program’s own' },
};
