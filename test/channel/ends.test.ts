/** Ends as one thread holds them: what reading, sharing, closing and using them does to the count. */

import { describe, expect, test } from 'vitest';
import { attach, type Channel, type Supervisor, u32 } from '../../src/index.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';

/** A supervisor with a channel, and the number of its ends. */
async function withChannel(use: (channel: Channel<number>, supervisor: Supervisor, ends: () => number[]) => unknown) {
  await using supervisor = newSupervisor();
  const channel = supervisor.channel('ends', { codec: u32, capacity: 3 });
  await use(channel, supervisor, () => {
    const { senders, receivers } = snapshotOf(supervisor, 'ends');
    return [senders, receivers];
  });
}

describe('an end of this thread', () => {
  test('is made by reading it', () =>
    withChannel((channel, _supervisor, ends) => {
      expect(ends()).toEqual([0, 0]);
      const { sender } = channel;
      expect(ends()).toEqual([1, 0]);
      const { receiver } = channel;
      expect(ends()).toEqual([1, 1]);
      sender.sendSync(1);
      expect(receiver.receiveSync()).toEqual({ done: false, value: 1 });
    }));

  test('is one and the same, however often it is read', () =>
    withChannel((channel, _supervisor, ends) => {
      expect(channel.sender).toBe(channel.sender);
      expect(channel.receiver).toBe(channel.receiver);
      expect(ends()).toEqual([1, 1]);
    }));

  test('is a new one after it was closed, though the channel may be closed by then', () =>
    withChannel((channel, supervisor) => {
      const guard = supervisor.share({ end: channel.sender });
      const first = channel.sender;
      first.close();
      const second = channel.sender;
      expect([first.closed, second.closed, guard !== undefined]).toEqual([true, false, true]);
      expect([second.trySend(1), channel.length]).toEqual([true, 1]);
    }));

  test('tells name, capacity, length, and whether it is closed', () =>
    withChannel((channel) => {
      const { sender, receiver } = channel;
      sender.sendSync(1);
      for (const end of [channel, sender, receiver]) {
        expect([end.name, end.capacity, end.length, end.closed]).toEqual(['ends', 3, 1, false]);
      }
      sender.close();
      expect([channel.closed, sender.closed, receiver.closed, receiver.length]).toEqual([true, true, true, 1]);
    }));
});

describe('sharing an end', () => {
  test('moves it: the one here counts no more', () =>
    withChannel((channel, supervisor, ends) => {
      const { sender } = channel;
      supervisor.share({ sender });
      expect(ends()).toEqual([1, 0]);
      sender.close();
      // What was left behind is no end that could close the channel.
      expect([channel.closed, ends()]).toEqual([false, [1, 0]]);
    }));

  test('that is read once for each, moves one for each', () =>
    withChannel((channel, supervisor, ends) => {
      supervisor.share({ a: channel.sender, b: channel.receiver });
      supervisor.share({ a: channel.sender, b: channel.receiver });
      expect(ends()).toEqual([2, 2]);
      const guard = channel.sender;
      supervisor.share({ a: channel.sender });
      expect(ends()).toEqual([4, 2]);
      guard.close();
      expect(ends()).toEqual([3, 2]);
    }));

  test('twice in the same ports makes two of it', () =>
    withChannel((channel, supervisor, ends) => {
      const { sender } = channel;
      supervisor.share([sender, { sender }]);
      expect(ends()).toEqual([2, 0]);
    }));

  test('and using it all the same holds a new one', () =>
    withChannel((channel, supervisor, ends) => {
      const { sender } = channel;
      supervisor.share({ sender });
      sender.sendSync(1);
      expect([channel.length, ends()]).toEqual([1, [2, 0]]);
      sender.close();
      expect([channel.closed, ends()]).toEqual([false, [1, 0]]);
    }));

  test('and closing what was attached closes the channel with the last', () =>
    withChannel((channel, supervisor, ends) => {
      const attached = [0, 1].map(() => attach(supervisor.share({ end: channel.sender })).end);
      expect(ends()).toEqual([2, 0]);
      attached[0]!.close();
      expect([attached[0]!.closed, attached[1]!.closed, channel.closed]).toEqual([true, false, false]);
      attached[1]!.close();
      expect([channel.closed, ends()]).toEqual([true, [0, 0]]);
    }));

  test('a Channel shares no end', () =>
    withChannel((channel, supervisor, ends) => {
      attach(supervisor.share({ channel })).channel.sendSync(1);
      expect([channel.length, ends()]).toEqual([1, [0, 0]]);
    }));
});

test('ends come and go without using anything up', () =>
  withChannel((channel, supervisor, ends) => {
    const guard = supervisor.share({ end: channel.sender });
    for (let i = 0; i < 40_000; i++) channel.sender.close();
    expect([ends(), channel.closed, guard !== undefined]).toEqual([[1, 0], false, true]);
  }));
