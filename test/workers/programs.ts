/** What a crew can do. Each program gets its ports, live on its thread, and some data. */

import { setImmediate } from 'node:timers/promises';
import {
  attach,
  type BufferPool,
  type Channel,
  ChannelClosedError,
  channel,
  type Lease,
  type Receiver,
  type Scope,
  type Sender,
  type Shared,
  type SyncWaitOptions,
  TimeoutError,
  u32,
  type WaitOptions,
} from '../../src/index.ts';
import { passing } from './passing.ts';
import { selecting } from './selecting.ts';

/** How to send or receive: all ways there are. */
export const WAYS = ['sync', 'async', 'try', 'batch-sync', 'batch-async'] as const;
export type Way = (typeof WAYS)[number];
/** Ways of receiving: the iterators as well. */
export const RECEIVING_WAYS = [...WAYS, 'for-of', 'for-await'] as const;
export type ReceivingWay = (typeof RECEIVING_WAYS)[number];

const BATCH = 16;

/** Sends all values. Answers how many were accepted before the channel was closed. */
export async function sendAll<T>(out: Sender<T>, values: readonly T[], way: Way): Promise<number> {
  let accepted = 0;
  try {
    for (; accepted < values.length; accepted += way.startsWith('batch') ? BATCH : 1) {
      const value = values[accepted]!;
      if (way === 'sync') out.sendSync(value);
      else if (way === 'async') await out.send(value);
      else if (way === 'batch-sync') out.sendManySync(values.slice(accepted, accepted + BATCH));
      else if (way === 'batch-async') await out.sendMany(values.slice(accepted, accepted + BATCH));
      else while (!out.trySend(value)) await setImmediate();
    }
    return values.length;
  } catch (error) {
    if (!(error instanceof ChannelClosedError)) throw error;
    return accepted;
  }
}

/** Receives until the channel is closed and drained. */
export async function receiveAll<T>(from: Receiver<T>, way: ReceivingWay): Promise<T[]> {
  const values: T[] = [];
  switch (way) {
    case 'for-of':
      for (const value of from) values.push(value);
      return values;
    case 'for-await':
      for await (const value of from) values.push(value);
      return values;
    case 'batch-sync':
    case 'batch-async':
      for (;;) {
        const batch = way === 'batch-sync' ? from.receiveManySync(BATCH) : await from.receiveMany(BATCH);
        if (batch.length === 0) return values;
        values.push(...batch);
      }
    default:
      for (;;) {
        const next = await receiveOne(from, way);
        if (next.done) return values;
        values.push(next.value);
      }
  }
}

async function receiveOne<T>(from: Receiver<T>, way: ReceivingWay): Promise<IteratorResult<T, undefined>> {
  if (way === 'sync') return from.receiveSync();
  if (way === 'async') return from.receive();
  for (;;) {
    const next = from.tryReceive();
    if (next) return next;
    await setImmediate();
  }
}

/** `count` numbers that tell their sender and their place: `sender * 2^20 + place`. */
export function numbersOf(sender: number, count: number): number[] {
  return Array.from({ length: count }, (_, place) => sender * 2 ** 20 + place);
}

/** What happened to an operation that could fail in an expected way. */
export type Outcome = 'done' | 'timeout' | 'closed';

export function outcomeOf(error: unknown): Outcome {
  if (error instanceof TimeoutError) return 'timeout';
  if (error instanceof ChannelClosedError) return 'closed';
  throw error;
}

const operations: Record<string, (channel: Channel<any>, value?: unknown) => unknown> = {
  trySend: (channel, value = 1) => channel.trySend(value),
  sendSync: (channel, value = 1) => channel.sendSync(value),
  send: (channel, value = 1) => channel.send(value),
  sendManySync: (channel, value = 1) => channel.sendManySync([value]),
  sendMany: (channel, value = 1) => channel.sendMany([value]),
  tryReceive: (channel) => channel.tryReceive(),
  receiveSync: (channel) => channel.receiveSync(),
  receive: (channel) => channel.receive(),
  receiveManySync: (channel) => channel.receiveManySync(3),
  receiveMany: (channel) => channel.receiveMany(3),
  'for of': (channel) => channel[Symbol.iterator]().next(),
  'for await': (channel) => channel[Symbol.asyncIterator]().next(),
};

interface EchoPorts {
  readonly there: Channel<Uint8Array>;
  readonly back: Channel<Uint8Array>;
}

export interface BlockPorts {
  /** Full, and empty. */
  readonly full: Channel<number>;
  readonly empty: Channel<number>;
  readonly pool: BufferPool;
  /** Told right before. */
  readonly begun?: Sender<number>;
}

/** Every operation that can block, on what makes it do so. */
export const blockingWays = {
  send: ({ full }: BlockPorts, options: WaitOptions) => full.send(99, options),
  sendSync: ({ full }: BlockPorts, options: SyncWaitOptions) => full.sendSync(99, options),
  sendMany: ({ full }: BlockPorts, options: WaitOptions) => full.sendMany([99, 99], options),
  sendManySync: ({ full }: BlockPorts, options: SyncWaitOptions) => full.sendManySync([99, 99], options),
  receive: ({ empty }: BlockPorts, options: WaitOptions) => empty.receive(options),
  receiveSync: ({ empty }: BlockPorts, options: SyncWaitOptions) => empty.receiveSync(options),
  receiveMany: ({ empty }: BlockPorts, options: WaitOptions) => empty.receiveMany(3, options),
  receiveManySync: ({ empty }: BlockPorts, options: SyncWaitOptions) => empty.receiveManySync(3, options),
  lease: ({ pool }: BlockPorts, options: WaitOptions) => pool.lease(pool.stats().bytes, options),
  leaseSync: ({ pool }: BlockPorts, options: SyncWaitOptions) => pool.leaseSync(pool.stats().bytes, options),
};
export type BlockingWay = keyof typeof blockingWays;
export const BLOCKING_WAYS = Object.keys(blockingWays) as BlockingWay[];

/** What came of a call: of an error its code, and its cause in a few words. */
export async function endingOf(call: () => unknown): Promise<{ code: unknown; cause?: unknown } | 'done'> {
  try {
    await call();
    return 'done';
  } catch (error) {
    const { code, cause } = error as Error & { code?: unknown };
    return { code, cause: cause instanceof Error ? `${cause.name}: ${cause.message}` : cause };
  }
}

export const programs = {
  ...selecting,
  ...passing,

  /** Sends numbers, then retires its end. Answers how many were accepted. */
  async sendNumbers({ out }: { out: Sender<number> }, data: { sender: number; count: number; way: Way }) {
    using end = out;
    return await sendAll(end, numbersOf(data.sender, data.count), data.way);
  },

  /** Receives until the channel is closed and drained. */
  async receiveNumbers({ from }: { from: Receiver<number> }, { way }: { way: ReceivingWay }) {
    return await receiveAll(from, way);
  },

  /** Receives so many numbers, and sends each back. */
  echo({ from, to }: { from: Receiver<number>; to: Sender<number> }, { count }: { count: number }) {
    for (let i = 0; i < count; i++) to.sendSync(from.receiveSync().value!);
  },

  /** Receives so many numbers, then retires its end. */
  receiveSome({ from }: { from: Receiver<number> }, { count }: { count: number }) {
    using end = from;
    return Array.from({ length: count }, () => end.receiveSync().value!);
  },

  /** Sends numbers, each with one of the time-outs, in every blocking way. Tells which were accepted. */
  async sendTimed({ out }: { out: Sender<number> }, { count, timeouts }: { count: number; timeouts: number[] }) {
    using end = out;
    const accepted: number[] = [];
    let timedOut = 0;
    for (let value = 0; value < count; value++) {
      const timeout = timeouts[value % timeouts.length]!;
      try {
        if (value % 3 === 0) await end.send(value, { timeout });
        else end.sendSync(value, { timeout });
        accepted.push(value);
      } catch (error) {
        if (outcomeOf(error) === 'closed') throw error;
        timedOut++;
      }
    }
    return { accepted, timedOut };
  },

  /** Receives until the channel is closed and drained, each time with one of the time-outs. */
  async receiveTimed({ from }: { from: Receiver<number> }, { timeouts }: { timeouts: number[] }) {
    const received: number[] = [];
    let timedOut = 0;
    for (let turn = 0; ; turn++) {
      const timeout = timeouts[turn % timeouts.length]!;
      try {
        const next = turn % 3 === 0 ? await from.receive({ timeout }) : from.receiveSync({ timeout });
        if (next.done) return { received, timedOut };
        received.push(next.value);
      } catch (error) {
        if (outcomeOf(error) === 'closed') throw error;
        timedOut++;
      }
    }
  },

  /** Sends messages of these sizes in turn; every byte of one tells its size. */
  sendPayloads({ out }: { out: Sender<Uint8Array> }, { count, sizes }: { count: number; sizes: number[] }) {
    using end = out;
    for (let i = 0; i < count; i++) {
      const size = sizes[i % sizes.length]!;
      end.sendSync(new Uint8Array(size).fill(size % 251));
    }
  },

  /** Receives until the channel is closed and drained, and tells the sizes of messages that were not whole. */
  checkPayloads({ from }: { from: Receiver<Uint8Array> }, _data: object) {
    const torn: number[] = [];
    let messages = 0;
    for (const message of from) {
      messages++;
      if (!message.every((byte) => byte === message.length % 251)) torn.push(message.length);
    }
    return { messages, torn };
  },

  /** Writes plainly to memory that is shared, then sends where. */
  writeThenSend({ out }: { out: Sender<number> }, { plain }: { plain: Int32Array }) {
    using end = out;
    for (let at = 0; at < plain.length; at++) {
      plain[at] = at + 1;
      end.sendSync(at);
    }
  },

  /** Writes plainly to memory that is shared, then receives: once for each place. */
  writeThenReceive({ from }: { from: Receiver<number> }, { plain }: { plain: Int32Array }) {
    for (let at = 0; at < plain.length; at++) {
      plain[at] = at + 1;
      from.receiveSync();
    }
  },

  writeThenClose({ channel }: { channel: Channel<number> }, { plain, value }: { plain: Int32Array; value: number }) {
    plain[0] = value;
    channel.close();
  },

  /** Enters by sending a permit and leaves by receiving one. Answers how many were inside at most. */
  enterAndLeave({ permits }: { permits: Channel<number> }, data: { counters: Int32Array; rounds: number }) {
    const { counters, rounds } = data;
    let most = 0;
    for (let round = 0; round < rounds; round++) {
      permits.sendSync(round);
      most = Math.max(most, Atomics.add(counters, 0, 1) + 1);
      Atomics.add(counters, 1, 1);
      Atomics.sub(counters, 0, 1);
      permits.receiveSync();
    }
    return most;
  },

  /** Passes so many leases on, each with every byte one higher. */
  passLeases({ from, to }: { from: Receiver<Lease>; to: Sender<Lease> }, { count }: { count: number }) {
    for (let i = 0; i < count; i++) {
      const held = from.receiveSync().value!;
      for (let at = 0; at < held.byteLength; at += held.byteLength - 1) held.bytes[at]!++;
      to.sendSync(held);
    }
  },

  leaseAndRelease({ pool }: { pool: BufferPool }, { byteLength }: { byteLength: number }) {
    using held = pool.leaseSync(byteLength);
    return held.byteLength;
  },

  /** Sends messages of one size until nobody wants them any more. Answers how many were accepted. */
  sendUntilClosed({ out }: { out: Sender<Uint8Array> }, { byteLength }: { byteLength: number }) {
    using end = out;
    const message = new Uint8Array(byteLength);
    for (let accepted = 0; ; accepted++) {
      try {
        end.sendSync(message);
      } catch (error) {
        if (outcomeOf(error) === 'timeout') throw error;
        return accepted;
      }
    }
  },

  /** Passes messages on in two segments at once. */
  async echoBoth(_ports: object, { shares, count }: { shares: Shared<EchoPorts>[]; count: number }) {
    const all = shares.map((share) => attach(share));
    const echo = async ({ there, back }: EchoPorts, sync: boolean) => {
      for (let i = 0; i < count; i++) {
        const { value } = await there.receive();
        if (sync) back.sendSync(value!);
        else await back.send(value!);
      }
    };
    await Promise.all(all.map((ports, index) => echo(ports, index === 0)));
  },

  /** Tries operations by name, and tells the code of the error that each throws. */
  async tryEverything({ channel }: { channel: Channel<number> }, { names }: { names: readonly string[] }) {
    const results: [string, unknown][] = [];
    for (const name of names) {
      try {
        await operations[name]!(channel);
        results.push([name, 'done']);
      } catch (error) {
        results.push([name, (error as { code?: unknown }).code]);
      }
    }
    return results;
  },

  /** The same, once it is told to. */
  async tryEverythingLater(
    { channel, begun, go }: { channel: Channel<number>; begun: Sender<number>; go: Receiver<number> },
    { names, used }: { names: readonly string[]; used: boolean },
  ): Promise<[string, unknown][]> {
    if (used) channel.tryReceive();
    begun.sendSync(1);
    go.receiveSync();
    return await programs.tryEverything({ channel }, { names });
  },

  /** Sends where it may not, and tells how long its lease is after each refusal. */
  async refusedLeases(
    { leases, blobs, pool }: { leases: Channel<Lease>; blobs: Channel<Uint8Array>; pool: BufferPool },
    _data: object,
  ) {
    const large = new Uint8Array(5000);
    using held = pool.leaseSync(100);
    const lengths: number[] = [];
    for (const name of ['trySend', 'sendSync', 'send']) {
      for (const attempt of [() => operations[name]!(leases, held), () => operations[name]!(blobs, large)]) {
        try {
          await attempt();
        } catch (error) {
          if ((error as { code?: unknown }).code !== 'ERR_TOPOLOGY') throw error;
        }
      }
      lengths.push(held.byteLength);
    }
    return lengths;
  },

  cancelFrom({ channel }: { channel: Channel<number> }, _data: object) {
    channel.cancel();
  },

  /** Makes a channel on this thread, and puts something into it. Answers its name. */
  makeChannel(_ports: { pool: BufferPool }, { capacity }: { capacity: number }) {
    const made = channel({ codec: u32, capacity });
    made.sendSync(1);
    return made.name;
  },

  /** Computes, without ever yielding, until the scope is over. Says first that it has begun. Answers the reason. */
  computeUnder({ scope, begun }: { scope: Scope; begun: Sender<number> }, _data: object) {
    begun.sendSync(1);
    while (!scope.cancelled);
    return { reason: scope.reason };
  },

  /** Does one thing that blocks under the scope. Tells how it ended. */
  async blockUnder({ scope, ...ports }: { scope: Scope } & BlockPorts, { way }: { way: BlockingWay }) {
    ports.begun?.sendSync(1);
    return await endingOf(() => blockingWays[way](ports, { scope }));
  },

  /** Does one thing that blocks. Tells how it ended. */
  async blockOn({ begun, ...ports }: BlockPorts & { begun: Sender<number> }, { way }: { way: BlockingWay }) {
    begun.sendSync(1);
    return await endingOf(() => blockingWays[way](ports, {}));
  },

  /** Waits for the scope's signal, and for nothing else. */
  async awaitSignal({ scope, begun }: { scope: Scope; begun: Sender<number> }, _data: object) {
    const { signal } = scope;
    const over = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    begun.sendSync(1);
    // The end of a scope holds no event loop open, and this one is held by the port of its orders.
    await over;
    return await endingOf(() => signal.throwIfAborted());
  },

  /** Cancels what it is given. */
  cancelScope({ scope }: { scope: Scope }, { message }: { message: string }) {
    scope.cancel(Object.assign(new RangeError(message), { code: 'E_CREW' }));
  },

  /** Makes a scope in the scope, and computes under it. */
  computeUnderChild({ scope, begun }: { scope: Scope; begun: Sender<number> }, _data: object) {
    const child = scope.child();
    begun.sendSync(1);
    while (!child.cancelled);
    return endingOf(() => child.throwIfCancelled());
  },

  /** Closes a sending end without having used it. */
  closeEnd({ end }: { end: Sender<number> }, _data: object) {
    end.close();
  },

  closeWith({ channel }: { channel: Channel<number> }, { message }: { message: string }) {
    channel.close(new Error(message));
  },

  /** The causes that receiving from and sending to a closed channel give here. */
  closeCauses({ channel }: { channel: Channel<number> }, _data: object) {
    const causeOf = (call: () => unknown) => {
      try {
        call();
        return 'none';
      } catch (error) {
        return String((error as Error).cause);
      }
    };
    return { receive: causeOf(() => channel.receiveSync()), send: causeOf(() => channel.sendSync(1)) };
  },
};

type Programs = typeof programs;
export type ProgramName = keyof Programs;
export type PortsOf<N extends ProgramName> = Parameters<Programs[N]>[0];
export type DataOf<N extends ProgramName> = Parameters<Programs[N]>[1];
export type ResultOf<N extends ProgramName> = Awaited<ReturnType<Programs[N]>>;
