/** Rounds played on one thread that pretends to be several: the calls of a plan in any order, none of which may wait. */

import type { Random } from '../support/random.ts';
import type { Call, Operation } from './call.ts';
import type { Plan } from './plan.ts';
import { type Ends, ofChannel, Player } from './player.ts';

/**
 * Plays a plan in which nobody counts ends, on a channel that keeps nothing (one thread has one pair of hands) and holds
 * something (where nobody waits nobody meets).
 */
export async function playSolo(random: Random, plan: Plan, ends: Ends): Promise<Operation[]> {
  let now = 0;
  const players = plan.parts.map((_, thread) => new Player(thread, ofChannel(ends), () => now++));
  const left = plan.parts.map(({ calls }) => calls.map(impatient));
  const pending: (Promise<void> | undefined)[] = [];
  for (let ready = left.filter(someLeft); ready.length > 0; ready = left.filter(someLeft)) {
    const calls = random.pick(ready);
    pending.push(players[left.indexOf(calls)]!.make(calls.shift()!));
    if (random.next() < 0.5) await Promise.all(pending);
  }
  await Promise.all(pending);
  players.find((_, thread) => plan.parts[thread]!.receives)!.drain();
  return players.flatMap(({ history }) => history).sort((a, b) => a.invoked - b.invoked);
}

function someLeft(calls: readonly Call[]): boolean {
  return calls.length > 0;
}

/** Nobody else could end the waiting of a thread that is alone. */
function impatient(call: Call): Call {
  return 'way' in call && call.way !== 'try' ? { ...call, timeout: 0 } : call;
}
