/** A codec that uses the channel whose message it is decoding: each message comes once, to whom it was given. */

import { afterAll, describe, expect, test } from 'vitest';
import { type Channel, type ChannelOptions, select } from '../../src/index.ts';
import { rest } from '../../src/memory/words.ts';
import { workerEntry } from '../support/entries.ts';
import { meddle, meddling } from '../support/meddling.ts';
import { newSupervisor } from '../support/supervisors.ts';

const supervisor = newSupervisor();
afterAll(() => supervisor.close());

let names = 0;
const KINDS: Record<string, Partial<ChannelOptions<number>>> = {
  spsc: { capacity: 3, topology: 'spsc' },
  mpmc: { capacity: 3 },
  'at-least-once': { capacity: 3, delivery: 'at-least-once' },
  rendezvous: { capacity: 0 },
};

function newChannel(options: Partial<ChannelOptions<number>>): Channel<number> {
  return supervisor.channel(`channel ${names++}`, { codec: meddling, ...options } as ChannelOptions<number>);
}

const WAITS: Record<string, (channel: Channel<number>, signal?: AbortSignal) => Promise<{ value?: number }>> = {
  receive: (channel, signal) => channel.receive({ signal }) as Promise<{ value?: number }>,
  select: (channel, signal) => select({ in: channel.onReceive() }, { signal }) as Promise<{ value?: number }>,
};

describe.each(Object.entries(KINDS))('%s', (_kind, options) => {
  describe.each(Object.entries(WAITS))('while the message of a pending %s is decoded', (_way, wait) => {
    test('a receive that only tries gets the next one, or none', async () => {
      const channel = newChannel(options);
      const first = wait(channel);
      const got: (number | undefined)[] = [];
      meddle(() => got.push(channel.tryReceive()?.value));
      const sent = [1, 2].map((value) => channel.send(value));
      expect((await first).value).toBe(1);
      if (got[0] === undefined) got[0] = (await channel.receive()).value;
      expect(got).toEqual([2]);
      await Promise.all(sent);
    });

    test('one that waits gets the next one, and so does whoever stands behind', async () => {
      const channel = newChannel(options);
      const [first, second] = [wait(channel), wait(channel)];
      let third: Promise<{ value?: number }> | undefined;
      meddle(() => {
        third = wait(channel);
      });
      const sent = [1, 2, 3].map((value) => channel.send(value));
      expect([(await first).value, (await second).value, (await third)!.value]).toEqual([1, 2, 3]);
      await Promise.all(sent);
    });

    test('it cannot be called off any more', async () => {
      const channel = newChannel(options);
      const controller = new AbortController();
      const first = wait(channel, controller.signal);
      meddle(() => controller.abort());
      const sent = [1, 2].map((value) => channel.send(value));
      expect((await first).value).toBe(1);
      expect((await channel.receive()).value).toBe(2);
      await Promise.all(sent);
    });
  });

  // How long the sender rests before each message, and the receiver before the first one: as they happen to come, the
  // receiver waits for each, the sender for the first.
  test.each([
    [0, 0],
    [100, 0],
    [0, 1500],
  ])(
    'while the message of a blocked receive is decoded, others that block get the next ones (%i and %i ms)',
    async (pause, late) => {
      const channel = newChannel(options);
      const data = { pause };
      const { finished } = supervisor.spawn(workerEntry('workers/meddled.ts'), {
        ports: { out: channel.sender },
        data,
      });
      const got: (number | undefined)[] = [];
      const waits: number[] = [];
      const receive = () => {
        const since = performance.now();
        got.push(channel.receiveSync({ timeout: 10_000 }).value);
        waits.push(performance.now() - since);
      };
      meddle(() => {
        receive();
        receive();
      });
      rest(late);
      receive();
      expect(got).toEqual([2, 3, 1]);
      // Each was woken, and did not find its message there as its time was up.
      expect(Math.max(...waits.slice(0, 2))).toBeLessThan(9_000);
      await finished;
    },
  );
});

describe.each(Object.entries(KINDS).filter(([, { capacity }]) => capacity !== 0))('%s', (_kind, options) => {
  test('while a message of a batch is decoded, the next one can be received by itself', () => {
    const channel = newChannel(options);
    for (const value of [1, 2, 3]) channel.trySend(value);
    const got: (number | undefined)[] = [];
    meddle(() => got.push(channel.tryReceive()?.value));
    const batch = channel.receiveManySync(3);
    for (let next = channel.tryReceive(); next; next = channel.tryReceive()) batch.push(next.value as number);
    expect(batch).toEqual([1, 3]);
    expect(got).toEqual([2]);
  });
});
