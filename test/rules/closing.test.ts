/** R7–R13: what closing and cancelling mean, for everybody, on every thread. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Channel, ChannelClosedError, json, type Topology, u32 } from '../../src/index.ts';
import { Crew } from '../support/crew.ts';
import { workerEntry } from '../support/entries.ts';
import { errorOf, eventually, turns, watched } from '../support/eventually.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';
import { CHANNELS, TOPOLOGY_NAMES } from '../support/topologies.ts';
import { numbersOf, RECEIVING_WAYS, receiveAll, sendAll, WAYS } from '../workers/programs.ts';

const supervisor = newSupervisor({ memory: 64 * 2 ** 20, threads: 8 });
let crew: Crew;

beforeAll(() => {
  crew = new Crew(supervisor, 3);
});

afterAll(() => crew[Symbol.asyncDispose]());

let names = 0;

function newChannel(topology: Topology = 'mpmc', capacity = 7): Channel<number> {
  return supervisor.channel(`channel ${names++}`, { codec: u32, topology, capacity });
}

const indexes = (count: number) => Array.from({ length: count }, (_, index) => index);
const DONE = { done: true, value: undefined };

/** Every way of sending one value, and of receiving one. */
const sends: Record<string, (channel: Channel<number>) => unknown> = {
  trySend: (channel) => channel.trySend(1),
  sendSync: (channel) => channel.sendSync(1),
  send: (channel) => channel.send(1),
  sendManySync: (channel) => channel.sendManySync([1, 2]),
  'sendManySync of an iterator': (channel) => channel.sendManySync([1, 2].values()),
  sendMany: (channel) => channel.sendMany([1, 2]),
};
const receives: Record<string, (channel: Channel<number>) => unknown> = {
  tryReceive: (channel) => channel.tryReceive(),
  receiveSync: (channel) => channel.receiveSync(),
  receive: (channel) => channel.receive(),
  receiveManySync: (channel) => channel.receiveManySync(3),
  receiveMany: (channel) => channel.receiveMany(3),
  'for of': (channel) => [...channel],
  'for await': (channel) => receiveAll(channel, 'for-await'),
};

describe.each(CHANNELS)('%s', (_name, { topology, capacity }) => {
  test.each(Object.entries(sends))('R7: on a closed channel %s throws ChannelClosedError', async (_way, send) => {
    for (const filling of [0, capacity]) {
      const channel = newChannel(topology, capacity);
      for (let i = 0; i < filling; i++) channel.sendSync(i);
      channel.close();
      const error = await errorOf(() => send(channel));
      expect(error).toBeInstanceOf(ChannelClosedError);
      expect([error.code, error.cause]).toEqual(['ERR_CHANNEL_CLOSED', undefined]);
      // It was not accepted.
      expect(channel.length).toBe(filling);
      expect(await receiveAll(channel, 'async')).toEqual(indexes(filling));
    }
  });

  test.each(RECEIVING_WAYS)(
    'R9: what was buffered drains after the close, and then is done for ever: %s',
    async (way) => {
      const channel = newChannel(topology, capacity);
      channel.sendManySync(indexes(capacity));
      channel.close();
      expect(channel.closed).toBe(true);
      expect(await receiveAll(channel, way)).toEqual(indexes(capacity));
      for (let again = 0; again < 3; again++) {
        expect([channel.tryReceive(), channel.receiveSync(), await channel.receive()]).toEqual([DONE, DONE, DONE]);
        expect([channel.receiveManySync(3), await channel.receiveMany(3)]).toEqual([[], []]);
      }
      expect(channel.length).toBe(0);
    },
  );

  test('R10: close wakes every blocked sender of this thread, and none of their messages was accepted', async () => {
    const channel = newChannel(topology, capacity);
    channel.sendManySync(indexes(capacity));
    const refusals = [...indexes(4).map(() => channel.send(99)), channel.sendMany([99, 99])].map(errorOf);
    await turns(1);
    channel.close();
    for (const error of await Promise.all(refusals)) expect(error).toBeInstanceOf(ChannelClosedError);
    expect(await receiveAll(channel, 'sync')).toEqual(indexes(capacity));
  });

  test('R10: close wakes every blocked receiver of this thread', async () => {
    const channel = newChannel(topology, capacity);
    const receiving = indexes(4).map(() => channel.receive());
    const batch = channel.receiveMany(3);
    await turns(1);
    channel.close();
    expect(await Promise.all(receiving)).toEqual(indexes(4).map(() => DONE));
    expect(await batch).toEqual([]);
  });

  test.each(['sync', 'async', 'batch-sync', 'batch-async'] as const)(
    'R10: close wakes every sender that is blocked on another thread: %s',
    async (way) => {
      const channel = newChannel(topology, capacity);
      const threads = topology.startsWith('sp') ? 1 : 2;
      const sent = indexes(threads).map((member) =>
        crew.run(member, 'sendNumbers', { out: channel.sender }, { sender: member, count: 3 * capacity + 50, way }),
      );
      await eventually(() => snapshotOf(supervisor, channel.name).sendersWaiting === threads);
      await eventually(() => channel.length === capacity);
      channel.close();
      const counted = await Promise.all(sent);
      const received = await receiveAll(channel, 'async');
      expect(received.length).toBe(capacity);
      // A batch that was cut by the close does not tell how far it came.
      if (!way.startsWith('batch')) expect(counted.reduce((sum, count) => sum + count, 0)).toBe(capacity);
    },
  );

  test.each(RECEIVING_WAYS.filter((way) => way !== 'try'))(
    'R10: close wakes every receiver that is blocked on another thread: %s',
    async (way) => {
      const channel = newChannel(topology, capacity);
      const threads = topology.endsWith('sc') ? 1 : 2;
      const received = indexes(threads).map((member) =>
        crew.run(member, 'receiveNumbers', { from: channel.receiver }, { way }),
      );
      await eventually(() => snapshotOf(supervisor, channel.name).receiversWaiting === threads);
      channel.close();
      expect(await Promise.all(received)).toEqual(indexes(threads).map(() => []));
    },
  );
});

describe.each(TOPOLOGY_NAMES)('%s', (topology) => {
  test('R8: closing again does nothing, and the first close wins', async () => {
    const channel = newChannel(topology);
    channel.close(new Error('first'));
    channel.close();
    channel.close(new Error('second'));
    expect((await errorOf(() => channel.receive())).cause).toMatchObject({ message: 'first' });
    const plain = newChannel(topology);
    plain.close();
    plain.close(new Error('late'));
    expect(plain.receiveSync()).toEqual(DONE);
  });

  test.each(Object.entries(receives))(
    'R8: after close(error) %s gets what is buffered first',
    async (_way, receive) => {
      const channel = newChannel(topology);
      channel.trySend(7);
      channel.close(new RangeError('why'));
      expect(channel.tryReceive()).toEqual({ done: false, value: 7 });
      for (let again = 0; again < 2; again++) {
        const error = await errorOf(() => receive(channel));
        expect(error).toBeInstanceOf(ChannelClosedError);
        expect(error.cause).toBeInstanceOf(RangeError);
        expect(error.cause.message).toBe('why');
      }
    },
  );

  test.each(Object.entries(sends))('R8: after close(error) %s throws with it at once', async (_way, send) => {
    const channel = newChannel(topology);
    channel.trySend(7);
    channel.close(new RangeError('why'));
    const error = await errorOf(() => send(channel));
    expect(error).toBeInstanceOf(ChannelClosedError);
    expect(error.cause).toMatchObject({ name: 'RangeError', message: 'why' });
  });

  test('R8: the error reaches those who wait, and other threads', async () => {
    const channel = newChannel(topology);
    const refusal = errorOf(channel.receive());
    channel.close(new Error('why'));
    expect((await refusal).cause.message).toBe('why');
    const there = await crew.run(0, 'closeCauses', { channel }, {});
    // With a single receiver, which is this thread, another may only send.
    expect(there).toMatchObject(topology.endsWith('sc') ? {} : { receive: 'Error: why' });
    expect(there.send).toBe('Error: why');
  });

  test('R8: an error that another thread closed with arrives here', async () => {
    const channel = newChannel(topology);
    const refusal = errorOf(channel.receive());
    await crew.run(0, 'closeWith', { channel }, { message: 'from there' });
    expect((await refusal).cause).toMatchObject({ message: 'from there' });
  });

  test('R10: of threads that close at the same time, one wins, and everybody sees the same', async () => {
    const channel = newChannel(topology);
    const refusals = indexes(3).map(() => errorOf(channel.receive()));
    await Promise.all(
      indexes(3).map((member) => crew.run(member, 'closeWith', { channel }, { message: `by ${member}` })),
    );
    const causes = (await Promise.all(refusals)).map((error) => error.cause.message);
    const [cause] = causes;
    expect(cause).toMatch(/^by [012]$/);
    expect(causes).toEqual([cause, cause, cause]);
    expect((await crew.run(0, 'closeCauses', { channel }, {})).send).toBe(`Error: ${cause}`);
  });

  test('R11: tryReceive judges emptiness before openness', () => {
    const channel = newChannel(topology);
    expect(channel.tryReceive()).toBeUndefined();
    channel.trySend(1);
    channel.close();
    expect(channel.tryReceive()).toEqual({ done: false, value: 1 });
    expect(channel.tryReceive()).toEqual(DONE);
  });
});

describe('R8: an error that a channel is closed with', () => {
  test('keeps its kind, message, cause and stack', async () => {
    const channel = newChannel();
    const error = new TypeError('outer', { cause: new Error('inner') });
    channel.close(error);
    const { cause } = await errorOf(() => channel.receive());
    expect(cause).toBeInstanceOf(TypeError);
    expect(cause).toMatchObject({ message: 'outer', stack: error.stack, cause: { message: 'inner' } });
  });

  test('that cannot be cloned arrives with its message', async () => {
    const channel = newChannel();
    channel.close(Object.assign(new Error('with a function'), { callback: () => {} }));
    expect((await errorOf(() => channel.receive())).cause.message).toBe('with a function');
    const other = newChannel();
    other.close(new Error('caused by a function', { cause: () => {} }));
    expect((await errorOf(() => other.receive())).cause.message).toBe('caused by a function');
  });

  test('that is larger than the pool closes the channel all the same', async () => {
    const channel = newChannel();
    channel.close(new Error('x'.repeat(2 ** 27)));
    expect(channel.closed).toBe(true);
    expect((await errorOf(() => channel.receive())).cause).toBeInstanceOf(Error);
  });

  test('that finds no memory left closes the channel all the same', async () => {
    await using small = newSupervisor({ memory: 4 * 2 ** 20 });
    const channel = small.channel('small', { codec: u32, capacity: 1 });
    for (let size = small.pool.stats().bytes; size >= 64; size /= 2) while (small.pool.tryLease(size));
    channel.close(new Error('no room'));
    expect(channel.closed).toBe(true);
    expect(await errorOf(() => channel.receive())).toMatchObject({ code: 'ERR_CHANNEL_CLOSED', cause: {} });
  });
});

describe('R12: sending ends are counted', () => {
  test.each(WAYS)('the channel closes when the last end of several threads is closed: %s', async (way) => {
    const channel = newChannel();
    const guard = channel.sender;
    const sent = indexes(3).map((member) =>
      crew.run(member, 'sendNumbers', { out: channel.sender }, { sender: member, count: 50 + member, way }),
    );
    guard.close();
    expect((await receiveAll(channel, 'async')).length).toBe(153);
    await Promise.all(sent);
    expect(channel.closed).toBe(true);
  });

  test('from when they are shared, however late somebody attaches', async () => {
    const channel = newChannel();
    const ends = [channel.sender, channel.sender];
    const shares = ends.map((end) => supervisor.share({ end }));
    expect([snapshotOf(supervisor, channel.name).senders, channel.closed]).toEqual([2, false]);
    await Promise.all(shares.map((share, member) => crew.runShared(member, 'closeEnd', share, {})));
    expect([snapshotOf(supervisor, channel.name).senders, channel.closed]).toEqual([0, true]);
  });

  test('the Channel itself is no end: holding it, or sending through it, keeps nothing open', () => {
    const channel = newChannel();
    const end = channel.sender;
    channel.sendSync(1);
    end.close();
    expect([channel.closed, channel.tryReceive(), channel.tryReceive()]).toEqual([
      true,
      { done: false, value: 1 },
      DONE,
    ]);
  });

  test('a channel of which no end was handed out stays open', () => {
    const channel = newChannel();
    expect([snapshotOf(supervisor, channel.name).senders, channel.closed]).toEqual([0, false]);
    channel.sendSync(1);
    expect(channel.closed).toBe(false);
  });

  test('closing an end twice retires it once', () => {
    const channel = newChannel();
    const guard = supervisor.share({ end: channel.sender });
    const end = channel.sender;
    end.close();
    end.close();
    expect([guard !== undefined, channel.closed, snapshotOf(supervisor, channel.name).senders]).toEqual([
      true,
      false,
      1,
    ]);
  });

  test('`using` retires an end', () => {
    const channel = newChannel();
    {
      using end = channel.sender;
      end.sendSync(1);
    }
    expect(channel.closed).toBe(true);
  });

  test('a retired end refuses to send, also while the channel is open', async () => {
    const channel = newChannel();
    const guard = supervisor.share({ end: channel.sender });
    const end = channel.sender;
    end.close();
    expect([end.closed, channel.closed, guard !== undefined]).toEqual([true, false, true]);
    for (const send of Object.values(sends)) {
      expect(await errorOf(() => send(end as Channel<number>))).toBeInstanceOf(ChannelClosedError);
    }
    expect(channel.length).toBe(0);
  });

  test('an end that was shared is the other thread’s; the one left behind counts no more', async () => {
    const channel = newChannel();
    const end = channel.sender;
    const sent = crew.run(0, 'sendNumbers', { out: end }, { sender: 0, count: 3, way: 'sync' });
    expect(await receiveAll(channel, 'async')).toEqual(numbersOf(0, 3));
    await sent;
    expect(channel.closed).toBe(true);
  });

  test('ports that could not be shared leave no end behind', async () => {
    await using stranger = newSupervisor();
    const foreign = stranger.channel('foreign', { codec: u32, capacity: 1 });
    const channel = newChannel();
    const end = channel.sender;
    expect(() => supervisor.share({ end, foreign })).toThrow(/another/);
    expect(() => supervisor.spawn(workerEntry('workers/crew.ts'), { ports: { end }, data: () => {} })).toThrow();
    expect(snapshotOf(supervisor, channel.name).senders).toBe(1);
    end.close();
    expect(channel.closed).toBe(true);
  });

  test('close(), on the Channel, closes for everybody, whatever ends there are', async () => {
    const channel = newChannel();
    const sent = crew.run(0, 'sendNumbers', { out: channel.sender }, { sender: 0, count: 50, way: 'sync' });
    await eventually(() => channel.length === 7);
    channel.close();
    expect(await sent).toBe(7);
  });
});

describe('R13: receiving ends are counted', () => {
  test('with the last one cancelled, senders are refused, with the reason as cause', async () => {
    const channel = newChannel();
    const end = channel.receiver;
    end.cancel(new Error('no interest'));
    const error = await errorOf(() => channel.send(1));
    expect(error).toBeInstanceOf(ChannelClosedError);
    expect(error.cause.message).toBe('no interest');
  });

  test('as long as there is another one, senders go on', () => {
    const channel = newChannel();
    const other = supervisor.share({ end: channel.receiver });
    channel.receiver.cancel();
    expect([channel.closed, channel.trySend(1), other !== undefined]).toEqual([false, true, true]);
  });

  test('a cancelled end receives nothing more', async () => {
    const channel = newChannel();
    const other = supervisor.share({ end: channel.receiver });
    const end = channel.receiver;
    channel.trySend(1);
    end.cancel();
    for (const receive of Object.values(receives)) {
      expect(await errorOf(() => receive(end as Channel<number>))).toBeInstanceOf(ChannelClosedError);
    }
    expect([channel.length, other !== undefined]).toEqual([1, true]);
  });

  test('blocked senders wake, on this thread and on others', async () => {
    const channel = newChannel();
    const end = channel.receiver;
    const there = crew.run(0, 'sendNumbers', { out: channel.sender }, { sender: 0, count: 50, way: 'sync' });
    await eventually(() => snapshotOf(supervisor, channel.name).sendersWaiting === 1);
    const here = errorOf(channel.send(1));
    end.cancel();
    expect(await here).toBeInstanceOf(ChannelClosedError);
    expect(await there).toBe(7);
  });

  test.each(TOPOLOGY_NAMES)('unread payloads go back to the pool: %s', async (topology) => {
    const channel = supervisor.channel(`channel ${names++}`, { codec: json<string>(), capacity: 7, topology });
    const before = supervisor.snapshot().pool;
    for (let i = 0; i < 7; i++) channel.trySend('x'.repeat(1000));
    const pending = watched(channel.send('y'.repeat(1000)));
    expect(supervisor.snapshot().pool.leases).toBeGreaterThanOrEqual(before.leases + 7);
    channel.receiver.cancel();
    await turns(1);
    expect(pending.settled).toMatchObject({ error: { code: 'ERR_CHANNEL_CLOSED' } });
    expect(supervisor.snapshot().pool).toMatchObject({ leases: before.leases, inUse: before.inUse });
    expect(channel.length).toBe(0);
  });

  test('`using` cancels an end', async () => {
    const channel = newChannel();
    {
      using end = channel.receiver;
      end.tryReceive();
    }
    expect(await errorOf(() => channel.send(1))).toBeInstanceOf(ChannelClosedError);
  });

  test('a thread that cancels its end, the last one, stops a sender on another', async () => {
    const channel = newChannel();
    const received = crew.run(0, 'receiveSome', { from: channel.receiver }, { count: 20 });
    const sent = await crew.run(1, 'sendNumbers', { out: channel.sender }, { sender: 0, count: 10_000, way: 'sync' });
    expect(await received).toEqual(numbersOf(0, 20));
    expect(sent).toBeGreaterThanOrEqual(20);
    expect(sent).toBeLessThan(10_000);
  });
});

test('what is sent in the same breath as the last end is closed is received', async () => {
  const channel = newChannel('mpmc', 2);
  for (let round = 0; round < 100; round++) {
    const next = newChannel('spsc', 1);
    const sent = sendAll(next.sender, [round], 'async').then(() => next.close());
    expect(await receiveAll(next, 'async')).toEqual([round]);
    await sent;
  }
  expect(channel.closed).toBe(false);
});
