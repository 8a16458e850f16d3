// What the engine's own sleeping and waking takes, there and back: two threads and one word, no messages, no channel.
//
//   node rtt.mjs COUNT

import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { roundTrip, startMeter } from '../../shared/meter.mjs';

/** Waits for the word to be `turn`, then passes it on. */
function answer(word, turn) {
  for (let value = Atomics.load(word, 0); value !== turn; value = Atomics.load(word, 0)) Atomics.wait(word, 0, value);
  Atomics.store(word, 0, turn + 1);
  Atomics.notify(word, 0);
}

function roundTrips(word, from, count) {
  for (let i = from; i < from + count; i++) answer(word, 2 * i);
}

if (isMainThread) {
  const count = Number(process.argv[2]);
  const warmUp = Math.ceil(count / 2);
  const word = new Int32Array(new SharedArrayBuffer(4));
  new Worker(new URL(import.meta.url), { workerData: { word, rounds: warmUp + count } });
  roundTrips(word, 0, warmUp);
  const stopMeter = startMeter();
  roundTrips(word, warmUp, count);
  console.log(JSON.stringify(roundTrip(stopMeter, count)));
} else {
  const { word, rounds } = workerData;
  for (let i = 0; i < rounds; i++) answer(word, 2 * i + 1);
}
