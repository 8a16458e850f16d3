// Ours, with a payload: the main thread leases a block once, sends the lease to a worker and gets it back.
//
//   node payload.mjs COUNT BYTES
//
// Each side touches the first and the last byte before it passes the lease on.

import { isMainThread, workerData } from 'node:worker_threads';
import { attach, lease, Supervisor } from '../../dist/src/index.js';

function touch(bytes) {
  bytes[0] = (bytes[0] + 1) & 0xff;
  bytes[bytes.length - 1] = bytes[0];
}

/** Answers the lease, which is another object after each round, of the same block. */
function roundTrips(first, there, back, count) {
  let block = first;
  for (let i = 0; i < count; i++) {
    const before = block.bytes[0];
    touch(block.bytes);
    there.sendSync(block);
    block = back.receiveSync().value;
    if (block.bytes[0] !== ((before + 2) & 0xff)) throw new Error(`sent ${before}, received ${block.bytes[0]}`);
  }
  return block;
}

if (isMainThread) {
  const count = Number(process.argv[2]);
  const byteLength = Number(process.argv[3]);
  const supervisor = new Supervisor();
  const there = supervisor.channel('there', { codec: lease(), capacity: 4, topology: 'spsc' });
  const back = supervisor.channel('back', { codec: lease(), capacity: 4, topology: 'spsc' });
  supervisor.spawn(new URL(import.meta.url), { ports: { there: there.receiver, back: back.sender } });
  const { sender } = there;
  const { receiver } = back;
  const warm = roundTrips(supervisor.pool.leaseSync(byteLength), sender, receiver, Math.ceil(count / 5));
  const start = process.hrtime.bigint();
  const block = roundTrips(warm, sender, receiver, count);
  console.log(JSON.stringify({ usRoundTrip: Number(process.hrtime.bigint() - start) / count / 1000 }));
  block.release();
  there.close();
  await supervisor.close();
} else {
  const { there, back } = attach(workerData);
  for (const block of there) {
    touch(block.bytes);
    back.sendSync(block);
  }
}
