// Ours, there and back on the event loop: the main thread awaits both operations, the worker blocks.
//
//   node async.mjs COUNT

import { isMainThread, workerData } from 'node:worker_threads';
import { attach, f64, Supervisor } from '../../dist/src/index.js';

async function roundTrips(there, back, count) {
  for (let i = 0; i < count; i++) {
    await there.send(i);
    const { value } = await back.receive();
    if (value !== i) throw new Error(`expected ${i} back, received ${value}`);
  }
}

if (isMainThread) {
  const count = Number(process.argv[2]);
  const supervisor = new Supervisor();
  const there = supervisor.channel('there', { codec: f64, capacity: 16, topology: 'spsc' });
  const back = supervisor.channel('back', { codec: f64, capacity: 16, topology: 'spsc' });
  supervisor.spawn(new URL(import.meta.url), { ports: { there: there.receiver, back: back.sender } });
  const { sender } = there;
  const { receiver } = back;
  await roundTrips(sender, receiver, Math.ceil(count / 2));
  const start = process.hrtime.bigint();
  await roundTrips(sender, receiver, count);
  console.log(JSON.stringify({ usRoundTrip: Number(process.hrtime.bigint() - start) / count / 1000 }));
  there.close();
  await supervisor.close();
} else {
  const { there, back } = attach(workerData);
  for (const value of there) back.sendSync(value);
}
