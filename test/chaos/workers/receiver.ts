/** Receives as fast as it can, in several ways, checks every message, and writes down which came. */

import { type Lease, type Receiver, TimeoutError } from '../../../src/index.ts';
import { readStamp } from '../payload.ts';
import { takePlace } from './post.ts';

const BATCH = 4;
/** How long to wait before looking whether it is time to rest. */
const PATIENCE = { timeout: 20 };

const { ports, journal, place, payload, shift, lives } = takePlace<{ from: Receiver<any> }>();
const { from } = ports;

/** One lease stays in hand until the next one comes, to be there when the worker is killed. */
let held: Lease | undefined;

function bytesOf(message: unknown): Uint8Array {
  if (payload === 'bytes') return message as Uint8Array;
  held?.release();
  held = message as Lease;
  return held.bytes;
}

/** The last message of each sender. */
const latest = new Map<number, { readonly round: number; readonly sequence: number }>();

function check(message: unknown): void {
  const stamp = readStamp(bytesOf(message));
  if (!stamp) {
    journal.complain({ kind: 'torn', receiver: place, sender: -1, sequence: -1 });
    return;
  }
  const { sender, sequence, round } = stamp;
  const complaint = { receiver: place, sender, sequence };
  // Rounds change only while nothing is on its way.
  if (round !== journal.stage.round) journal.complain({ kind: 'of another round', ...complaint });
  if (!journal.receive(sender, sequence)) journal.complain({ kind: 'repeated', ...complaint });
  const before = latest.get(sender);
  if (before?.round === round && before.sequence >= sequence) journal.complain({ kind: 'out of order', ...complaint });
  latest.set(sender, { round, sequence });
}

function timedOut(error: unknown): undefined {
  if (error instanceof TimeoutError) return undefined;
  throw error;
}

/** Ways of receiving: each answers some messages, none when it was late, and undefined at the end. */
const ways: readonly (() => unknown[] | undefined | Promise<unknown[] | undefined>)[] = [
  () => {
    journal.begin(place, 1);
    const next = from.receiveSync(PATIENCE);
    return next.done ? undefined : [next.value];
  },
  () => {
    journal.begin(place, BATCH);
    const messages = from.receiveManySync(BATCH, PATIENCE);
    return messages.length === 0 ? undefined : messages;
  },
  async () => {
    journal.begin(place, BATCH);
    const asked = Array.from({ length: BATCH }, () => from.receive(PATIENCE).catch(timedOut));
    const answers = (await Promise.all(asked)).filter((answer) => answer !== undefined);
    const messages = answers.filter(({ done }) => !done).map(({ value }) => value);
    return answers.some(({ done }) => done) && messages.length === 0 ? undefined : messages;
  },
];

const receive = ways[(place + lives) % ways.length]!;

async function receiveAll(): Promise<void> {
  for (;;) {
    let messages: unknown[] | undefined = [];
    try {
      const answer = receive();
      messages = answer instanceof Promise ? await answer : answer;
    } catch (error) {
      timedOut(error);
    }
    if (!messages) return;
    for (const message of messages) check(message);
    if (messages.length === 0) letGo();
    journal.finish(place, messages.length);
    // Only an empty channel is a reason to rest: also for one who came to take the place of another during the rest.
    if (messages.length === 0 && journal.enter(place, shift) === undefined) return;
  }
}

function letGo(): void {
  held?.release();
  held = undefined;
}

await receiveAll();
letGo();
