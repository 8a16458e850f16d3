/** An execution as a table that a person can follow. */

import type { Done } from './machine.ts';
import type { Names } from './names.ts';

const WRITES = new Set(['store', 'cas', 'add', 'and', 'or', 'poke']);

/** Leaves out reads of words that nobody writes meanwhile: plain ones, and those by a thread that alone reads there. */
export function traceOf(steps: readonly Done[], names: Names): string {
  const touched = new Map<number, { written: boolean; readonly by: Set<unknown> }>();
  for (const { at, operation, thread } of steps) {
    const word = touched.get(at) ?? { written: false, by: new Set() };
    touched.set(at, word);
    word.by.add(thread);
    if (WRITES.has(operation)) word.written = true;
  }
  const tells = ({ operation, at }: Done) => {
    const { written, by } = touched.get(at)!;
    return written || (operation !== 'peek' && (operation !== 'load' || by.size > 1));
  };
  const rows = steps
    .map((done, step) => [String(step + 1), ...rowOf(done, names)])
    .filter((_, step) => tells(steps[step]!));
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
