/** The short run of the explorer, and the explorer itself: that it sees what it is there to see. */

import { describe, expect, test } from 'vitest';
import { run, TSX_ARGS } from '../support/child.ts';
import { explore } from './engine/explore.ts';
import { partsOf, reportOf, seedOf } from './engine/report.ts';
import { listModels, openModel } from './engine/subject.ts';
import { mutants } from './mutants/list.ts';
import { type Mutant, mutate, replace } from './mutants/mutate.ts';
import { tryMutant } from './mutants/run.ts';
import { ROOT } from './transform/source.ts';

const models = listModels();

// In a process of its own: modules that the test runner has rewritten are several times slower. How far the search comes
// in its time is the machine's business; whatever it sees has to be right.
test('every schedule with few preemptions of every model keeps the rules', { timeout: 120_000 }, async () => {
  const program = `${ROOT}test/explore/main.ts`;
  const { code, stdout, stderr } = await run(program, {
    nodeArgs: TSX_ARGS,
    args: ['--short', '--json', '--budget', '12s'],
    limitMs: 110_000,
  });
  expect(stderr.replace(/^npm warn.*$/gm, '').trim()).toBe('');
  expect(code).toBe(0);
  const outcomes = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(outcomes.map(({ model }) => model).toSorted()).toEqual(models.map(({ name }) => name).toSorted());
  for (const { model, schedules } of outcomes) expect([model, schedules > 0]).toEqual([model, true]);
  const cut = outcomes.filter(({ exhausted, preemptions }) => !exhausted && preemptions < 0).map(({ model }) => model);
  if (cut.length > 0) console.info(`This machine was too busy to finish ${cut.join(', ')}: see npm run test:explore`);
});

/** A callback of a function of the platform's. */
const closure: Mutant = {
  path: 'src/park/thread.ts',
  within: 'ThreadContext.#anyWoken',
  fault: 'looks are taken by a closure',
  rule: replace(
    'for (const point of points) if (point.woken) return true;\n    return false;',
    'return points.some((point) => point.woken);',
  ),
  caughtBy: ['park/mpmc'],
};

describe('the explorer', () => {
  const lostClaim = mutants.find(({ within, fault }) => within === 'mpmcClaim' && /compared and swapped/.test(fault))!;

  test('sees a fault, tells of it step by step with the names of words, and finds it again from its seed', () => {
    const { caught } = tryMutant(lostClaim, 20);
    const { model, schedule } = partsOf(caught!.seed);
    const { path } = models.find(({ name }) => name === model)!;
    const subject = openModel(model, path, { path: lostClaim.path, change: () => mutate(lostClaim) });
    const report = reportOf(subject, { message: caught!.message, schedule });
    expect(report).toMatch(/mpmcClaim:\d+ +store +slot 0 state: FREE lap \d+ → CLAIMED t\d lap/);
    expect(report).toContain(seedOf(model, schedule));
    expect(report).not.toContain('not deterministic');
  });

  // It would be one step with all it does, and nobody would be seen to come between.
  test('says so when it cannot go through code step by step', () => {
    expect(() => tryMutant(closure, 20)).toThrow(
      /load of a word .* cannot be suspended \(src\/kernel\/waiters\.ts:\d+\)$/,
    );
  });

  test('runs the same schedules each time', () => {
    const { name, path } = models.find((each) => each.name === 'mpmc/two-senders')!;
    const once = () => explore(openModel(name, path), { preemptions: 1, seconds: 60, walking: 0 });
    const [first, second] = [once(), once()];
    expect([second.schedules, second.ended, second.states]).toEqual([first.schedules, first.ended, first.states]);
  });

  test('finds the place of every fault in today’s source, and the models that must catch it', () => {
    const names = models.map(({ name }) => name);
    for (const mutant of mutants) {
      expect(mutate(mutant)).not.toBe('');
      expect(names).toEqual(expect.arrayContaining([...mutant.caughtBy]));
    }
  });

  test('says so when the source has no place for a fault', () => {
    expect(() => mutate(lostClaim, 'export function mpmcClaim() {}')).toThrow('expected');
    expect(() => mutate(lostClaim, '')).toThrow('expected one function "mpmcClaim", met 0');
  });
});
