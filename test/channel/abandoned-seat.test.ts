/** A receiver that is stopped in the middle of a meeting, for longer than its sender waits for it; played on one thread. */

import { expect, test } from 'vitest';
import type { SharedChannel } from '../../src/channel/channel.ts';
import { select, u32 } from '../../src/index.ts';
import { ROLE_SENDER } from '../../src/kernel/ends.ts';
import { seatClaim, seatFinish } from '../../src/kernel/rendezvous.ts';
import { SEAT_HEADER } from '../../src/memory/layout.ts';
import { peek } from '../../src/memory/words.ts';
import { newSupervisor } from '../support/supervisors.ts';

/** The number of a thread that is not there. */
const STOPPED = 5;

test.each([
  ['send', (channel: SharedChannel<number>) => channel.send(2)],
  ['select', (channel: SharedChannel<number>) => select({ out: channel.onSend(2) })],
] as const)('R2: the next %s leaves the message alone that a stopped receiver has claimed', async (_, send) => {
  await using supervisor = newSupervisor();
  const channel = supervisor.channel('rendezvous', { codec: u32, capacity: 0 }) as SharedChannel<number>;
  const first = channel.send(1, { timeout: 1 });
  channel.attachment.segment.enter();
  const seat = seatClaim(channel.address, ROLE_SENDER, STOPPED);
  // The receiver has the message for all that its sender can tell, so that one goes on.
  await first;

  const next = send(channel);
  channel.attachment.segment.enter();
  expect(peek(seat + SEAT_HEADER)).toBe(1);

  seatFinish(channel.address, seat);
  expect(await channel.receive()).toEqual({ done: false, value: 2 });
  await next;
});
