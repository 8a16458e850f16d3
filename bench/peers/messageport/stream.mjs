// The MessagePort peer, one way: a worker posts as fast as it can, the main thread counts 'message' events.
//
//   node stream.mjs COUNT          numbers
//   node stream.mjs COUNT BYTES    Uint8Arrays of so many bytes, copied by structured clone
//
// Nothing holds the sender back (a port has no capacity), so the queue grows; that is this peer at its fastest.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { startMeter } from '../../shared/meter.mjs';

/** Numbers, or bytes of which the first is the number's lowest. */
function* messages(count, byteLength) {
  const payload = new Uint8Array(byteLength);
  for (let i = 0; i < count; i++) {
    payload[0] = i;
    yield byteLength === 0 ? i : payload;
  }
}

if (isMainThread) {
  const [count, byteLength = 0] = process.argv.slice(2).map(Number);
  const warmUp = Math.ceil(count / 10);
  const worker = new Worker(new URL(import.meta.url), { workerData: { count: warmUp + count, byteLength } });
  let next = 0;
  let stopMeter;
  worker.on('message', (value) => {
    const [met, expected] = byteLength === 0 ? [value, next] : [value[0], next & 0xff];
    if (met !== expected) throw new Error(`message ${next} was lost: got ${met}`);
    if (++next === warmUp) stopMeter = startMeter();
    if (next < warmUp + count) return;
    console.log(JSON.stringify(stopMeter(count)));
    worker.terminate();
  });
} else {
  for (const message of messages(workerData.count, workerData.byteLength)) parentPort.postMessage(message);
}
