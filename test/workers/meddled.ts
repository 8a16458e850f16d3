/** Waits for a word, and sends 1, 2 and 3 through a channel whose codec meddles on the other side. */

import { workerData } from 'node:worker_threads';
import { attach, custom, type Receiver, type Sender, type Shared } from '../../src/index.ts';

export interface MeddledPorts {
  readonly go: Receiver<number>;
  readonly out: Sender<number>;
}

const meddling = custom<number>({
  name: 'meddling',
  encode: (value) => new Uint8Array([value]),
  decode: ([value]) => value!,
});

const { go, out } = attach(workerData as Shared<MeddledPorts>, { codecs: [meddling] });
go.receiveSync();
for (const value of [1, 2, 3]) out.sendSync(value);
