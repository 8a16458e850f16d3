// How results read: the list of scenarios, a table for the terminal, and the document for docs/.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { Result, Scenario, Spreads } from './harness.ts';

const OURS = 'sluice';
const HEADER = ['figure', 'of', 'median', 'min', 'max', 'ratio'];
const NUMERIC_FROM = 2;

/** One line for each scenario. */
export function list(scenarios: readonly Scenario[]): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  return scenarios.map(({ name, description }) => `${name.padEnd(width)}  ${description}`).join('\n');
}

/** One scenario's result for the terminal. */
export function table(scenario: Scenario, result: Result): string {
  const rows = [HEADER, ...cells(scenario, result)];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const align = (cell: string, column: number) =>
    column < NUMERIC_FROM ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
  return [
    `${scenario.name}: ${scenario.description}`,
    ...scenario.notes.map((note) => `  ${note}`),
    '',
    ...rows.map((row) => `  ${row.map(align).join('  ')}`.trimEnd()),
    ...skips(result).map((skip) => `  left out: ${skip}`),
    `  ${result.runs} runs, Node ${result.node}, ${result.cpu}; ratio: how many times faster sluice is (1: level)`,
    '',
  ].join('\n');
}

/** All results as the page docs/benchmarks.md. */
export function document(scenarios: readonly Scenario[], results: readonly Result[]): string {
  const runs = results[0]?.runs ?? 0;
  const sections = results.flatMap((result) => {
    const scenario = scenarios.find(({ name }) => name === result.scenario);
    return scenario ? [section(scenario, result)] : [];
  });
  return [
    '# Benchmarks',
    '',
    'Written by `npm run bench`, which measures everything below anew. One table alone: `npm run bench -- SCENARIO`; ' +
      'the same for machines: `npm run --silent bench -- SCENARIO --json`.',
    '',
    '## Machine',
    '',
    ...machine().map(([what, value]) => `- ${what}: ${value}`),
    '',
    '## How it is measured',
    '',
    `Every contestant runs ${runs} times, by turns (ours, each peer, ours, each peer, …), each time in a fresh process ` +
      'that warms up before it is timed. Nothing is pinned to a core. The tables give the median of the runs with the ' +
      `least and the greatest. The ratio is the peer's median over ours, for the scenario's main figure: above 1, ` +
      `${OURS} is faster; below 1, the peer is.`,
    '',
    ...sections,
  ].join('\n');
}

function section(scenario: Scenario, result: Result): string {
  const row = (texts: readonly string[]) => `| ${texts.join(' | ')} |`;
  const rule = HEADER.map((_, column) => (column < NUMERIC_FROM ? '---' : '---:'));
  const left = skips(result);
  return [
    `## ${scenario.name}`,
    '',
    `${scenario.description[0]!.toUpperCase()}${scenario.description.slice(1)}.`,
    '',
    ...(scenario.notes.length > 0 ? [...scenario.notes.map((note) => `- ${note}`), ''] : []),
    ...['```sh', `npm run bench -- ${scenario.name} --runs ${result.runs}`, '```', ''],
    ...[HEADER, rule, ...cells(scenario, result)].map(row),
    '',
    ...(left.length > 0 ? ['Left out:', '', ...left.map((skip) => `- ${skip}`), ''] : []),
  ].join('\n');
}

/** The table's body: figure by figure as they come, ours first, the ratio beside the peer's main figure. */
function cells(scenario: Scenario, result: Result): string[][] {
  const contestants: [string, Spreads][] = [[OURS, result.ours], ...Object.entries(result.peers)];
  const figures = new Set(contestants.flatMap(([, spreads]) => Object.keys(spreads)));
  return [...figures].flatMap((figure) =>
    contestants.flatMap(([name, spreads]) => {
      const spread = spreads[figure];
      if (!spread) return [];
      const ratio = result.ratios[figure.replace(scenario.mainFigure, name)];
      const numbers = [spread.median, spread.min, spread.max].map(readable);
      return [[figure, name, ...numbers, ratio === undefined ? '' : readable(ratio)]];
    }),
  );
}

function skips(result: Result): string[] {
  return Object.entries(result.skipped).map(([peer, reason]) => `${peer}: ${reason}`);
}

function readable(value: number): string {
  const digits = Math.abs(value) >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 };
  return value.toLocaleString('en-US', digits);
}

function machine(): [string, string][] {
  const [first] = os.cpus();
  const gib = (os.totalmem() / 2 ** 30).toFixed(1);
  return [
    ['Date', new Date().toISOString().slice(0, 10)],
    ['Processor', `${first?.model.trim() ?? 'unknown'}, ${os.cpus().length} logical cores, ${gib} GiB of memory`],
    ['System', `${os.type()} ${os.release()} ${os.arch()}`],
    ['Node', `${process.version} (V8 ${process.versions.v8})`],
    ['Peers', peerVersions().join('; ')],
  ];
}

function peerVersions(): string[] {
  const commands = ['g++ --version', 'rustc --version', 'go version', 'pigz --version', 'gzip --version'];
  return [
    ...commands.map(firstLine),
    `piscina ${packageVersion('piscina')}`,
    `libdeflate ${packageVersion('libdeflate')}`,
  ];
}

function firstLine(command: string): string {
  const [name, ...args] = command.split(' ') as [string, ...string[]];
  try {
    return execFileSync(name, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n', 1)[0]!;
  } catch {
    return `${name} not found`;
  }
}

function packageVersion(name: string): string {
  const manifest = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
