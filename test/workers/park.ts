/** Blocks on what it is told to, once. */

import { workerData } from 'node:worker_threads';
import { attach, type BufferPool, type Receiver, type Sender, type Shared } from '../../src/index.ts';

interface Ports {
  readonly jobs: Receiver<number>;
  readonly full: Sender<Uint8Array>;
  readonly pool: BufferPool;
}

const { jobs, full, pool } = attach(workerData as Shared<Ports>);

if (workerData.data === 'receive') jobs.receiveSync();
if (workerData.data === 'send') full.sendSync(new Uint8Array(1));
if (workerData.data === 'pool') pool.leaseSync(65_536).release();
