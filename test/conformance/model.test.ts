/**
 * The cases, held against a model: a plain one keeps them all, at every capacity; one with a flaw breaks at least one of
 * them. So they ask for no more than the rules, and for no less.
 */

import { afterAll, describe, expect, test, vi } from 'vitest';
import { runSeed } from '../support/random.ts';
import { type Case, type Instance, instancesOf } from './case.ts';
import { crossbeam } from './cases/crossbeam.ts';
import { crossbeamSelect } from './cases/crossbeam-select.ts';
import { goChan } from './cases/go-chan.ts';
import { goRuntime } from './cases/go-runtime.ts';
import { passing } from './cases/passing.ts';
import { powerSeries } from './cases/power-series.ts';
import { FLAWS, type Flaw, flawed, Supervisor } from './model/model.ts';
import { Stage } from './play.ts';

vi.mock('../../src/index.ts', () => import('./model/model.ts'));

const cases = [...goChan, ...goRuntime, ...crossbeam, ...crossbeamSelect, ...powerSeries, ...passing];

/** The model knows no memory. */
const modelled = cases.filter(({ channels }) =>
  Object.values<any>(channels).every(({ codec }) => codec?.kind !== 'lease'),
);
const stage = new Stage(new Supervisor() as never, 300);

afterAll(() => flawed('none'));

/** A model of one thread knows one topology. */
const instances = (which: Case): Instance[] =>
  instancesOf(which, 'async', runSeed)[0].filter(({ topology }) => topology === 'mpmc');

describe('a plain model keeps them', () => {
  test.each(modelled.map((which) => [which.title, which] as const))('%s', async (_title, which) => {
    for (const instance of instances(which)) await stage.play(which, instance);
  });
});

/** The first case that it breaks. */
async function brokenBy(flaw: Flaw): Promise<string | undefined> {
  flawed(flaw);
  for (const which of modelled) {
    for (const instance of instances(which).slice(0, 2)) {
      try {
        await stage.play(which, instance);
      } catch {
        return which.title;
      }
    }
  }
  return undefined;
}

describe('a flaw is found', () => {
  const flaws = Object.entries(FLAWS).filter(([flaw]) => flaw !== 'none') as [Flaw, string][];
  test.each(flaws)('%s: %s', async (flaw) => {
    expect(await brokenBy(flaw)).toBeDefined();
  });
});
