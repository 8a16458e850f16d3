// The MessagePort peer, with a payload: a Uint8Array goes to a worker and comes back.
//
//   node payload.mjs COUNT BYTES clone       copied by structured clone, both ways
//   node payload.mjs COUNT BYTES transfer    moved by transfer list, both ways
//
// Each side touches the first and the last byte before it passes the payload on.

import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

function touch(payload) {
  payload[0] = (payload[0] + 1) & 0xff;
  payload[payload.length - 1] = payload[0];
}

function post(port, payload, transfers) {
  if (transfers) port.postMessage(payload, [payload.buffer]);
  else port.postMessage(payload);
}

if (isMainThread) {
  const count = Number(process.argv[2]);
  const byteLength = Number(process.argv[3]);
  const transfers = process.argv[4] === 'transfer';
  const warmUp = Math.ceil(count / 5);
  const worker = new Worker(new URL(import.meta.url), { workerData: transfers });
  let rounds = 0;
  let start = 0n;
  worker.on('message', (payload) => {
    rounds++;
    const expected = (2 * rounds) & 0xff;
    touch(payload);
    if (payload[0] !== ((expected + 1) & 0xff)) throw new Error(`round ${rounds} came back with ${payload[0] - 1}`);
    if (rounds === warmUp) start = process.hrtime.bigint();
    if (rounds < warmUp + count) return post(worker, payload, transfers);
    console.log(JSON.stringify({ usRoundTrip: Number(process.hrtime.bigint() - start) / count / 1000 }));
    worker.terminate();
  });
  const first = new Uint8Array(byteLength);
  touch(first);
  post(worker, first, transfers);
} else {
  parentPort.on('message', (payload) => {
    touch(payload);
    post(parentPort, payload, workerData);
  });
}
