/**
 * What a channel is: a queue of bounded length that can be closed, one step at a time.
 *
 * A call takes effect in one or more steps, all of them between its beginning and its end. Most take one; `sendMany`
 * and `receiveMany` take one a message. A step is possible in some states and not in others: that is all there is to say
 * about what may be answered. A call that times out has one step, which changes nothing and is possible only while the
 * call is blocked. In one thing a channel is looser than Go's: a send that a close refuses may have held its place in the
 * queue until then.
 *
 * At a rendezvous a message is in the queue for no time: a send takes its step directly before the receive that takes it,
 * both at one instant of both calls (`isHandedOver`). Nobody can see it there, and everybody may meet nobody: whether the
 * other one was there already, or just came, no history tells.
 *
 * A state is a string, so that states can be compared: how the channel is closed, how many sending and receiving ends
 * there are, then a character for each message in the queue.
 */

import type { Answer, Operation, Setting } from './call.ts';

export type State = string;

/** How far a call has come: the number of steps it has made, or all of them. */
export type Progress = number;
export const COMPLETE: Progress = 255;
/** Added to the progress of a send that holds a place in the queue for its next message. */
const HOLDING: Progress = 128;

export interface Step {
  readonly state: State;
  readonly progress: Progress;
}

const OPEN = 'o';
const CLOSED = 'c';
const CLOSED_WITH_ERROR = 'e';
/** Nobody will receive any more; what is on its way in is discarded when it arrives. */
const CANCELLED = 'x';
const CLOSING = 0;
const SENDERS = 1;
const RECEIVERS = 2;
const CONTENTS = 3;

export function initialState({ senders, receivers }: Setting): State {
  return `${OPEN}${senders}${receivers}`;
}

/** The steps that a call which has come as far as `progress` can make in `state`. */
export function stepsOf(setting: Setting, state: State, { call, answer }: Operation, progress: Progress) {
  const { capacity } = setting;
  if (isHandedOver(setting, state) && call.kind !== 'receive') return NONE;
  switch (call.kind) {
    case 'send':
      return sendSteps(capacity, state, call.values, answer, progress);
    case 'receive':
      return receiveSteps(state, answer, progress);
    case 'close':
      return completed(close(state, call.withError ? CLOSED_WITH_ERROR : CLOSED));
    case 'retire':
      return completed(retire(state));
    case 'cancel':
      return completed(cancel(state));
    case 'length':
      return mayHold(state, (answer as { length: number }).length, capacity) ? completed(state) : NONE;
    default:
      throw new Error(`expected a call of a channel, met ${call.kind}`);
  }
}

const NONE: readonly Step[] = [];

function completed(state: State): readonly Step[] {
  return [{ state, progress: COMPLETE }];
}

function sendSteps(capacity: number, state: State, values: readonly number[], answer: Answer, progress: Progress) {
  const sent = progress & ~HOLDING;
  const value = values[sent]!;
  if (progress >= HOLDING) return state[CLOSING] === OPEN ? NONE : completed(state.replace(place(value), ''));
  const isFull = lengthOf(state) === capacity;
  const steps: Step[] = [];
  if (answer === 'closed') {
    if (state[CLOSING] !== OPEN) steps.push({ state, progress: COMPLETE });
    if (!isFull) steps.push({ state: state + place(value), progress: sent + HOLDING });
  }
  if (state[CLOSING] !== OPEN) return steps;
  if (isFull && (answer === 'full' || answer === 'late')) steps.push({ state, progress: COMPLETE });
  if (isFull && capacity > 0) return steps;
  const isLast = sent === values.length - 1;
  // A call that answers something else stopped before its last message.
  if (answer === 'accepted' || !isLast) {
    steps.push({ state: state + letter(value), progress: isLast ? COMPLETE : sent + 1 });
  }
  return steps;
}

function receiveSteps(state: State, answer: Answer, received: Progress) {
  if (lengthOf(state) > 0) {
    if (typeof answer !== 'object' || !('values' in answer)) return NONE;
    if (state[CONTENTS] !== letter(answer.values[received]!)) return NONE;
    const isLast = received === answer.values.length - 1;
    return [{ state: withoutFirst(state), progress: isLast ? COMPLETE : received + 1 }];
  }
  switch (state[CLOSING]) {
    case OPEN:
      return answer === 'empty' || answer === 'late' ? completed(state) : NONE;
    case CLOSED:
      return answer === 'drained' ? completed(state) : NONE;
    default:
      return answer === 'failed' ? completed(state) : NONE;
  }
}

/** The first close wins. */
function close(state: State, how: string): State {
  return state[CLOSING] === OPEN ? how + state.slice(SENDERS) : state;
}

function retire(state: State): State {
  const left = Number(state[SENDERS]) - 1;
  const retired = `${state[CLOSING]}${left}${state.slice(RECEIVERS)}`;
  return left === 0 ? close(retired, CLOSED) : retired;
}

function cancel(state: State): State {
  const left = Number(state[RECEIVERS]) - 1;
  if (left === 0) return `${CANCELLED}${state[SENDERS]}0`;
  return `${state.slice(0, RECEIVERS)}${left}${state.slice(CONTENTS)}`;
}

function mayHold(state: State, length: number, capacity: number): boolean {
  return state[CLOSING] === CANCELLED ? length >= 0 && length <= capacity : length === lengthOf(state);
}

/** Whether a message is between its sender and its receiver, at a rendezvous: the next step is that receive, and at once. */
export function isHandedOver({ capacity }: Setting, state: State): boolean {
  return capacity === 0 && lengthOf(state) > 0;
}

export function isDrained(state: State): boolean {
  return state[CLOSING] !== OPEN && lengthOf(state) === 0;
}

export function lengthOf(state: State): number {
  return state.length - CONTENTS;
}

function withoutFirst(state: State): State {
  return state.slice(0, CONTENTS) + state.slice(CONTENTS + 1);
}

function letter(value: number): string {
  return String.fromCharCode(value);
}

/** The place in the queue that is held for a message. */
function place(value: number): string {
  return letter(0xe000 + value);
}
