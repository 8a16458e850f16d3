/**
 * The cases, held against a model: a plain one keeps them all, at every capacity; one with a flaw breaks at least one of
 * them. So they ask for no more than the rules, and for no less.
 */

import { afterEach, describe, expect, test, vi } from 'vitest';
import { runSeed } from '../support/random.ts';
import { type Case, type Instance, instancesOf } from './case.ts';
import { crossbeam } from './cases/crossbeam.ts';
import { crossbeamSelect } from './cases/crossbeam-select.ts';
import { goChan } from './cases/go-chan.ts';
import { goRuntime } from './cases/go-runtime.ts';
import { passing } from './cases/passing.ts';
import { powerSeries } from './cases/power-series.ts';
import { sync } from './cases/sync.ts';
import { FLAWS, type Flaw, flawed, Supervisor } from './model/model.ts';
import { SYNC_FLAWS, type SyncFlaw, syncFlawed } from './model/sync.ts';
import { Stage } from './play.ts';

vi.mock('../../src/index.ts', () => import('./model/model.ts'));
vi.mock('../../src/sync/index.ts', () => import('./model/sync.ts'));

const cases = [...goChan, ...goRuntime, ...crossbeam, ...crossbeamSelect, ...powerSeries, ...passing, ...sync];

/** The model knows no memory. */
const modelled = cases.filter(({ channels }) =>
  Object.values<any>(channels).every(({ codec }) => codec?.kind !== 'lease'),
);
const stage = new Stage(new Supervisor() as never, 300);

afterEach(() => {
  flawed('none');
  syncFlawed('none');
});

/** A model of one thread knows one topology. */
const instances = (which: Case): Instance[] =>
  instancesOf(which, 'async', runSeed)[0].filter(({ topology }) => topology === 'mpmc');

describe('a plain model keeps them', () => {
  test.each(modelled.map((which) => [which.title, which] as const))('%s', async (_title, which) => {
    for (const instance of instances(which)) await stage.play(which, instance);
  });
});

/** The first case that is broken. */
async function firstBroken(cases: readonly Case[]): Promise<string | undefined> {
  for (const which of cases) {
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
    flawed(flaw);
    expect(await firstBroken(modelled)).toBeDefined();
  });

  const syncFlaws = Object.entries(SYNC_FLAWS).filter(([flaw]) => flaw !== 'none') as [SyncFlaw, string][];
  test.each(syncFlaws)('of a primitive: %s: %s', async (flaw) => {
    syncFlawed(flaw);
    expect(await firstBroken(sync)).toBeDefined();
  });
});
