/** Sends 1, 2 and 3 through a channel whose codec meddles on the other side, each after a pause of so many ms. */

import { workerData } from 'node:worker_threads';
import { attach, type Sender, type Shared } from '../../src/index.ts';
import { rest } from '../../src/memory/words.ts';
import { meddling } from '../support/meddling.ts';

const { out } = attach(workerData as Shared<{ out: Sender<number> }>, { codecs: [meddling] });
const { pause } = workerData.data as { pause: number };
for (const value of [1, 2, 3]) {
  rest(pause);
  out.sendSync(value);
}
