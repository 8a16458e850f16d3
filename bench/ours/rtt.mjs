// Ours, there and back: the main thread sends a number and a worker sends it back, both blocking.
//
//   node rtt.mjs COUNT spin    waiting as it comes: a short spin, then sleep
//   node rtt.mjs COUNT park    sleeping at once

import { isMainThread, workerData } from 'node:worker_threads';
import { attach, f64, Supervisor } from '../../dist/src/index.js';
import { roundTrip, startMeter } from '../shared/meter.mjs';

function roundTrips(there, back, count) {
  for (let i = 0; i < count; i++) {
    there.sendSync(i);
    const { value } = back.receiveSync();
    if (value !== i) throw new Error(`expected ${i} back, received ${value}`);
  }
}

if (isMainThread) {
  const count = Number(process.argv[2]);
  const supervisor = new Supervisor(process.argv[3] === 'park' ? { spin: 0 } : {});
  const there = supervisor.channel('there', { codec: f64, capacity: 16, topology: 'spsc' });
  const back = supervisor.channel('back', { codec: f64, capacity: 16, topology: 'spsc' });
  supervisor.spawn(new URL(import.meta.url), { ports: { there: there.receiver, back: back.sender } });
  const { sender } = there;
  const { receiver } = back;
  roundTrips(sender, receiver, Math.ceil(count / 2));
  const stopMeter = startMeter();
  roundTrips(sender, receiver, count);
  console.log(JSON.stringify(roundTrip(stopMeter, count)));
  there.close();
  await supervisor.close();
} else {
  const { there, back } = attach(workerData);
  for (const value of there) back.sendSync(value);
}
