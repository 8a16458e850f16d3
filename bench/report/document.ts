// Writes docs/benchmarks.md and its plots, from saved results alone.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Scenario } from '../harness.ts';
import { cells, HEADER, NUMERIC_FROM, OURS, skips } from '../table.ts';
import { draw } from './draw.ts';
import type { Environment } from './environment.ts';
import type { Entry, Saved } from './saved.ts';

const DOCUMENT = new URL('../../docs/benchmarks.md', import.meta.url);
const PICTURES = new URL('../../docs/benchmarks/', import.meta.url);

/** Writes the document and its pictures, and takes away pictures that are of nothing any more. */
export function write(scenarios: readonly Scenario[], saved: Saved): void {
  const { text, pictures } = render(scenarios, saved);
  mkdirSync(PICTURES, { recursive: true });
  for (const name of readdirSync(PICTURES)) {
    if (name.endsWith('.svg') && !pictures.has(name)) rmSync(new URL(name, PICTURES));
  }
  for (const [name, svg] of pictures) writeFileSync(new URL(name, PICTURES), svg);
  writeFileSync(DOCUMENT, text);
}

/** The document, and the pictures that it shows by their file names. Throws when there is no result to show. */
export function render(scenarios: readonly Scenario[], saved: Saved): { text: string; pictures: Map<string, string> } {
  const measured = scenarios.flatMap((scenario) => {
    const entry = saved[scenario.name];
    return entry ? [{ scenario, entry }] : [];
  });
  const [newest] = measured.map(({ entry }) => entry).toSorted((a, b) => b.at.localeCompare(a.at));
  if (!newest) throw new Error('there are no saved results; measure some with `npm run bench -- SCENARIO --save`');
  const pictures = new Map<string, string>();
  const sections = measured.map(({ scenario, entry }) => {
    const images = (scenario.plots ?? []).map((plot) => {
      const file = `${scenario.name}${plot.name === undefined ? '' : `-${plot.name}`}.svg`;
      const chart = plot.chart(entry.result);
      pictures.set(file, draw(chart));
      return `![${chart.title}](benchmarks/${file})`;
    });
    return section(scenario, entry, newest.environment, images);
  });
  const missing = scenarios.filter(({ name }) => !saved[name]).map(({ name }) => `\`${name}\``);
  return { text: [...opening(newest.environment, missing), ...sections].join('\n'), pictures };
}

function opening(environment: Environment, missing: readonly string[]): string[] {
  return [
    '# Benchmarks',
    '',
    'Written by `npm run bench`, which measures everything below anew; `npm run bench -- --report` writes the same from ' +
      '[the results it saved](benchmarks/results.json). One table alone: `npm run bench -- SCENARIO`, with `--save` to ' +
      'put its result in here; the same for machines: `npm run --silent bench -- SCENARIO --json`.',
    '',
    ...(missing.length > 0 ? [`Not measured yet: ${missing.join(', ')}.`, ''] : []),
    '## Machine',
    '',
    ...machine(environment),
    '',
    '## How it is measured',
    '',
    'Every contestant runs as often as the command beside it says, by turns (ours, each peer, ours, each peer, …), each ' +
      'time in a fresh process that warms up before it is timed. Nothing is pinned to a core. The tables give the ' +
      `median of the runs with the least and the greatest; in the plots these are the ends of the pale bars. The ratio is ` +
      `the peer's median over ours, for the scenario's main figure: above 1, ${OURS} is faster; below 1, the peer is.`,
    '',
    `${OURS} runs the kernel that it takes by default, WebAssembly where there is any; figures marked \`js\` are its own ` +
      'too, with the kernel that tsc compiled (`SLUICE_KERNEL=js`). `cpuSecondsPerMillion` is the processor time of all ' +
      'threads of the process for a million messages.',
    '',
  ];
}

function machine(environment: Environment): string[] {
  return Object.entries(environment).map(([what, value]) => `- ${what}: ${value}`);
}

function section(scenario: Scenario, entry: Entry, usual: Environment, images: readonly string[]): string {
  const { result } = entry;
  const row = (texts: readonly string[]) => `| ${texts.join(' | ')} |`;
  const rule = HEADER.map((_, column) => (column < NUMERIC_FROM ? '---' : '---:'));
  const left = skips(result);
  return [
    `## ${scenario.name}`,
    '',
    `${scenario.description[0]!.toUpperCase()}${scenario.description.slice(1)}.`,
    '',
    ...(scenario.notes.length > 0 ? [...scenario.notes.map((note) => `- ${note}`), ''] : []),
    ...['```sh', entry.command, '```', ''],
    `Measured ${entry.at.slice(0, 10)}; load average at the start ${entry.loadAverage.join(', ')} ` +
      `(1, 5 and 15 minutes).${otherwise(entry.environment, usual)}`,
    '',
    ...images.flatMap((image) => [image, '']),
    ...[HEADER, rule, ...cells(scenario, result)].map(row),
    '',
    ...(left.length > 0 ? ['Left out:', '', ...left.map((skip) => `- ${skip}`), ''] : []),
  ].join('\n');
}

/** Names what was not as the heading says. */
function otherwise(environment: Environment, usual: Environment): string {
  const differing = Object.entries(environment).filter(([what, value]) => usual[what] !== value);
  return differing.length === 0 ? '' : ` Other than above: ${differing.map((pair) => pair.join(' ')).join('; ')}.`;
}
