/** Sharing ports and attaching to them: what passes, and what is refused. */

import { afterEach, describe, expect, test } from 'vitest';
import {
  attach,
  bool,
  bytes,
  CodecError,
  custom,
  f64,
  IncompatibleSegmentError,
  i64,
  json,
  LimitError,
  lease,
  type Sender,
  type Shared,
  Supervisor,
  struct,
  structured,
  u32,
  utf8,
} from '../../src/index.ts';
import { LAYOUT_VERSION } from '../../src/memory/layout.ts';
import { Segment } from '../../src/memory/segment.ts';
import { ThreadContext } from '../../src/park/thread.ts';
import { Crew, CrewError } from '../support/crew.ts';
import { workerEntry } from '../support/entries.ts';
import { errorOf } from '../support/eventually.ts';
import { MIB } from '../support/segment.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';

describe('ports', () => {
  test('keep their shape: live objects are made anew in it, everything else passes as it is', async () => {
    await using supervisor = newSupervisor();
    const channel = supervisor.channel('a', { codec: u32, capacity: 1 });
    const date = new Date(0);
    const ports = {
      channel,
      ends: [channel.sender, { receiver: channel.receiver }],
      pool: supervisor.pool,
      plain: { text: 'x', none: null, missing: undefined, list: [1, [2]], map: new Map([[1, 2]]), date },
    };
    const shared = supervisor.share(ports);
    const attached = attach(structuredClone(shared));
    expect(attached.plain).toEqual(ports.plain);
    attached.channel.sendSync(1);
    expect((attached.ends[1] as { receiver: typeof channel }).receiver.receiveSync()).toEqual({
      done: false,
      value: 1,
    });
    (attached.ends[0] as Sender<number>).sendSync(2);
    expect(channel.tryReceive()).toEqual({ done: false, value: 2 });
    using held = attached.pool.leaseSync(10);
    expect(held.byteLength).toBe(10);
  });

  test('may be a single end, or nothing at all', async () => {
    await using supervisor = newSupervisor();
    const channel = supervisor.channel('a', { codec: u32, capacity: 1 });
    attach(supervisor.share(channel.sender)).sendSync(1);
    expect(channel.length).toBe(1);
    expect(attach(supervisor.share(undefined))).toBeUndefined();
  });

  test('of another supervisor are refused', async () => {
    await using mine = newSupervisor();
    await using other = newSupervisor();
    const channel = other.channel('theirs', { codec: u32, capacity: 1 });
    for (const port of [channel, channel.sender, channel.receiver]) {
      expect(() => mine.share({ port })).toThrow(IncompatibleSegmentError);
    }
  });

  test('carry every codec without an import on the other side', async () => {
    await using supervisor = newSupervisor({ threads: 2 });
    await using crew = new Crew(supervisor, 1);
    const samples: [string, any, unknown][] = [
      ['u32', u32, 7],
      ['f64', f64, -0.5],
      ['i64', i64, -7n],
      ['bool', bool, true],
      ['bytes', bytes({ max: 100, inline: 8 }), Uint8Array.of(1, 2)],
      ['bytes.fixed', bytes.fixed(3), Uint8Array.of(1, 2, 3)],
      ['utf8', utf8(), 'grüße'],
      ['json', json(), { a: [1, null] }],
      ['structured', structured(), new Map([[1, new Set([2n])]])],
      ['struct', struct({ id: u32, at: f64, hash: bytes.fixed(2) }), { id: 1, at: 2, hash: Uint8Array.of(3, 4) }],
    ];
    for (const [name, codec, value] of samples) {
      const there = supervisor.channel(`${name} there`, { codec, capacity: 1 });
      const back = supervisor.channel(`${name} back`, { codec, capacity: 1 });
      const echoed = crew.run(0, 'echo', { from: there.receiver, to: back.sender } as never, { count: 1 });
      await there.send(value);
      expect([name, (await back.receive()).value]).toEqual([name, value]);
      await echoed;
    }
  });
});

describe('a custom codec', () => {
  const shout = custom<string>({
    name: 'shout',
    encode: (text) => new TextEncoder().encode(text.toUpperCase()),
    decode: (encoded) => `${new TextDecoder().decode(encoded)}!`,
  });

  test('works on both sides when it is registered on both', async () => {
    await using supervisor = newSupervisor({ threads: 2 });
    const channel = supervisor.channel('shouts', { codec: shout, capacity: 2 });
    channel.sendSync('a');
    expect(channel.tryReceive()).toEqual({ done: false, value: 'A!' });
    const attached = attach(structuredClone(supervisor.share({ channel })), { codecs: [shout] });
    attached.channel.sendSync('b');
    expect(channel.tryReceive()).toEqual({ done: false, value: 'B!' });
  });

  test('that is missing on the other side is told by name', async () => {
    await using supervisor = newSupervisor({ threads: 2 });
    await using crew = new Crew(supervisor, 1);
    const channel = supervisor.channel('shouts', { codec: shout, capacity: 2 });
    const refusal = await errorOf(crew.run(0, 'closeCauses', { channel } as never, {}));
    expect(refusal).toMatchObject({ code: 'ERR_CODEC', message: expect.stringContaining('"shout"') });
    expect(channel.trySend('a')).toBe(true);
  });

  test.each([
    ['a name', { name: '', encode: () => new Uint8Array(), decode: (): string => '' }],
    ['a name in letters', { name: 7, encode: () => new Uint8Array(), decode: (): string => '' }],
  ])('needs %s', (_what, definition) => {
    expect(() => custom(definition as never)).toThrow(CodecError);
  });
});

describe('attaching to what is nothing to attach to throws IncompatibleSegmentError', () => {
  const memory = Segment.create({ memory: 4 * MIB, threads: 1, spin: 0, debug: false });
  const good = { sluice: LAYOUT_VERSION, memory: memory.memory, ports: {} };

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 42],
    ['a string', 'shared'],
    ['an empty object', {}],
    ['a list', []],
    ['ports of no version', { ...good, sluice: undefined }],
    ['ports of a later version', { ...good, sluice: LAYOUT_VERSION + 1 }],
    ['ports of an earlier version', { ...good, sluice: LAYOUT_VERSION - 1 }],
    ['ports without memory', { ...good, memory: undefined }],
    ['ports with memory that is not shared', { ...good, memory: new ArrayBuffer(8 * MIB) }],
    ['ports with shared memory of somebody else', { ...good, memory: { buffer: new SharedArrayBuffer(8 * MIB) } }],
    ['an unknown kind of port', { ...good, ports: { a: { '~sluice': 'teapot' } } }],
    ['a channel that is not there', { ...good, ports: { a: { '~sluice': 'channel', index: 5, codec: u32 } } }],
    ['a channel without a number', { ...good, ports: { a: { '~sluice': 'channel', codec: u32 } } }],
    [
      'a channel with a bad number',
      { ...good, ports: { a: { '~sluice': 'sender', index: -1, entry: 0, codec: u32 } } },
    ],
    ['a channel with a number too large', { ...good, ports: { a: { '~sluice': 'sender', index: 1e6, codec: u32 } } }],
  ])('%s', (_what, shared) => {
    expect(() => attach(shared as Shared<unknown>)).toThrow(IncompatibleSegmentError);
  });

  test('and a thread that was refused can attach to something better', async () => {
    expect(() => attach({ ...good, sluice: 99 } as Shared<unknown>)).toThrow(IncompatibleSegmentError);
    await using supervisor = newSupervisor();
    const channel = supervisor.channel('good', { codec: u32, capacity: 1 });
    expect(attach(supervisor.share({ channel })).channel.trySend(1)).toBe(true);
  });
});

describe('as many threads as were allowed', () => {
  let crews: Crew[] = [];

  afterEach(async () => {
    for (const crew of crews) await crew[Symbol.asyncDispose]();
    crews = [];
  });

  test('attach, and the next is refused with LimitError; the others go on', async () => {
    const supervisor = newSupervisor({ threads: 2 });
    const crew = new Crew(supervisor, 2);
    crews.push(crew);
    const channel = supervisor.channel('a', { codec: u32, capacity: 1 });
    // Whichever of the two comes first, with the main thread it is the second.
    const results = await Promise.allSettled(
      [0, 1].map((member) => crew.run(member, 'tryEverything', { channel }, { names: ['trySend'] })),
    );
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused.map(({ reason }: any) => [reason instanceof CrewError, reason.code])).toEqual([[true, 'ERR_LIMIT']]);
    expect(channel.tryReceive()).toEqual({ done: false, value: 1 });
  });

  test('make room for others when they end', async () => {
    await using supervisor = newSupervisor({ threads: 2 });
    const channel = supervisor.channel('a', { codec: u32, capacity: 100 });
    for (let sender = 0; sender < 3; sender++) {
      const group = supervisor.spawn(workerEntry('workers/send-and-end.ts'), {
        ports: { out: supervisor.channel('b', { codec: u32, capacity: 10 }).sender },
        data: { sender, count: 5 },
      });
      await group.finished;
    }
    expect(channel.closed).toBe(false);
    expect(supervisor.snapshot().threads.filter(({ state }) => state !== 'gone').length).toBe(1);
  });

  test('are 64 by default', async () => {
    const supervisor = new Supervisor({ memory: 8 * MIB, sampleInterval: false });
    const segment = Segment.open(supervisor.share(0).memory);
    // The main thread, and 62 that only claim to be.
    for (let id = 1; id < 63; id++) ThreadContext.attach(segment, `thread ${id}`, 1_000_000 + id);
    const crew = new Crew(supervisor, 2);
    crews.push(crew);
    const channel = supervisor.channel('a', { codec: u32, capacity: 2 });
    const results = await Promise.allSettled(
      [0, 1].map((member) => crew.run(member, 'tryEverything', { channel }, { names: ['trySend'] })),
    );
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(supervisor.snapshot().threads.length).toBe(64);
  });

  test.each([0, -1, 1.5, 1025, Number.NaN])('cannot be %s', (threads) => {
    expect(() => new Supervisor({ memory: 8 * MIB, threads })).toThrow(LimitError);
  });
});

test('a share that two threads attach to is two ends', async () => {
  await using supervisor = newSupervisor({ threads: 3 });
  await using crew = new Crew(supervisor, 2);
  const channel = supervisor.channel('a', { codec: u32, capacity: 1 });
  const guard = channel.sender;
  const shared = supervisor.share({ out: channel.sender });
  const sent = [0, 1].map((sender) =>
    crew.runShared(sender, 'sendNumbers', shared, { sender, count: 20, way: 'sync' }),
  );
  guard.close();
  const received: number[] = [];
  for await (const value of channel) received.push(value);
  // The second may have come when the first was done, and the channel closed.
  const accepted = (await Promise.all(sent)).reduce((sum, count) => sum + count, 0);
  expect(received.length).toBe(accepted);
  expect(snapshotOf(supervisor, 'a')).toMatchObject({ senders: 0, closed: true });
});

test('a lease of another supervisor cannot be sent', async () => {
  await using mine = newSupervisor();
  await using other = newSupervisor();
  const channel = mine.channel('leases', { codec: lease(), capacity: 1 });
  using foreign = other.pool.leaseSync(10);
  expect(() => channel.trySend(foreign)).toThrow(/another supervisor/);
  expect([foreign.byteLength, channel.length]).toEqual([10, 0]);
});
