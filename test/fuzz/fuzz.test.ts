/**
 * Whatever is passed in, and whatever becomes of the memory: a value or a typed error, no crash, no hang, no bytes of
 * somebody else's. Many more cases: `npm run test:fuzz -- --cases 50000`.
 */

import { expect, test } from 'vitest';
import { seeded } from '../support/random.ts';
import { campaign } from './campaign.ts';
import type { FuzzerName } from './fuzzers.ts';

const CASES: readonly (readonly [FuzzerName, number, string])[] = [
  ['descriptors', 600, 'what share() answers, changed on its way to attach()'],
  ['header', 150, 'a segment whose header was overwritten'],
  ['words', 120, 'channels and tables that are overwritten while they are used'],
  ['misuse', 400, 'the public face, used in every order'],
];

test.each(CASES)('%s: %d cases of %s', async (name, cases) => {
  const { seed } = seeded();
  expect(await campaign({ name, seed, cases })).toBeUndefined();
});
