/** What two threads do while they meet at a rendezvous, made to happen on one thread. */

import { afterEach, expect, test } from 'vitest';
import { createChannel } from '../../src/channel/create.ts';
import { u32 } from '../../src/index.ts';
import { blockAddress } from '../../src/kernel/blocks.ts';
import { channelBlock } from '../../src/kernel/channels.ts';
import { ROLE_RECEIVER, ROLE_SENDER } from '../../src/kernel/ends.ts';
import { CHANNEL_RECEIVERS_WAITING, CHANNEL_SENDERS_WAITING, SEAT_HEADER } from '../../src/memory/layout.ts';
import { Segment } from '../../src/memory/segment.ts';
import { peek, poke } from '../../src/memory/words.ts';
import { eventually } from '../support/eventually.ts';
import { attachAgain } from '../support/mortal.ts';
import { MIB } from '../support/segment.ts';

const attached: { detach(): void }[] = [];

afterEach(() => {
  for (const each of attached.splice(0)) each.detach();
});

/** A thread with a channel, and another one. */
function two() {
  const segment = Segment.create({ memory: 4 * MIB, threads: 4, spin: 0, debug: false });
  const [sits, comes] = [attachAgain(segment, 'sits', 0), attachAgain(segment, 'comes', 1)];
  attached.push(sits, comes);
  const channel = createChannel(sits, undefined, { codec: u32, capacity: 0 });
  comes.segment.enter();
  return { sits: sits.thread, comes: comes.thread, channel, address: blockAddress(channelBlock(0)) };
}

test.each([
  ['receive', ROLE_RECEIVER, CHANNEL_RECEIVERS_WAITING],
  ['send', ROLE_SENDER, CHANNEL_SENDERS_WAITING],
] as const)('R6: a pending %s hears of its meeting though it looked in the middle of that', async (what, role, set) => {
  const { sits, comes, channel, address } = two();
  const pending = what === 'receive' ? channel.receive() : channel.send(7);
  const { kernel } = comes;
  comes.segment.enter();
  const seat = kernel.seatClaim(address, role, comes.id);
  expect(seat).toBeGreaterThan(0);
  if (role === ROLE_RECEIVER) poke(seat + SEAT_HEADER, 7);
  // Who comes has taken out the bit, and is stopped before it says that they have met: who sits looks, and waits on.
  kernel.waitersRemove(address + set, sits.id);
  expect(sits.pump.serviceWoken()).toBe(true);
  expect(kernel.waitersHas(address + set, sits.id)).toBeTruthy();
  comes.segment.enter();
  kernel.seatFinish(address, seat);
  kernel.waitersAdd(address + set, sits.id);
  comes.wake(sits.id);
  expect(await pending).toEqual(what === 'receive' ? { done: false, value: 7 } : undefined);
});

test('R31: a send that was called off while its message was being fetched leaves that alone', async () => {
  const { sits, comes, channel, address } = two();
  const calling = new AbortController();
  const first = channel.send(7, { signal: calling.signal });
  comes.segment.enter();
  const seat = comes.kernel.seatClaim(address, ROLE_SENDER, comes.id);
  // Who comes does not get on, so this one gives up waiting for it. It has got the message: that one was sent.
  calling.abort();
  await first;
  const second = channel.send(8);
  comes.segment.enter();
  expect(peek(seat + SEAT_HEADER)).toBe(7);
  comes.kernel.seatFinish(address, seat);
  comes.wake(sits.id);
  let next = -1;
  await eventually(() => {
    comes.segment.enter();
    next = comes.kernel.seatClaim(address, ROLE_SENDER, comes.id);
    return next >= 0;
  });
  expect([next, peek(next + SEAT_HEADER)]).toEqual([seat, 8]);
  comes.kernel.seatFinish(address, next);
  comes.wake(sits.id);
  await second;
});
