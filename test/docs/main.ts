// npm run docs:rules: writes the table of rules and their tests into docs/semantics.md.

import { readFileSync, writeFileSync } from 'node:fs';
import { PAGE, withTable } from './rules.ts';

writeFileSync(PAGE, withTable(readFileSync(PAGE, 'utf8')));
