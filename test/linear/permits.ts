/**
 * What a semaphore is: a number of permits that nobody holds. A take makes it smaller, in one step, by all that it asks
 * for; it may answer that there are none, or be late, only at an instant at which there are fewer than that.
 *
 * The state is that number.
 */

import type { Operation, Setting } from './call.ts';
import { COMPLETE, type Progress, type State, type Step } from './specification.ts';

export function initialState({ permits }: Setting): State {
  return String(permits);
}

export function stepsOf(_setting: Setting, state: State, { call, answer }: Operation, _progress: Progress): Step[] {
  const free = Number(state);
  if (call.kind === 'give') return completed(free + (answer as { gave: number }).gave);
  if (call.kind !== 'take') throw new Error(`expected a call of a semaphore, met ${call.kind}`);
  if (answer === 'taken') return free >= call.count ? completed(free - call.count) : [];
  return free < call.count ? completed(free) : [];
}

function completed(free: number): Step[] {
  return [{ state: String(free), progress: COMPLETE }];
}
