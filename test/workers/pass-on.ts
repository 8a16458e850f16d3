/** Passes everything on, until there is nothing more. */

import { workerData } from 'node:worker_threads';
import { attach, type Receiver, type Sender, type Shared } from '../../src/index.ts';

const { from, to } = attach(workerData as Shared<{ from: Receiver<number>; to: Sender<number> }>);
for (const value of from) to.sendSync(value);
