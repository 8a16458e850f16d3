import type { Row, Scenario } from '../harness.ts';
import { goLocks } from '../peers/native.ts';
import { sideBySide } from '../plots.ts';
import { byBothKernels } from '../programs.ts';

const row = (name: 'alone' | 'contended', ours: number, theirs: number): Row => ({
  name,
  ...byBothKernels('ours/locks.mjs', name, ours),
  peers: [goLocks(name, theirs)],
});

const rows: readonly Row[] = [
  { ...row('alone', 4_000_000, 20_000_000), main: true },
  row('contended', 2_000_000, 4_000_000),
];

export const locks: Scenario = {
  name: 'locks',
  description: 'a mutex that is locked and unlocked, around a number that is raised by one',
  notes: [
    'alone: by one thread that nobody meets. contended: by two threads that do nothing else, so either may take the lock ' +
      'many times before the other one is awake; the figure is the time of all locks divided by their number. Figures ' +
      'without a row, in the JSON, are those of alone.',
    'Ours is lockSync and release. nsAwaited is the same with await lock(), nsPermit with a semaphore of one permit. ' +
      'Ours waits as it does by default, a short spin, then sleep, and frees the lock of a thread that dies.',
    'go is sync.Mutex; the two goroutines are locked to a thread each.',
  ],
  mainFigure: 'nsPerLock',
  rows,
  plots: [
    sideBySide({
      title: 'Locking and unlocking a mutex',
      figure: 'nsPerLock',
      unit: 'nanoseconds',
      rows: rows.map(({ name }) => name!),
    }),
  ],
  absent: { messageport: 'there is no lock to take by messages but one that a thread keeps for the others' },
};
