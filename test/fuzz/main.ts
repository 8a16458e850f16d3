/**
 * `npm run test:fuzz -- --cases 50000 [--seed N] [--only words] [--path P]`: as many cases of each kind. Ends with
 * status 1 if any failed, and tells what it takes to see that one again.
 */

import { parseArgs } from 'node:util';
import { campaign } from './campaign.ts';
import { FUZZER_NAMES, type FuzzerName } from './fuzzers.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '50000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    only: { type: 'string' },
    path: { type: 'string' },
  },
});
const seed = Number(values.seed);
const names = values.only === undefined ? FUZZER_NAMES : [values.only as FuzzerName];
const cases = Math.ceil(Number(values.cases) / names.length);
/** A thread is replaced after so many cases, and what it has piled up with it. */
const CASES_A_THREAD = 2500;

console.log(`${cases} cases each of ${names.join(', ')}, seed ${seed}`);
for (const name of names) {
  const started = performance.now();
  let done = 0;
  let failures = 0;
  while (done < cases && failures < 5) {
    const count = Math.min(CASES_A_THREAD, cases - done);
    const failure = await campaign({ name, seed: seed + done, cases: count, path: values.path });
    done += count;
    if (!failure) continue;
    failures++;
    console.log(`\n${name} failed: --only ${name} --seed ${failure.seed} --path ${failure.path}`);
    console.log(`${failure.error}\n${failure.counterexample}`);
    process.exitCode = 1;
    if (values.path !== undefined) break;
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(`${name}: ${done} cases, ${Math.round(done / seconds)} a second, ${failures} failures`);
}
