/** A program under load, first in peace, then while things break: what that does to it, and whether it is still good enough. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type Figures, type Load, runLoad } from './load.ts';
import { judge, type Objectives, type Verdict } from './objectives.ts';
import { tableOf } from './table.ts';

/** Something that is broken on purpose. */
export interface Fault {
  /** What it is called in the report. */
  readonly name: string;
  /** Milliseconds after the peaceful span: once, … */
  readonly at?: number;
  /** … or again and again, so many milliseconds apart. */
  readonly every?: number;
  /** Breaks it. The next time waits until this has settled. */
  readonly inject: () => unknown;
}

export interface Scenario {
  readonly name: string;
  readonly load: Load;
  readonly faults: readonly Fault[];
  /** Milliseconds under faults. */
  readonly duration: number;
  /** Milliseconds of load without faults before that, for comparison. Default: a third of the duration. */
  readonly calm?: number;
  readonly objectives?: Objectives;
}

export interface FaultReport {
  readonly name: string;
  /** How often it was injected. */
  readonly times: number;
  /** Errors that injecting it threw. */
  readonly failures: readonly unknown[];
}

export interface ScenarioReport {
  readonly name: string;
  /** Before any fault, and while there were some. */
  readonly calm: Figures;
  readonly faulty: Figures;
  readonly faults: readonly FaultReport[];
  readonly objectives: readonly Verdict[];
  /** Whether every objective was met, and every fault could be injected. */
  readonly met: boolean;
  /** All of it as a table for people. */
  toString(): string;
}

/**
 * Puts a program under load and breaks things meanwhile.
 *
 * ```ts
 * const report = await runScenario({
 *   name: 'a worker dies twice a second',
 *   load: { rate: 200, operation: (n) => ask(n) },
 *   faults: [{ name: 'kill', every: 500, inject: () => chaos.kill(group.workers[0]!) }],
 *   duration: 3000,
 *   objectives: { p99: 100, errors: 0 },
 * });
 * assert(report.met, String(report));
 * ```
 */
export async function runScenario(scenario: Scenario): Promise<ScenarioReport> {
  const { name, load, duration, calm: calmMs = duration / 3, objectives = {} } = scenario;
  const calm = await runLoad(load, calmMs);
  const over = new AbortController();
  const injecting = scenario.faults.map((fault) => injectAll(fault, duration, over.signal));
  const faulty = await runLoad(load, duration);
  over.abort();
  const faults = await Promise.all(injecting);
  const verdicts = judge(objectives, calm, faulty);
  const met = verdicts.every((verdict) => verdict.met) && faults.every(({ failures }) => failures.length === 0);
  const report = { name, calm, faulty, faults, objectives: verdicts, met };
  return { ...report, toString: () => tableOf(report) };
}

async function injectAll(fault: Fault, durationMs: number, over: AbortSignal): Promise<FaultReport> {
  const { name, at, every, inject } = fault;
  const failures: unknown[] = [];
  const startedAt = performance.now();
  let times = 0;
  for (let dueMs = at ?? every ?? 0; dueMs < durationMs; dueMs += every ?? Number.POSITIVE_INFINITY) {
    const early = startedAt + dueMs - performance.now();
    // Aborted: the load has ended.
    if (early > 0) await sleep(early, undefined, { signal: over }).catch(() => {});
    if (over.aborted) break;
    times++;
    try {
      await inject();
    } catch (error) {
      failures.push(error);
    }
  }
  return { name, times, failures };
}
