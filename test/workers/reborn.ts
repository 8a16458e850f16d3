/** Dies once the channel it was given is disposed of; the one that takes its place tells what it got. */

import { workerData } from 'node:worker_threads';
import { attach, type Channel, type Sender } from '../../src/index.ts';

const { channel, end, out } = attach<{ channel: Channel<number>; end: Sender<number>; out: Sender<number> }>(
  workerData,
);
if (channel.closed) {
  for (const each of [channel, end]) out.sendSync(each.closed ? 1 : 2);
} else {
  out.sendSync(0);
  try {
    channel.receiveSync();
  } finally {
    process.exit(1);
  }
}
