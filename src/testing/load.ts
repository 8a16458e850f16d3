/**
 * A load that does not wait for answers, as the world does not.
 *
 * Operation number n is due at n / rate, whatever became of those before it, and its latency counts from then. A load
 * that waits for each answer would ask nothing while the program stands still, and so count one slow operation instead
 * of the hundreds that were due (Gil Tene's "coordinated omission"). The time from its real start is told beside it.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { Latencies, type Latency } from './latency.ts';

export interface Load {
  /** Operations a second. */
  readonly rate: number;
  /** One operation, given its number: settles when it is done, or rejects. */
  readonly operation: (number: number) => Promise<unknown>;
}

/** What a load met during one span of time. */
export interface Figures {
  /** From when operations were due. */
  readonly latency: Latency;
  /** From when they were really started: what a load that waits would have told. */
  readonly uncorrected: Latency;
  /** Operations that succeeded, a second. */
  readonly throughput: number;
  readonly succeeded: number;
  /** How many failed, by the code of the error, or its name. */
  readonly errors: Readonly<Record<string, number>>;
}

/** Runs a load for a while and settles when its last operation has. */
export async function runLoad({ rate, operation }: Load, durationMs: number): Promise<Figures> {
  const latencies = new Latencies();
  const uncorrected = new Latencies();
  const errors: Record<string, number> = {};
  const pending = new Set<Promise<void>>();
  let succeeded = 0;
  const startedAt = performance.now();

  const run = async (number: number, dueAt: number) => {
    const begunAt = performance.now();
    try {
      await operation(number);
      succeeded++;
    } catch (error) {
      const name = nameOf(error);
      errors[name] = (errors[name] ?? 0) + 1;
    }
    const now = performance.now();
    latencies.record(now - dueAt);
    uncorrected.record(now - begunAt);
  };

  const count = Math.floor((durationMs * rate) / 1000);
  for (let number = 0; number < count; number++) {
    const dueAt = startedAt + (number * 1000) / rate;
    const early = dueAt - performance.now();
    if (early > 0) await sleep(early);
    const operating = run(number, dueAt);
    pending.add(operating);
    void operating.then(() => pending.delete(operating));
  }
  await Promise.all(pending);
  const seconds = Math.max(durationMs, performance.now() - startedAt) / 1000;
  return {
    latency: latencies.summary,
    uncorrected: uncorrected.summary,
    throughput: succeeded / seconds,
    succeeded,
    errors,
  };
}

function nameOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return String(code ?? name ?? error);
}
