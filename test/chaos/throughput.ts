/**
 * Whether channels that have seen many deaths are as fast as before the first.
 *
 * A machine is not the same an hour later, so the same is measured on channels that were made only just now, in turns.
 */

import { Supervisor } from '../../src/index.ts';
import type { Chaos } from '../../src/testing/index.ts';
import { Arena } from './arena.ts';

const PASSES = 5;

/** Of one message a lane, a second; the middle one of several passes. */
export interface Throughput {
  readonly before: number;
  readonly after: number;
  /** Channels without a past, at the time of `after`. */
  readonly fresh: number;
}

/** Messages a second, over the lanes with messages of bytes. Everybody is at rest. */
export async function gauge(...arenas: readonly Arena[]): Promise<number[]> {
  const passes: number[][] = arenas.map(() => []);
  for (let pass = 0; pass < PASSES; pass++) {
    for (const [index, arena] of arenas.entries()) passes[index]!.push(await gaugeLanes(arena));
  }
  return passes.map(median);
}

/** Gauges channels that have seen deaths, with workers that have not, against new channels. */
export async function gaugeAgainstFresh(arena: Arena, chaos: Chaos): Promise<[after: number, fresh: number]> {
  await using supervisor = new Supervisor({ sampleInterval: false, threads: 128 });
  const fresh = new Arena(
    supervisor,
    arena.stands.map(({ lane }) => lane),
  );
  await Promise.all([arena.renew(chaos), fresh.ready()]);
  const [after, control] = await gauge(arena, fresh);
  await fresh.end();
  return [after!, control!];
}

/** The geometric mean: no lane drowns the others. */
async function gaugeLanes(arena: Arena): Promise<number> {
  let logarithms = 0;
  let lanes = 0;
  for (const [number, { lane }] of arena.stands.entries()) {
    if (lane.payload !== 'bytes') continue;
    logarithms += Math.log(Math.max(1, await arena.gauge(number)));
    lanes++;
  }
  return Math.exp(logarithms / lanes);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
