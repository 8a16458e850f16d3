/** Tries whether the models catch a fault. */

import { explore } from '../engine/explore.ts';
import { seedOf } from '../engine/report.ts';
import { listModels, openModel } from '../engine/subject.ts';
import { type Mutant, mutate } from './mutate.ts';

export interface Trial {
  readonly mutant: Mutant;
  /** The model that caught it, and what it said. */
  readonly caught: { readonly model: string; readonly message: string; readonly seed: string } | undefined;
  readonly schedules: number;
  readonly seconds: number;
}

/** A name that stands for nothing, a piece of an expression that was left behind, code that cannot be stepped through. */
const BROKEN = /^(ReferenceError|SyntaxError|TypeError)|in code that cannot be suspended/;

const paths = new Map<string, string>();

function pathOf(model: string): string {
  if (paths.size === 0) for (const { name, path } of listModels()) paths.set(name, path);
  const path = paths.get(model);
  if (!path) throw new Error(`expected a model of --list, met "${model}"`);
  return path;
}

/** Runs the models of a mutant until one catches it; at most `seconds` each. */
export function tryMutant(mutant: Mutant, seconds: number): Trial {
  const started = performance.now();
  const changed = mutate(mutant);
  let schedules = 0;
  for (const name of mutant.caughtBy) {
    const subject = openModel(name, pathOf(name), { path: mutant.path, change: () => changed });
    const outcome = explore(subject, { preemptions: mutant.preemptions ?? 2, seconds, walking: 0 });
    schedules += outcome.schedules;
    if (outcome.found) {
      const { message, schedule } = outcome.found;
      // What cannot run at all is no fault that a model has found.
      if (BROKEN.test(message)) throw new Error(`${mutant.path}, ${mutant.within}: ${mutant.fault}: ${message}`);
      const caught = { model: name, message, seed: seedOf(name, schedule) };
      return { mutant, caught, schedules, seconds: (performance.now() - started) / 1000 };
    }
  }
  return { mutant, caught: undefined, schedules, seconds: (performance.now() - started) / 1000 };
}
