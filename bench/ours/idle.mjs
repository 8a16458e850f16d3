// Ours, doing nothing: four workers wait at a channel each, the main thread awaits a message at a fifth, and none comes.
//
//   node idle.mjs SECONDS blocked     the workers block
//   node idle.mjs SECONDS awaiting    the workers await, in their event loops

import { isMainThread, workerData } from 'node:worker_threads';
import { attach, f64, Supervisor, TimeoutError } from '../../dist/src/index.js';
import { idleFor, SETTLE_SECONDS, WORKERS } from '../shared/idle.mjs';

async function nothing(receiver, seconds) {
  await receiver.receive({ timeout: seconds * 1000 }).then(
    () => Promise.reject(new Error('expected no message')),
    (error) => error instanceof TimeoutError || Promise.reject(error),
  );
}

if (isMainThread) {
  const [, , seconds, waits] = process.argv;
  const supervisor = new Supervisor();
  const quiet = supervisor.channel('quiet', { codec: f64, capacity: 16 });
  const ready = supervisor.channel('ready', { codec: f64, capacity: WORKERS });
  supervisor.spawn(new URL(import.meta.url), { ports: { quiet, ready }, count: WORKERS, data: waits });
  for (let i = 0; i < WORKERS; i++) await ready.receive();
  await nothing(quiet, SETTLE_SECONDS);
  console.log(JSON.stringify(await idleFor(() => nothing(quiet, Number(seconds)))));
  quiet.close();
  await supervisor.close();
} else {
  const { quiet, ready } = attach(workerData);
  ready.sendSync(1);
  if (workerData.data === 'blocked') quiet.receiveSync();
  else await quiet.receive();
}
