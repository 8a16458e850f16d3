// Ours in a crowd: SENDERS and RECEIVERS share one channel for SECONDS. Does everybody get a turn?
//
//   node crowd.mjs SECONDS SENDERS RECEIVERS
//
// Before that they do the same on two other channels, uncounted. Each thread has its own copy of the code to compile, and
// so many threads have but a share of a core each to do it with: that takes ten seconds. The first of the two is there
// because the engine takes what it has met one of for the only one, and begins anew when it meets the next.
//
// Prints the messages a second of all together, how many were sent and received, and what the least and the most busy
// thread of either kind did, as a share of that kind's mean. Fails unless each message came once: by their number, and by
// the sum of what is in them.

import { isMainThread, workerData } from 'node:worker_threads';
import { attach, f64, Supervisor, struct } from '../../dist/src/index.js';

/** Messages between two looks at the clock. */
const CLOCK_EVERY = 32;

function sendFor(channel, seconds) {
  const end = performance.now() + seconds * 1000;
  let sent = 0;
  while (performance.now() < end) {
    for (let i = 0; i < CLOCK_EVERY; i++) channel.sendSync(sent++);
  }
  // 0 + 1 + … + (sent − 1), as far as 32 bits go.
  return { messages: sent, sum: Number(BigInt.asIntN(32, (BigInt(sent) * BigInt(sent - 1)) / 2n)) };
}

function receiveAll(channel) {
  let messages = 0;
  let sum = 0;
  for (let next = channel.receiveSync(); !next.done; next = channel.receiveSync()) {
    messages++;
    sum = (sum + next.value) | 0;
  }
  return { messages, sum };
}

function total(counts) {
  return counts.reduce((sum, count) => sum + count, 0);
}

function shares(counts) {
  const mean = total(counts) / counts.length;
  return { least: Math.min(...counts) / mean, most: Math.max(...counts) / mean };
}

function takeReports(channel, count) {
  return Array.from({ length: count }, () => channel.receiveSync().value);
}

/** The channels, and for which part of SECONDS each is used. Only the last one counts. */
const ROUNDS = { first: 0.25, 'warm-up': 1, timed: 1 };

function play(seconds, ports, senders, receivers) {
  const threads = senders + receivers;
  for (let i = 0; i < threads; i++) ports.ready.receiveSync();
  const start = Number(process.hrtime.bigint());
  for (let i = 0; i < threads; i++) ports.go.sendSync(seconds);
  const sendings = takeReports(ports.sent, senders);
  const sent = sendings.map(({ messages }) => messages);
  ports.numbers.close();
  const reports = takeReports(ports.received, receivers);
  const received = reports.map(({ messages }) => messages);
  const end = Math.max(...reports.map(({ at }) => at));
  if (total(sent) !== total(received)) throw new Error(`sent ${total(sent)} messages, received ${total(received)}`);
  const [sumSent, sumReceived] = [sendings, reports].map((all) => total(all.map(({ sum }) => sum)) | 0);
  if (sumSent !== sumReceived) throw new Error(`sent messages of ${sumSent} together, received ${sumReceived}`);
  const [sending, receiving] = [shares(sent), shares(received)];
  return {
    messagesPerSecond: (total(received) / (end - start)) * 1e9,
    sent: total(sent),
    received: total(received),
    leastSent: sending.least,
    mostSent: sending.most,
    leastReceived: receiving.least,
    mostReceived: receiving.most,
  };
}

if (isMainThread) {
  const [seconds, senders, receivers] = process.argv.slice(2).map(Number);
  const threads = senders + receivers;
  const supervisor = new Supervisor({ threads: threads + 1 });
  const report = struct({ at: f64, messages: f64, sum: f64 });
  const rounds = Object.keys(ROUNDS).map((round) => ({
    numbers: supervisor.channel(`numbers ${round}`, { codec: f64, capacity: 1024 }),
    ready: supervisor.channel(`ready ${round}`, { codec: f64, capacity: threads }),
    go: supervisor.channel(`go ${round}`, { codec: f64, capacity: threads }),
    sent: supervisor.channel(`sent ${round}`, { codec: report, capacity: senders }),
    received: supervisor.channel(`received ${round}`, { codec: report, capacity: receivers }),
  }));
  const spawn = (count, data) => supervisor.spawn(new URL(import.meta.url), { ports: { rounds }, count, data });
  spawn(senders, 'send');
  spawn(receivers, 'receive');
  const played = Object.values(ROUNDS).map((part, round) => play(part * seconds, rounds[round], senders, receivers));
  console.log(JSON.stringify(played.at(-1)));
  await supervisor.close();
} else {
  const { rounds } = attach(workerData);
  const sends = workerData.data === 'send';
  for (const { numbers, ready, go, sent, received } of rounds) {
    ready.sendSync(1);
    const seconds = go.receiveSync().value;
    const done = sends ? sendFor(numbers, seconds) : receiveAll(numbers);
    (sends ? sent : received).sendSync({ at: Number(process.hrtime.bigint()), ...done });
  }
}
