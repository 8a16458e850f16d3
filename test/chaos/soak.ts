/**
 * Full load for many minutes, and a kill every second: memory must not grow.
 *
 *     npm run test:soak -- [--minutes 10] [--seed N] [--json]
 *
 * Most of what is resident are the heaps of the workers, so each collects its garbage before it rests. On Linux,
 * MALLOC_ARENA_MAX=2 in the environment keeps the arenas of the C library from blurring the rest.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Supervisor } from '../../src/index.ts';
import { Chaos } from '../../src/testing/index.ts';
import { Arena } from './arena.ts';
import { NOTHING, sum } from './audit.ts';
import { killSome } from './killing.ts';
import { count, say, verdict } from './say.ts';
import { standsOf } from './stands.ts';
import { median } from './throughput.ts';
import { Watch } from './watch.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const ROUND_KILLS = 8;
const KILL_EVERY_MS = 1000;
/** Until then everything that grows once has grown. */
const SETTLED_MS = 60_000;
const DRIFT_MOST = 0.01;

interface Sample {
  readonly atMs: number;
  readonly residentBytes: number;
  readonly segmentBytes: number;
}

await using supervisor = new Supervisor({ sampleInterval: false, threads: 128 });
const chaos = new Chaos(supervisor, values.seed === undefined ? {} : { seed: Number(values.seed) });
const arena = new Arena(supervisor, standsOf(supervisor));
await arena.ready();
using watch = new Watch(arena);
const samples: Sample[] = [];
const startedAt = performance.now();
const elapsedMs = () => performance.now() - startedAt;
const durationMs = Number(values.minutes) * 60_000;
let kills = 0;
let audit = NOTHING;

while (elapsedMs() < durationMs) {
  arena.work();
  const onKill = () => {
    kills++;
  };
  await killSome(arena, chaos, { kills: ROUND_KILLS, pauseMs: KILL_EVERY_MS, onKill });
  await arena.rest();
  audit = sum(audit, arena.audit());
  // Everybody has come back, and nobody holds anything: what is in use now is in use for good.
  await arena.ready();
  globalThis.gc?.();
  await sleep(100);
  samples.push({
    atMs: elapsedMs(),
    residentBytes: process.memoryUsage.rss(),
    segmentBytes: supervisor.pool.stats().inUse,
  });
  const { residentBytes, segmentBytes } = samples.at(-1)!;
  say(
    `${Math.round(elapsedMs() / 1000)} s: ${kills} kills, ${count(audit.accepted)} messages, ` +
      `${(residentBytes / 2 ** 20).toFixed(1)} MiB resident, ${count(segmentBytes)} bytes of the segment in use`,
  );
}
await arena.end();

const drift = {
  resident: driftOf(samples.map(({ residentBytes }) => residentBytes)),
  segment: driftOf(samples.map(({ segmentBytes }) => segmentBytes)),
};
const violations = [...audit.violations, ...watch.violations, ...arena.journal.complaints, ...arena.failures];
for (const [what, share] of Object.entries(drift)) {
  if (share >= DRIFT_MOST) violations.push(`${what} memory: expected a drift below 1 %, met ${percent(share)}`);
}
say(`drift after the first minute: resident ${percent(drift.resident)}, segment ${percent(drift.segment)}`);
verdict({ seed: chaos.seed, kills, audit, samples, drift, violations } as never, values.json);

/** By what share the last quarter lies above the first, once everything has settled. */
function driftOf(values: readonly number[]): number {
  const settled = values.filter((_, index) => samples[index]!.atMs >= SETTLED_MS);
  if (settled.length < 4) return 0;
  const quarter = Math.floor(settled.length / 4);
  return median(settled.slice(-quarter)) / median(settled.slice(0, quarter)) - 1;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
