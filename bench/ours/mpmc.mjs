// Ours, 2 senders and 2 receivers: four workers pass COUNT numbers through one channel while the main thread sleeps.
//
//   node mpmc.mjs COUNT
//
// A round has channels of its own. It starts when the main thread lets all four workers go, and ends when the last
// receiver has found its channel closed and drained. The first, shorter round is not timed.

import { isMainThread, workerData } from 'node:worker_threads';
import { attach, f64, Supervisor, struct } from '../../dist/src/index.js';

const SENDERS = 2;
const RECEIVERS = 2;
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

function measureRound({ numbers, go, sent, received }, count) {
  const start = now();
  for (let i = 0; i < SENDERS + RECEIVERS; i++) go.sendSync(count / SENDERS);
  for (let i = 0; i < SENDERS; i++) sent.receiveSync();
  numbers.close();
  let end = start;
  let total = 0;
  for (let i = 0; i < RECEIVERS; i++) {
    const { at, messages } = received.receiveSync().value;
    end = Math.max(end, at);
    total += messages;
  }
  if (total !== count) throw new Error(`expected ${count} messages, received ${total}`);
  return (end - start) / count;
}

if (isMainThread) {
  const count = Math.ceil(Number(process.argv[2]) / SENDERS) * SENDERS;
  const supervisor = new Supervisor();
  const report = struct({ at: f64, messages: f64 });
  const rounds = ['warm-up', 'timed'].map((round) => ({
    numbers: supervisor.channel(`numbers, ${round}`, { codec: f64, capacity: 1024, topology: 'mpmc' }),
    go: supervisor.channel(`go, ${round}`, { codec: f64, capacity: SENDERS + RECEIVERS }),
    sent: supervisor.channel(`sent, ${round}`, { codec: report, capacity: SENDERS }),
    received: supervisor.channel(`received, ${round}`, { codec: report, capacity: RECEIVERS }),
  }));
  supervisor.spawn(new URL(import.meta.url), { ports: { rounds }, count: SENDERS, data: 'send' });
  supervisor.spawn(new URL(import.meta.url), { ports: { rounds }, count: RECEIVERS, data: 'receive' });
  measureRound(rounds[0], Math.ceil(count / 10 / SENDERS) * SENDERS);
  const nsPerMessage = measureRound(rounds[1], count);
  console.log(JSON.stringify({ nsPerMessage }));
  await supervisor.close();
} else {
  const sends = workerData.data === 'send';
  for (const { numbers, go, sent, received } of attach(workerData).rounds) {
    const share = go.receiveSync().value;
    const messages = sends ? sendAll(numbers, share) : receiveAll(numbers);
    (sends ? sent : received).sendSync({ at: now(), messages });
  }
}
