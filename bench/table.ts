// How results read: the list of scenarios, a table for the terminal, and the cells that every table is made of.

import { mark, type Result, type Scenario, type Spreads } from './harness.ts';

/** What our side is called among the contestants. */
export const OURS = 'sluice';
export const HEADER = ['figure', 'of', 'median', 'min', 'max', 'ratio'];
/** The column from which cells are numbers. */
export const NUMERIC_FROM = 2;

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

/** A table's body: figure by figure as they come, ours first, the ratio beside the peer's main figure. */
export function cells(scenario: Scenario, result: Result): string[][] {
  const contestants: [string, Spreads][] = [[OURS, result.ours], ...Object.entries(result.peers)];
  const figures = new Set(contestants.flatMap(([, spreads]) => Object.keys(spreads)));
  return withoutAliases(scenario, [...figures]).flatMap((figure) =>
    contestants.flatMap(([name, spreads]) => {
      const spread = spreads[figure];
      if (!spread) return [];
      const ratio = result.ratios[figure.replace(scenario.mainFigure, name)];
      const numbers = [spread.median, spread.min, spread.max].map(readable);
      return [[figure, name, ...numbers, ratio === undefined ? '' : readable(ratio)]];
    }),
  );
}

/** Leaves out what a scenario's main row says under its own name as well. */
function withoutAliases(scenario: Scenario, figures: readonly string[]): string[] {
  if (!scenario.rows.some((row) => row.main)) return [...figures];
  const marks = scenario.rows.map((row) => mark(row.name));
  return figures.filter((figure) => marks.some((end) => figure.endsWith(end) || figure.includes(`${end}-`)));
}

export function skips(result: Result): string[] {
  return Object.entries(result.skipped).map(([peer, reason]) => `${peer}: ${reason}`);
}

export function readable(value: number): string {
  const digits = Math.abs(value) >= 1000 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 };
  return value.toLocaleString('en-US', digits);
}
