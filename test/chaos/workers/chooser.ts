/**
 * Chooses among the channels of its lane: sends to any, receives from any, or both in one select; with time-outs, many of
 * which come before anybody. Writes down what it began and what came of it.
 *
 * A message that was offered everywhere and chosen nowhere, since the select received something instead or was late, is
 * offered again under its number. Should it have been sent all the same, it is received twice.
 */

import { type BufferPool, type Lease, type Receiver, type Sender, select, selectSync } from '../../../src/index.ts';
import { BOOK_MESSAGES, works } from '../journal.ts';
import type { LaneTask } from '../lanes.ts';
import { UNBOOKED } from '../payload.ts';
import { HARDLY, lateIsNone, patience } from './patience.ts';
import { takePlace } from './post.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

type Message = Uint8Array | Lease;
type Cases = Record<string, ReturnType<Sender<Message>['onSend']> | ReturnType<Receiver<Message>['onReceive']>>;
type Hit = Awaited<ReturnType<typeof select<Cases>>>;

interface Ports {
  readonly outs: readonly Sender<Message>[];
  readonly froms: readonly Receiver<Message>[];
  readonly pool: BufferPool;
}

const FAREWELLS = 3;
const COMPANIONS = 2;

const { ports, journal, duties, place, lives, task } = takePlace<Ports, LaneTask>();
const { outs, froms, pool } = ports;
const sender = duties.find(({ role }) => role === 'sender');
const receiver = duties.find(({ role }) => role === 'receiver');
const writer = new Writer(sender?.place ?? -1, task.payload, pool);
const reader = new Reader(journal, receiver?.place ?? -1);

/** One lease stays in hand until the next one comes, to be there when the worker is killed. */
let held: Lease | undefined;

function hold(message: Message | undefined): void {
  held?.release();
  held = message instanceof Uint8Array ? undefined : message;
}

/** Ways of choosing: blocking or not, with next to no time or enough, and with others that wait beside it or alone. */
const ways = [
  { blocks: true, brief: false, companions: 0 },
  { blocks: false, brief: false, companions: 0 },
  { blocks: true, brief: true, companions: 0 },
  { blocks: false, brief: false, companions: COMPANIONS },
  { blocks: false, brief: true, companions: COMPANIONS },
] as const;

const way = ways[(place + lives) % ways.length]!;
const companions = receiver ? way.companions : 0;

function receives(): Cases {
  return Object.fromEntries(froms.map((from, channel) => [`in ${channel}`, from.onReceive()]));
}

/** What a select came to, once it is written down: a message, or undefined. */
function take(hit: Hit | undefined): Message | undefined {
  if (!hit || !('value' in hit) || hit.done) return undefined;
  const message = hit.value;
  const stamp = reader.read(message);
  if (stamp) reader.settle(stamp);
  if (stamp) reader.checkOrder(stamp, hit.key);
  return message;
}

/** A message number `sequence`, one for each channel; those leases that no select sends have to go back. */
function offers(sequence: number): Map<string, Message> {
  const { round } = journal.stage;
  const make = () => (sequence === UNBOOKED ? writer.unbooked() : writer.message(sequence, round));
  return new Map(outs.map((_, channel) => [`out ${channel}`, make()]));
}

/** Chooses once; `sequence` is the message to send, if any. Answers whether something was received. */
async function choose(sequence?: number): Promise<boolean> {
  const booked = sequence !== undefined && sequence !== UNBOOKED;
  if (booked) journal.begin(sender!.place, 1);
  if (receiver) journal.begin(receiver.place, 1 + companions);
  const offered = sequence === undefined ? new Map<string, Message>() : offers(sequence);
  const sends = [...offered.values()].map((message, channel) => [`out ${channel}`, outs[channel]!.onSend(message)]);
  const cases: Cases = { ...Object.fromEntries(sends), ...receives() };
  const options = way.brief ? HARDLY : patience(journal);
  const beside = Array.from({ length: companions }, () => select(receives(), HARDLY).catch(lateIsNone).then(take));
  const hit = way.blocks ? chooseBlocking(cases, options) : await select(cases, options).catch(lateIsNone);
  const messages = [take(hit)];
  if (booked) {
    if (hit?.key.startsWith('out')) journal.finish(sender!.place, 1);
    else journal.withdraw(sender!.place);
  }
  for (const [key, message] of offered) if (key !== hit?.key && !(message instanceof Uint8Array)) message.release();
  messages.push(...(await Promise.all(beside)));
  const received = messages.filter((message) => message !== undefined);
  for (const message of received) hold(message);
  if (receiver) journal.finish(receiver.place, received.length);
  return received.length > 0;
}

function chooseBlocking(cases: Cases, options: { readonly timeout: number }): Hit | undefined {
  try {
    return selectSync(cases, options);
  } catch (error) {
    return lateIsNone(error);
  }
}

/** Whoever still waits for a message sees then that it is time to rest. */
async function takeLeave(): Promise<void> {
  for (let count = 0; count < FAREWELLS; count++) await choose(UNBOOKED);
}

let sending = false;
for (;;) {
  const sends = sender !== undefined && works(sender, journal.stage);
  if (sending && !sends) await takeLeave();
  sending = sends && journal.begun(sender.place) < BOOK_MESSAGES;
  let received = false;
  if (sender && sending) journal.resume(sender.place);
  else if (sender && receiver) journal.pause(sender.place);
  if (sending) received = await choose(journal.begun(sender!.place));
  else if (receiver) received = await choose();
  if (received) continue;
  // Only empty channels are a reason to rest.
  hold(undefined);
  if (!journal.enter(receiver ?? sender!)) break;
}
