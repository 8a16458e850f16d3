/** One execution again, as its seed says, told step by step. */

import type { Model } from '../model.ts';
import { choiceOf, STEP } from './choice.ts';
import { Execution } from './execution.ts';
import type { Done, Machine } from './machine.ts';
import { stretchesOf } from './schedule.ts';
import { messageOf } from './search.ts';

export interface Replay {
  readonly steps: readonly Done[];
  /** What went wrong, if it did. */
  readonly message: string | undefined;
}

export function replay(machine: Machine, model: Model, place: unknown, schedule: string): Replay {
  const steps: Done[] = [];
  const execution = new Execution(machine, model, place);
  machine.observer = (done) => steps.push(done);
  let message: string | undefined;
  try {
    execution.begin('all');
    for (const { thread, kind, until } of stretchesOf(schedule)) {
      const running = execution.threads[thread];
      if (!running) throw new Error(`expected a thread of ${model.name}, met number ${thread} in the seed`);
      if (kind !== STEP) execution.take(choiceOf(kind, thread));
      while (running.count < until && machine.enabled(running)) execution.take(choiceOf(STEP, thread));
    }
    if (execution.choices([]).length === 0) execution.rest();
  } catch (error) {
    message = messageOf(error);
  } finally {
    machine.observer = undefined;
  }
  return { steps, message };
}
