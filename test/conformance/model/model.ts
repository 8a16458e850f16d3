/**
 * Channels of one thread, as plainly as they can be written: what the cases are checked against themselves. It stands in
 * for `src/index.ts` in `model.test.ts`, with one flaw or none.
 */

import { setTimeout as sleep } from 'node:timers/promises';

/** What may be wrong with it. */
export const FLAWS = {
  none: 'nothing',
  roomier: 'channels hold one message more than their capacity',
  buffered: 'a rendezvous holds a message',
  doubled: 'a message in a buffer is received twice, one time in sixteen',
  lifo: 'the last message in comes out first',
  unserved: 'senders that wait are served in the order of their age, the youngest first',
  lingering: 'cases that were not chosen go on waiting',
  selfish: 'a select meets itself',
  partial: 'the first case is preferred, two times in three',
  forgetful: 'a close forgets the last one that waits',
  hasty: 'a closed channel ends before it is empty',
  tolerant: 'a closed channel takes messages',
  brittle: 'closing twice throws',
  lossy: 'a receive that times out takes a message if there is one',
  late: 'a send that times out is sent nevertheless',
  uncounted: 'a channel stays open when its last sender is gone',
  endless: 'senders are not refused when the last receiver is gone',
  impatient: 'a select with a deadline that is past tries nothing',
  lazy: 'values are evaluated only when they are sent',
  blocking: 'a select of nothing is over at once',
} as const;
export type Flaw = keyof typeof FLAWS;

let flaw: Flaw = 'none';

export function flawed(by: Flaw): void {
  flaw = by;
}

const has = (which: Flaw) => flaw === which;

export class Refusal extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export class LimitError extends Refusal {}
export class TimeoutError extends Refusal {}
export class ChannelClosedError extends Refusal {}

interface Codec {
  readonly kind: string;
}

const codec = (kind: string) => ({ kind });
export const [u32, i32, i64, f64, bool] = ['u32', 'i32', 'i64', 'f64', 'bool'].map(codec) as [
  Codec,
  Codec,
  Codec,
  Codec,
  Codec,
];
export const bytes = () => codec('bytes');
export const utf8 = () => codec('utf8');
export const json = () => codec('json');
export const struct = () => codec('struct');
export const lease = () => codec('lease');
export const channelRef = () => codec('channelRef');

/** One select that waits, or has been settled. */
interface Choice {
  over: boolean;
  settle(hit: object): void;
  refuse(error: Error): void;
}

interface Waiting {
  readonly choice: Choice;
  readonly key: string;
  readonly value?: () => unknown;
}

type Attempt = (key: string, choice: Choice | undefined) => object | undefined;

class Case {
  readonly attempt: Attempt;
  /** Where it waits; of a clock, nowhere. */
  readonly queue: Waiting[] | undefined;
  readonly value: (() => unknown) | undefined;
  readonly due: () => number;

  constructor(attempt: Attempt, queue?: Waiting[], value?: () => unknown, due = () => Number.POSITIVE_INFINITY) {
    this.attempt = attempt;
    this.queue = queue;
    this.value = value;
    this.due = due;
  }
}

export class Channel {
  readonly name: string;
  readonly capacity: number;
  readonly #room: number;
  readonly #codec: Codec;
  readonly #buffer: unknown[] = [];
  readonly #senders: Waiting[] = [];
  readonly #receivers: Waiting[] = [];
  readonly #ends = { sender: 0, receiver: 0 };
  closed = false;
  #sender: End | undefined;
  #receiver: End | undefined;

  constructor(name: string, { capacity, codec }: { capacity: number; codec: Codec }) {
    this.name = name;
    this.capacity = capacity;
    this.#room = capacity + (has('roomier') || (has('buffered') && capacity === 0) ? 1 : 0);
    this.#codec = codec;
  }

  get length(): number {
    return has('buffered') ? Math.min(this.#buffer.length, this.capacity) : this.#buffer.length;
  }

  get sender(): End {
    if (!this.#sender?.open) this.#sender = new End(this, 'sender');
    return this.#sender;
  }

  get receiver(): End {
    if (!this.#receiver?.open) this.#receiver = new End(this, 'receiver');
    return this.#receiver;
  }

  count(role: 'sender' | 'receiver', by: number): void {
    this.#ends[role] += by;
    if (by > 0 || this.#ends[role] > 0) return;
    if (role === 'sender' && !has('uncounted')) this.close();
    if (role === 'receiver' && !has('endless')) this.cancel();
  }

  close(): void {
    if (this.closed && has('brittle')) throw new Refusal('ERR_TWICE');
    if (this.closed) return;
    this.closed = true;
    const forgotten = has('forgetful') ? 1 : 0;
    for (const { choice, key } of living(this.#receivers).slice(forgotten)) {
      if (!choice.over) choice.settle({ key, done: true, value: undefined });
    }
    for (const { choice } of living(this.#senders).slice(forgotten)) {
      if (!choice.over) choice.refuse(new ChannelClosedError('ERR_CHANNEL_CLOSED'));
    }
  }

  cancel(): void {
    this.close();
    this.#buffer.length = 0;
  }

  dispose(): void {
    this.close();
  }

  #evaluated(value: unknown): () => unknown {
    if (this.#codec.kind !== 'json') return () => value;
    if (has('lazy')) return () => JSON.parse(JSON.stringify(value));
    const text = JSON.stringify(value);
    return () => JSON.parse(text);
  }

  onSend(value: unknown): Case {
    const evaluated = this.#evaluated(value);
    const attempt: Attempt = (key, self) => {
      if (this.closed && !has('tolerant')) throw new ChannelClosedError('ERR_CHANNEL_CLOSED');
      const receiver = living(this.#receivers).find(({ choice }) => choice !== self || has('selfish'));
      if (receiver) {
        receiver.choice.settle({ key: receiver.key, done: false, value: evaluated() });
        return { key };
      }
      if (this.#buffer.length >= this.#room) return undefined;
      this.#buffer.push(evaluated());
      return { key };
    };
    return new Case(attempt, this.#senders, evaluated);
  }

  onReceive(): Case {
    const attempt: Attempt = (key, self) => {
      if (this.#buffer.length > 0 && !(this.closed && has('hasty'))) {
        const value = has('lifo') ? this.#buffer.pop() : this.#buffer[0];
        if (!has('lifo') && !(has('doubled') && Math.random() < 1 / 16)) this.#buffer.shift();
        const next = this.#nextSender(self);
        if (next && this.#buffer.length < this.#room) this.#accept(next, (sent) => this.#buffer.push(sent));
        return { key, done: false, value };
      }
      const next = this.#nextSender(self);
      if (next) {
        let value: unknown;
        this.#accept(next, (sent) => {
          value = sent;
        });
        return { key, done: false, value };
      }
      return this.closed ? { key, done: true, value: undefined } : undefined;
    };
    return new Case(attempt, this.#receivers);
  }

  #nextSender(self: Choice | undefined): Waiting | undefined {
    const others = living(this.#senders).filter(({ choice }) => choice !== self || has('selfish'));
    return has('unserved') ? others.at(-1) : others[0];
  }

  #accept({ choice, key, value }: Waiting, into: (value: unknown) => void): void {
    into(value!());
    choice.settle({ key });
  }

  trySend(value: unknown): boolean {
    return trySelect({ it: this.onSend(value) }) !== undefined;
  }

  tryReceive(): object | undefined {
    return plain(trySelect({ it: this.onReceive() }));
  }

  async send(value: unknown, limit?: object): Promise<void> {
    await select({ it: this.onSend(value) }, limit);
  }

  async receive(limit?: object): Promise<any> {
    return plain(await select({ it: this.onReceive() }, limit));
  }

  async sendMany(values: Iterable<unknown>, limit?: object): Promise<void> {
    for (const value of values) await this.send(value, limit);
  }

  async receiveMany(max: number, limit?: object): Promise<unknown[]> {
    const batch: unknown[] = [];
    for (let next = await this.receive(limit); next && !next.done; next = this.tryReceive()) {
      batch.push(next.value);
      if (batch.length === max) break;
    }
    return batch;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    for (let next = await this.receive(); !next.done; next = await this.receive()) yield next.value;
  }
}

function plain(hit: any) {
  return hit && { done: hit.done, value: hit.value };
}

const living = (queue: readonly Waiting[]) => queue.filter(({ choice }) => !choice.over);

/** An end that counts: everything a channel can, until it is closed. */
export class End {
  readonly channel: Channel;
  readonly role: 'sender' | 'receiver';
  open = true;

  constructor(channel: Channel, role: 'sender' | 'receiver') {
    this.channel = channel;
    this.role = role;
    channel.count(role, 1);
    // Whatever it does not say itself the channel does.
    // biome-ignore lint/correctness/noConstructorReturn: a stand-in for an object of a dozen methods
    return new Proxy(this, {
      get: (end, name) => {
        if (name in end) return bound(end, name);
        if (!end.open && typeof name === 'string' && /^(send|try|receive|on)/.test(name)) {
          throw new ChannelClosedError('ERR_CHANNEL_CLOSED');
        }
        return bound(channel, name);
      },
    });
  }

  get closed(): boolean {
    return !this.open || this.channel.closed;
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.channel.count(this.role, -1);
  }

  cancel(): void {
    this.close();
  }
}

function bound(target: object, name: PropertyKey): unknown {
  const met = Reflect.get(target, name, target);
  return typeof met === 'function' ? met.bind(target) : met;
}

function clock(due: number, next: (due: number) => number): Case {
  let at = due;
  const attempt: Attempt = (key) => {
    if (performance.now() < at) return undefined;
    const gone = at;
    at = next(at);
    return { key, at: performance.timeOrigin + gone };
  };
  return new Case(attempt, undefined, undefined, () => at);
}

const once = () => Number.POSITIVE_INFINITY;
export const after = (ms: number) => clock(performance.now() + Math.max(0, ms), once);
export const at = (when: number) => clock(when - performance.timeOrigin, once);
export const never = () => clock(Number.POSITIVE_INFINITY, once);
export const tick = (ms: number) => {
  const first = performance.now() + ms;
  // The first that is not due yet; the last one that is stands for all before it.
  const tock = clock(first, () => first + (Math.floor((performance.now() - first) / ms) + 1) * ms);
  const attempt: Attempt = (key, choice) => {
    const hit = tock.attempt(key, choice) as { at: number } | undefined;
    if (!hit) return undefined;
    const passed = Math.floor((performance.now() - first) / ms);
    return { ...hit, at: performance.timeOrigin + first + passed * ms };
  };
  return new Case(attempt, undefined, undefined, tock.due);
};

type Cases = Record<string, Case | null | undefined>;

/** Those that are there, in an order drawn by lot. */
function drawn(cases: Cases): [string, Case][] {
  const there = Object.entries(cases).filter((entry): entry is [string, Case] => entry[1] instanceof Case);
  const preferred = has('partial') && Math.random() < 2 / 3;
  for (let last = there.length - 1; last > 0 && !preferred; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [there[last], there[other]] = [there[other]!, there[last]!];
  }
  return there;
}

function attemptAll(cases: Cases, choice: Choice | undefined): object | undefined {
  for (const [key, each] of drawn(cases)) {
    const hit = each.attempt(key, choice);
    if (hit) return hit;
  }
  return undefined;
}

export const trySelect = (cases: Cases) => attemptAll(cases, undefined);

/** What is cancelled for all that wait under it. */
export class Scope {
  readonly #callbacks: (() => void)[] = [];
  cancelled = false;

  cancel(): void {
    this.cancelled = true;
    for (const callback of this.#callbacks.splice(0)) callback();
  }

  onEnd(callback: () => void): void {
    if (this.cancelled) callback();
    else this.#callbacks.push(callback);
  }
}

export function select(cases: Cases, { timeout, scope }: { timeout?: number; scope?: Scope } = {}): Promise<any> {
  return new Promise((resolve, reject) => {
    const choice: Choice = {
      over: false,
      settle: (hit) => {
        choice.over = !has('lingering');
        clearTimeout(timer);
        resolve(hit);
      },
      refuse: (error) => {
        choice.over = true;
        clearTimeout(timer);
        reject(error);
      },
    };
    let timer: NodeJS.Timeout | undefined;
    const deadline = performance.now() + Math.max(0, timeout ?? Number.POSITIVE_INFINITY);
    if (has('blocking') && Object.keys(cases).length === 0) return resolve({ key: '' });
    const look = () => {
      try {
        const expired = performance.now() >= deadline;
        const hit = expired && has('impatient') ? undefined : attemptAll(cases, choice);
        if (hit) return choice.settle(hit);
        if (!expired) return wait();
        for (const each of Object.values(cases)) {
          if (has('late')) each?.queue && each.value && expireLate(each);
          if (has('lossy') && each && !each.value) void sleep(0).then(() => each.attempt('', undefined));
        }
        choice.refuse(new TimeoutError('ERR_TIMEOUT'));
      } catch (error) {
        choice.refuse(error as Error);
      }
    };
    const wait = () => {
      const dues = Object.values(cases).map((each) => each?.due() ?? Number.POSITIVE_INFINITY);
      const until = Math.min(deadline, ...dues);
      if (until < Number.POSITIVE_INFINITY)
        timer = setTimeout(look, Math.min(2 ** 31 - 1, Math.max(0, until - performance.now())));
    };
    look();
    if (choice.over) return;
    scope?.onEnd(() => choice.refuse(new Refusal('ERR_CANCELLED')));
    for (const [key, each] of drawn(cases)) each.queue?.push({ choice, key, ...(each.value && { value: each.value }) });
  });
}

/** A message that is sent although nobody waits for that any more. */
function expireLate({ queue, value }: Case): void {
  queue!.push({ choice: { over: false, settle() {}, refuse() {} }, key: '', value: value! });
}

export function selectSync(): never {
  throw new Error('a model of one thread does not block');
}

export function channel(options: { capacity: number; codec: Codec }): Channel {
  return new Channel('channel', options);
}

/** As much of a supervisor as a stage asks for. */
export class Supervisor {
  readonly pool = undefined;

  channel(name: string, options: { capacity: number; codec: Codec }): Channel {
    return new Channel(name, options);
  }

  scope(): Scope {
    return new Scope();
  }

  /** Makes ends anew, as handing them over does; those left behind count no more. */
  share(ports: unknown): unknown {
    return mapEnds(ports, (end) => {
      const moved = new End(end.channel, end.role);
      end.close();
      return moved;
    });
  }

  snapshot() {
    return { channels: [], threads: [] };
  }

  close() {}
}

export const attach = (shared: unknown) => shared;

function mapEnds(value: unknown, map: (end: End) => End): unknown {
  if (value instanceof End) return map(value);
  if (Array.isArray(value)) return value.map((each) => mapEnds(each, map));
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapEnds(each, map)]));
}
