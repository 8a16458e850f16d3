/** The suite proper: rounds of full traffic in which workers are killed, each followed by an audit. */

import { Supervisor } from '../../src/index.ts';
import { Chaos } from '../../src/testing/index.ts';
import { Arena } from './arena.ts';
import { type Audit, NOTHING, sum } from './audit.ts';
import { killSome } from './killing.ts';
import { standsOf } from './stands.ts';
import { gaugeAfter, gaugeBefore, type Throughput } from './throughput.ts';
import { Watch } from './watch.ts';

const THREADS = 128;
const KILLS_A_ROUND = 25;
const PAUSE_MS = 60;

export interface KillsOptions {
  readonly kills: number;
  readonly seed?: number;
  /** Parts of the names of what is worked on. Default: everything. */
  readonly parts?: readonly string[];
  /** Whether to measure the throughput before and after. */
  readonly throughput?: boolean;
  readonly onRound?: (round: RoundReport) => void;
}

export interface RoundReport {
  readonly round: number;
  readonly kills: number;
  readonly audit: Audit;
}

export interface KillsReport {
  readonly seed: number;
  readonly kills: number;
  readonly seconds: number;
  readonly audit: Audit;
  /** Milliseconds: the longest that an operation took which needed nobody who was not there. */
  readonly longestMs: number;
  readonly throughput?: Throughput;
  /** Each as one sentence; none if all is well. */
  readonly violations: readonly string[];
}

export async function runKills(options: KillsOptions): Promise<KillsReport> {
  const { kills, onRound } = options;
  const startedAt = performance.now();
  await using supervisor = new Supervisor({ sampleInterval: false, threads: THREADS });
  const chaos = new Chaos(supervisor, options.seed === undefined ? {} : { seed: options.seed });
  const arena = new Arena(supervisor, standsOf(supervisor, options.parts));
  await arena.ready();
  const before = options.throughput ? await gaugeBefore(arena) : 0;
  using watch = new Watch(arena);
  // However few they are, every shift has its turn.
  const ofRoundMost = Math.min(KILLS_A_ROUND, Math.ceil(kills / arena.shifts.length));
  let killed = 0;
  let audit = NOTHING;
  while (killed < kills) {
    arena.work();
    const onKill = () => {
      killed++;
    };
    await killSome(arena, chaos, { kills: Math.min(ofRoundMost, kills - killed), pauseMs: PAUSE_MS, onKill });
    await arena.rest();
    const ofRound = arena.audit();
    audit = sum(audit, ofRound);
    onRound?.({ round: arena.round, kills: killed, audit: ofRound });
  }
  const throughput = options.throughput ? { before, ...(await gaugeAfter(arena, chaos)) } : undefined;
  await arena.end();
  return {
    seed: chaos.seed,
    kills: killed,
    seconds: (performance.now() - startedAt) / 1000,
    audit,
    longestMs: watch.longestMs,
    ...(throughput && { throughput }),
    violations: [...audit.violations, ...watch.violations, ...arena.journal.complaints, ...arena.failures],
  };
}
