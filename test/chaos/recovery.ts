/** How long it takes to recover what a thread held, from its exit to the event that says that it is done. */

import { once } from 'node:events';
import { Supervisor } from '../../src/index.ts';
import { Chaos } from '../../src/testing/index.ts';
import { entryOf } from './entries.ts';
import { median } from './throughput.ts';

const CHANNELS = 1000;
const BLOCKS = 10_000;
const TIMES = 5;

export interface RecoveryReport {
  readonly channels: number;
  readonly blocks: number;
  /** Milliseconds: the middle one and the longest of several times. */
  readonly medianMs: number;
  readonly longestMs: number;
}

export async function measureRecovery(): Promise<RecoveryReport> {
  const times: number[] = [];
  for (let time = 0; time < TIMES; time++) times.push(await recoverOnce());
  return { channels: CHANNELS, blocks: BLOCKS, medianMs: median(times), longestMs: Math.max(...times) };
}

async function recoverOnce(): Promise<number> {
  await using supervisor = new Supervisor({ sampleInterval: false });
  const chaos = new Chaos(supervisor);
  const group = supervisor.spawn(entryOf('hoarder'), {
    ports: { pool: supervisor.pool },
    data: { channels: CHANNELS, blocks: BLOCKS },
  });
  const worker = group.workers[0]!;
  await once(worker, 'message');
  let exitedAt = 0;
  worker.prependOnceListener('exit', () => {
    exitedAt = performance.now();
  });
  let took = 0;
  supervisor.once('thread-exit', ({ recovered }) => {
    took = performance.now() - exitedAt;
    if (recovered.blocks < BLOCKS) throw new Error(`expected ${BLOCKS} blocks to go back, met ${recovered.blocks}`);
  });
  await chaos.kill(worker);
  return took;
}
