/** Attaches to the ports of the pool as it is loaded, and answers tasks through them. */

import { workerData } from 'node:worker_threads';
import { attach, type Channel, type Shared } from '../../../src/index.ts';

const { shouts } = attach(workerData as Shared<{ shouts: Channel<string> }>);

export default function shout(text: string): void {
  shouts.sendSync(text.toUpperCase());
}
