/** Sends some numbers and ends, without closing its end. */

import { workerData } from 'node:worker_threads';
import { attach, type Sender, type Shared } from '../../src/index.ts';
import { numbersOf } from './programs.ts';

const { out } = attach(workerData as Shared<{ out: Sender<number> }>);
const { sender, count } = workerData.data as { sender: number; count: number };
for (const number of numbersOf(sender, count)) out.sendSync(number);
