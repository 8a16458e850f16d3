/** R21: selects leave nothing behind, and leaving takes no time that grows with those who stay. */

import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, expect, test, vi } from 'vitest';
import { Choice } from '../../src/channel/select/choice.ts';
import { bytes, type Channel, select, selectSync, trySelect, u32 } from '../../src/index.ts';
import { randomFrom, seeded } from '../support/random.ts';
import { newSupervisor, snapshotOf } from '../support/supervisors.ts';
import { WHOLE } from './suite.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const supervisor = newSupervisor({ memory: 64 * 2 ** 20 });
afterAll(() => supervisor.close());

let names = 0;
const newChannel = (capacity = 3) => supervisor.channel<number>(`channel ${names++}`, { codec: u32, capacity });

/** `npm test` takes a tenth of it. */
const SELECTS = WHOLE ? 1_000_000 : 100_000;

function waiting(...channels: Channel<any>[]): number {
  const those = channels.map(({ name }) => snapshotOf(supervisor, name));
  return those.reduce((sum, { sendersWaiting, receiversWaiting }) => sum + sendersWaiting + receiversWaiting, 0);
}

async function expectFlat(rounds: (count: number) => Promise<void> | void, ...channels: Channel<any>[]): Promise<void> {
  await rounds(SELECTS / 50);
  collect();
  const heap = process.memoryUsage().heapUsed;
  const { inUse, leases } = supervisor.pool.stats();
  await rounds(SELECTS);
  collect();
  // Less than one byte a select when all are made.
  expect(process.memoryUsage().heapUsed - heap).toBeLessThan(1_000_000);
  expect(supervisor.pool.stats()).toMatchObject({ inUse, leases });
  expect(waiting(...channels)).toBe(0);
}

const many = WHOLE ? 'a million' : 'a hundred thousand';

test(`R21: ${many} selects that find something leave heap and segment flat`, { timeout: 120_000 }, async () => {
  const [a, b, taken] = [newChannel(), newChannel(), supervisor.channel('taken', { codec: bytes(), capacity: 1 })];
  taken.sendSync(Uint8Array.of(1));
  const large = new Uint8Array(1000);
  await expectFlat(
    (count) => {
      for (let round = 0; round < count; round++) {
        (round % 2 ? a : b).sendSync(round);
        // A third case, with a block of the pool in its hands, that is never chosen, in one of eight.
        const out = round % 8 === 0 ? taken.onSend(large) : undefined;
        const cases = { a: a.onReceive(), b: b.onReceive(), out };
        if (round % 3) selectSync(cases);
        else trySelect(cases);
      }
    },
    a,
    b,
    taken,
  );
});

test(`R21: ${many} selects that wait leave heap and segment flat`, { timeout: 240_000 }, async () => {
  const [a, b, full] = [newChannel(), newChannel(), newChannel(1)];
  full.sendSync(0);
  await expectFlat(
    async (count) => {
      for (let round = 0; round < count; round++) {
        const pending = select({ a: a.onReceive(), b: b.onReceive(), out: full.onSend(round) });
        (round % 2 ? a : b).sendSync(round);
        await pending;
      }
    },
    a,
    b,
    full,
  );
});

/** Makes so many selects wait at two channels, and aborts them in an order drawn by lot. Answers milliseconds. */
async function abortAll(count: number, order: readonly number[]): Promise<number> {
  const [a, b] = [newChannel(), newChannel()];
  const controllers: AbortController[] = [];
  const ended: Promise<unknown>[] = [];
  for (let at = 0; at < count; at++) {
    const controller = new AbortController();
    controllers.push(controller);
    ended.push(select({ a: a.onReceive(), b: b.onReceive() }, { signal: controller.signal }).catch(() => {}));
  }
  await turn();
  const begun = performance.now();
  for (const at of order) controllers[at]!.abort();
  const took = performance.now() - begun;
  await Promise.all(ended);
  expect(waiting(a, b)).toBe(0);
  return took;
}

function shuffled(count: number): number[] {
  const random = randomFrom(count);
  const order = Array.from({ length: count }, (_, at) => at);
  for (let last = count - 1; last > 0; last--) {
    const at = random.int(0, last);
    [order[at], order[last]] = [order[last]!, order[at]!];
  }
  return order;
}

test('R21: removing one of many selects that wait looks at no more of them than of a few', async () => {
  seeded();
  const looks = vi.spyOn(Choice.prototype, 'attempt');
  const of = async (count: number) => {
    looks.mockClear();
    await abortAll(count, shuffled(count));
    return looks.mock.calls.length / count;
  };
  // When it begins, when it enters, and perhaps when it comes to stand first at one of its channels.
  for (const count of [100, 1000, 10_000]) expect(await of(count)).toBeLessThan(8);
  looks.mockRestore();
});

if (WHOLE) {
  test('R21: removing twice as many takes less than three times as long', { timeout: 120_000 }, async () => {
    const best = async (count: number) => {
      const order = shuffled(count);
      let least = Number.POSITIVE_INFINITY;
      for (let run = 0; run < 3; run++) least = Math.min(least, await abortAll(count, order));
      return least;
    };
    await best(5000);
    const [once, twice] = [await best(20_000), await best(40_000)];
    console.log(`removing 20,000 selects: ${once.toFixed(1)} ms, 40,000: ${twice.toFixed(1)} ms`);
    expect(twice / once).toBeLessThan(3);
  });
}
