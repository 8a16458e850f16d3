/**
 * The chaos suite from the command line.
 *
 *     npm run test:chaos -- [--kills 1000] [--seed N] [--stand PART-OF-NAME …] [--walk PART-OF-NAME]
 *                           [--only steps|kills|throughput|recovery …] [--json]
 *
 * Ends with exit code 1 if anything was met that must not be.
 */

import { parseArgs } from 'node:util';
import type { Audit } from './audit.ts';
import { runKills } from './kills.ts';
import { measureRecovery } from './recovery.ts';
import { count, ms, say, verdict } from './say.ts';
import { take } from './steps/walk.ts';
import { WALKS } from './steps/walks.ts';
import type { Throughput } from './throughput.ts';

/** `throughput` is measured around the kills. */
const PARTS = ['steps', 'kills', 'throughput', 'recovery'];

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    stand: { type: 'string', multiple: true, default: [''] },
    walk: { type: 'string', default: '' },
    only: { type: 'string', multiple: true, default: PARTS },
    json: { type: 'boolean', default: false },
  },
});

/** Least throughput afterwards, as a share of that before. */
const THROUGHPUT_LEAST = 0.95;
const RECOVERY_MOST_MS = 50;

const report: Record<string, unknown> = {};
const violations: string[] = [];

async function part(name: string, run: () => Promise<void>): Promise<void> {
  if (values.only.includes(name)) await run();
}

await part('steps', async () => {
  let deaths = 0;
  const walks = WALKS.filter(({ name }) => name.includes(values.walk));
  for (const walk of walks) {
    const result = await take(walk, () => deaths++);
    violations.push(...result.violations);
    say(`${walk.name}: ${result.outcomes.length - 1} steps, ${tally(result.outcomes)}`);
  }
  report.steps = { walks: walks.length, deaths };
  say(`A death at each step of ${walks.length} operations: ${count(deaths)} deaths.\n`);
});

await part('kills', async () => {
  const result = await runKills({
    kills: Number(values.kills),
    ...(values.seed !== undefined && { seed: Number(values.seed) }),
    parts: values.stand,
    throughput: values.only.includes('throughput'),
    onRound: ({ round, kills, audit }) => {
      say(`round ${round}: ${kills} kills; ${told(audit)}`);
    },
  });
  const { audit, throughput } = result;
  violations.push(...result.violations);
  report.kills = result;
  say(`${result.kills} kills in ${Math.round(result.seconds)} s, seed ${result.seed}.`);
  say(`  ${told(audit)}`);
  say(`  missing and not counted ${audit.unaccounted}, of at most ${audit.unaccountedMost} in dead hands`);
  say(`  the longest operation that needed nobody who was not there took ${ms(result.longestMs)}`);
  if (throughput) judgeThroughput(throughput);
});

await part('recovery', async () => {
  const { channels, blocks, medianMs, longestMs } = await measureRecovery();
  report.recovery = { channels, blocks, medianMs, longestMs };
  if (medianMs >= RECOVERY_MOST_MS) {
    violations.push(`recovery: expected less than ${RECOVERY_MOST_MS} ms, met ${ms(medianMs)}`);
  }
  say(
    `Recovery of ${count(channels)} channels and ${count(blocks)} blocks: ${ms(medianMs)}, at most ${ms(longestMs)}.`,
  );
});

verdict({ ...report, violations }, values.json);

/** Either comparison will do: with the same channels before the first death, or with new ones on the machine as it is now. */
function judgeThroughput({ before, after, fresh, kept }: Throughput): void {
  if (after < THROUGHPUT_LEAST * before && kept < THROUGHPUT_LEAST) {
    violations.push(`throughput: expected ${THROUGHPUT_LEAST} of that of new channels, met ${kept.toFixed(2)}`);
  }
  say(`  messages a second and lane: ${count(before)} before, ${count(after)} after, ${count(fresh)} on new channels;`);
  say(`  after / before ${(after / before).toFixed(2)}, after / new ${kept.toFixed(2)}`);
}

function told({ accepted, missing, lost, sections, recovered, broken }: Audit): string {
  const parts = [
    accepted > 0 && `${count(accepted)} accepted, ${missing} missing, ${lost} counted as lost`,
    sections > 0 && `${count(sections)} sections, ${recovered} behind a dead holder`,
    broken > 0 && `${broken} meetings broken`,
  ];
  return parts.filter((part) => part !== false).join('; ');
}

/** How often each outcome came, in the order in which they came first. */
function tally(outcomes: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts].map(([outcome, times]) => `${times} × ${outcome}`).join(', ');
}
