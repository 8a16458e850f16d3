/** The mpmc ring: claims, takes, laps about to wrap. */

import { BLOCKED } from '../../../src/kernel/codes.ts';
import { MPMC_SLOT_HEADER, mpmcClaim, mpmcFree, mpmcPublish, mpmcTake } from '../../../src/kernel/mpmc.ts';
import { peek, poke } from '../../../src/memory/words.ts';
import { freshSegment, layChannel } from '../../support/segment.ts';
import { check, model, same } from '../model.ts';

function trySend(channel: number, me: number, value: number): boolean {
  const slot = mpmcClaim(channel, me);
  if (slot < 0) return false;
  poke(slot + MPMC_SLOT_HEADER, value);
  mpmcPublish(channel, slot);
  return true;
}

function tryReceive(channel: number, me: number): number {
  const slot = mpmcTake(channel, me);
  if (slot < 0) return slot;
  const value = peek(slot + MPMC_SLOT_HEADER);
  mpmcFree(channel, slot);
  return value;
}

export const models = [
  model({
    name: 'mpmc/two-senders',
    about: 'two senders and a receiver at a ring of one',
    lay: () => {
      freshSegment();
      return layChannel('mpmc', 1, -1);
    },
    play: (channel) => {
      const sent: number[] = [];
      const received: number[] = [];
      const sender = (me: number, values: number[]) => () => {
        for (const value of values) if (trySend(channel, me, value)) sent.push(value);
      };
      return {
        threads: {
          one: sender(1, [11, 12]),
          two: sender(2, [21]),
          receiver: () => {
            for (let look = 0; look < 3; look++) {
              const value = tryReceive(channel, 3);
              if (value !== BLOCKED) received.push(value);
            }
          },
        },
        atRest: () => {
          for (let value = tryReceive(channel, 4); value !== BLOCKED; value = tryReceive(channel, 4))
            received.push(value);
          same(received.toSorted(), sent.toSorted(), 'delivered');
          check(received.indexOf(11) < received.indexOf(12) || !received.includes(12), '12 came before 11');
        },
      };
    },
  }),
];
