/** An execution as a table that a person can follow. */

import type { Done } from './machine.ts';
import type { Names } from './names.ts';

const WRITES = new Set(['store', 'cas', 'add', 'and', 'or', 'poke']);

/** Leaves out plain reads of words that nobody writes meanwhile. */
export function traceOf(steps: readonly Done[], names: Names): string {
  const written = new Set(steps.filter(({ operation }) => WRITES.has(operation)).map(({ at }) => at));
  const rows = steps
    .map((done, step) => [String(step + 1), ...rowOf(done, names)])
    .filter((_, step) => steps[step]!.operation !== 'peek' || written.has(steps[step]!.at));
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]!.length), 0));
  return rows
    .map((row) => row.map((cell, column) => (column < 4 ? cell.padEnd(widths[column]!) : cell)).join('  '))
    .join('\n');
}

/** Thread, place, operation, word and values. */
function rowOf({ thread, operation, site, at, before, after, result }: Done, names: Names): string[] {
  const place = site ? `${site.within}:${site.line}` : '';
  if (!site || operation === 'DIES') return [thread.name, place, operation, ''];
  const { name, show } = names.of(at);
  return [thread.name, place, operation, `${name}: ${valuesOf(operation, before, after, result, show)}`];
}

function valuesOf(operation: string, before: number, after: number, result: unknown, show: (value: number) => string) {
  if (!WRITES.has(operation)) return show(before);
  if (operation === 'cas' && before === after && result === before) return `${show(before)}, not swapped`;
  return `${show(before)} → ${show(after)}`;
}
