/** Sends 1, 2 and 3 through a channel whose codec meddles on the other side. */

import { workerData } from 'node:worker_threads';
import { attach, type Sender, type Shared } from '../../src/index.ts';
import { meddling } from '../support/meddling.ts';

const { out } = attach(workerData as Shared<{ out: Sender<number> }>, { codecs: [meddling] });
for (const value of [1, 2, 3]) out.sendSync(value);
