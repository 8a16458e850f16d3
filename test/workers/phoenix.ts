/** Tells who it is, then does as it is told by the messages of a channel. */

import { threadId, workerData } from 'node:worker_threads';
import { attach, type Receiver, type Sender, type Shared } from '../../src/index.ts';

export interface PhoenixPorts {
  readonly orders: Receiver<string>;
  readonly out: Sender<string>;
}

const { orders, out } = attach(workerData as Shared<PhoenixPorts>);
out.sendSync(`born ${workerData.data?.tell === 'env' ? process.env.SLUICE_TEST : threadId}`);
if (workerData.data === 'stillborn') throw new Error('as ordered');
for (const order of orders) {
  if (order === 'throw') throw new Error('as ordered');
  if (order === 'exit') process.exit(7);
  if (order === 'return') process.exit(0);
  if (order === 'loop') for (;;);
  out.sendSync(order);
}
