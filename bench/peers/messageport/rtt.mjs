// The MessagePort peer, there and back: the main thread posts a number and a worker posts it back.
//
//   node rtt.mjs COUNT events     both sides answer 'message' events, and sleep in their event loops
//   node rtt.mjs COUNT spin       both sides poll receiveMessageOnPort in a loop, and never sleep

import { isMainThread, MessageChannel, receiveMessageOnPort, Worker, workerData } from 'node:worker_threads';
import { roundTrip, startMeter } from '../../shared/meter.mjs';

function receiveSpinning(port) {
  let received = receiveMessageOnPort(port);
  while (!received) received = receiveMessageOnPort(port);
  return received.message;
}

function report(stopMeter, count) {
  console.log(JSON.stringify(roundTrip(stopMeter, count)));
}

if (isMainThread) {
  const count = Number(process.argv[2]);
  const spins = process.argv[3] === 'spin';
  const warmUp = Math.ceil(count / 10);
  const { port1: port, port2: remote } = new MessageChannel();
  const rounds = warmUp + count;
  new Worker(new URL(import.meta.url), { workerData: { port: remote, rounds, spins }, transferList: [remote] });
  let stopMeter;
  if (spins) {
    for (let i = 0; i < rounds; i++) {
      if (i === warmUp) stopMeter = startMeter();
      port.postMessage(i);
      const value = receiveSpinning(port);
      if (value !== i) throw new Error(`expected ${i} back, got ${value}`);
    }
    report(stopMeter, count);
    port.close();
  } else {
    let i = 0;
    port.on('message', (value) => {
      if (value !== i) throw new Error(`expected ${i} back, got ${value}`);
      i++;
      if (i === warmUp) stopMeter = startMeter();
      if (i < rounds) return port.postMessage(i);
      report(stopMeter, count);
      port.close();
    });
    port.postMessage(i);
  }
} else {
  const { port, rounds, spins } = workerData;
  if (spins) for (let i = 0; i < rounds; i++) port.postMessage(receiveSpinning(port));
  else port.on('message', (value) => port.postMessage(value));
}
