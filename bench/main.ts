// npm run bench -- [SCENARIO] [--json] [--runs N] | --list
//
// The command line only: what is measured is in scenarios/, how in harness.ts, how it reads in report.ts.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measure, type Result, type Scenario } from './harness.ts';
import { document, list, table } from './report.ts';
import { scenarios } from './scenarios/index.ts';

const DOCUMENT = new URL('../docs/benchmarks.md', import.meta.url);
const DEFAULT_RUNS = 5;

interface Request {
  readonly chosen: readonly Scenario[];
  readonly all: boolean;
  readonly json: boolean;
  readonly list: boolean;
  readonly runs: number;
}

/** Reads the command line. Throws with one line for whoever typed it. */
function parse(args: readonly string[]): Request {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      runs: { type: 'string', default: String(DEFAULT_RUNS) },
    },
  });
  if (positionals.length > 1) throw new Error(`expected at most one scenario, got ${positionals.join(', ')}`);
  if (!/^[1-9]\d{0,3}$/.test(values.runs))
    throw new Error(`--runs: expected a number from 1 to 9999, got ${values.runs}`);
  const [name] = positionals;
  const chosen = name === undefined ? scenarios : scenarios.filter((scenario) => scenario.name === name);
  if (chosen.length === 0) {
    const known = scenarios.map((scenario) => scenario.name).join(', ');
    throw new Error(`unknown scenario ${name}; expected one of ${known}`);
  }
  return { chosen, all: name === undefined, json: values.json, list: values.list, runs: Number(values.runs) };
}

/** Measures one scenario, with a line on the terminal (if there is one) that tells what is running. */
function measureVisibly(scenario: Scenario, runs: number): Result {
  if (!process.stderr.isTTY) return measure(scenario, { runs });
  const clearLine = '\r\u001b[K';
  try {
    return measure(scenario, {
      runs,
      onRun: (row, contestant, run) => process.stderr.write(`${clearLine}${row}: ${contestant}, run ${run} of ${runs}`),
    });
  } finally {
    process.stderr.write(clearLine);
  }
}

function perform({ chosen, all, json, runs }: Request): void {
  const results: Result[] = [];
  for (const scenario of chosen) {
    const result = measureVisibly(scenario, runs);
    console.log(json ? JSON.stringify(result) : table(scenario, result));
    results.push(result);
  }
  if (all) writeFileSync(DOCUMENT, document(scenarios, results));
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
  if (request?.list) console.log(list(scenarios));
  else if (request) perform(request);
} catch (error) {
  fail(error, 1);
}
