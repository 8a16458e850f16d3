/** The report of a scenario, for people. */

import type { Figures } from './load.ts';
import type { ScenarioReport } from './scenario.ts';

const WIDTH = 14;

export function tableOf(report: Omit<ScenarioReport, 'toString'>): string {
  const { name, calm, faulty, faults, objectives, met } = report;
  return [
    `${name}: ${met ? 'as promised' : 'NOT as promised'}`,
    row('', 'calm', 'with faults'),
    ...rowsOf('latency', calm.latency, faulty.latency),
    ...rowsOf('uncorrected', calm.uncorrected, faulty.uncorrected),
    row('throughput', ...both(calm, faulty, ({ throughput }) => `${figure(throughput)} /s`)),
    row('errors', ...both(calm, faulty, ({ errors }) => describeErrors(errors))),
    ...faults.map(({ name: fault, times, failures }) => {
      return `${fault}: ${times} times${failures.length > 0 ? `, of which ${failures.length} failed: ${failures[0]}` : ''}`;
    }),
    ...objectives.map(({ objective, limit, measured, met: kept }) => {
      return `${kept ? '✓' : '✗'} ${objective}: expected ${figure(limit)}, met ${figure(measured)}`;
    }),
  ].join('\n');
}

function rowsOf(what: string, calm: Figures['latency'], faulty: Figures['latency']): string[] {
  return (['p50', 'p99', 'p999', 'max'] as const).map((percentile) =>
    row(`${what} ${percentile}`, `${figure(calm[percentile])} ms`, `${figure(faulty[percentile])} ms`),
  );
}

function both(calm: Figures, faulty: Figures, say: (figures: Figures) => string): [string, string] {
  return [say(calm), say(faulty)];
}

function row(label: string, calm: string, faulty: string): string {
  return `  ${label.padEnd(18)}${calm.padStart(WIDTH)}  ${faulty.padStart(WIDTH)}`;
}

function describeErrors(errors: Figures['errors']): string {
  const kinds = Object.entries(errors);
  return kinds.length === 0 ? 'none' : kinds.map(([code, count]) => `${count} × ${code}`).join(', ');
}

/** Three digits that count. */
function figure(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : String(value);
}
