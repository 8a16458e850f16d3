/** Doubles numbers, and names the thread that did; `data` says what else is to happen. */

import { threadId } from 'node:worker_threads';
import { attach, type BufferPool, type Receiver, type Sender, type Shared } from '../../../src/index.ts';

export interface DoublePorts {
  readonly numbers: Receiver<number>;
  readonly doubled: Sender<{ value: number; thread: number }>;
  /** A number that no thread knows how to double. */
  readonly poison?: number;
  /** Of which every thread leases a block, and keeps it. */
  readonly pool?: BufferPool;
}

export default function double(shared: Shared<DoublePorts>): void {
  const { numbers, doubled, poison, pool } = attach(shared);
  pool?.leaseSync(1000);
  try {
    for (const value of numbers) {
      if (value === poison) throw new RangeError(`${value} cannot be doubled`);
      doubled.sendSync({ value: value * 2, thread: threadId });
    }
  } finally {
    doubled.close();
  }
}
