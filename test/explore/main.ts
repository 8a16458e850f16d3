/** The explorer's command line. */

import { parseArgs } from 'node:util';
import { explore, type Outcome } from './engine/explore.ts';
import { partsOf, reportOf, seedOf } from './engine/report.ts';
import { listModels, openModel } from './engine/subject.ts';
import { mutants } from './mutants/list.ts';
import { tryMutant } from './mutants/run.ts';

const USAGE = `Explores the interleavings of sluice's lock-free code.

  npm run test:explore -- [options]

  --budget TIME       how long to explore in all: 30s, 10m, 1h (default 1m)
  --model NAME        only this model, or all whose name starts like that
  --short             only what is part of npm test: few preemptions, a number for each model
  --preemptions N     stop after all schedules with at most so many preemptions (default: go on for the whole time)
  --replay SEED       one execution again, step by step
  --mutants           try the deliberate faults instead: every one must be caught
  --list              the models there are (with --mutants: the faults)
  --json              one JSON object a line instead of a table
  --help              this
`;

/** What models are explored with in the short run that do not say otherwise. */
const SHORT_PREEMPTIONS = 1;
/** The part of the time that random walks get where the search does not end. */
const WALKING = 0.2;

/** What was asked for cannot be done. */
class UsageError extends Error {}

function secondsOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(s|m|h)$/.exec(text);
  if (!match) throw new UsageError(`--budget: expected a time such as 30s, 10m or 1h, met "${text}"`);
  return Number(match[1]) * { s: 1, m: 60, h: 3600 }[match[2] as 's' | 'm' | 'h'];
}

function main(): number {
  const { values } = parseArgs({
    options: {
      budget: { type: 'string', default: '1m' },
      model: { type: 'string' },
      preemptions: { type: 'string' },
      short: { type: 'boolean', default: false },
      replay: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (values.replay !== undefined) return again(values.replay);
  if (values.mutants) return faults(secondsOf(values.budget), values);
  const models = listModels().filter(({ name }) => name.startsWith(values.model ?? ''));
  if (models.length === 0) throw new UsageError(`--model: expected one of --list, met "${values.model}"`);
  if (values.list) {
    for (const { name, model } of models) console.log(`${name.padEnd(36)}${model.about}`);
    return 0;
  }
  const most = Number(values.preemptions ?? 99);
  const walking = values.preemptions === undefined && !values.short ? WALKING : 0;
  const deadline = performance.now() / 1000 + secondsOf(values.budget);
  const outcomes: Outcome[] = [];
  if (!values.json) console.log(HEADINGS);
  for (const [done, { name, path, model }] of models.entries()) {
    const seconds = (deadline - performance.now() / 1000) / (models.length - done);
    const subject = openModel(name, path);
    const preemptions = values.short ? (model.preemptions ?? SHORT_PREEMPTIONS) : most;
    const outcome = explore(subject, { preemptions, seconds, walking });
    outcomes.push(outcome);
    console.log(values.json ? jsonOf(outcome) : rowOf(outcome));
    if (outcome.found) console.error(`\n${reportOf(subject, outcome.found)}\n`);
  }
  if (!values.json) console.log(sumOf(outcomes));
  return outcomes.some(({ found }) => found) ? 1 : 0;
}

function again(seed: string): number {
  const { model, schedule } = partsOf(seed);
  const entry = listModels().find(({ name }) => name === model);
  if (!entry) throw new UsageError(`--replay: expected a model of --list, met "${model}"`);
  const subject = openModel(entry.name, entry.path);
  console.log(reportOf(subject, { message: 'see above', schedule }));
  return 0;
}

interface FaultOptions {
  readonly list: boolean;
  readonly json: boolean;
  /** Only those of files, functions or models with this in their name. */
  readonly model?: string | undefined;
}

function faults(budget: number, { list, json, model = '' }: FaultOptions): number {
  const chosen = mutants.filter(({ path, within, caughtBy }) => `${path} ${within} ${caughtBy}`.includes(model));
  const each = budget / Math.max(chosen.length, 1);
  let wrong = 0;
  for (const mutant of chosen) {
    const name = `${mutant.path.replace('src/', '')} ${mutant.within}: ${mutant.fault}`;
    if (list) {
      console.log(name);
      continue;
    }
    const { caught, schedules, seconds } = tryMutant(mutant, each);
    if ((caught === undefined) !== (mutant.harmless !== undefined)) wrong++;
    const verdict = caught ? 'caught' : mutant.harmless ? 'harmless' : 'NOT CAUGHT';
    const { path, within, fault, harmless } = mutant;
    if (json) console.log(JSON.stringify({ path, within, fault, verdict, harmless, ...caught, schedules, seconds }));
    else console.log(`${verdict.padEnd(11)}${seconds.toFixed(1).padStart(5)} s  ${name}`);
    if (!json && caught) console.log(`${' '.repeat(20)}${caught.model}: ${caught.message.split('\n')[0]}`);
  }
  if (!json && !list) console.log(`${chosen.length} faults, ${wrong} of them not as they should be`);
  return wrong > 0 ? 1 : 0;
}

const HEADINGS = row(['model', 'schedules', 'to the end', 'states', 'walks', 'preemptions', 'seconds', '']);

function rowOf(outcome: Outcome): string {
  const { model, schedules, ended, states, walks, preemptions, exhausted, seconds, found } = outcome;
  const explored = exhausted ? 'all' : `≤ ${preemptions}`;
  return row([
    model,
    ...[schedules, ended, states, walks].map((count) => count.toLocaleString('en')),
    explored,
    seconds.toFixed(1),
    found ? 'VIOLATED' : '',
  ]);
}

function sumOf(outcomes: readonly Outcome[]): string {
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, each) => total + of(each), 0);
  const counts = [sum((o) => o.schedules), sum((o) => o.ended), sum((o) => o.states), sum((o) => o.walks)];
  const seconds = sum((o) => o.seconds).toFixed(1);
  return row([`${outcomes.length} models`, ...counts.map((count) => count.toLocaleString('en')), '', seconds, '']);
}

function row([name, ...rest]: readonly string[]): string {
  return `${name!.padEnd(36)}${rest.map((cell) => cell.padStart(13)).join('')}`.trimEnd();
}

function jsonOf({ found, ...rest }: Outcome): string {
  return JSON.stringify({
    ...rest,
    ...(found && { violation: found.message, seed: seedOf(rest.model, found.schedule) }),
  });
}

try {
  process.exitCode = main();
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = 2;
}
