// Ours, waiting: COUNT asynchronous operations are pending at once, until another thread closes the channel.
//
//   node --expose-gc pending.mjs receive COUNT    each awaits a message of one channel
//   node --expose-gc pending.mjs select COUNT     each selects among two channels
//
// bytesPerPending is the heap that each holds, its promise included; bytesPerAwait what the engine takes on top of that
// for an async function which awaits it. msToWake is the time from the close until the last promise has been awaited,
// waitAsync the number of waits outstanding in the engine meanwhile.

import { isMainThread, workerData } from 'node:worker_threads';
import { attach, f64, Supervisor, select } from '../../dist/src/index.js';

const now = () => Number(process.hrtime.bigint()) / 1e6;

function heapUsed() {
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

/** How many waits of the engine are outstanding, from now on. */
function countWaits() {
  const { waitAsync } = Atomics;
  const waits = { outstanding: 0 };
  Atomics.waitAsync = (...args) => {
    const result = waitAsync(...args);
    if (!result.async) return result;
    waits.outstanding++;
    result.value.then(() => waits.outstanding--);
    return result;
  };
  return waits;
}

const turns = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const never = new Promise(() => {});

async function awaited() {
  await never;
}

/** Bytes of heap for each of so many calls of `wait`, and their promises. */
async function begin(count, wait) {
  const waiting = new Array(count).fill(undefined);
  const before = heapUsed();
  for (let i = 0; i < count; i++) waiting[i] = wait();
  await turns(50);
  const bytes = (heapUsed() - before) / count;
  return { bytes, waiting };
}

if (isMainThread) {
  const [, , what, count] = process.argv;
  const waits = countWaits();
  const supervisor = new Supervisor();
  const ports = {
    one: supervisor.channel('one', { codec: f64, capacity: 16 }),
    other: supervisor.channel('other', { codec: f64, capacity: 16 }),
    go: supervisor.channel('go', { codec: f64, capacity: 1 }),
    closedAt: supervisor.channel('closed at', { codec: f64, capacity: 1 }),
  };
  supervisor.spawn(new URL(import.meta.url), { ports });
  const { one, other } = ports;
  const wait =
    what === 'receive' ? () => one.receive() : () => select({ one: one.onReceive(), other: other.onReceive() });
  const engine = await begin(Number(count), awaited);
  const { bytes, waiting } = await begin(Number(count), wait);
  const { outstanding } = waits;
  ports.go.sendSync(1);
  for (const each of waiting) if (!(await each).done) throw new Error('expected the channel closed');
  const end = now();
  const { value: start } = ports.closedAt.receiveSync();
  console.log(
    JSON.stringify({
      bytesPerPending: bytes,
      bytesPerAwait: engine.bytes,
      msToWake: end - start,
      waitAsync: outstanding,
    }),
  );
  await supervisor.close();
} else {
  const { one, go, closedAt } = attach(workerData);
  go.receiveSync();
  const start = now();
  one.close();
  closedAt.sendSync(start);
}
