/** Does one thing, and then whatever keeps it in the middle of that, until somebody ends it. */

import { parentPort, workerData } from 'node:worker_threads';
import {
  attach,
  type BufferPool,
  custom,
  type Delivery,
  type Receiver,
  type Sender,
  type Shared,
  selectSync,
} from '../../src/index.ts';

export interface DoomedPorts {
  readonly from?: Receiver<any>;
  readonly out?: Sender<any>;
  readonly pool?: BufferPool;
}

export type Doom =
  | 'send'
  | 'receive'
  | 'lease'
  | 'hold deliveries'
  | 'hold leases'
  | 'hold messages'
  | 'never acknowledge'
  | 'read for ever'
  | 'write for ever'
  | 'batch'
  | 'select'
  | 'count';

const told = (what: unknown) => parentPort!.postMessage(what);

/** A codec that stops its thread for good, on the value 13, right in the middle. */
const sticky = custom<number>({
  name: 'sticky',
  encode: (value) => {
    if (value === 13 && workerData.data.how === 'write for ever') stop();
    return new Uint8Array(5000).fill(value);
  },
  decode: ([value]) => {
    if (value === 13) stop();
    return value!;
  },
});

function stop(): never {
  told('stuck');
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const { from, out, pool } = attach(workerData as Shared<DoomedPorts>, { codecs: [sticky] });
const { how, count = 1, bytes = 1000 } = workerData.data as { how: Doom; count?: number; bytes?: number };
const times = Array.from({ length: count }, (_, index) => index);

switch (how) {
  case 'send':
    for (;;) out!.sendSync(pool ? pool.leaseSync(bytes) : 7);
  case 'receive':
    for (;;) from!.receiveSync();
  case 'lease':
    for (const _ of times) pool!.leaseSync(bytes);
    told('done');
    for (;;) pool!.leaseSync(bytes);
  case 'hold leases':
    told(times.map(() => pool!.leaseSync(bytes)).length);
    stop();
    break;
  case 'hold deliveries': {
    const deliveries = from!.deliveries()[Symbol.iterator]();
    told(times.map(() => (deliveries.next().value as Delivery<any>).attempt));
    stop();
    break;
  }
  case 'hold messages':
    told(times.map(() => from!.receiveSync()).length);
    stop();
    break;
  case 'never acknowledge':
    for (const _ of from!) stop();
    break;
  case 'read for ever':
    for (;;) from!.receiveSync();
  case 'write for ever':
    out!.sendSync(13);
    break;
  case 'batch':
    from!.receiveManySync(100);
    break;
  case 'select':
    for (;;) selectSync({ in: from!.onReceive(), out: out?.onSend(pool ? pool.leaseSync(bytes) : 7) });
  case 'count':
    for (const value of from!) out!.sendSync(value);
}
