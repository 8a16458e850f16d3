/**
 * The cases of a select, as they are read from the object that it was given.
 *
 * Most selects are over at once, and most only receive. If all cases are receives that have nothing to evaluate, one is
 * drawn and tried before anything is made of the others. If it is not ready, the select begins anew with all of them. Even
 * so each of those that are ready is equally likely (R15): with r of n ready, it comes with 1/n at first, and with
 * (1 − r/n) · 1/r later, together 1/r. Until the select has to wait, a `Choice` is not needed.
 *
 * Nothing is evaluated twice (R18), even where a property is an accessor: a case that is more than such a receive is kept
 * from the moment it was met.
 */

import { LimitError } from '../../errors.ts';
import { describe } from '../../memory/describe.ts';
import type { ThreadContext } from '../../park/thread.ts';
import type { AnyHit } from './case.ts';
import { ReceiveCase } from './receive-case.ts';

type Cases = Readonly<Record<string, unknown>>;

interface Read {
  readonly keys: string[];
  readonly values: unknown[];
}

export class Reading {
  readonly #cases: Cases;
  /** A case that was met and is no prompt receive, and its key. */
  readonly #key: string | undefined;
  readonly #known: unknown;
  #all: Read | undefined;

  constructor(cases: object, key?: string, known?: unknown) {
    this.#cases = cases as Cases;
    this.#key = key;
    this.#known = known;
  }

  /** The cases of channels that are there, side by side with their keys; in order, unless `draw` was asked. */
  get all(): Read {
    this.#all ??= this.#read();
    return this.#all;
  }

  /** Tries one case after the other, in an order drawn by lot, if all are prompt receives. */
  draw(): AnyHit | undefined {
    const { keys, values } = this.all;
    if (!values.every(isPrompt)) return undefined;
    for (let last = values.length - 1; last >= 0; last--) {
      const at = (Math.random() * (last + 1)) | 0;
      const key = keys[at]!;
      const receive = values[at] as ReceiveCase<unknown>;
      keys[at] = keys[last]!;
      values[at] = values[last];
      keys[last] = key;
      values[last] = receive;
      const hit = receive.attemptInTurn(key);
      if (hit) return hit;
    }
    return undefined;
  }

  #read(): Read {
    // As long as they have to be: a pending select keeps them.
    const length = Object.keys(this.#cases).length;
    const keys = new Array<string>(length);
    const values = new Array<unknown>(length);
    let count = 0;
    const cases = this.#cases;
    for (const key in cases) {
      if (!own.call(cases, key)) continue;
      const known = key === this.#key ? this.#known : cases[key];
      if (known === undefined || known === null) continue;
      keys[count] = key;
      values[count++] = known;
    }
    if (count < length) {
      keys.length = count;
      values.length = count;
    }
    return { keys, values };
  }
}

/**
 * Draws one case and tries it, if all are prompt receives; see `ReceiveCase`. Answers what is left to do if that is not so,
 * or if the one that was drawn is not ready.
 */
export function atFirstSight(cases: object): AnyHit | Reading {
  if (!isObject(cases)) throw expectedCases(cases);
  // In this form the engine goes through the properties without a list of their keys, and without asking whose they are.
  let count = 0;
  let prompt: ThreadContext | undefined;
  for (const key in cases) {
    if (!own.call(cases, key)) continue;
    const known = cases[key];
    if (known === undefined || known === null) continue;
    if (prompt === undefined) {
      if (known instanceof ReceiveCase) prompt = known.prompt;
      if (prompt === undefined) return new Reading(cases, key, known);
    } else if ((known as ReceiveCase<unknown>).prompt !== prompt) return new Reading(cases, key, known);
    count++;
  }
  let place = (Math.random() * count) | 0;
  for (const key in cases) {
    if (!own.call(cases, key)) continue;
    const known = cases[key];
    if (known === undefined || known === null || place-- > 0) continue;
    if (!(known instanceof ReceiveCase) || known.prompt !== prompt) return new Reading(cases, key, known);
    return known.attemptInTurn(key) ?? amongAll(cases);
  }
  return new Reading(cases);
}

function amongAll(cases: Cases): AnyHit | Reading {
  const reading = new Reading(cases);
  return reading.draw() ?? reading;
}

function isPrompt(known: unknown): boolean {
  return known instanceof ReceiveCase && known.prompt !== undefined;
}

const own = Object.prototype.hasOwnProperty;

function isObject(cases: object): cases is Cases {
  return cases !== null && typeof cases === 'object';
}

function expectedCases(met: unknown): LimitError {
  return new LimitError(`select: expected an object of cases by their keys, met ${describe(met)}`);
}
