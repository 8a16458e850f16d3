/**
 * Whether channels that have seen many deaths are as fast as before the first.
 *
 * A machine is not the same an hour later, so the same is measured on channels that were made only just now, in turns.
 */

import { Supervisor } from '../../src/index.ts';
import type { Chaos } from '../../src/testing/index.ts';
import { Arena } from './arena.ts';
import { Channels } from './channels.ts';
import type { Stand } from './stand.ts';

const PASSES = 7;

/** Messages a second through a lane; the middle one of several passes. */
export interface Throughput {
  readonly before: number;
  readonly after: number;
  /** Channels without a past, at the time of `after`. */
  readonly fresh: number;
  /** `after` as a share of `fresh`: the middle one of the passes, as both of a pass met the same machine. */
  readonly kept: number;
}

/** Messages a second, before anything has happened. Everybody is at rest. */
export async function gaugeBefore(arena: Arena): Promise<number> {
  const passes: number[] = [];
  for (let pass = 0; pass < PASSES; pass++) passes.push(await gaugeLanes(arena));
  return median(passes);
}

/** Gauges channels that have seen deaths, with workers that have not, against new channels. */
export async function gaugeAfter(arena: Arena, chaos: Chaos): Promise<Omit<Throughput, 'before'>> {
  await using supervisor = new Supervisor({ sampleInterval: false, threads: 128 });
  const lanes = arena.stands.filter(isGauged).map(({ lane }) => lane);
  const newOne = new Arena(
    supervisor,
    lanes.map((lane) => new Channels(supervisor, lane)),
  );
  await Promise.all([arena.renew(chaos), newOne.ready()]);
  const after: number[] = [];
  const fresh: number[] = [];
  for (let pass = 0; pass < PASSES; pass++) {
    // In turns, also as to who comes first.
    const turns = [() => gaugeInto(after, arena), () => gaugeInto(fresh, newOne)];
    for (const turn of pass % 2 === 0 ? turns : turns.reverse()) await turn();
  }
  await newOne.end();
  const kept = median(after.map((rate, pass) => rate / fresh[pass]!));
  return { after: median(after), fresh: median(fresh), kept };
}

async function gaugeInto(rates: number[], arena: Arena): Promise<void> {
  rates.push(await gaugeLanes(arena));
}

function isGauged(stand: Stand): stand is Channels {
  if (!(stand instanceof Channels)) return false;
  const { capacities, payload } = stand.lane;
  return payload === 'bytes' && capacities.length === 1 && capacities[0]! > 0;
}

/** The geometric mean: no lane drowns the others. */
async function gaugeLanes(arena: Arena): Promise<number> {
  let logarithms = 0;
  let lanes = 0;
  for (const [number, stand] of arena.stands.entries()) {
    if (!isGauged(stand)) continue;
    logarithms += Math.log(Math.max(1, await arena.gauge(number)));
    lanes++;
  }
  return Math.exp(logarithms / lanes);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
