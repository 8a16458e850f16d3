/** What both rings promise, as one suite over both. */

import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { CHANNEL_PEAK } from '../../src/memory/layout.ts';
import { peek } from '../../src/memory/words.ts';
import { runSeed } from '../support/random.ts';
import { layRing, type RingKind } from '../support/rings.ts';
import { freshSegment, MIB } from '../support/segment.ts';

const KINDS: readonly RingKind[] = ['spsc', 'mpmc'];
const CAPACITIES = [1, 2, 3, 7, 8, 1000] as const;
/** Positions just below those where 32-bit cursors, shifted cursors and the laps of a slot word begin anew. */
const STARTS = [0, -3, 2 ** 32 - 2, 2 ** 31 - 3, 2 ** 30 - 3, 2 ** 29 - 3, 2 ** 22 - 3, 2 ** 19 - 3, 2 ** 16 - 3];

const RINGS = KINDS.flatMap((kind) =>
  CAPACITIES.map((capacity) => [`an ${kind} ring of capacity ${capacity}`, { kind, capacity }] as const),
);

beforeEach(() => {
  freshSegment({ memory: 4 * MIB });
});

describe.each(RINGS)('%s', (_name, { kind, capacity }) => {
  test.each(STARTS)('R3: holds exactly its capacity, from position %d on', (start) => {
    const ring = layRing(kind, capacity, start);
    const numbers = Array.from({ length: capacity }, (_, i) => i);
    for (let lap = 0; lap < 3; lap++) {
      expect(numbers.map((i) => [ring.length(), ring.send(i)])).toEqual(numbers.map((i) => [i, 'accepted']));
      expect([ring.length(), ring.send(-1)]).toEqual([capacity, 'full']);
      expect(numbers.map(() => [ring.length(), ring.receive()])).toEqual(numbers.map((i) => [capacity - i, i]));
      expect([ring.length(), ring.receive()]).toEqual([0, 'empty']);
    }
    expect(peek(ring.channel + CHANNEL_PEAK)).toBe(capacity);
  });

  test.each(STARTS)('R1: hands every value on once and in order, over several laps from position %d on', (start) => {
    const ring = layRing(kind, capacity, start);
    const numbers = Array.from({ length: 4 * Math.max(8, capacity) + 3 }, (_, i) => i);
    const received: unknown[] = [];
    for (const number of numbers) {
      // Its filling goes up and down on the way.
      if (ring.length() === capacity || number % 3 === 0) received.push(ring.receive());
      if (ring.send(number) !== 'accepted') throw new Error(`${number} was not accepted`);
    }
    while (ring.length() > 0) received.push(ring.receive());
    expect(received).toEqual(['empty', ...numbers]);
  });

  test.each(STARTS)('R9: drains what it holds after a close, and then is closed for ever, at position %d', (start) => {
    const ring = layRing(kind, capacity, start);
    for (let i = 0; i < capacity; i++) ring.send(i);
    ring.close();
    expect(ring.send(-1)).toBe('closed');
    const drained = Array.from({ length: capacity }, () => [ring.receive(), ring.send(-1)]);
    expect(drained).toEqual(drained.map((_, i) => [i, 'closed']));
    expect([ring.receive(), ring.receive(), ring.length()]).toEqual(['drained', 'drained', 0]);
    expect(ring.send(-1)).toBe('closed');
  });

  test.each(STARTS)('a watcher sees a message, room, and the end, and nothing else, from position %d on', (start) => {
    const ring = layRing(kind, capacity, start);
    const watched = () => [ring.watchMessage(), ring.watchRoom()];
    expect([ring.receive(), ring.watchMessage()]).toEqual(['empty', false]);
    for (let i = 0; i < capacity; i++) ring.send(i);
    expect([ring.send(-1), ...watched()]).toEqual(['full', true, false]);
    ring.receive();
    expect(ring.watchRoom()).toBe(true);
    while (ring.receive() !== 'empty');
    expect(watched()).toEqual([false, true]);
    ring.close();
    expect(watched()).toEqual([true, true]);
  });

  test('R8: closing an empty ring twice is closing it once', () => {
    const ring = layRing(kind, capacity);
    ring.close();
    ring.close();
    expect([ring.send(1), ring.receive(), ring.send(1), ring.receive()]).toEqual([
      'closed',
      'drained',
      'closed',
      'drained',
    ]);
  });

  test('does what a list with a limit does, whatever the order of operations', () => {
    const operation = fc.oneof(
      { weight: 100, arbitrary: fc.constant('send' as const) },
      { weight: 90, arbitrary: fc.constant('receive' as const) },
      { weight: 10, arbitrary: fc.constant('fill' as const) },
      { weight: 10, arbitrary: fc.constant('drain' as const) },
      { weight: 1, arbitrary: fc.constant('close' as const) },
    );
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 120 }), fc.constantFrom(...STARTS), (operations, start) => {
        freshSegment({ memory: 4 * MIB });
        const ring = layRing(kind, capacity, start);
        const model: number[] = [];
        let closed = false;
        let next = 0;
        const met: unknown[] = [];
        const expected: unknown[] = [];
        const send = () => {
          const fits = !closed && model.length < capacity;
          met.push(ring.send(next));
          expected.push(fits ? 'accepted' : closed ? 'closed' : 'full');
          if (fits) model.push(next++);
        };
        const receive = () => {
          met.push(ring.receive());
          expected.push(model.shift() ?? (closed ? 'drained' : 'empty'));
        };
        for (const each of operations) {
          if (each === 'send') send();
          else if (each === 'receive') receive();
          else if (each === 'fill') for (let i = 0; i <= capacity; i++) send();
          else if (each === 'drain') for (let i = 0; i <= capacity; i++) receive();
          else {
            ring.close();
            closed = true;
          }
          met.push(ring.length());
          expected.push(model.length);
        }
        expect(met).toEqual(expected);
      }),
      { numRuns: capacity > 100 ? 5 : 40, seed: runSeed },
    );
  });
});
