/** Receives at most once, as fast as it can, in several ways, and writes down which messages came. */

import { type Lease, never, type Receiver, select, selectSync } from '../../../src/index.ts';
import { gauge } from './gauge.ts';
import { HARDLY, lateIsNone, patience } from './patience.ts';
import { takePlace } from './post.ts';
import { Reader } from './reader.ts';

type Message = Uint8Array | Lease;

const BATCH = 4;

const { ports, journal, duty, place, lives } = takePlace<{ from: Receiver<Message> }>();
const { from } = ports;
const reader = new Reader(journal, place);

/** One lease stays in hand until the next one comes, to be there when the worker is killed. */
let held: Lease | undefined;

function hold(message: Message | undefined): void {
  held?.release();
  held = message instanceof Uint8Array ? undefined : message;
}

/** Writes the message down before anything else. */
function accept(message: Message): Message {
  const stamp = reader.read(message);
  if (stamp) reader.settle(stamp);
  if (stamp) reader.checkOrder(stamp);
  return message;
}

/** Ways of receiving: each answers some messages, or none when it was late, and undefined at the end. */
const ways: readonly (() => Message[] | undefined | Promise<Message[] | undefined>)[] = [
  () => {
    journal.begin(place, 1);
    const next = from.receiveSync(patience(journal));
    return next.done ? undefined : [accept(next.value)];
  },
  () => {
    journal.begin(place, BATCH);
    const messages = from.receiveManySync(BATCH, patience(journal));
    return messages.length === 0 ? undefined : messages.map(accept);
  },
  async () => {
    journal.begin(place, BATCH);
    const asked = Array.from({ length: BATCH }, () =>
      from.receive(patience(journal)).then(
        ({ done, value }) => (done ? undefined : [accept(value)]),
        (error) => lateIsNone(error) ?? [],
      ),
    );
    const answers = await Promise.all(asked);
    const messages = answers.flatMap((answer) => answer ?? []);
    return messages.length === 0 && answers.includes(undefined) ? undefined : messages;
  },
  () => {
    journal.begin(place, 1);
    const hit = selectSync({ from: from.onReceive(), never: never(), again: from.onReceive() }, patience(journal));
    return hit.done ? undefined : [accept(hit.value)];
  },
  async () => {
    journal.begin(place, 1);
    const hit = await select({ from: from.onReceive(), never: never() }, patience(journal));
    return hit.done ? undefined : [accept(hit.value)];
  },
  () => {
    journal.begin(place, 1);
    const next = from.receiveSync(HARDLY);
    return next.done ? undefined : [accept(next.value)];
  },
  async () => {
    journal.begin(place, 1);
    const next = await from.receive(HARDLY);
    return next.done ? undefined : [accept(next.value)];
  },
];

const receive = ways[(place + lives) % ways.length]!;

for (;;) {
  let messages: Message[] | undefined;
  try {
    const answer = receive();
    messages = answer instanceof Promise ? await answer : answer;
  } catch (error) {
    messages = lateIsNone(error) ?? [];
  }
  if (!messages) break;
  for (const message of messages) hold(message);
  journal.finish(place, messages.length);
  // Only an empty channel is a reason to rest: also for one who came to take the place of another during the rest.
  if (messages.length > 0) continue;
  hold(undefined);
  const stage = journal.enter(duty);
  if (!stage) break;
  if (stage.phase === 'gauge') gauge(from, journal, place);
}
hold(undefined);
