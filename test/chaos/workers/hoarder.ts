/** Makes many channels, takes many blocks, and waits for its end. */

import { parentPort, workerData } from 'node:worker_threads';
import { attach, type BufferPool, channel, type Shared, u32 } from '../../../src/index.ts';

const { pool } = attach(workerData as Shared<{ pool: BufferPool }>);
const { channels, blocks } = workerData.data as { channels: number; blocks: number };

const made = Array.from({ length: channels }, () => channel({ codec: u32, capacity: 16 }));
for (const each of made) {
  each.sender.sendSync(1);
  each.receiver.receiveSync();
}
for (let taken = 0; taken < blocks; taken++) pool.leaseSync(64 << (taken % 4));
parentPort!.postMessage('done');
made[0]!.receiveSync();
