/** The table of docs/semantics.md, held against the files it names. */

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { GROUPS } from '../conformance/cases/index.ts';
import { readPage, rulesIn, TESTS, tableOf, withTable } from './rules.ts';

const { stated, covered } = readPage();
const LAST = 31;
const every = Array.from({ length: LAST }, (_, index) => index + 1);

test('the page states every rule, in order, and the table has a row for each', () => {
  expect(stated).toEqual(every);
  expect([...covered.keys()]).toEqual(every);
});

describe('every rule is named by the tests that the table says it is', () => {
  test.each(every)('R%d', (rule) => {
    const files = covered.get(rule)!;
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      expect(existsSync(`${TESTS}${file}`), file).toBe(true);
      expect([...rulesIn(readFileSync(`${TESTS}${file}`, 'utf8'))], file).toContain(rule);
    }
  });
});

test('the table counts the cases as they are', () => {
  const table = tableOf(stated);
  const rows = readFileSync(new URL('../../docs/semantics.md', import.meta.url), 'utf8');
  const counts = (text: string) => text.match(/conformance\/cases\/[a-z-]+\.ts` \(\d+\)/g);
  expect(counts(rows), 'npm run docs:rules').toEqual(counts(table));
});

test('cases name rules that there are', () => {
  const named = GROUPS.flatMap(({ cases }) => cases.flatMap(({ rules }) => rules));
  for (const rule of named) expect(every).toContain(Number(rule.slice(1)));
});

test('a rule that nobody names, and a file that does not name it, would be found', () => {
  const page = readPage('- **R1, order.** x\n| R1 | `rules/scopes.test.ts` |\n');
  expect([page.stated, [...page.covered]]).toEqual([[1], [[1, ['rules/scopes.test.ts']]]]);
  expect(rulesIn(readFileSync(`${TESTS}rules/scopes.test.ts`, 'utf8')).has(1)).toBe(false);
  expect([...rulesIn('R1–R3 and R22, but not R40x or FR7')]).toEqual([1, 2, 3, 22]);
  expect(withTable('- **R31, x**\n<!-- rules: -->\nold\n<!-- end of rules -->\n')).toMatch(
    /\| R31 \| `rules\/death\.test\.ts`/,
  );
});
