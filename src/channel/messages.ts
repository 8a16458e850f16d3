/**
 * The messages of a channel in a loop, blocking. A generator would have to make a result for each; of an object whose
 * `next` the engine inlines, it makes none.
 */

/** What can be asked for the next message. */
interface Source<T> {
  receiveSync(): IteratorResult<T, undefined>;
}

export class Messages<T> implements IterableIterator<T, undefined> {
  readonly #source: Source<T>;
  #over = false;

  constructor(source: Source<T>) {
    this.#source = source;
  }

  next(): IteratorResult<T, undefined> {
    if (this.#over) return { done: true, value: undefined };
    const result = this.#source.receiveSync();
    if (result.done) this.#over = true;
    return result;
  }

  /** The loop was left. */
  return(): IteratorResult<T, undefined> {
    this.#over = true;
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }
}
