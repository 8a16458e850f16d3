// Every scenario, in the order in which they run and are reported.

import type { Scenario } from '../harness.ts';
import { allocation } from './allocation.ts';
import { async } from './async.ts';
import { batch } from './batch.ts';
import { batches } from './batches.ts';
import { capacity } from './capacity.ts';
import { cpu } from './cpu.ts';
import { crowd } from './crowd.ts';
import { gzip } from './gzip.ts';
import { idle } from './idle.ts';
import { latency } from './latency.ts';
import { locks } from './locks.ts';
import { micro } from './micro.ts';
import { mpmc } from './mpmc.ts';
import { payload } from './payload.ts';
import { pending } from './pending.ts';
import { rendezvous } from './rendezvous.ts';
import { rtt } from './rtt.ts';
import { select } from './select.ts';
import { sizes } from './sizes.ts';
import { small } from './small.ts';
import { threads } from './threads.ts';

export const scenarios: readonly Scenario[] = [
  ...[small, batch, mpmc, rtt, async, payload, gzip],
  ...[rendezvous, select, pending, locks],
  ...[capacity, batches, sizes, threads],
  ...[latency, cpu, idle, crowd, allocation, micro],
];
