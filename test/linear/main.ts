/**
 * Checks histories by the hundred thousand: `npm run test:linear -- --histories 100000 [--seed N] [--threads 2,3,4]`.
 * `--round N` plays one round all the time, to look for what it once led to.
 * Ends with status 1 if any of them was refused, and shows those as time-lines.
 */

import { parseArgs } from 'node:util';
import { campaign } from './campaign.ts';
import { diagramOf } from './diagram.ts';

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    threads: { type: 'string', default: '2,3,4' },
    round: { type: 'string' },
  },
});
const histories = Number(values.histories);
const seed = Number(values.seed);
const threads = values.threads.split(',').map(Number);

console.log(`${histories} histories of ${threads.join(', ')} threads in turn, seed ${seed}`);
const started = performance.now();
const perSecond = (count: number) => Math.round(count / ((performance.now() - started) / 1000));
const { checked, operations, refused } = await campaign({
  seed,
  histories,
  threads,
  only: values.round === undefined ? undefined : Number(values.round),
  onProgress: (count) => count % 10_000 === 0 && console.log(`${count} checked, ${perSecond(count)} a second`),
});
for (const { round, plan, history } of refused.slice(0, 10)) {
  const { topology, capacity, codec, style, keeps, permits } = plan;
  const delivery = keeps ? 'at-least-once' : 'at-most-once';
  const what = permits ? `${permits} permits` : `${topology}, capacity ${capacity}, ${codec}, ${delivery}`;
  console.log(`\nrefused: round ${round}, ${what}, ${style}\n${diagramOf(history)}`);
}
console.log(
  `${checked} histories, ${operations} calls, ${perSecond(checked)} histories a second, ${refused.length} refused`,
);
process.exitCode = refused.length > 0 ? 1 : 0;
