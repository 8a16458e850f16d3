/** R16, with an adversary: cases that change whenever somebody looks at one of them. */

import { beforeAll, describe, expect, test, vi } from 'vitest';
import { type AnyHit, Case, type Contender } from '../../src/channel/select/case.ts';
import { Choice } from '../../src/channel/select/choice.ts';
import { Reading } from '../../src/channel/select/reading.ts';
import { ThreadContext } from '../../src/park/thread.ts';
import { randomFrom } from '../support/random.ts';
import { freshSegment, MIB } from '../support/segment.ts';

let thread: ThreadContext;

beforeAll(() => {
  thread = ThreadContext.attach(freshSegment({ memory: 4 * MIB }), 'me', 1);
});

/** Moves what there is to be had, so that it is never where one looks. Of two cases one is ready at every instant. */
class Adversary {
  /** Moves left; after them it stands still. */
  left: number;
  ready = 0;
  moves = 0;

  constructor(moves: number) {
    this.left = moves;
  }

  /** Somebody looks at a case. Answers whether he finds something. */
  looksAt(which: number): boolean {
    if (this.ready === which && this.left > 0) {
      this.left--;
      this.moves++;
      this.ready = 1 - which;
    }
    return this.ready === which;
  }
}

class Moving extends Case implements Contender {
  readonly thread = thread;
  readonly points = [];
  readonly #world: Adversary;
  readonly #which: number;
  readonly #marked: boolean;

  constructor(world: Adversary, which: number, marked = true) {
    super();
    this.#world = world;
    this.#which = which;
    this.#marked = marked;
  }

  override enter(): Contender {
    return this;
  }

  inTurn(): boolean {
    return true;
  }

  attempt(key: string): AnyHit | undefined {
    return this.#world.looksAt(this.#which) ? { key } : undefined;
  }

  barred(): boolean {
    return !this.#world.looksAt(this.#which);
  }

  mark(): number {
    return this.#marked ? this.#world.moves : 0;
  }

  remaining(): number {
    return Number.POSITIVE_INFINITY;
  }

  keep(): void {}
  lack(): void {}
  end(): void {}
}

function surely(moves: number, marked = true): AnyHit | undefined {
  const world = new Adversary(moves);
  const choice = Choice.among(new Reading({ a: new Moving(world, 0, marked), b: new Moving(world, 1, marked) }));
  return choice.attempt(false) ?? choice.surely(false);
}

describe('R16: a select does not conclude "none" from looks at different instants', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 20, 41])('what moves %d times before it stands still is found', (moves) => {
    for (let round = 0; round < 50; round++) expect(surely(moves)).toBeDefined();
  });

  test('that is what the marks are for: without them it is fooled', () => {
    const lots = vi.spyOn(Math, 'random').mockImplementation(randomFrom(1).next);
    const found = Array.from({ length: 200 }, () => surely(6, false));
    lots.mockRestore();
    expect(found).toContain(undefined);
  });
});

test('of nothing but what is barred it says so at the first look', () => {
  const world = { looksAt: () => false, moves: 0 } as unknown as Adversary;
  const choice = Choice.among(new Reading({ a: new Moving(world, 0), b: new Moving(world, 1) }));
  expect(choice.surely(false)).toBeUndefined();
});
