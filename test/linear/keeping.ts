/**
 * What an at-least-once channel adds to the specification: a message counts until it is acknowledged.
 *
 * Who receives acknowledges, in a step of its own before the first, all that the same thread was given before. While
 * somebody else has a message in hand, it may yet come back: so a closed channel is not drained, only empty.
 *
 * The state has one more character for each thread, in front: how many messages it has in hand.
 */

import type { Operation, Setting } from './call.ts';
import * as channel from './specification.ts';
import { COMPLETE, type Progress, type State, type Step } from './specification.ts';

/** Steps of a receive before it takes its first message. */
const ACKNOWLEDGED = 1;

export function initialState(setting: Setting): State {
  return '0'.repeat(setting.threads) + channel.initialState(setting);
}

export function stepsOf(setting: Setting, state: State, operation: Operation, progress: Progress): readonly Step[] {
  const hands = state.slice(0, setting.threads);
  const queue = state.slice(setting.threads);
  const held = [...hands].reduce((sum, count) => sum + Number(count), 0);
  const { call, answer, thread } = operation;
  if (call.kind === 'length') {
    const shown = { length: (answer as { length: number }).length - held };
    return within(hands, channel.stepsOf(setting, queue, { ...operation, answer: shown }, progress));
  }
  if (call.kind !== 'receive') {
    const capacity = setting.capacity - held;
    return within(hands, channel.stepsOf({ ...setting, capacity }, queue, operation, progress));
  }
  if (progress < ACKNOWLEDGED) return [{ state: withHand(hands, thread, 0) + queue, progress: ACKNOWLEDGED }];
  const steps = channel.stepsOf(setting, queue, operation, progress - ACKNOWLEDGED);
  if (typeof answer === 'object') {
    const inHand = withHand(hands, thread, Number(hands[thread]) + 1);
    return within(inHand, steps).map((step) => ({
      state: step.state,
      progress: step.progress === COMPLETE ? COMPLETE : step.progress + ACKNOWLEDGED,
    }));
  }
  const othersHold = held > Number(hands[thread]);
  if (!channel.isDrained(queue) || !othersHold) return within(hands, steps);
  return answer === 'empty' || answer === 'late' ? [{ state, progress: COMPLETE }] : [];
}

function within(hands: string, steps: readonly Step[]): readonly Step[] {
  return steps.map(({ state, progress }) => ({ state: hands + state, progress }));
}

function withHand(hands: string, thread: number, count: number): string {
  return hands.slice(0, thread) + count + hands.slice(thread + 1);
}
