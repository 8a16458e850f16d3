/** The last message of a closed channel, published and taken by others while a thread looks, made to happen on one thread. */

import { afterEach, expect, test, vi } from 'vitest';
import { createChannel } from '../../src/channel/create.ts';
import { MpmcQueue } from '../../src/channel/queue.ts';
import { u32 } from '../../src/index.ts';
import { blockAddress } from '../../src/kernel/blocks.ts';
import { channelBlock } from '../../src/kernel/channels.ts';
import { Segment } from '../../src/memory/segment.ts';
import { attachAgain } from '../support/mortal.ts';
import { MIB } from '../support/segment.ts';

afterEach(() => void vi.restoreAllMocks());

const WAYS = {
  tryReceive: (channel) => channel.tryReceive(),
  'receiveSync, within no time': (channel) => channel.receiveSync({ timeout: 0 }),
  'receive, within no time': (channel) => channel.receive({ timeout: 0 }),
} satisfies Record<string, (channel: ReturnType<typeof createChannel<number>>) => unknown>;

test.each(Object.entries(WAYS))('R11: whoever looked at it in the middle finds the end: %s', async (_way, look) => {
  const segment = Segment.create({ memory: 4 * MIB, threads: 4, spin: 0, debug: false });
  const [looks, others] = [attachAgain(segment, 'looks', 0), attachAgain(segment, 'others', 1)];
  const channel = createChannel(looks, undefined, { codec: u32, capacity: 1 });
  const { kernel, id } = others.thread;
  const asOthers = <T>(act: (address: number) => T): T => {
    others.segment.enter();
    const answer = act(blockAddress(channelBlock(0)));
    looks.segment.enter();
    return answer;
  };
  const slot = asOthers((address) => kernel.mpmcClaim(address, id));
  channel.close();
  // It is claimed, so this thread has not found the end; and gone before it has found out why.
  const isEmpty = vi.spyOn(MpmcQueue.prototype, 'isEmpty').mockImplementationOnce(function (this: MpmcQueue) {
    asOthers((address) => {
      kernel.mpmcPublish(address, slot);
      kernel.mpmcFree(address, kernel.mpmcTake(address, id));
    });
    return this.isEmpty();
  });
  expect(await look(channel)).toEqual({ done: true, value: undefined });
  expect(isEmpty).toHaveBeenCalled();
  looks.detach();
  others.detach();
});
