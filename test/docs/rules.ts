/** Which tests name which rule of docs/semantics.md: read from the files themselves. */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GROUPS } from '../conformance/cases/index.ts';

export const TESTS = fileURLToPath(new URL('../', import.meta.url));
export const PAGE = fileURLToPath(new URL('../../docs/semantics.md', import.meta.url));

/** The folders of tests, in the order of the table. */
const FOLDERS = [
  'rules',
  'conformance',
  'select',
  'channel',
  'pool',
  'sync',
  'supervisor',
  'kernel',
  'linear',
  'chaos',
  'explore/models',
];

/** The rules that a text names: `R7`, `R1 and R3`, and `R22–R24`, which is three of them. */
export function rulesIn(text: string): Set<number> {
  const rules = new Set<number>();
  for (const [, first, last] of text.matchAll(/\bR(\d+)(?:–R(\d+))?\b/g)) {
    for (let rule = Number(first); rule <= Number(last ?? first); rule++) rules.add(rule);
  }
  return rules;
}

/** The rules that the page states, and the files it says they are tested in, relative to `test/`. */
export function readPage(page = readFileSync(PAGE, 'utf8')) {
  const stated = [...page.matchAll(/^- \*\*R(\d+), /gm)].map(([, rule]) => Number(rule));
  const covered = new Map<number, string[]>();
  for (const [, rule, cell] of page.matchAll(/^\| R(\d+) \| (.*) \|$/gm)) {
    covered.set(
      Number(rule),
      [...cell!.matchAll(/`([^`]+)`/g)].map(([, file]) => file!),
    );
  }
  return { stated, covered };
}

/** What there is in a folder that may name rules. Files beside the tests help them; they check nothing themselves. */
function filesOf(folder: string): string[] {
  if (folder === 'conformance') return [];
  return entries(`${TESTS}${folder}`)
    .filter((name) => folder === 'explore/models' || name.endsWith('.test.ts'))
    .map((name) => `${folder}/${name}`);
}

function entries(path: string): string[] {
  try {
    return readdirSync(path).filter((name) => name.endsWith('.ts'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Cases that name the rule, and the other tests of that folder. */
function ofConformance(rule: number): string[] {
  const groups = GROUPS.map(({ file, cases }): [string, number] => [
    `conformance/cases/${file}`,
    cases.filter(({ rules }) => rules.includes(`R${rule}`)).length,
  ]);
  const cases = groups.filter(([, count]) => count > 0).map(([file, count]) => `\`${file}\` (${count})`);
  const tests = entries(`${TESTS}conformance`).filter(
    (name) => name.endsWith('.test.ts') && named(`conformance/${name}`, rule),
  );
  return [...cases, ...tests.map((name) => `\`conformance/${name}\``)];
}

function named(file: string, rule: number): boolean {
  return rulesIn(readFileSync(`${TESTS}${file}`, 'utf8')).has(rule);
}

/** The table as it should be. */
export function tableOf(rules: readonly number[]): string {
  const rows = rules.map((rule) => {
    const found = FOLDERS.flatMap((folder) =>
      folder === 'conformance'
        ? ofConformance(rule)
        : filesOf(folder)
            .filter((file) => named(file, rule))
            .map((file) => `\`${file}\``),
    );
    return `| R${rule} | ${found.join(', ')} |`;
  });
  return ['| rule | tests, below `test/` |', '|---|---|', ...rows].join('\n');
}

/** The page with the table as it should be. */
export function withTable(page: string): string {
  const { stated } = readPage(page);
  return page.replace(
    /(<!-- rules:.*?-->\n)[\s\S]*(<!-- end of rules -->)/,
    (_all, begin, end) => `${begin}\n${tableOf(stated)}\n\n${end}`,
  );
}
