// The MessagePort peer, choosing: one thread that awaits Promise.race over CHANNELS ports, what it posted there itself.
//
//   node select.mjs CHANNELS all COUNT    every port has messages: the time of a race
//   node select.mjs CHANNELS one COUNT    one port after the other gets a message: the time of the post and the race
//
// Each port has a promise of its next message, which stays in the race until it has won. nsReceive is the same with one
// port, whose promise is awaited as it is.

import { MessageChannel } from 'node:worker_threads';

/** How many messages wait at a port at most. */
const CAPACITY = 256;

/** A port whose messages can be awaited one by one. */
class Inbox {
  #messages = [];
  #resolve;

  constructor(index) {
    const { port1, port2 } = new MessageChannel();
    this.index = index;
    this.remote = port1;
    this.port = port2;
    port2.on('message', (message) => {
      if (!this.#resolve) return this.#messages.push(message);
      const resolve = this.#resolve;
      this.#resolve = undefined;
      resolve({ index, message });
    });
    this.again();
  }

  /** The next message is awaited. */
  again() {
    const { index } = this;
    if (this.#messages.length > 0) this.next = Promise.resolve({ index, message: this.#messages.shift() });
    else this.next = new Promise((resolve) => (this.#resolve = resolve));
  }
}

/** Receives one message from whichever port has one. */
async function raced(inboxes) {
  const { index, message } = await Promise.race(inboxes.map(({ next }) => next));
  inboxes[index].again();
  return message;
}

async function plain([inbox]) {
  const { message } = await inbox.next;
  inbox.again();
  return message;
}

async function allReady(inboxes, receive, count) {
  const stretch = (inboxes.length * CAPACITY) / 2;
  let nanoseconds = 0;
  let done = 0;
  let posted = 0;
  for (; done < count; done += stretch) {
    for (; posted < done + stretch; posted++) inboxes[posted % inboxes.length].remote.postMessage(posted);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const start = process.hrtime.bigint();
    for (let i = 0; i < stretch; i++) await receive(inboxes);
    nanoseconds += Number(process.hrtime.bigint() - start);
  }
  return nanoseconds / done;
}

async function oneReady(inboxes, receive, count) {
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) {
    inboxes[i % inboxes.length].remote.postMessage(i);
    const message = await receive(inboxes);
    if (message !== i) throw new Error(`expected ${i}, received ${message}`);
  }
  return Number(process.hrtime.bigint() - start) / count;
}

const [, , length, ready, count] = process.argv;
const measure = ready === 'all' ? allReady : oneReady;

async function timed(ports, receive) {
  const inboxes = Array.from({ length: ports }, (_, i) => new Inbox(i));
  await measure(inboxes, receive, Math.ceil(count / 10));
  const nanoseconds = await measure(inboxes, receive, Number(count));
  for (const { port } of inboxes) port.close();
  return nanoseconds;
}

const nsPerMessage = await timed(Number(length), raced);
console.log(JSON.stringify({ nsPerMessage, nsReceive: await timed(1, plain) }));
