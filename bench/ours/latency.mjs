// Ours at a fixed rate: a worker sends, and how late its messages arrive is counted.
//
//   node latency.mjs SECONDS worker    another worker receives, blocking
//   node latency.mjs SECONDS main      the main thread receives, awaiting each message
//
// With --no-spin after that, threads that find nothing sleep at once.

import { isMainThread, workerData } from 'node:worker_threads';
import { attach, f64, json, Supervisor } from '../../dist/src/index.js';
import { countFor, Lateness, sendPaced } from '../shared/open-loop.mjs';

function receiveBlocking(messages, lateness) {
  while (!lateness.arrived(messages.receiveSync().value));
  return lateness.figures();
}

async function receiveAwaiting(messages, lateness) {
  while (!lateness.arrived((await messages.receive()).value));
  return lateness.figures();
}

if (isMainThread) {
  const [, , seconds, receives, spins] = process.argv;
  const count = countFor(seconds);
  const supervisor = new Supervisor(spins === '--no-spin' ? { spin: 0 } : {});
  const messages = supervisor.channel('messages', { codec: f64, capacity: 1024, topology: 'spsc' });
  const report = supervisor.channel('report', { codec: json(), capacity: 1, topology: 'spsc' });
  const spawn = (ports) => supervisor.spawn(new URL(import.meta.url), { ports, data: count });
  const { receiver } = messages;
  if (receives === 'worker') spawn({ receiver, report: report.sender });
  spawn({ sender: messages.sender });
  const { value } =
    receives === 'worker' ? await report.receive() : { value: await receiveAwaiting(receiver, new Lateness(count)) };
  console.log(JSON.stringify(value));
  await supervisor.close();
} else {
  const { sender, receiver, report } = attach(workerData);
  const count = workerData.data;
  if (sender) sendPaced(count, (due) => sender.sendSync(due));
  else report.sendSync(receiveBlocking(receiver, new Lateness(count)));
}
