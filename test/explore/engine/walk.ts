/**
 * Random executions, for where the search cannot go in the time there is: at every point of choice a coin says whether
 * another thread goes on. The same start gives the same walks.
 */

import type { Model } from '../model.ts';
import { kindOf, STEP } from './choice.ts';
import { Execution } from './execution.ts';
import type { Machine } from './machine.ts';
import { type Found, messageOf } from './search.ts';

export class Walk {
  readonly #machine: Machine;
  readonly #model: Model;
  readonly #place: unknown;
  readonly #choices: number[] = [];
  #state: number;
  walks = 0;

  constructor(machine: Machine, model: Model, place: unknown, start: number) {
    this.#machine = machine;
    this.#model = model;
    this.#place = place;
    this.#state = start | 1;
  }

  next(): Found | 'nothing' {
    this.walks++;
    const execution = new Execution(this.#machine, this.#model, this.#place);
    // Some walks switch at nearly every point, some hardly ever, and some kill early.
    const restless = 2 ** (1 + (this.#random() % 5));
    const deadly = 2 ** (1 + (this.#random() % 6));
    try {
      execution.begin('shared');
      for (let all = execution.choices(this.#choices); all.length > 0; all = execution.choices(this.#choices)) {
        execution.take(this.#pick(all, restless, deadly));
      }
      execution.rest();
    } catch (error) {
      return { message: messageOf(error), schedule: execution.recorder.text };
    }
    return 'nothing';
  }

  #pick(choices: readonly number[], restless: number, deadly: number): number {
    const first = choices[0]!;
    if (choices.length === 1 || this.#random() % restless !== 0) return first;
    const choice = choices[this.#random() % choices.length]!;
    return kindOf(choice) === STEP || this.#random() % deadly === 0 ? choice : first;
  }

  #random(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return this.#state >>> 1;
  }
}
