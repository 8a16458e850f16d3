/** Any number of histories from real threads, each of them checked. */

import { Arena, type Played } from './arena.ts';
import { explain } from './checker.ts';

export interface CampaignOptions {
  readonly seed: number;
  readonly histories: number;
  /** How many threads take part; arenas take turns with these numbers. */
  readonly threads: readonly number[];
  /** Plays this round every time, to meet again what it once led to. */
  readonly only?: number | undefined;
  readonly onProgress?: (checked: number) => void;
}

export interface Outcome {
  readonly checked: number;
  readonly operations: number;
  readonly refused: readonly Played[];
}

const BATCH = 250;
/** A segment holds 16,384 channels in its life, and every other round or so takes one. */
const ARENA_ROUNDS = 10_000;

export async function campaign({ seed, histories, threads, only, onProgress }: CampaignOptions): Promise<Outcome> {
  const refused: Played[] = [];
  let operations = 0;
  for (let checked = 0, turn = 0; checked < histories; turn++) {
    const end = Math.min(histories, checked + Math.min(ARENA_ROUNDS, Math.ceil(histories / threads.length)));
    const roundsFrom = (first: number) =>
      Array.from({ length: Math.min(BATCH, end - first) }, (_, index) => only ?? first + index);
    await using arena = new Arena(seed, threads[turn % threads.length]!);
    for (let batch = arena.play(roundsFrom(checked)); checked < end; ) {
      const played = await batch;
      checked += played.length;
      // The threads play on while these are checked.
      if (checked < end) batch = arena.play(roundsFrom(checked));
      for (const each of played) {
        operations += each.history.length;
        if (!explain(each.plan, each.history)) refused.push(each);
      }
      onProgress?.(checked);
    }
  }
  return { checked: histories, operations, refused };
}
