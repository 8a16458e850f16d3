/** The explorer's command line. */

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { explore, type Outcome } from './engine/explore.ts';
import { partsOf, reportOf, seedOf } from './engine/report.ts';
import { listModels, openModel } from './engine/subject.ts';
import type { Model } from './model.ts';
import { mutants } from './mutants/list.ts';
import type { Mutant } from './mutants/mutate.ts';
import { type Trial, tryMutant } from './mutants/run.ts';
import { runShares, type Share, shareOf } from './share.ts';

const USAGE = `Explores the interleavings of sluice's lock-free code.

  npm run test:explore -- [options]

  --budget TIME       how long to explore in all: 30s, 10m, 1h (default 1m)
  --model NAME        only this model, or all whose name starts like that
  --short             only what is part of npm test: few preemptions, a number for each model
  --preemptions N     stop after all schedules with at most so many preemptions (default: go on for the whole time)
  --replay SEED       one execution again, step by step
  --mutants           try the deliberate faults instead: every one must be caught
  --list              the models there are (with --mutants: the faults)
  --jobs N            in so many processes at once (default: one a core)
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

function optionsOf() {
  return parseArgs({
    options: {
      budget: { type: 'string', default: '1m' },
      model: { type: 'string', default: '' },
      preemptions: { type: 'string' },
      short: { type: 'boolean', default: false },
      replay: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      jobs: { type: 'string', default: String(availableParallelism()) },
      json: { type: 'boolean', default: false },
      // What `--jobs` gives to each of its processes.
      share: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  }).values;
}
type Options = ReturnType<typeof optionsOf>;

async function main(): Promise<number> {
  const options = optionsOf();
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (options.replay !== undefined) return again(options.replay);
  if (options.list) return list(options);
  const share = options.share === undefined ? undefined : shareOf(options.share);
  if (share) return options.mutants ? tryFaults(options, share) : exploreModels(options, share);
  return options.mutants ? reportFaults(options) : reportModels(options);
}

function modelsFor({ model }: Options) {
  const models = listModels().filter(({ name }) => name.startsWith(model));
  if (models.length === 0) throw new UsageError(`--model: expected one of --list, met "${model}"`);
  return models;
}

/** Those of files, functions or models with the text of `--model` in their name. */
function faultsFor({ model }: Options): Mutant[] {
  return mutants.filter(({ path, within, caughtBy }) => `${path} ${within} ${caughtBy}`.includes(model));
}

function list(options: Options): number {
  if (options.mutants) for (const mutant of faultsFor(options)) console.log(titleOf(mutant));
  else for (const { name, model } of modelsFor(options)) console.log(`${name.padEnd(36)}${model.about}`);
  return 0;
}

/** Every n-th. */
function sharing<T>(all: readonly T[], { index, of }: Share): T[] {
  return all.filter((_, i) => i % of === index);
}

/** One JSON object a model. */
function exploreModels(options: Options, share: Share): number {
  // Small ones first: what they leave of their time goes to the others.
  const size = ({ model }: { readonly model: Model }) => -(model.preemptions ?? SHORT_PREEMPTIONS);
  const models = sharing(modelsFor(options), share).sort((a, b) => size(a) - size(b));
  const most = Number(options.preemptions ?? 99);
  const walking = options.preemptions === undefined && !options.short ? WALKING : 0;
  const deadline = performance.now() / 1000 + secondsOf(options.budget);
  let status = 0;
  for (const [done, { name, path, model }] of models.entries()) {
    const seconds = (deadline - performance.now() / 1000) / (models.length - done);
    const subject = openModel(name, path);
    const preemptions = options.short ? (model.preemptions ?? SHORT_PREEMPTIONS) : most;
    const { found, ...counts } = explore(subject, { preemptions, seconds, walking });
    const violation = found && { violation: found.message, seed: seedOf(name, found.schedule) };
    console.log(JSON.stringify({ ...counts, ...violation }));
    if (!found) continue;
    status = 1;
    console.error(`\n${reportOf(subject, found)}\n`);
  }
  return status;
}

async function reportModels(options: Options): Promise<number> {
  modelsFor(options);
  secondsOf(options.budget);
  const rows: Row[] = [];
  if (!options.json) console.log(HEADINGS);
  const status = await runShares(jobsOf(options), (line) => {
    const row = JSON.parse(line) as Row;
    rows.push(row);
    console.log(options.json ? line : rowOf(row));
  });
  if (!options.json) console.log(sumOf(rows));
  return status;
}

function jobsOf({ jobs }: Options): number {
  if (Number(jobs) >= 1) return Math.floor(Number(jobs));
  throw new UsageError(`--jobs: expected a number of processes ≥ 1, met "${jobs}"`);
}

function again(seed: string): number {
  const { model, schedule } = partsOf(seed);
  const entry = listModels().find(({ name }) => name === model);
  if (!entry) throw new UsageError(`--replay: expected a model of --list, met "${model}"`);
  const subject = openModel(entry.name, entry.path);
  console.log(reportOf(subject, { schedule }));
  return 0;
}

interface Verdict {
  readonly fault: string;
  readonly verdict: 'caught' | 'harmless' | 'NOT CAUGHT' | 'CAUGHT, THOUGH HARMLESS';
  readonly model?: string;
  readonly message?: string;
  readonly seed?: string;
  readonly harmless?: string;
  readonly schedules: number;
  readonly seconds: number;
}

function titleOf({ path, within, fault }: Mutant): string {
  return `${path.replace('src/', '')} ${within}: ${fault}`;
}

/** One JSON object a fault. */
function tryFaults(options: Options, share: Share): number {
  const chosen = sharing(faultsFor(options), share);
  const deadline = performance.now() / 1000 + secondsOf(options.budget);
  const left = () => deadline - performance.now() / 1000;
  // Most faults show at once. Those that do not get all the time that the others have left.
  const slow: Mutant[] = [];
  let status = 0;
  for (const mutant of chosen) {
    const trial = tryMutant(mutant, secondsOf(options.budget) / 10 / chosen.length);
    if (trial.caught) status = Math.max(status, tell(trial));
    else slow.push(mutant);
  }
  for (const [tried, mutant] of slow.entries()) {
    status = Math.max(status, tell(tryMutant(mutant, left() / (slow.length - tried))));
  }
  return status;
}

/** Prints what came of a fault. Returns the status of a program that met it. */
function tell({ mutant, caught, schedules, seconds }: Trial): number {
  const { harmless } = mutant;
  const verdict: Verdict['verdict'] = caught
    ? harmless
      ? 'CAUGHT, THOUGH HARMLESS'
      : 'caught'
    : harmless
      ? 'harmless'
      : 'NOT CAUGHT';
  const found: Verdict = {
    fault: titleOf(mutant),
    verdict,
    ...caught,
    ...(harmless && { harmless }),
    schedules,
    seconds,
  };
  console.log(JSON.stringify(found));
  return (caught === undefined) === (harmless !== undefined) ? 0 : 1;
}

async function reportFaults(options: Options): Promise<number> {
  secondsOf(options.budget);
  const counts = new Map<string, number>();
  const status = await runShares(jobsOf(options), (line) => {
    const { fault, verdict, model, message, seconds } = JSON.parse(line) as Verdict;
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
    if (options.json) {
      console.log(line);
      return;
    }
    console.log(`${verdict.padEnd(11)}${seconds.toFixed(1).padStart(5)} s  ${fault}`);
    if (model) console.log(`${' '.repeat(20)}${model}: ${message!.split('\n')[0]}`);
  });
  if (!options.json) console.log([...counts].map(([verdict, count]) => `${count} ${verdict}`).join(', '));
  return status;
}

/** What is told of a model. */
interface Row extends Omit<Outcome, 'found'> {
  readonly violation?: string;
}

const HEADINGS = row(['model', 'schedules', 'to the end', 'states', 'walks', 'preemptions', 'seconds', '']);

function rowOf(outcome: Row): string {
  const { model, schedules, ended, states, walks, preemptions, exhausted, seconds, violation } = outcome;
  const explored = exhausted ? 'all' : `≤ ${preemptions}`;
  return row([
    model,
    ...[schedules, ended, states, walks].map((count) => count.toLocaleString('en')),
    explored,
    seconds.toFixed(1),
    violation ? 'VIOLATED' : '',
  ]);
}

function sumOf(outcomes: readonly Row[]): string {
  const sum = (of: (outcome: Row) => number) => outcomes.reduce((total, each) => total + of(each), 0);
  const counts = [sum((o) => o.schedules), sum((o) => o.ended), sum((o) => o.states), sum((o) => o.walks)];
  const seconds = sum((o) => o.seconds).toFixed(1);
  return row([`${outcomes.length} models`, ...counts.map((count) => count.toLocaleString('en')), '', seconds, '']);
}

function row([name, ...rest]: readonly string[]): string {
  return `${name!.padEnd(36)}${rest.map((cell) => cell.padStart(13)).join('')}`.trimEnd();
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = 2;
}
