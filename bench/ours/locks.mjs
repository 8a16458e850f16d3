// Ours, locks: a number that is raised by one under a mutex, COUNT times in all.
//
//   node locks.mjs alone COUNT       one thread that nobody meets; nsAwaited: the same by await; nsPermit: under a semaphore
//   node locks.mjs contended COUNT   the main thread and a worker at once, each a half of it
//
// Half as much is done beforehand and not timed.

import { isMainThread, workerData } from 'node:worker_threads';
import { attach, Supervisor } from '../../dist/src/index.js';
import { Barrier, Mutex, Semaphore } from '../../dist/src/sync/index.js';

function underMutex(mutex, total, count) {
  for (let i = 0; i < count; i++) {
    const held = mutex.lockSync();
    total[0]++;
    held.release();
  }
}

async function awaited(mutex, total, count) {
  for (let i = 0; i < count; i++) {
    const held = await mutex.lock();
    total[0]++;
    held.release();
  }
}

function underSemaphore(semaphore, total, count) {
  for (let i = 0; i < count; i++) {
    const permit = semaphore.acquireSync();
    total[0]++;
    permit.release();
  }
}

const newTotal = () => new Int32Array(new SharedArrayBuffer(4));

function expectTotal(total, count) {
  if (total[0] !== count) throw new Error(`expected ${count}, counted ${total[0]}`);
}

/** Nanoseconds a lock. */
async function timed(lock, way, count) {
  const total = newTotal();
  await way(lock, total, count / 2);
  const start = process.hrtime.bigint();
  await way(lock, total, count);
  const nanoseconds = Number(process.hrtime.bigint() - start);
  expectTotal(total, count * 1.5);
  return nanoseconds / count;
}

async function alone(supervisor, count) {
  return {
    nsPerLock: await timed(new Mutex({ supervisor }), underMutex, count),
    nsAwaited: await timed(new Mutex({ supervisor }), awaited, count),
    nsPermit: await timed(new Semaphore(1, { supervisor }), underSemaphore, count),
  };
}

function contended(supervisor, count) {
  const [mutex, both] = [new Mutex({ supervisor }), new Barrier(2, { supervisor })];
  const total = newTotal();
  const rounds = [count / 4, count / 2];
  supervisor.spawn(new URL(import.meta.url), { ports: { mutex, both, total }, data: rounds });
  let nanoseconds;
  for (const share of rounds) {
    both.waitSync();
    const start = process.hrtime.bigint();
    underMutex(mutex, total, share);
    both.waitSync();
    nanoseconds = Number(process.hrtime.bigint() - start);
  }
  expectTotal(total, count * 1.5);
  return { nsPerLock: nanoseconds / count };
}

if (isMainThread) {
  const [, , how, atLeast] = process.argv;
  const count = Math.ceil(Number(atLeast) / 4) * 4;
  const supervisor = new Supervisor();
  console.log(JSON.stringify(await (how === 'alone' ? alone : contended)(supervisor, count)));
  await supervisor.close();
} else {
  const { mutex, both, total } = attach(workerData);
  for (const share of workerData.data) {
    both.waitSync();
    underMutex(mutex, total, share);
    both.waitSync();
  }
}
