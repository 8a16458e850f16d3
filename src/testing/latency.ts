/** How long operations took, by percentiles, to three digits. */

import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

export interface Latency {
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

const NS_PER_MS = 1e6;

export class Latencies {
  readonly #histogram: RecordableHistogram = createHistogram();

  record(ms: number): void {
    this.#histogram.record(Math.max(1, Math.round(ms * NS_PER_MS)));
  }

  get summary(): Latency {
    const histogram = this.#histogram;
    if (histogram.count === 0) return { p50: 0, p99: 0, p999: 0, max: 0 };
    const at = (percentile: number) => histogram.percentile(percentile) / NS_PER_MS;
    return { p50: at(50), p99: at(99), p999: at(99.9), max: histogram.max / NS_PER_MS };
  }
}
