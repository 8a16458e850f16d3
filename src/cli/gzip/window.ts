/** A bound on how many blocks are in flight. */

/** Counts permits on one thread: `enter` waits for one, `leave` gives it back. First come, first served. */
export class Window {
  readonly size: number;
  #inside = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(size: number) {
    this.size = size;
  }

  get inside(): number {
    return this.#inside;
  }

  enter(): Promise<void> {
    if (this.#inside === this.size) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#inside++;
    return Promise.resolve();
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#inside--;
  }
}
