/** Takes leases and a sending end, and ends with them in its hands, in one of several ways. */

import { parentPort, workerData } from 'node:worker_threads';
import { attach, type BufferPool, channel, type Sender, type Shared, u32 } from '../../src/index.ts';

const { out, pool } = attach(workerData as Shared<{ out?: Sender<number>; pool: BufferPool }>);
const { how, leases } = workerData.data as { how: string; leases: number };
const held = Array.from({ length: leases }, (_, index) => pool.leaseSync(100 ** (index + 1)));
parentPort!.postMessage(held.map((lease) => lease.byteLength));

if (how === 'exit') process.exit(7);
if (how === 'throw') throw new Error('as ordered');
if (how === 'send') out!.sendManySync([1, 2, 3]);
if (how === 'block') channel({ codec: u32, capacity: 1 }).receiveSync();
if (how === 'loop') for (;;);
