/**
 * Two operations on one channel, the second as a whole between any two writes of the first: no message is lost, or
 * comes twice, and nobody sleeps on who has a reason to get up.
 */

import { describe, expect, test } from 'vitest';
import type { SharedChannel } from '../../src/channel/channel.ts';
import { ChannelClosedError, type Delivery } from '../../src/index.ts';
import { GUISES, KINDS, Stage, WAITS_FOR_MEMORY } from '../support/stage.ts';

/** One of the two threads: its channel, a delivery it has not settled, and what it did. */
interface Player {
  readonly stage: Stage;
  readonly channel: SharedChannel<any>;
  readonly delivery: Delivery<any> | undefined;
  /** What it sends. */
  readonly value: number;
  readonly sent: number[];
  readonly received: number[];
}

const ACTS: Record<string, (player: Player) => void> = {
  sends: ({ stage, channel, value, sent }) => {
    try {
      if (stage.send(channel, value)) sent.push(value);
    } catch (error) {
      if (!(error instanceof ChannelClosedError)) throw error;
    }
  },
  receives: ({ stage, channel, received }) => {
    const next = channel.tryReceive();
    if (next && !next.done) received.push(stage.guise.valueOf(next.value));
  },
  acknowledges: ({ delivery, received }) => {
    if (delivery?.ack()) received.push(delivery.value);
  },
  'hands back': ({ delivery }) => void delivery?.nack(),
  closes: ({ channel }) => channel.close(),
};

const ACTS_OF_DELIVERIES = ['acknowledges', 'hands back'];

/** Returns whether the second came to its turn. */
function play(kind: string, capacity: number, filled: number, first: string, second: string, writes: number): boolean {
  const stage = new Stage(GUISES.numbers);
  const options = { ...KINDS[kind], capacity };
  const channel = stage.channel(
    options,
    kind === 'spsc' ? [] : Array.from({ length: filled }, (_, index) => index + 1),
  );
  const theirs = stage.theirs(channel);
  if (kind === 'spsc') {
    // Which of the two sends is for their acts to say.
    const sender = first === 'sends' ? theirs : channel;
    for (let value = 1; value <= filled; value++) stage.send(sender, value);
  }
  const hold = (its: SharedChannel<any>) =>
    its.keeps && its.length > 1 ? its.deliveries()[Symbol.iterator]().next().value : undefined;
  const players = [theirs, channel].map((its, index) => {
    const delivery: Delivery<any> | undefined = hold(its);
    return { stage, channel: its, delivery, value: 9 - index, sent: [], received: [] } satisfies Player;
  });
  const asleep = stage.fallAsleep();
  const came = stage.mortal.interrupt(
    writes,
    () => ACTS[first]!(players[0]!),
    () => {
      stage.main.segment.enter();
      ACTS[second]!(players[1]!);
    },
  );
  stage.main.segment.enter();
  expect(asleep().filter((who) => who !== WAITS_FOR_MEMORY)).toEqual([]);
  for (const { delivery } of players) delivery?.nack();
  for (const each of players) if (each.channel.keeps) ACTS.receives!(each);
  const accepted = [...Array.from({ length: filled }, (_, index) => index + 1), ...players.flatMap(({ sent }) => sent)];
  const reader = players.find(({ received }) => received.length > 0)?.channel ?? channel;
  const left =
    kind === 'spsc' && (first === 'receives' || reader === theirs) ? stage.drain(theirs) : stage.drain(channel);
  expect([...players.flatMap(({ received }) => received), ...left].toSorted()).toEqual(accepted.toSorted());
  return came;
}

describe.each(['mpmc', 'at-least-once'])('%s', (kind) => {
  const acts = Object.keys(ACTS).filter((act) => kind === 'at-least-once' || !ACTS_OF_DELIVERIES.includes(act));
  const pairs = acts.flatMap((first) => acts.map((second): [string, string] => [first, second]));
  const possible = pairs.filter(([first, second]) => kind !== 'spsc' || first !== second);

  test.each(possible)('while one %s, another %s', (first, second) => {
    for (const capacity of [2, 8]) {
      for (const filled of [0, 1, 2, capacity]) {
        for (let writes = 0; ; writes++) {
          try {
            if (!play(kind, capacity, filled, first, second, writes)) break;
          } catch (error) {
            if (error instanceof Error) {
              error.message = `capacity ${capacity}, ${filled} in it, after ${writes} writes: ${error.message}`;
            }
            throw error;
          }
        }
      }
    }
  });
});
