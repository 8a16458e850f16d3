// Ours, one way: a worker sends numbers, the main thread receives them, both blocking.
//
//   node stream.mjs COUNT [--batch N] [--capacity N] [--no-spin]
//
// In batches of N, or one by one; sleeping at once, or after a short spin.

import { parseArgs } from 'node:util';
import { isMainThread, workerData } from 'node:worker_threads';
import { attach, f64, Supervisor } from '../../dist/src/index.js';
import { startMeter } from '../shared/meter.mjs';

function sendOneByOne(sender, count) {
  for (let i = 0; i < count; i++) sender.sendSync(i);
}

function receiveOneByOne(receiver, first, count) {
  for (let i = first; i < first + count; i++) {
    const { value } = receiver.receiveSync();
    if (value !== i) throw new Error(`expected ${i}, received ${value}`);
  }
}

function sendInBatches(sender, count, batchLength) {
  const batch = new Array(batchLength).fill(0);
  for (let i = 0; i < count; i += batchLength) {
    for (let j = 0; j < batchLength; j++) batch[j] = i + j;
    sender.sendManySync(batch);
  }
}

function receiveInBatches(receiver, first, count, batchLength) {
  let expected = first;
  while (expected < first + count) {
    const values = receiver.receiveManySync(Math.min(batchLength, first + count - expected));
    for (const value of values)
      if (value !== expected++) throw new Error(`expected ${expected - 1}, received ${value}`);
  }
}

if (isMainThread) {
  const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      batch: { type: 'string', default: '1' },
      capacity: { type: 'string', default: '1024' },
      'no-spin': { type: 'boolean', default: false },
    },
  });
  const batchLength = Number(options.batch);
  const capacity = Number(options.capacity);
  const count = Math.ceil(Number(positionals[0]) / batchLength) * batchLength;
  // Half as much again beforehand: the engine optimises both loops late, as they block.
  const warmUp = Math.ceil(count / 2 / batchLength) * batchLength;
  const receive = batchLength === 1 ? receiveOneByOne : receiveInBatches;

  const supervisor = new Supervisor(options['no-spin'] ? { spin: 0 } : {});
  const numbers = supervisor.channel('numbers', { codec: f64, capacity, topology: 'spsc' });
  const { receiver } = numbers;
  supervisor.spawn(new URL(import.meta.url), {
    ports: { numbers: numbers.sender },
    data: { count: warmUp + count, batchLength },
  });
  receive(receiver, 0, warmUp, batchLength);
  const stopMeter = startMeter();
  receive(receiver, warmUp, count, batchLength);
  console.log(JSON.stringify(stopMeter(count)));
  await supervisor.close();
} else {
  const { numbers } = attach(workerData);
  const { count, batchLength } = workerData.data;
  if (batchLength === 1) sendOneByOne(numbers, count);
  else sendInBatches(numbers, count, batchLength);
}
