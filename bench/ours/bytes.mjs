// Ours, one way, with a payload: a worker sends COUNT messages of BYTES bytes, the main thread receives them.
//
//   node bytes.mjs COUNT BYTES copy     by the bytes codec, which copies in and out
//   node bytes.mjs COUNT BYTES lease    in a leased block each, filled by the sender, released by the receiver
//
// The receiver looks at the first and the last byte.

import { isMainThread, workerData } from 'node:worker_threads';
import { attach, bytes, lease, Supervisor } from '../../dist/src/index.js';
import { startMeter } from '../shared/meter.mjs';

const CAPACITY = 64;

function check(payload, i) {
  const expected = i & 0xff;
  if (payload[0] !== expected || payload[payload.length - 1] !== expected)
    throw new Error(`expected ${expected}, received ${payload[0]} and ${payload[payload.length - 1]}`);
}

function mark(payload, i) {
  payload[0] = i;
  payload[payload.length - 1] = i;
}

const copying = {
  send(sender, _pool, source, count) {
    for (let i = 0; i < count; i++) {
      mark(source, i);
      sender.sendSync(source);
    }
  },
  receive(receiver, first, count) {
    for (let i = first; i < first + count; i++) check(receiver.receiveSync().value, i);
  },
};

const leasing = {
  send(sender, pool, source, count) {
    for (let i = 0; i < count; i++) {
      mark(source, i);
      const block = pool.leaseSync(source.length);
      block.bytes.set(source);
      sender.sendSync(block);
    }
  },
  receive(receiver, first, count) {
    for (let i = first; i < first + count; i++) {
      const block = receiver.receiveSync().value;
      check(block.bytes, i);
      block.release();
    }
  },
};

if (isMainThread) {
  const [, , countText, bytesText, way] = process.argv;
  const [count, byteLength] = [Number(countText), Number(bytesText)];
  const warmUp = Math.ceil(count / 2);
  const leases = way === 'lease';
  const { receive } = leases ? leasing : copying;

  const supervisor = new Supervisor();
  const codec = leases ? lease() : bytes({ max: byteLength });
  const payloads = supervisor.channel('payloads', { codec, capacity: CAPACITY, topology: 'spsc' });
  const { receiver } = payloads;
  supervisor.spawn(new URL(import.meta.url), {
    ports: { payloads: payloads.sender, pool: supervisor.pool },
    data: { count: warmUp + count, byteLength, leases },
  });
  receive(receiver, 0, warmUp);
  const stopMeter = startMeter();
  receive(receiver, warmUp, count);
  console.log(JSON.stringify(stopMeter(count)));
  await supervisor.close();
} else {
  const { payloads, pool } = attach(workerData);
  const { count, byteLength, leases } = workerData.data;
  const { send } = leases ? leasing : copying;
  send(payloads, pool, new Uint8Array(byteLength), count);
}
