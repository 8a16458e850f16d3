// npm run bench -- [SCENARIO] [--json] [--runs N] [--seconds N] [--save] | --report | --list
//
// The command line only: what is measured is in scenarios/, how in harness.ts, how it reads in table.ts and report/.

import { parseArgs } from 'node:util';
import { measure, type Result, type Scenario } from './harness.ts';
import { circumstances, load, type Saved, save } from './report/saved.ts';
import { scenarios } from './scenarios/index.ts';
import { list, table } from './table.ts';

const DEFAULT_RUNS = 5;
const SECONDS_MOST = 100;

interface Request {
  readonly task: 'measure' | 'report' | 'list';
  readonly chosen: readonly Scenario[];
  readonly json: boolean;
  /** Whether results take their place in the report. */
  readonly save: boolean;
  readonly runs: number;
  readonly seconds: number | undefined;
}

/** Reads the command line. Throws with one line for whoever typed it. */
function parse(args: readonly string[]): Request {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
      runs: { type: 'string', default: String(DEFAULT_RUNS) },
      save: { type: 'boolean', default: false },
      seconds: { type: 'string' },
    },
  });
  if (values.report && args.length > 1) throw new Error(`--report: expected nothing beside it, got ${args.join(' ')}`);
  const chosen = choose(positionals);
  return {
    task: values.list ? 'list' : values.report ? 'report' : 'measure',
    chosen,
    json: values.json,
    save: values.save || positionals.length === 0,
    runs: parseRuns(values.runs),
    seconds: values.seconds === undefined ? undefined : parseSeconds(values.seconds, chosen),
  };
}

function choose(names: readonly string[]): readonly Scenario[] {
  if (names.length > 1) throw new Error(`expected at most one scenario, got ${names.join(', ')}`);
  const [name] = names;
  const chosen = name === undefined ? scenarios : scenarios.filter((scenario) => scenario.name === name);
  if (chosen.length > 0) return chosen;
  const known = scenarios.map((scenario) => scenario.name).join(', ');
  throw new Error(`unknown scenario ${name}; expected one of ${known}`);
}

function parseRuns(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new Error(`--runs: expected a number from 1 to 9999, got ${text}`);
}

function parseSeconds(text: string, chosen: readonly Scenario[]): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (!(seconds > 0 && seconds <= SECONDS_MOST))
    throw new Error(`--seconds: expected a number above 0 and up to ${SECONDS_MOST}, got ${text}`);
  if (chosen.some((scenario) => scenario.seconds !== undefined)) return seconds;
  const timed = scenarios.filter((scenario) => scenario.seconds !== undefined).map((scenario) => scenario.name);
  throw new Error(`--seconds: expected a scenario that runs for a time (${timed.join(', ')})`);
}

/** Measures one scenario, with a line on the terminal (if there is one) that tells what is running. */
function measureVisibly(scenario: Scenario, { runs, seconds }: Request): Result {
  if (!process.stderr.isTTY) return measure(scenario, { runs, seconds });
  const clearLine = '\r\u001b[K';
  try {
    return measure(scenario, {
      runs,
      seconds,
      onRun: (row, contestant, run) => process.stderr.write(`${clearLine}${row}: ${contestant}, run ${run} of ${runs}`),
    });
  } finally {
    process.stderr.write(clearLine);
  }
}

/** What measures one scenario like this again. */
function commandFor(scenario: Scenario, { runs, seconds }: Request): string {
  const time = scenario.seconds === undefined ? '' : ` --seconds ${seconds ?? scenario.seconds}`;
  return `npm run bench -- ${scenario.name} --runs ${runs}${time}`;
}

async function perform(request: Request): Promise<void> {
  for (const scenario of request.chosen) {
    const start = request.save ? circumstances(commandFor(scenario, request)) : undefined;
    const result = measureVisibly(scenario, request);
    console.log(request.json ? JSON.stringify(result) : table(scenario, result));
    if (start) save({ ...start, result });
  }
  if (request.save) await report(load());
}

/** Writes the report from saved results. */
async function report(saved: Saved): Promise<void> {
  // Not above, as loading what draws takes longer than some scenarios.
  const { write } = await import('./report/document.ts');
  write(scenarios, saved);
}

function fail(error: unknown, exitCode: number): void {
  const message = error instanceof Error ? error.message : String(error);
  console.error(`bench: ${message.replaceAll('\n', ' ')}`);
  process.exitCode = exitCode;
}

let request: Request | undefined;
try {
  request = parse(process.argv.slice(2));
} catch (error) {
  fail(error, 2);
}
try {
  if (request?.task === 'list') console.log(list(scenarios));
  else if (request?.task === 'report') await report(load());
  else if (request) await perform(request);
} catch (error) {
  fail(error, 1);
}
