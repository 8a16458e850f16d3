// Ours, several senders and receivers: workers pass COUNT numbers through one channel while the main thread sleeps.
//
//   node mpmc.mjs COUNT SENDERS RECEIVERS
//
// A round has channels of its own. It starts when the main thread lets all workers go, and ends when the last
// receiver has found its channel closed and drained. The first two rounds, which are shorter, are not timed: a very short
// one, so that the engine meets all kinds of channels before it optimises the loops for one, and one to optimise them.

import { isMainThread, workerData } from 'node:worker_threads';
import { attach, f64, Supervisor, struct } from '../../dist/src/index.js';
import { startMeter } from '../shared/meter.mjs';

/** Messages of the first round, a sender. */
const FIRST = 1000;

const now = () => Number(process.hrtime.bigint());

function sendAll(channel, count) {
  for (let i = 0; i < count; i++) channel.sendSync(i);
  return count;
}

function receiveAll(channel) {
  let received = 0;
  while (!channel.receiveSync().done) received++;
  return received;
}

function measureRound({ numbers, go, sent, received }, count, senders, receivers) {
  const stopMeter = startMeter();
  const start = now();
  for (let i = 0; i < senders + receivers; i++) go.sendSync(count / senders);
  for (let i = 0; i < senders; i++) sent.receiveSync();
  numbers.close();
  let end = start;
  let total = 0;
  for (let i = 0; i < receivers; i++) {
    const { at, messages } = received.receiveSync().value;
    end = Math.max(end, at);
    total += messages;
  }
  if (total !== count) throw new Error(`expected ${count} messages, received ${total}`);
  return { ...stopMeter(count), nsPerMessage: (end - start) / count };
}

if (isMainThread) {
  const [atLeast, senders, receivers] = process.argv.slice(2).map(Number);
  const count = Math.ceil(atLeast / senders) * senders;
  // Half as much beforehand, as in stream.mjs: there are more loops to be optimised here.
  const warmUp = Math.ceil(count / 2 / senders) * senders;
  const supervisor = new Supervisor();
  const report = struct({ at: f64, messages: f64 });
  const rounds = ['first', 'warm-up', 'timed'].map((round) => ({
    numbers: supervisor.channel(`numbers, ${round}`, { codec: f64, capacity: 1024, topology: 'mpmc' }),
    go: supervisor.channel(`go, ${round}`, { codec: f64, capacity: senders + receivers }),
    sent: supervisor.channel(`sent, ${round}`, { codec: report, capacity: senders }),
    received: supervisor.channel(`received, ${round}`, { codec: report, capacity: receivers }),
  }));
  supervisor.spawn(new URL(import.meta.url), { ports: { rounds }, count: senders, data: 'send' });
  supervisor.spawn(new URL(import.meta.url), { ports: { rounds }, count: receivers, data: 'receive' });
  measureRound(rounds[0], FIRST * senders, senders, receivers);
  measureRound(rounds[1], warmUp, senders, receivers);
  console.log(JSON.stringify(measureRound(rounds[2], count, senders, receivers)));
  await supervisor.close();
} else {
  const sends = workerData.data === 'send';
  for (const { numbers, go, sent, received } of attach(workerData).rounds) {
    const share = go.receiveSync().value;
    const messages = sends ? sendAll(numbers, share) : receiveAll(numbers);
    (sends ? sent : received).sendSync({ at: now(), messages });
  }
}
