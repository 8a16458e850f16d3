/** `tryReceive` into a result of the caller's, and loops over a channel. */

import { describe, expect, test } from 'vitest';
import { type ReceiveResult, u32 } from '../../src/index.ts';
import { newSupervisor } from '../support/supervisors.ts';
import { TOPOLOGY_NAMES } from '../support/topologies.ts';

const KINDS = [
  ...TOPOLOGY_NAMES.map((topology) => [topology, { topology }] as const),
  ['at-least-once', { delivery: 'at-least-once' }] as const,
];

describe.each(KINDS)('%s', (_name, options) => {
  test('tryReceive fills and answers the result it is given, and leaves it alone when there is nothing', async () => {
    await using supervisor = newSupervisor();
    const channel = supervisor.channel('c', { codec: u32, capacity: 4, ...options });
    const into: ReceiveResult<number> = { done: false, value: 99 };
    expect([channel.tryReceive(into), into]).toEqual([undefined, { done: false, value: 99 }]);
    channel.sendManySync([1, 2]);
    for (const value of [1, 2]) {
      expect(channel.tryReceive(into)).toBe(into);
      expect(into).toEqual({ done: false, value });
    }
    channel.close();
    expect(channel.tryReceive(into)).toBe(into);
    expect(into).toEqual({ done: true, value: undefined });
    expect(channel.receiver.tryReceive(into)).toEqual({ done: true, value: undefined });
  });

  test('a loop that was left answers no more, and a new one goes on with the next message', async () => {
    await using supervisor = newSupervisor();
    const channel = supervisor.channel('c', { codec: u32, capacity: 4, ...options });
    channel.sendManySync([1, 2, 3, 4]);
    channel.close();
    const loop = channel[Symbol.iterator]() as IterableIterator<number>;
    for (const value of loop) if (value === 2) break;
    expect(loop.next()).toEqual({ done: true, value: undefined });
    // At least once: the one that was in hand when the loop was left comes again.
    const rest = 'delivery' in options ? [2, 3, 4] : [3, 4];
    expect([...channel]).toEqual(rest);
    expect([...channel]).toEqual([]);
  });
});
