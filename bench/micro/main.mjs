// What single operations cost inside one thread. Prints its figures as one line of JSON.
//
//   node main.mjs          every group, each in a process of its own, so that none sees another's compiled code
//   node main.mjs GROUP    that one: { "nsPerOp@GROUP.CASE": …, … }
//
// These look below the public face on purpose: they say which part of an operation a change made dearer.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import Benchmark from 'benchmark';
import { Supervisor } from '../../dist/src/index.js';
import { channelCases } from './channels.mjs';
import { codecCases } from './codecs.mjs';
import { doorCases } from './door.mjs';
import { poolCases } from './pool.mjs';

/** Seconds; short samples, since every run of the benchmarks takes them anew. */
const SAMPLE = { minTime: 0.025, maxTime: 0.1, minSamples: 5 };

const groups = {
  door: doorCases,
  codec: codecCases,
  spsc: (supervisor) => channelCases(supervisor, 'spsc'),
  mpmc: (supervisor) => channelCases(supervisor, 'mpmc'),
  pool: poolCases,
};

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

function measure(name, operation) {
  const benchmark = new Benchmark(name, operation, SAMPLE).run();
  if (benchmark.error) throw new Error(`${name}: ${benchmark.error.message ?? benchmark.error}`);
  return { [`nsPerOp@${name}`]: median(benchmark.stats.sample) * 1e9 };
}

function measureElsewhere(group) {
  return JSON.parse(execFileSync(process.execPath, [fileURLToPath(import.meta.url), group], { encoding: 'utf8' }));
}

function measureHere(group) {
  const supervisor = new Supervisor({ sampleInterval: false });
  const cases = Object.entries(groups[group](supervisor));
  return Object.assign({}, ...cases.map(([name, operation]) => measure(`${group}.${name}`, operation)));
}

const [, , chosen] = process.argv;
if (chosen !== undefined && !(chosen in groups)) {
  throw new Error(`expected one of ${Object.keys(groups).join(', ')}, met ${chosen}`);
}
const figures =
  chosen === undefined ? Object.assign({}, ...Object.keys(groups).map(measureElsewhere)) : measureHere(chosen);
console.log(JSON.stringify(figures));
