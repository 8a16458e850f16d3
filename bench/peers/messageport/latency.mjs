// The MessagePort peer at a fixed rate: a worker posts, and how late its messages arrive is counted.
//
//   node latency.mjs SECONDS worker    another worker receives, in its event loop
//   node latency.mjs SECONDS main      the main thread receives

import { isMainThread, MessageChannel, parentPort, Worker, workerData } from 'node:worker_threads';
import { countFor, Lateness, sendPaced } from '../../shared/open-loop.mjs';

function receive(port, count, report) {
  const lateness = new Lateness(count);
  port.on('message', (due) => {
    if (!lateness.arrived(due)) return;
    port.close();
    report(lateness.figures());
  });
}

if (isMainThread) {
  const [, , seconds, receives] = process.argv;
  const count = countFor(seconds);
  const { port1: sender, port2: receiver } = new MessageChannel();
  const spawn = (data, port) => new Worker(new URL(import.meta.url), { workerData: data, transferList: [port] });
  const print = (figures) => console.log(JSON.stringify(figures));
  if (receives === 'worker') spawn({ count, receiver }, receiver).on('message', print);
  else receive(receiver, count, print);
  spawn({ count, sender }, sender);
} else {
  const { sender, receiver, count } = workerData;
  if (sender) sendPaced(count, (due) => sender.postMessage(due));
  else receive(receiver, count, (figures) => parentPort.postMessage(figures));
}
