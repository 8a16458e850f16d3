/** Channels of every kind in one segment, and everything that can be asked of them, by number. */

import type { Attachment } from '../../src/channel/attachment.ts';
import { createChannel } from '../../src/channel/create.ts';
import type { Delivery } from '../../src/channel/types.ts';
import { bytes, type Channel, json, type Lease, lease, struct, structured, u32, utf8 } from '../../src/index.ts';
import { settle, soon } from './verdict.ts';

/** A call: which one, on which of the channels, and a number to make its arguments of. */
export interface Use {
  readonly call: number;
  readonly channel: number;
  readonly size: number;
}

type Kind = Parameters<typeof createChannel>[2] & { readonly make: (bench: Bench, size: number) => unknown };

const KINDS: readonly Kind[] = [
  { codec: u32, capacity: 3, topology: 'mpmc', make: (_, size) => size },
  { codec: u32, capacity: 2, topology: 'spsc', make: (_, size) => size },
  { codec: bytes({ inline: 8 }), capacity: 8, topology: 'mpsc', make: (_, size) => new Uint8Array(size % 300) },
  { codec: lease(), capacity: 2, topology: 'spsc', make: (bench, size) => bench.newLease(size) },
  { codec: lease(), capacity: 2, topology: 'mpmc', make: (bench, size) => bench.newLease(size) },
  {
    codec: struct({ id: u32, mark: bytes.fixed(5), body: lease() }),
    capacity: 2,
    topology: 'spmc',
    make: (bench, size) => ({ id: size, mark: new Uint8Array(5), body: bench.newLease(size) }),
  },
  { codec: json(), capacity: 2, topology: 'spsc', make: (_, size) => ({ text: 'x'.repeat(size % 200) }) },
  { codec: structured(), capacity: 2, topology: 'mpmc', make: (_, size) => new Map([[size, 'x']]) },
  { codec: utf8(), capacity: 3, delivery: 'at-least-once', maxAttempts: 2, make: (_, size) => 'ü'.repeat(size % 100) },
  { codec: lease(), capacity: 2, delivery: 'at-least-once', make: (bench, size) => bench.newLease(size) },
  { codec: u32, capacity: 0, make: (_, size) => size },
  { codec: lease(), capacity: 0, make: (bench, size) => bench.newLease(size) },
];

/** Longest that a call blocks, in milliseconds. */
const PATIENCE = [0, 0, 0.2];

export class Bench {
  readonly attachment: Attachment;
  readonly channels: readonly Channel<any>[];
  readonly #pending: Promise<unknown>[] = [];
  readonly #held: (() => void)[] = [];
  readonly #check: (lease: Lease) => void;

  /** @param check is shown every lease that comes out of a channel or the pool. */
  constructor(attachment: Attachment, check: (lease: Lease) => void) {
    this.attachment = attachment;
    this.#check = check;
    this.channels = KINDS.map(({ make: _, ...options }) => createChannel(attachment, undefined, options));
  }

  async use({ call, channel, size }: Use): Promise<void> {
    const index = channel % KINDS.length;
    const attempt = () => CALLS[call % CALLS.length]!(this, this.channels[index]!, size, KINDS[index]!);
    const answer = settle(async () => this.#receive(await attempt()));
    // What is asynchronous goes on beside what comes next, but not for ever.
    this.#pending.push(answer);
    if (size % 3 !== 0) await answer;
  }

  /** Waits for what is under way, and lets go of what is held. */
  async finish(): Promise<void> {
    await Promise.all(this.#pending);
    for (const letGo of this.#held) await settle(letGo);
  }

  newLease(size: number): Lease | undefined {
    const taken = this.attachment.pool.tryLease(size % 70_000);
    if (taken) this.#receive(taken);
    return taken;
  }

  #receive(answer: unknown): void {
    for (const found of leasesIn(answer)) {
      this.#check(found);
      this.#held.push(() => found[Symbol.dispose]());
    }
  }

  hold(delivery: Delivery<unknown>, size: number): void {
    this.#receive(delivery.value);
    this.#held.push(() => (size % 2 === 0 ? delivery.ack() : delivery.nack()));
  }

  letGo(size: number): void {
    this.#held.splice(size % (this.#held.length + 1), 1)[0]?.();
  }
}

function leasesIn(answer: unknown): Lease[] {
  if (answer === null || typeof answer !== 'object') return [];
  if ('truncate' in answer) return [answer as Lease];
  if (Array.isArray(answer)) return answer.flatMap(leasesIn);
  return [answer].flatMap(({ value, body }: { value?: unknown; body?: unknown }) => [
    ...leasesIn(value),
    ...leasesIn(body),
  ]);
}

type BenchCall = (bench: Bench, channel: Channel<any>, size: number, kind: Kind) => unknown;

const timeoutOf = (size: number) => ({ timeout: PATIENCE[size % PATIENCE.length]! });
const maxOf = (size: number) => [1, 2, 5, 2 ** 30][size % 4]!;

export const CALLS: readonly BenchCall[] = [
  (bench, channel, size, { make }) => channel.trySend(make(bench, size)),
  (bench, channel, size, { make }) => channel.sendSync(make(bench, size), timeoutOf(size)),
  (bench, channel, size, { make }) => channel.send(make(bench, size), timeoutOf(size)),
  (bench, channel, size, { make }) => channel.sendManySync([make(bench, size), make(bench, size + 1)], timeoutOf(size)),
  (bench, channel, size, { make }) => channel.sendMany([make(bench, size), make(bench, size + 1)], timeoutOf(size)),
  (_, channel) => channel.tryReceive(),
  (_, channel) => channel.tryReceive(),
  (_, channel, size) => channel.receiveSync(timeoutOf(size)),
  (_, channel, size) => channel.receive(timeoutOf(size)),
  (_, channel, size) => channel.receiveManySync(maxOf(size), timeoutOf(size)),
  (_, channel, size) => channel.receiveMany(maxOf(size), timeoutOf(size)),
  (_, channel) => [channel.length, channel.closed],
  (_, channel, size) => channel.sender.trySend(size),
  (_, channel) => channel.sender.close(),
  (_, channel) => channel.receiver.cancel(),
  (_, channel, size) => channel.close(size % 2 === 0 ? new Error('on purpose') : undefined),
  (_, channel) => channel.cancel(),
  (bench, _channel, size) => bench.newLease(size),
  (bench, _channel, size) => bench.letGo(size),
  (bench) => bench.attachment.pool.stats(),
  async (bench, channel, size) => {
    if (channel.length === 0) return;
    const next = await soon(channel.deliveries()[Symbol.asyncIterator]().next());
    if (next?.done === false) bench.hold(next.value, size);
  },
];
