// The MessagePort peer, one way: a worker posts numbers as fast as it can, the main thread counts 'message' events.
//
//   node stream.mjs COUNT
//
// Nothing holds the sender back (a port has no capacity), so the queue grows; that is this peer at its fastest.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

if (isMainThread) {
  const count = Number(process.argv[2]);
  const warmUp = Math.ceil(count / 10);
  const worker = new Worker(new URL(import.meta.url), { workerData: warmUp + count });
  let next = 0;
  let start = 0n;
  worker.on('message', (value) => {
    if (value !== next++) throw new Error(`message ${next - 1} was lost: got ${value}`);
    if (next === warmUp) start = process.hrtime.bigint();
    if (next < warmUp + count) return;
    console.log(JSON.stringify({ nsPerMessage: Number(process.hrtime.bigint() - start) / count }));
    worker.terminate();
  });
} else {
  for (let i = 0; i < workerData; i++) parentPort.postMessage(i);
}
