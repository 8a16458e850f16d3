/** What must compile, and what must not: channels, their ends and their values. Never run. */

import {
  channel as anonymous,
  bool,
  bytes,
  type Channel,
  type Codec,
  channelRef,
  custom,
  type Delivery,
  f64,
  i64,
  json,
  type Lease,
  lease,
  type Receiver,
  type Sender,
  type StructValue,
  type Supervisor,
  struct,
  structured,
  u32,
  utf8,
  type ValueOf,
} from '../../src/index.ts';
import { type Equal, holds } from './equal.ts';

declare const supervisor: Supervisor;
const capacity = 1;

// Each codec has its values.
const numbers = supervisor.channel('a', { codec: u32, capacity });
holds<Equal<typeof numbers, Channel<number>>>();
numbers.sendSync(1);
// @ts-expect-error a string is no number
numbers.sendSync('1');
// @ts-expect-error a bigint is no number
void numbers.send(1n);
// @ts-expect-error undefined is no number
numbers.trySend(undefined);
// @ts-expect-error in a batch, too
numbers.sendManySync([1, '2']);

const bigints = supervisor.channel('a', { codec: i64, capacity });
bigints.trySend(1n);
// @ts-expect-error a number is no bigint
bigints.trySend(1);

const flags = supervisor.channel('a', { codec: bool, capacity });
// @ts-expect-error a number is no boolean
flags.trySend(1);

const texts = supervisor.channel('a', { codec: utf8(), capacity });
texts.trySend('x');
// @ts-expect-error bytes are no text
texts.trySend(new Uint8Array(1));

const blobs = supervisor.channel('a', { codec: bytes(), capacity });
blobs.trySend(new Uint8Array(1));
blobs.trySend(Buffer.from('x'));
// @ts-expect-error text is no bytes
blobs.trySend('x');
// @ts-expect-error an ArrayBuffer is no Uint8Array
blobs.trySend(new ArrayBuffer(1));

const leases = supervisor.channel('a', { codec: lease(), capacity });
holds<Equal<typeof leases, Channel<Lease>>>();
// @ts-expect-error its bytes are no lease
leases.trySend(supervisor.pool.leaseSync(1).bytes);

interface Job {
  readonly id: number;
  readonly tags?: string[];
}
const jobs = supervisor.channel('a', { codec: json<Job>(), capacity });
holds<Equal<typeof jobs, Channel<Job>>>();
jobs.trySend({ id: 1 });
// @ts-expect-error a field is missing
jobs.trySend({});
// @ts-expect-error a field is of another type
jobs.trySend({ id: '1' });

// Without a type argument they take anything, and tell nothing of it.
const anything = supervisor.channel('a', { codec: json(), capacity });
holds<Equal<typeof anything, Channel<unknown>>>();
anything.trySend({ any: ['thing'] });
const clones = supervisor.channel('a', { codec: structured(), capacity });
holds<Equal<typeof clones, Channel<unknown>>>();
clones.trySend(new Map());

const dates = supervisor.channel('a', {
  codec: custom<Date>({
    name: 'date',
    encode: (date) => Uint8Array.of(date.getDate()),
    decode: ([day]) => new Date(0, 0, day),
  }),
  capacity,
});
holds<Equal<typeof dates, Channel<Date>>>();
// @ts-expect-error the codec's functions have to agree
custom<Date>({ name: 'date', encode: (date: string) => Uint8Array.of(date.length), decode: () => new Date() });

// Structs have the types of their fields.
const record = struct({ id: u32, at: f64, hash: bytes.fixed(2), flag: bool, count: i64, body: lease() });
type RecordValue = { id: number; at: number; hash: Uint8Array; flag: boolean; count: bigint; body: Lease };
holds<Equal<ValueOf<typeof record>, RecordValue>>();
holds<Equal<StructValue<{ id: typeof u32 }>, { id: number }>>();
const records = supervisor.channel('a', { codec: record, capacity });
declare const body: Lease;
const fields = { at: 1, hash: new Uint8Array(2), flag: true, count: 1n, body };
records.trySend({ id: 1, ...fields });
// @ts-expect-error a field is missing
records.trySend(fields);
// @ts-expect-error a field is of another type
records.trySend({ id: 1n, ...fields });
// @ts-expect-error there is no such field
records.trySend({ id: 1, ...fields, extra: 1 });
// @ts-expect-error no bytes for a lease
records.trySend({ id: 1, ...fields, body: new Uint8Array(1) });
// @ts-expect-error a struct takes codecs
struct({ id: 7 });

// What is received may be the end.
const received = numbers.receiveSync();
holds<Equal<typeof received, IteratorResult<number, undefined>>>();
// @ts-expect-error there may be no value
const first: number = received.value;
if (!received.done) holds<Equal<typeof received.value, number>>();
const tried = numbers.tryReceive();
// @ts-expect-error there may be nothing at all
tried.done;
// @ts-expect-error a result to be filled is one of this channel's
numbers.tryReceive({ done: false, value: 'text' });
for (const value of numbers) holds<Equal<typeof value, number>>();
const many: Promise<number[]> = numbers.receiveMany(3);
// @ts-expect-error how many has to be said
void numbers.receiveMany();

// Ends do what they are for, and nothing else.
const sender: Sender<number> = numbers.sender;
const receiver: Receiver<number> = numbers.receiver;
sender.close();
receiver.cancel(new Error('why'));
// @ts-expect-error a receiver does not send
receiver.sendSync(1);
// @ts-expect-error a receiver does not send
receiver.trySend(1);
// @ts-expect-error a receiver is cancelled, not closed
receiver.close();
// @ts-expect-error a sender does not receive
sender.receiveSync();
// @ts-expect-error a sender does not receive
for (const _ of sender);
// @ts-expect-error a sender is closed, not cancelled
sender.cancel();
// @ts-expect-error an end has no ends
sender.sender;
// @ts-expect-error the capacity is what it is
numbers.capacity = 2;
// @ts-expect-error a channel of text is none of numbers
const wrong: Sender<number> = texts.sender;

// Nothing could abort an operation that blocks its thread.
numbers.receiveSync({ timeout: 1 });
void numbers.receive({ timeout: 1, signal: AbortSignal.timeout(1) });
// @ts-expect-error a signal cannot abort it
numbers.receiveSync({ signal: AbortSignal.timeout(1) });
// @ts-expect-error a signal cannot abort it
numbers.sendSync(1, { signal: AbortSignal.timeout(1) });

// Options.
supervisor.channel('a', { codec: u32, capacity, topology: 'spsc', levels: { yellow: 0.5, red: 0.9 } });
// @ts-expect-error no such topology
supervisor.channel('a', { codec: u32, capacity, topology: 'mpsp' });
// @ts-expect-error a channel has a capacity
supervisor.channel('a', { codec: u32 });
// @ts-expect-error a channel has a codec
supervisor.channel('a', { capacity });
// @ts-expect-error a channel has a name
supervisor.channel({ codec: u32, capacity });
holds<Equal<ReturnType<typeof anonymous<string>>, Channel<string>>>();
const nameless = anonymous({ codec: utf8(), capacity });
holds<Equal<typeof nameless, Channel<string>>>();

// A codec can be handed around by what it carries.
function pair<T>(codec: Codec<T>): [Channel<T>, Channel<T>] {
  return [supervisor.channel('a', { codec, capacity }), supervisor.channel('b', { codec, capacity })];
}
holds<Equal<ReturnType<typeof pair<number>>, [Channel<number>, Channel<number>]>>();
pair(utf8())[0].trySend('x');

export { first, many, wrong };

// At least once.
const kept = supervisor.channel('a', {
  codec: utf8(),
  capacity,
  delivery: 'at-least-once',
  maxAttempts: 3,
  ackTimeout: 50,
});
holds<Equal<typeof kept, Channel<string>>>();
for (const delivery of kept.deliveries()) {
  holds<Equal<typeof delivery, Delivery<string>>>();
  holds<Equal<typeof delivery.value, string>>();
  holds<Equal<typeof delivery.attempt, number>>();
  holds<Equal<ReturnType<typeof delivery.ack>, boolean>>();
  holds<Equal<ReturnType<typeof delivery.nack>, boolean>>();
  // @ts-expect-error read only
  delivery.attempt = 1;
}
export async function deliver(): Promise<void> {
  for await (const { value, ack } of kept.receiver.deliveries()) {
    holds<Equal<typeof value, string>>();
    holds<Equal<typeof ack, () => boolean>>();
  }
}
// @ts-expect-error only receivers deliver
kept.sender.deliveries();
// @ts-expect-error there is no such promise
supervisor.channel('a', { codec: u32, capacity, delivery: 'exactly-once' });
supervisor.channel('a', { codec: utf8(), capacity, delivery: 'at-least-once', maxAttempts: 1, deadLetter: texts });
// @ts-expect-error dead letters are messages of the same kind
supervisor.channel('a', { codec: utf8(), capacity, delivery: 'at-least-once', maxAttempts: 1, deadLetter: numbers });
const ends = { codec: utf8(), capacity, delivery: 'at-least-once', deadLetter: texts.sender } as const;
// @ts-expect-error they go to a channel, as nobody need hold an end of it
supervisor.channel('a', ends);
// @ts-expect-error milliseconds are a number
supervisor.channel('a', { codec: utf8(), capacity, delivery: 'at-least-once', ackTimeout: '1s' });

// Channels of channels, alone and in the fields of structs.
const replies = supervisor.channel('a', { codec: channelRef(u32), capacity });
holds<Equal<typeof replies, Channel<Channel<number>>>>();
replies.sendSync(numbers);
holds<Equal<ValueOf<ReturnType<typeof channelRef<string>>>, Channel<string>>>();
// @ts-expect-error a channel of something else
replies.sendSync(bigints);
// @ts-expect-error an end is no channel
replies.sendSync(numbers.sender);
// @ts-expect-error no codec
channelRef(Number);
const requests = supervisor.channel('a', { codec: struct({ id: u32, reply: channelRef(utf8()) }), capacity });
for (const { id, reply } of requests) reply.sendSync(`${id}`);
// @ts-expect-error the reply is a text
for (const { id, reply } of requests) reply.sendSync(id);
const deep = supervisor.channel('a', { codec: channelRef(channelRef(i64)), capacity });
holds<Equal<typeof deep, Channel<Channel<Channel<bigint>>>>>();

// A channel is disposed of, an end is not.
numbers.dispose();
// @ts-expect-error an end is closed
numbers.sender.dispose();
