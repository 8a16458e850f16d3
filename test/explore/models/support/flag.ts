/**
 * Something that one thread of a model says and another one hears, as steps: a variable would do it unseen, and the
 * search takes two executions for the same if they differ only in what it does not see.
 */

import { bound, load, store } from '../../../../src/memory/words.ts';

export class Flag {
  /** A word at the end of the segment, where nothing else is. */
  readonly #at = bound().length - 1;

  raise(): void {
    store(this.#at, 1);
  }

  get raised(): boolean {
    return load(this.#at) === 1;
  }
}
