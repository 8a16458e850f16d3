/** Kills at random moments: mostly one worker, sometimes several at once, sometimes one that only just comes. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Chaos } from '../../src/testing/index.ts';
import type { Arena } from './arena.ts';
import type { Place } from './stand.ts';

/** How often, as a share of all times. */
const SEVERAL = 0.15;
const NEWCOMER = 0.15;
/** How long it takes a newcomer to set up and attach, about. */
const COMING_MS = 150;

export interface KillingOptions {
  readonly kills: number;
  /** Milliseconds between two times, on average. */
  readonly pauseMs: number;
  readonly onKill?: () => void;
}

/** Kills so many of those that work. */
export async function killSome(arena: Arena, chaos: Chaos, { kills, pauseMs, onKill }: KillingOptions): Promise<void> {
  const { random } = chaos;
  let killed = 0;
  const kill = async (place: Place) => {
    if (!(await arena.kill(chaos, place))) return;
    killed++;
    onKill?.();
  };
  while (killed < kills) {
    await sleep(random.int(0, 2 * pauseMs));
    const places = arena.busy;
    if (places.length === 0) continue;
    const place = random.pick(places);
    const dice = random.next();
    if (dice < SEVERAL) {
      await Promise.all(Array.from({ length: random.int(2, 4) }, () => kill(random.pick(places))));
    } else if (dice < SEVERAL + NEWCOMER) {
      await kill(place);
      await sleep(random.int(0, COMING_MS));
      await kill(place);
    } else {
      await kill(place);
    }
  }
}
