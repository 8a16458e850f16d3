/** R28: channels can be sent through channels. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Channel,
  ChannelClosedError,
  type ChannelOptions,
  CodecError,
  channelRef,
  custom,
  f64,
  lease,
  select,
  struct,
  u32,
  utf8,
} from '../../src/index.ts';
import { Crew } from '../support/crew.ts';
import { errorOf } from '../support/eventually.ts';
import { newSupervisor } from '../support/supervisors.ts';
import { TOPOLOGY_NAMES } from '../support/topologies.ts';
import { ask, PASSING_WAYS, type Request, serve } from '../workers/passing.ts';
import { receiveAll } from '../workers/programs.ts';

const supervisor = newSupervisor({ memory: 64 * 2 ** 20, threads: 8 });
let crew: Crew;
let names = 0;

beforeAll(() => {
  crew = new Crew(supervisor, 3);
});

afterAll(() => crew[Symbol.asyncDispose]());

const request = struct({ id: u32, reply: channelRef(u32) });

function newRequests(options: Partial<ChannelOptions<Request>> = {}): Channel<Request> {
  return supervisor.channel<Request>(`requests ${names++}`, { codec: request, capacity: 4, ...options });
}

function newChannel(capacity = 3): Channel<number> {
  return supervisor.channel(`channel ${names++}`, { codec: u32, capacity });
}

function newRefs(options: Partial<ChannelOptions<Channel<number>>> = {}): Channel<Channel<number>> {
  return supervisor.channel(`refs ${names++}`, { codec: channelRef(u32), capacity: 4, ...options });
}

describe('R28: within one thread', () => {
  test.each(TOPOLOGY_NAMES)('a channel that is received is the channel that was sent: %s', (topology) => {
    const refs = newRefs({ topology });
    const sent = newChannel();
    refs.sendSync(sent);
    expect(refs.receiveSync().value).toBe(sent);
    refs.sendManySync([sent, sent]);
    // Never `toEqual`: it would ask an iterable for what is in it, and block.
    expect(refs.receiveManySync(2).map((value) => value === sent)).toEqual([true, true]);
  });

  test('it is live, and closed when it was closed on its way', () => {
    const refs = newRefs();
    const sent = newChannel();
    refs.sendSync(sent);
    sent.sendSync(7);
    sent.close();
    const { value } = refs.receiveSync();
    expect([value!.tryReceive()?.value, value!.closed]).toEqual([7, true]);
  });

  test.each(PASSING_WAYS)('a request carries the channel for its reply: %s', async (way) => {
    if (way === 'sync' || way === 'select-sync') {
      // One thread cannot block on both sides; so it asks and serves by turns.
      const requests = newRequests();
      const reply = newChannel(1);
      requests.sendSync({ id: 21, reply });
      requests.close();
      expect([await serve(requests, way), reply.receiveSync().value]).toEqual([1, 42]);
      return;
    }
    const requests = newRequests();
    const served = serve(requests, way);
    expect(await ask(requests.sender, { count: 50, way })).toEqual([]);
    expect(await served).toBe(50);
  });

  test('through channels of channels of channels', () => {
    const outer = supervisor.channel(`outer ${names++}`, { codec: channelRef(channelRef(u32)), capacity: 1 });
    const inner = newRefs();
    const innermost = newChannel();
    innermost.sendSync(5);
    inner.sendSync(innermost);
    outer.sendSync(inner);
    expect(outer.receiveSync().value!.receiveSync().value!.receiveSync().value).toBe(5);
  });

  test('beside leases in a struct', () => {
    const codec = struct({ body: lease(), reply: channelRef(u32) });
    const both = supervisor.channel(`both ${names++}`, { codec, capacity: 1 });
    const reply = newChannel();
    both.sendSync({ body: supervisor.pool.leaseSync(10), reply });
    const { value } = both.receiveSync();
    expect([value!.body.byteLength, value!.reply === reply]).toEqual([10, true]);
    value!.body.release();
  });

  test('at least once: it is handed out again as it was', () => {
    const refs = newRefs({ delivery: 'at-least-once' });
    const sent = newChannel();
    refs.sendSync(sent);
    const deliveries = refs.deliveries()[Symbol.iterator]();
    const first = deliveries.next().value!;
    expect([first.value === sent, first.nack()]).toEqual([true, true]);
    const second = deliveries.next().value!;
    expect([second.value === sent, second.attempt, second.ack()]).toEqual([true, 2, true]);
  });

  test('dead letters, what overflows and what is dropped: the channel itself has no part in that', async () => {
    const deadLetter = newRefs();
    const kept = newRefs({ delivery: 'at-least-once', maxAttempts: 1, deadLetter });
    const sent = newChannel();
    kept.sendSync(sent);
    kept.deliveries()[Symbol.iterator]().next().value!.nack();
    expect(deadLetter.receiveSync().value).toBe(sent);
    const overflow = newRefs();
    const dropping = newRefs({ capacity: 1, overflow: 'drop-oldest', onOverflow: overflow });
    const other = newChannel();
    dropping.sendManySync([sent, other]);
    expect(dropping.receiveSync().value).toBe(other);
    expect(overflow.receiveSync().value).toBe(sent);
    expect(sent.closed).toBe(false);
  });

  test('in a select, sent and received', async () => {
    const refs = newRefs({ capacity: 1 });
    const sent = newChannel();
    expect(await select({ out: refs.onSend(sent) })).toEqual({ key: 'out' });
    const hit = await select({ in: refs.onReceive() });
    expect([hit.key, hit.value === sent]).toEqual(['in', true]);
  });
});

describe('R28: across threads', () => {
  test.each(PASSING_WAYS)('a worker makes channels for the replies, another one answers: %s', async (way) => {
    const requests = newRequests();
    const served = crew.run(0, 'serve', { requests: requests.receiver }, { way });
    const asked = [1, 2].map((member) =>
      crew.run(member, 'ask', { requests: requests.sender }, { count: 200, way, from: member * 1000 }),
    );
    expect(await Promise.all(asked)).toEqual([[], []]);
    expect(await served).toBe(400);
  });

  test.each(PASSING_WAYS)('mixed: this thread asks asynchronously, a worker answers: %s', async (way) => {
    const requests = newRequests();
    const served = crew.run(0, 'serve', { requests: requests.receiver }, { way });
    expect(await ask(requests.sender, { count: 100, way: 'async' })).toEqual([]);
    expect(await served).toBe(100);
  });

  test.each(TOPOLOGY_NAMES)('a channel that a worker made arrives here, and works: %s', async (topology) => {
    const refs = newRefs({ topology });
    const passed = crew.run(0, 'passOwn', { out: refs.sender }, { count: 20, way: 'sync' });
    const own = (await refs.receive()).value!;
    expect(await receiveAll(own, 'async')).toEqual(Array.from({ length: 20 }, (_, value) => value));
    await passed;
    own.dispose();
  });

  test('it keeps the name that it was given', async () => {
    const refs = newRefs();
    const taken = crew.run(0, 'takeEach', { from: refs.receiver }, { way: 'sync' });
    const sent = newChannel();
    sent.sendSync(3);
    refs.sendSync(sent);
    refs.close();
    expect(await taken).toEqual([[sent.name, 3]]);
  });
});

describe('R28: what is refused', () => {
  test.each([undefined, null, 1, 'channel', {}, { index: 0, generation: 1 }])('%o is no channel', (value) => {
    const refs = newRefs();
    expect(() => refs.trySend(value as never)).toThrow(CodecError);
    expect(() => newRequests().trySend({ id: 1, reply: value as never })).toThrow(/field "reply": expected a channel/);
    expect(refs.length).toBe(0);
  });

  test('an end: ends are counted, and travel in ports', () => {
    expect(() => newRefs().trySend(newChannel().sender as never)).toThrow(CodecError);
  });

  test('a channel of another codec', () => {
    const texts = supervisor.channel(`texts ${names++}`, { codec: utf8(), capacity: 1 });
    expect(() => newRefs().trySend(texts as never)).toThrow(/expected a channel of the codec u32|another/);
    const floats = supervisor.channel(`floats ${names++}`, { codec: f64, capacity: 1 });
    expect(() => newRefs().trySend(floats)).toThrow(CodecError);
  });

  test('a channel of another supervisor', async () => {
    await using other = newSupervisor();
    const theirs = other.channel('theirs', { codec: u32, capacity: 1 });
    expect(() => newRefs().trySend(theirs)).toThrow(/of this supervisor, met "theirs" of another/);
  });

  test('what is no codec, and channels of channels without end', () => {
    expect(() => channelRef(undefined as never)).toThrow(CodecError);
    let codec: any = u32;
    for (let depth = 0; depth < 40; depth++) codec = channelRef(codec);
    expect(() => supervisor.channel('deep', { codec, capacity: 1 })).toThrow(CodecError);
  });

  test('a custom codec of the channels must be known where they arrive, before the first does', async () => {
    const mine = custom<number>({
      name: 'mine',
      encode: (value) => new Uint8Array([value]),
      decode: ([value]) => value!,
    });
    const refs = supervisor.channel(`refs ${names++}`, { codec: channelRef(mine), capacity: 1 });
    const sent = supervisor.channel(`mine ${names++}`, { codec: mine, capacity: 1 });
    sent.sendSync(9);
    refs.sendSync(sent);
    expect(refs.receiveSync().value!.receiveSync().value).toBe(9);
    const taking = crew.run(0, 'takeEach', { from: refs.receiver as never }, { way: 'sync' });
    expect(await errorOf(taking)).toMatchObject({ code: 'ERR_CODEC' });
  });
});

describe('a channel that was disposed of', () => {
  test('cannot be sent', () => {
    const gone = newChannel();
    gone.dispose();
    expect(() => newRefs().trySend(gone)).toThrow(ChannelClosedError);
  });

  test('on its way arrives as one that says so, and the rest of the message is whole', () => {
    const requests = newRequests();
    const reply = newChannel();
    requests.sendSync({ id: 7, reply });
    reply.dispose();
    // Its number goes to somebody else.
    const next = newChannel();
    const { value } = requests.receiveSync();
    expect([value!.id, value!.reply.closed]).toEqual([7, true]);
    expect(value!.reply === next).toBe(false);
    expect(() => value!.reply.trySend(1)).toThrow(/met it disposed of/);
    expect(() => value!.reply.receiveSync()).toThrow(/met it disposed of/);
    expect(next.length).toBe(0);
  });

  test('and the same on another thread', async () => {
    const requests = newRequests();
    const reply = newChannel();
    requests.sendSync({ id: 7, reply });
    reply.dispose();
    requests.close();
    const served = crew.run(0, 'serve', { requests: requests.receiver }, { way: 'sync' });
    expect(await errorOf(served)).toMatchObject({ code: 'ERR_CHANNEL_CLOSED' });
  });
});
