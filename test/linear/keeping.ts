/**
 * What an at-least-once channel adds to the specification: a message counts until it is acknowledged.
 *
 * Who receives acknowledges, in a step of its own before the first, all that the same thread was given before. While
 * somebody has a message in hand, it may yet come back: so a closed channel is not drained, only empty. (One that blocks
 * its thread does not wait for what that thread has in hand itself.)
 *
 * In one thing such a channel is looser than others: a send takes its room in a step of its own, before its message is
 * there. In between, others find the room taken and no message.
 *
 * The state has more characters in front: how many messages each thread has in hand, and how much room is taken.
 */

import type { Operation, Setting } from './call.ts';
import * as channel from './specification.ts';
import { COMPLETE, type Progress, type State, type Step } from './specification.ts';

/** Steps of a receive before it takes its first message. */
const ACKNOWLEDGED = 1;
/** Added to the progress of a send that has taken room for its next message. */
const WITH_ROOM = 64;

export function initialState(setting: Setting): State {
  return '0'.repeat(setting.threads + 1) + channel.initialState(setting);
}

export function stepsOf(setting: Setting, state: State, operation: Operation, progress: Progress): readonly Step[] {
  const hands = state.slice(0, setting.threads);
  const taken = Number(state[setting.threads]);
  const queue = state.slice(setting.threads + 1);
  const situation = { setting, hands, taken, queue, operation, held: sumOf(hands) };
  switch (operation.call.kind) {
    case 'send':
      return sendSteps(situation, progress);
    case 'receive':
      return receiveSteps(situation, progress);
    case 'length': {
      const shown = (operation.answer as { length: number }).length - situation.held - taken;
      return before(
        `${hands}${taken}`,
        channel.stepsOf(setting, queue, answering(operation, { length: shown }), progress),
      );
    }
    default:
      return before(`${hands}${taken}`, channel.stepsOf(setting, queue, operation, progress));
  }
}

interface Situation {
  readonly setting: Setting;
  readonly hands: string;
  readonly taken: number;
  readonly queue: State;
  readonly operation: Operation;
  /** Messages in anybody's hands. */
  readonly held: number;
}

function sendSteps({ setting, hands, taken, queue, operation, held }: Situation, progress: Progress) {
  const room = setting.capacity - held - taken;
  if (progress < WITH_ROOM) {
    const refused = channel.stepsOf({ ...setting, capacity: room }, queue, operation, progress);
    const steps = before(
      `${hands}${taken}`,
      refused.filter((step) => step.state === queue),
    );
    const free = room > channel.lengthOf(queue);
    return free ? [...steps, { state: `${hands}${taken + 1}${queue}`, progress: progress + WITH_ROOM }] : steps;
  }
  const sent = progress - WITH_ROOM;
  const steps = channel.stepsOf({ ...setting, capacity: room + 1 }, queue, operation, sent);
  const givenUp = { state: queue, progress: sent };
  // The place that a refused send may hold elsewhere is the room that it has taken here.
  const done = steps.filter((step) => step.progress === COMPLETE || step.progress < WITH_ROOM);
  return before(`${hands}${taken - 1}`, [...done, givenUp]);
}

function receiveSteps({ setting, hands, taken, queue, operation, held }: Situation, progress: Progress) {
  const { thread, answer, call } = operation;
  const inHand = Number(hands[thread]);
  const hand = (count: number) => `${hands.slice(0, thread)}${count}${hands.slice(thread + 1)}${taken}`;
  if (progress < ACKNOWLEDGED) return [{ state: hand(0) + queue, progress: ACKNOWLEDGED }];
  const steps = channel.stepsOf(setting, queue, operation, progress - ACKNOWLEDGED);
  if (typeof answer === 'object') {
    return before(hand(inHand + 1), steps).map((step) => ({
      state: step.state,
      progress: step.progress === COMPLETE ? COMPLETE : step.progress + ACKNOWLEDGED,
    }));
  }
  const blocks = call.kind === 'receive' && call.way === 'sync';
  const mayComeBack = held - (blocks ? inHand : 0) > 0;
  if (!channel.isDrained(queue) || !mayComeBack) return before(hand(inHand), steps);
  return answer === 'empty' || answer === 'late' ? [{ state: hand(inHand) + queue, progress: COMPLETE }] : [];
}

function answering(operation: Operation, answer: Operation['answer']): Operation {
  return { ...operation, answer };
}

function before(front: string, steps: readonly Step[]): readonly Step[] {
  return steps.map(({ state, progress }) => ({ state: front + state, progress }));
}

function sumOf(counts: string): number {
  return [...counts].reduce((sum, count) => sum + Number(count), 0);
}
