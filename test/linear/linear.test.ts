/**
 * Linearizability: random histories of real threads against the specification of a channel.
 * Many more of them: `npm run test:linear -- --histories 100000`.
 */

import { afterAll, describe, expect, test } from 'vitest';
import { randomFrom, runSeed, seeded } from '../support/random.ts';
import { newSupervisor } from '../support/supervisors.ts';
import { newChannel } from './arena.ts';
import { campaign } from './campaign.ts';
import { explain } from './checker.ts';
import { diagramOf } from './diagram.ts';
import { LIES, told } from './mutants.ts';
import { planRound } from './plan.ts';
import { playSolo } from './solo.ts';

const supervisor = newSupervisor({ memory: 64 * 2 ** 20 });
afterAll(() => supervisor.close());

const THREADS = 3;

/** Plays on one thread until a history is refused, at most so many times. Answers how often it played. */
async function historiesUntilRefused(most: number, lie?: (typeof LIES)[string]): Promise<number> {
  const random = randomFrom(runSeed);
  for (let round = 0; round < most; round++) {
    const plan = planRound(runSeed, round, THREADS);
    if (plan.style === 'retire' || plan.style === 'cancel' || plan.keeps || plan.permits) continue;
    if (plan.capacity === 0) continue;
    const channel = newChannel(supervisor, plan);
    const history = await playSolo(random, plan, { channel: lie ? told(lie, channel) : channel });
    if (!explain(plan, history)) return round + 1;
  }
  return Number.POSITIVE_INFINITY;
}

test('R1–R13, R22–R24: every history of a few threads has an explanation', async () => {
  const { seed } = seeded();
  const { checked, refused } = await campaign({ seed, histories: 800, threads: [2, 3] });
  expect(refused.map(({ round, history }) => `round ${round}\n${diagramOf(history)}`)).toEqual([]);
  expect(checked).toBe(800);
});

test('so has every history of one thread that plays several', async () => {
  seeded();
  expect(await historiesUntilRefused(500)).toBe(Number.POSITIVE_INFINITY);
});

describe('a channel that breaks a promise is refused', () => {
  test.each(Object.entries(LIES))('%s', async (_what, lie) => {
    seeded();
    expect(await historiesUntilRefused(800, lie)).toBeLessThan(Number.POSITIVE_INFINITY);
  });
});
