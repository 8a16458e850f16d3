/** What was found, for people. */

import { replay } from './replay.ts';
import type { Found } from './search.ts';
import type { Subject } from './subject.ts';
import { traceOf } from './trace.ts';

/** A seed names the model and the schedule. */
export function seedOf(model: string, schedule: string): string {
  return `${model}@${schedule}`;
}

export function partsOf(seed: string): { readonly model: string; readonly schedule: string } {
  const at = seed.indexOf('@');
  if (at < 0) throw new Error(`expected a seed such as mpmc/two-senders@a12.b3, met "${seed}"`);
  return { model: seed.slice(0, at), schedule: seed.slice(at + 1) };
}

/** The trace of an execution, what went wrong in it, and how to see it again. `message`: what went wrong when it was found. */
export function reportOf(subject: Subject, { message, schedule }: Partial<Found> & Pick<Found, 'schedule'>): string {
  const { machine, model, place, names } = subject;
  const { steps, message: again } = replay(machine, model, place, schedule);
  const wrong = again ?? message;
  const named = wrong?.replace(/word (\d+)/g, (_, at: string) => names.of(Number(at)).name);
  return [
    `${model.name}: ${model.about}`,
    '',
    traceOf(steps, names),
    '',
    named === undefined ? 'no rule was violated' : `violated: ${named}`,
    ...(message !== undefined && again === undefined
      ? ['(its replay did not show it: the model is not deterministic)']
      : []),
    `again:    npm run test:explore -- --replay '${seedOf(model.name, schedule)}'`,
  ].join('\n');
}
