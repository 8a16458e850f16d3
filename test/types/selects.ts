/** What must compile, and what must not: selects, told apart by their keys. Never run. */

import {
  after,
  at,
  type Channel,
  type Due,
  type DueHit,
  json,
  never,
  type ReceivedHit,
  type SelectCase,
  type Sent,
  type SentHit,
  type Supervisor,
  select,
  selectSync,
  tick,
  trySelect,
  u32,
  utf8,
} from '../../src/index.ts';
import { type Equal, holds } from './equal.ts';

declare const supervisor: Supervisor;
const capacity = 1;
const numbers = supervisor.channel('a', { codec: u32, capacity });
const texts = supervisor.channel('a', { codec: utf8(), capacity });
const jobs = supervisor.channel('a', { codec: json<{ id: number } | { stop: true }>(), capacity });
declare const anything: Channel<any>;
declare const unknowns: Channel<unknown>;
declare const maybe: Channel<number> | undefined;

// Each kind of case has its type.
holds<Equal<ReturnType<typeof numbers.onReceive>, SelectCase<number>>>();
holds<Equal<ReturnType<typeof numbers.receiver.onReceive>, SelectCase<number>>>();
holds<Equal<ReturnType<typeof numbers.sender.onSend>, SelectCase>>();
holds<Equal<SelectCase, SelectCase<Sent>>>();
holds<Equal<ReturnType<typeof after | typeof at | typeof tick>, SelectCase<Due>>>();
holds<Equal<ReturnType<typeof never>, SelectCase<never>>>();

// What is sent is what the codec takes.
texts.onSend('x');
// @ts-expect-error a number is no string
texts.onSend(1);
// @ts-expect-error nothing is no string
texts.sender.onSend();
// @ts-expect-error a receiver does not send
texts.receiver.onSend('x');
// @ts-expect-error a sender does not receive
texts.sender.onReceive();

// Keys may be numbers; in the answer they are texts, as everywhere in JavaScript.
const numbered = selectSync({ 0: numbers.onReceive(), 1: texts.onSend('x') });
holds<Equal<typeof numbered, ReceivedHit<'0', number> | SentHit<'1'>>>();
// @ts-expect-error there is no such key
if (numbered.key === '2') throw new Error();
const listed = selectSync([numbers].map((each) => each.onReceive()));
holds<Equal<(typeof listed & { done: false })['value'], number>>();

// The answer is a union that `key` tells apart.
const hit = selectSync({
  number: numbers.onReceive(),
  job: jobs.onReceive(),
  out: texts.onSend('x'),
  late: after(50),
  beat: tick(10),
  absent: maybe?.onReceive(),
  nothing: undefined,
  no: null,
  not: never(),
});
holds<
  Equal<
    typeof hit,
    | ReceivedHit<'number', number>
    | ReceivedHit<'absent', number>
    | ReceivedHit<'job', { id: number } | { stop: true }>
    | SentHit<'out'>
    | DueHit<'late'>
    | DueHit<'beat'>
  >
>();
holds<Equal<typeof hit.key, 'number' | 'job' | 'out' | 'late' | 'beat' | 'absent'>>();
switch (hit.key) {
  case 'number':
  case 'absent':
    // @ts-expect-error it may be the end
    hit.value.toFixed();
    if (!hit.done) holds<Equal<typeof hit.value, number>>();
    else holds<Equal<typeof hit.value, undefined>>();
    break;
  case 'job':
    // @ts-expect-error which kind of job is not known yet
    if (!hit.done) hit.value.id;
    if (!hit.done && 'id' in hit.value) holds<Equal<typeof hit.value.id, number>>();
    break;
  case 'out':
    // @ts-expect-error a send has no value
    hit.value;
    break;
  case 'late':
  case 'beat':
    holds<Equal<typeof hit.at, number>>();
    // @ts-expect-error a timer has no value
    hit.value;
    break;
  default:
    holds<Equal<typeof hit, never>>();
}
// @ts-expect-error there is no such key
if (hit.key === 'other') hit.key;

/** Every member of the union has to be handled. */
export function unhandled(which: typeof hit): number {
  switch (which.key) {
    case 'number':
      return 1;
    case 'out':
      return 2;
    default: {
      // @ts-expect-error 'job' and others are left
      const none: never = which;
      return none;
    }
  }
}

// The key that says which is none that was not asked for.
const two = trySelect({ a: numbers.onReceive(), b: numbers.onSend(1) });
holds<Equal<typeof two, ReceivedHit<'a', number> | SentHit<'b'> | undefined>>();
// @ts-expect-error there may be nothing
two.key;
const later = select({ a: texts.onReceive() }, { timeout: 5, signal: AbortSignal.timeout(5) });
holds<Equal<typeof later, Promise<ReceivedHit<'a', string>>>>();
holds<Equal<Awaited<ReturnType<typeof select<object>>>, never>>();
holds<Equal<ReturnType<typeof selectSync<{ a: SelectCase<any> }>>, ReceivedHit<'a', any>>>();
const loose = selectSync({ any: anything.onReceive(), unknown: unknowns.onReceive() });
if (loose.key === 'unknown' && !loose.done) holds<Equal<typeof loose.value, unknown>>();
const which = selectSync({ a: Math.random() < 0.5 ? numbers.onReceive() : texts.onSend('x') });
holds<Equal<typeof which, ReceivedHit<'a', number> | SentHit<'a'>>>();

/** Cases may come from anywhere, as long as they are cases. */
interface Ports {
  readonly in: SelectCase<number>;
  readonly out?: SelectCase | undefined;
}
declare const ports: Ports;
const fromPorts = selectSync(ports);
holds<Equal<typeof fromPorts, ReceivedHit<'in', number> | SentHit<'out'>>>();
declare const record: Record<string, SelectCase<number>>;
holds<Equal<ReturnType<typeof selectSync<typeof record>>, ReceivedHit<string, number>>>();
// @ts-expect-error a channel is no case
void select({ a: numbers });
// @ts-expect-error a promise is no case
trySelect({ a: numbers.receive() });
// @ts-expect-error cases have keys
trySelect(numbers.onReceive());
// @ts-expect-error nothing could abort a select that blocks its thread
selectSync({ a: numbers.onReceive() }, { signal: AbortSignal.timeout(5) });
// @ts-expect-error one that does not wait has no time-out
trySelect({ a: numbers.onReceive() }, { timeout: 5 });

// Times.
after(5);
at(new Date());
at(Date.now());
// @ts-expect-error milliseconds are a number
after('5');
// @ts-expect-error a text is no date
at('2026-11-24');
// @ts-expect-error how often has to be said
tick();
