/**
 * Receives at least once, as fast as it can, in several ways, and writes down which messages it has acknowledged.
 *
 * `begun` rises before messages are acknowledged, `finished` once that is written down.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Delivery,
  type Lease,
  never,
  type Receiver,
  select,
  selectSync,
  TimeoutError,
} from '../../../src/index.ts';
import type { Stamp } from '../payload.ts';
import { gauge } from './gauge.ts';
import { patience } from './patience.ts';
import { takePlace } from './post.ts';
import { Reader } from './reader.ts';

type Message = Uint8Array | Lease;

const BATCH = 4;
/** One delivery out of so many is refused when it comes for the first time. */
const REFUSED_ONE_IN = 32;

const { ports, journal, duty, place, lives } = takePlace<{ from: Receiver<Message> }>();
const { from } = ports;
const reader = new Reader(journal, place);

/** Whose message it is; a message that somebody has acknowledged must not come again. */
function look(message: Message): Stamp | undefined {
  const stamp = reader.read(message);
  if (stamp && journal.received(stamp.sender, stamp.sequence)) reader.complain('repeated', stamp);
  return stamp;
}

function release(message: Message): void {
  if (!(message instanceof Uint8Array)) message.release();
}

/** There is nothing to receive. Answers whether it goes on. */
function idle(): boolean {
  const stage = journal.enter(duty);
  if (stage?.phase === 'gauge') gauge(from, journal, place);
  return stage !== undefined;
}

/** Asks for messages until the end: asking acknowledges those that came before. */
async function receiveByAsking(ask: () => Message[] | undefined | Promise<Message[] | undefined>): Promise<void> {
  let before: { readonly message: Message; readonly stamp: Stamp | undefined }[] = [];
  for (;;) {
    journal.begin(place, before.length);
    let messages: Message[] | undefined;
    try {
      const answer = ask();
      messages = answer instanceof Promise ? await answer : answer;
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      messages = [];
    }
    for (const { message, stamp } of before) {
      if (stamp) reader.settle(stamp);
      release(message);
    }
    journal.finish(place, before.length);
    if (!messages) return;
    before = messages.map((message) => ({ message, stamp: look(message) }));
    if (messages.length === 0 && !idle()) return;
  }
}

/** Acknowledges each message by hand, and refuses one now and then. */
async function receiveByDeliveries(): Promise<void> {
  const deliveries = from.deliveries()[Symbol.asyncIterator]();
  let handled = 0;
  let next = deliveries.next();
  for (;;) {
    const answer = await Promise.race([next, sleep(patience(journal).timeout, undefined)]);
    if (!answer) {
      if (!idle()) return;
      continue;
    }
    if (answer.done) return;
    next = deliveries.next();
    settle(answer.value, handled++);
  }
}

function settle(delivery: Delivery<Message>, number: number): void {
  const stamp = look(delivery.value);
  if (stamp && delivery.attempt === 1) reader.checkOrder(stamp);
  if (number % REFUSED_ONE_IN === 0 && delivery.attempt === 1) {
    delivery.nack();
    return;
  }
  journal.begin(place, 1);
  if (delivery.ack()) {
    if (stamp) reader.settle(stamp);
    release(delivery.value);
  }
  journal.finish(place, 1);
}

const ways: readonly (() => Promise<void>)[] = [
  () =>
    receiveByAsking(() => {
      const next = from.receiveSync(patience(journal));
      return next.done ? undefined : [next.value];
    }),
  () =>
    receiveByAsking(async () => {
      const messages = await from.receiveMany(BATCH, patience(journal));
      return messages.length === 0 ? undefined : messages;
    }),
  receiveByDeliveries,
  () =>
    receiveByAsking(() => {
      const hit = selectSync({ from: from.onReceive(), never: never() }, patience(journal));
      return hit.done ? undefined : [hit.value];
    }),
  () =>
    receiveByAsking(async () => {
      const hit = await select({ from: from.onReceive(), never: never() }, patience(journal));
      return hit.done ? undefined : [hit.value];
    }),
];

await ways[(place + lives) % ways.length]!();
// A delivery that was asked for would hold this thread open.
process.exit(0);
