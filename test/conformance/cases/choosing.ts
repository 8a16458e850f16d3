/**
 * R15: what a select draws among its ready cases, over many rounds. Go's `TestSelectFairness`, for more cases than two.
 *
 * The bound is Go's: a share may be off by 4.4172 standard deviations, √(p (1 − p) / rounds) with p = 1/n. The lots are
 * the product's own, so a right choice is outside by chance: once in 100,000 for each case that is counted. What fails is
 * two counts in a row, of which chance makes one in 10^10 (1.6 · 10^8 with eight cases, as any of them may be off).
 */

import assert from 'node:assert/strict';
import type { Channel, SelectCase } from '../../../src/index.ts';
import { type Case, conform } from '../case.ts';
import { type Form, turn, upTo, valueFrom } from '../form.ts';

const ROUNDS = 10_000;
const FROM = 'Go, runtime/chan_test.go, TestSelectFairness';

/** Which share is outside the bound, if one is. */
export function unfairShare(counts: readonly number[]): string | undefined {
  const rounds = counts.reduce((sum, count) => sum + count, 0);
  const share = 1 / counts.length;
  const bound = 4.4172 * Math.sqrt((share * (1 - share)) / rounds);
  return counts.some((count) => Math.abs(count / rounds - share) > bound) ? `${counts}` : undefined;
}

async function counted(of: number, choose: () => Promise<string>): Promise<readonly number[]> {
  const counts: number[] = new Array(of).fill(0);
  for (const _ of upTo(ROUNDS)) counts[Number(await choose())]!++;
  return counts;
}

async function expectFair(of: number, choose: () => Promise<string>): Promise<void> {
  const first = unfairShare(await counted(of, choose));
  if (first === undefined) return;
  const second = unfairShare(await counted(of, choose));
  assert.equal(second, undefined, `twice outside the bound: ${first}, then ${second}`);
}

/** Two programs that keep all channels half full between them, so that every case is ready all the time. */
async function restores(form: Form, channels: readonly Channel<number>[], taken: Channel<number>, out: boolean) {
  for await (const at of form.each(taken)) {
    if (out) await form.send(channels[at]!, 1);
    else await valueFrom(form, channels[at]!);
  }
}

export const choosing: readonly Case[] = [2, 3, 8].flatMap((ready) => [
  conform(`of ${ready} ready receives each is chosen alike`, {
    from: FROM,
    rules: ['R15'],
    capacities: [100],
    channels: { channels: { many: ready }, taken: { capacity: 50 } },
    programs: {
      async selects(form, { channels, taken }) {
        for (const each of channels) await form.sendMany(each, upTo(60));
        const cases = Object.fromEntries(channels.map((each, key) => [key, each.onReceive()]));
        await expectFair(ready, async () => {
          while (channels.some(({ length }) => length === 0)) await turn();
          const { key } = await form.select(cases);
          await form.send(taken, Number(key));
          return key;
        });
        taken.close();
      },
      restores: (form, { channels, taken }) => restores(form, channels, taken, true),
    },
  }),

  conform(`of ${ready} ready sends each is chosen alike`, {
    from: FROM,
    rules: ['R15'],
    capacities: [100],
    channels: { channels: { many: ready }, taken: { capacity: 50 } },
    programs: {
      async selects(form, { channels, taken }) {
        for (const each of channels) await form.sendMany(each, upTo(40));
        await expectFair(ready, async () => {
          while (channels.some(({ length, capacity }) => length === capacity)) await turn();
          const cases: Record<string, SelectCase> = {};
          for (const [key, each] of channels.entries()) cases[key] = each.onSend(1);
          const { key } = await form.select(cases);
          await form.send(taken, Number(key));
          return key;
        });
        taken.close();
      },
      restores: (form, { channels, taken }) => restores(form, channels, taken, false),
    },
  }),
]);
