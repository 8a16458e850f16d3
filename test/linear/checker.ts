/**
 * Whether a history is linearizable: whether every call can be seen as happening at instants of its own between its
 * beginning and its end (at a rendezvous, of its own and its partner's), so that one channel, or one semaphore, used by nobody but these calls in that order, would have answered the same.
 *
 * The search is Wing and Gong's ("Testing and verifying concurrent objects", 1993): take, of the calls that nothing
 * unfinished precedes, one that can make a step; go on from there; go back if that leads nowhere. A situation, which is
 * how far each call has come and the state of the channel, is tried once only (Lowe, "Testing for linearizability",
 * 2017). A history of some twenty calls takes tens of microseconds.
 */

import type { Operation, Setting } from './call.ts';
import * as keeping from './keeping.ts';
import * as permits from './permits.ts';
import * as specification from './specification.ts';
import { COMPLETE, isHandedOver, type Progress, type State } from './specification.ts';

/** A step on the way to an explanation: which call (by its place in the history) made it, and the state after it. */
export interface Explained {
  readonly operation: number;
  readonly state: State;
}

/** How the history could have come about; undefined if in no way. */
export function explain(setting: Setting, history: readonly Operation[]): readonly Explained[] | undefined {
  return new Search(setting, history).run();
}

class Search {
  readonly #setting: Setting;
  readonly #rules: Pick<typeof specification, 'initialState' | 'stepsOf'>;
  readonly #history: readonly Operation[];
  readonly #turns: readonly (readonly number[])[];
  readonly #progress: Progress[];
  readonly #tried = new Set<string>();
  readonly #path: Explained[] = [];
  #incomplete: number;

  constructor(setting: Setting, history: readonly Operation[]) {
    this.#setting = setting;
    this.#rules = setting.permits ? permits : setting.keeps ? keeping : specification;
    this.#history = history;
    this.#turns = history.map((operation) => turnsBefore(operation, history));
    this.#progress = history.map(() => 0);
    this.#incomplete = history.length;
  }

  run(): readonly Explained[] | undefined {
    return this.#from(this.#rules.initialState(this.#setting)) ? this.#path : undefined;
  }

  /** @param instant before which the next step has to be: that of the last one, if both are one. */
  #from(state: State, instant = Number.POSITIVE_INFINITY): boolean {
    const midway = isHandedOver(this.#setting, state);
    if (this.#incomplete === 0) return !midway;
    const situation = String.fromCharCode(...this.#progress) + state;
    if (this.#tried.has(situation)) return false;
    this.#tried.add(situation);
    const horizon = midway ? instant : this.#firstReturn();
    return this.#history.some(({ invoked }, index) => invoked < horizon && this.#tryStep(index, state, horizon));
  }

  #tryStep(index: number, state: State, horizon: number): boolean {
    const before = this.#progress[index]!;
    if (before === COMPLETE || this.#turns[index]!.some((earlier) => this.#progress[earlier] === 0)) return false;
    for (const step of this.#rules.stepsOf(this.#setting, state, this.#history[index]!, before)) {
      this.#advance(index, step.progress);
      this.#path.push({ operation: index, state: step.state });
      if (this.#from(step.state, horizon)) return true;
      this.#path.pop();
      this.#advance(index, before);
    }
    return false;
  }

  #advance(index: number, progress: Progress): void {
    this.#incomplete += Number(this.#progress[index] === COMPLETE) - Number(progress === COMPLETE);
    this.#progress[index] = progress;
  }

  /** When the first of the incomplete calls returned: what began later than that is not next. */
  #firstReturn(): number {
    let first = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.#history.length; index++) {
      const { returned } = this.#history[index]!;
      if (this.#progress[index] !== COMPLETE && returned < first) first = returned;
    }
    return first;
  }
}

/**
 * R1, for calls of one thread that were pending at the same time: messages go out, and come in, in the order of the
 * calls. It is the first message of a call that has its turn; those that follow it in a `sendMany` or `receiveMany` may
 * have others between them. A call that moved no message stands in nobody's way.
 */
function turnsBefore(operation: Operation, history: readonly Operation[]): readonly number[] {
  if (!movedMessages(operation)) return [];
  return history.flatMap((earlier, index) => {
    const sameSide = earlier.thread === operation.thread && earlier.call.kind === operation.call.kind;
    return sameSide && movedMessages(earlier) && earlier.invoked < operation.invoked ? [index] : [];
  });
}

function movedMessages({ call, answer }: Operation): boolean {
  return call.kind === 'send' ? answer === 'accepted' : call.kind === 'receive' && typeof answer === 'object';
}
