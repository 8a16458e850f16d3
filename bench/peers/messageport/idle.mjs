// The MessagePort peer, doing nothing: four workers listen to their ports, the main thread to theirs, and none posts.
//
//   node idle.mjs SECONDS

import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { idleFor, SETTLE_SECONDS, WORKERS } from '../../shared/idle.mjs';

if (isMainThread) {
  const seconds = Number(process.argv[2]);
  const workers = Array.from({ length: WORKERS }, () => new Worker(new URL(import.meta.url)));
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.on('message', resolve))));
  await sleep(SETTLE_SECONDS * 1000);
  console.log(JSON.stringify(await idleFor(() => sleep(seconds * 1000))));
  await Promise.all(workers.map((worker) => worker.terminate()));
} else {
  parentPort.on('message', () => {});
  parentPort.postMessage('ready');
}
