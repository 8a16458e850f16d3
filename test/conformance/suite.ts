/**
 * Makes tests of cases: one an instance, which is a case in a setting, a topology and a capacity.
 *
 * What does not apply is not a test. It is listed, each with its reason, by a test of its own, so that nothing is missing
 * without a word.
 */

import { afterAll, describe, expect, onTestFailed, test } from 'vitest';
import { runSeed } from '../support/random.ts';
import { newSupervisor } from '../support/supervisors.ts';
import { type Case, type Instance, instancesOf, type Refusal, SETTINGS } from './case.ts';
import { PLAY_LIMIT_MS, Stage } from './play.ts';

/** Everything, as `npm run test:conformance` plays it; otherwise the part that `npm test` has the time for. */
export const WHOLE = process.env.SLUICE_CONFORMANCE === 'whole';

const MIB = 2 ** 20;

/** Plays these cases with each other's threads and segment. */
export function suite(cases: readonly Case[]): void {
  const supervisor = newSupervisor({ memory: 256 * MIB, threads: 32 });
  const stage = new Stage(supervisor);
  afterAll(() => stage[Symbol.asyncDispose]());

  const refused: string[] = [];
  for (const which of cases) {
    const instances: Instance[] = [];
    for (const setting of SETTINGS) {
      const [every, refusals] = instancesOf(which, setting, runSeed);
      refused.push(...refusals.map(({ what, reason }: Refusal) => `${which.title}: ${what}: ${reason}`));
      instances.push(...(WHOLE ? every : every.filter((each) => isOfPart(each, every))));
    }
    if (instances.length === 0) continue;
    describe(`${which.title} (${which.from})`, () => {
      for (const instance of instances) {
        test(nameOf(which, instance), { timeout: PLAY_LIMIT_MS }, async () => {
          onTestFailed(() => console.error(`"${which.title}" failed with SEED=${runSeed}`));
          await stage.play(which, instance);
        });
      }
    });
  }

  test('what does not apply has a reason', () => {
    if (WHOLE && refused.length > 0) console.log(`does not apply:\n  ${refused.join('\n  ')}`);
    for (const line of refused) expect(line).toMatch(/: [^:]+: .{10,}$/);
  });
}

/** In the part: the smallest capacity in the widest topology, and the largest in the narrowest. */
function isOfPart(instance: Instance, all: readonly Instance[]): boolean {
  return instance === all[0] || instance === all.at(-1);
}

function nameOf({ rules, channels }: Case, { setting, topology, capacity }: Instance): string {
  const shape = Object.keys(channels).length > 0 ? `, ${topology}, capacity ${capacity}` : '';
  return `${rules.length > 0 ? `${rules.join(' ')}: ` : ''}${setting}${shape}`;
}
