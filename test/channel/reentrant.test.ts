/** A codec that uses the channel whose message it is decoding: each message comes once, to whom it was given. */

import { afterAll, describe, expect, test } from 'vitest';
import { type Channel, type ChannelOptions, select } from '../../src/index.ts';
import { workerEntry } from '../support/entries.ts';
import { meddle, meddling } from '../support/meddling.ts';
import { newSupervisor } from '../support/supervisors.ts';

const supervisor = newSupervisor();
afterAll(() => supervisor.close());

let names = 0;
const KINDS: Record<string, Partial<ChannelOptions<number>>> = {
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

  test('while the message of a blocked receive is decoded, another that blocks gets the next one', async () => {
    const channel = newChannel(options);
    const { finished } = supervisor.spawn(workerEntry('workers/meddled.ts'), { ports: { out: channel.sender } });
    const got: (number | undefined)[] = [];
    meddle(() => {
      got.push(channel.receiveSync({ timeout: 10_000 }).value);
      got.push(channel.receiveSync({ timeout: 10_000 }).value);
    });
    got.push(channel.receiveSync({ timeout: 10_000 }).value);
    expect(got).toEqual([2, 3, 1]);
    await finished;
  });
});
