/** What a program promises while things break, and whether it kept that. */

import type { Figures } from './load.ts';

export interface Objectives {
  /** Most milliseconds, counted from when operations were due. */
  readonly p50?: number;
  readonly p99?: number;
  readonly p999?: number;
  /** Fewest operations a second that succeed. */
  readonly throughput?: number;
  /** The same, as a share of what it was without faults. */
  readonly throughputKept?: number;
  /** Most errors as a share of all operations; 0: none. */
  readonly errors?: number;
}

export interface Verdict {
  readonly objective: keyof Objectives;
  readonly limit: number;
  readonly measured: number;
  readonly met: boolean;
}

/** Those of the objectives that a larger figure meets. */
const MORE_IS_BETTER: ReadonlySet<keyof Objectives> = new Set(['throughput', 'throughputKept'] as const);

export function judge(objectives: Objectives, calm: Figures, faulty: Figures): Verdict[] {
  const failed = Object.values(faulty.errors).reduce((sum, count) => sum + count, 0);
  const measured: Record<keyof Objectives, number> = {
    p50: faulty.latency.p50,
    p99: faulty.latency.p99,
    p999: faulty.latency.p999,
    throughput: faulty.throughput,
    throughputKept: faulty.throughput / calm.throughput,
    errors: failed / Math.max(1, failed + faulty.succeeded),
  };
  return (Object.keys(measured) as (keyof Objectives)[]).flatMap((objective) => {
    const limit = objectives[objective];
    if (limit === undefined) return [];
    const value = measured[objective];
    const met = MORE_IS_BETTER.has(objective) ? value >= limit : value <= limit;
    return [{ objective, limit, measured: value, met }];
  });
}
