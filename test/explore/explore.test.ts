/** The short run of the explorer, and the explorer itself: that it sees what it is there to see. */

import { afterAll, describe, expect, test } from 'vitest';
import { explore, type Outcome } from './engine/explore.ts';
import { partsOf, reportOf, seedOf } from './engine/report.ts';
import { listModels, openModel } from './engine/subject.ts';
import { mutants } from './mutants/list.ts';
import { mutate } from './mutants/mutate.ts';
import { tryMutant } from './mutants/run.ts';

const models = listModels();

describe('every schedule with few preemptions', () => {
  const outcomes: Outcome[] = [];

  afterAll(() => {
    const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0);
    console.log(
      `explored ${sum((o) => o.schedules)} schedules, ${sum((o) => o.states)} states of ${outcomes.length} models`,
    );
  });

  test.each(models)('$name: $model.about', ({ name, path, model }) => {
    const subject = openModel(name, path);
    const outcome = explore(subject, { preemptions: model.preemptions ?? 2, seconds: 60, walking: 0 });
    outcomes.push(outcome);
    if (outcome.found) throw new Error(reportOf(subject, outcome.found));
    expect(outcome.exhausted || outcome.preemptions === (model.preemptions ?? 2)).toBe(true);
  });
});

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

  test('runs the same schedules each time', () => {
    const { name, path } = models.find((each) => each.name === 'mpmc/two-senders')!;
    const run = () => explore(openModel(name, path), { preemptions: 2, seconds: 60, walking: 0 });
    const [first, second] = [run(), run()];
    expect([second.schedules, second.ended, second.states]).toEqual([first.schedules, first.ended, first.states]);
  });

  test.each(mutants)('finds the place of a fault in today’s source: $path $within, $fault', (mutant) => {
    expect(mutate(mutant)).not.toBe('');
    for (const name of mutant.caughtBy) expect(models.map((each) => each.name)).toContain(name);
  });

  test('says so when the source has no place for a fault', () => {
    expect(() => mutate(lostClaim, 'export function mpmcClaim() {}')).toThrow('expected');
    expect(() => mutate(lostClaim, '')).toThrow('expected one function "mpmcClaim", met 0');
  });
});
