/**
 * All executions of a model, each only once, those with few preemptions first.
 *
 * A depth-first search over the choices of the scheduler. Nothing is ever saved of an execution: to try another choice,
 * the search runs the model anew up to there. What keeps it short:
 *  - only steps on words that concern several threads are points of choice;
 *  - a choice is left out when it leads where the search was before with at least as many preemptions left. The state is
 *    known by its fingerprint without doing the step, so no execution is spent on finding out.
 */

import type { Model } from '../model.ts';
import { Execution } from './execution.ts';
import { type Machine, Violation } from './machine.ts';
import { Visited } from './visited.ts';

export interface Found {
  readonly message: string;
  /** The schedule that leads there. */
  readonly schedule: string;
}

interface Branching {
  readonly choices: Int32Array;
  readonly costs: Int32Array;
  /** Fingerprints behind the choices: high, low. */
  readonly prints: Int32Array;
  readonly left: number;
  chosen: number;
}

/** One level of the search: all executions with at most `bound` preemptions. */
export class Search {
  readonly #machine: Machine;
  readonly #model: Model;
  readonly #place: unknown;
  readonly #bound: number;
  readonly #visited = new Visited();
  readonly #path: Branching[] = [];
  readonly #choices: number[] = [];
  readonly #print = new Int32Array(2);
  schedules = 0;
  ended = 0;
  /** Whether a choice was left out because it costs more than is left. */
  cut = false;

  constructor(machine: Machine, model: Model, place: unknown, bound: number) {
    this.#machine = machine;
    this.#model = model;
    this.#place = place;
    this.#bound = bound;
  }

  get states(): number {
    return this.#visited.size;
  }

  /** Runs the next execution. Returns what it found; 'nothing more' if there was none left. */
  next(): Found | 'nothing' | 'nothing more' {
    if (this.schedules > 0 && !this.#advance()) return 'nothing more';
    this.schedules++;
    const execution = new Execution(this.#machine, this.#model, this.#place);
    try {
      if (this.#run(execution)) this.ended++;
    } catch (error) {
      return { message: messageOf(error), schedule: execution.recorder.text };
    }
    return 'nothing';
  }

  /** Returns whether the execution came to its end. */
  #run(execution: Execution): boolean {
    execution.begin('shared');
    let left = this.#bound;
    for (let depth = 0; ; depth++) {
      let branching = this.#path[depth];
      if (!branching) {
        execution.choices(this.#choices);
        if (this.#choices.length === 0) {
          execution.rest();
          return true;
        }
        branching = this.#branch(execution, left);
        if (!this.#choose(branching)) return false;
        this.#path.push(branching);
      }
      const choice = branching.choices[branching.chosen]!;
      left = branching.left - branching.costs[branching.chosen]!;
      execution.take(choice);
    }
  }

  #branch(execution: Execution, left: number): Branching {
    const { length } = this.#choices;
    const branching = {
      choices: Int32Array.from(this.#choices),
      costs: new Int32Array(length),
      prints: new Int32Array(length * 2),
      left,
      chosen: -1,
    };
    for (let i = 0; i < length; i++) {
      branching.costs[i] = execution.cost(this.#choices[i]!);
      execution.behind(this.#choices[i]!, this.#print);
      branching.prints.set(this.#print, i * 2);
    }
    return branching;
  }

  /** Goes to the next choice that leads somewhere new. Returns whether there is one. */
  #choose(branching: Branching): boolean {
    while (++branching.chosen < branching.choices.length) {
      const left = branching.left - branching.costs[branching.chosen]!;
      const high = branching.prints[branching.chosen * 2]!;
      const low = branching.prints[branching.chosen * 2 + 1]!;
      if (left < 0) this.cut = true;
      else if (!this.#visited.covers(high, low, left)) {
        this.#visited.add(high, low, left);
        return true;
      }
    }
    return false;
  }

  #advance(): boolean {
    for (let last = this.#path.at(-1); last; last = this.#path.at(-1)) {
      if (this.#choose(last)) return true;
      this.#path.pop();
    }
    return false;
  }
}

/** What an execution failed with; anything but a violation is a fault of the model or the source, told with its place. */
export function messageOf(error: unknown): string {
  if (error instanceof Violation) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
