/** A set of fingerprints, each with a small number: how many preemptions were left when the search was there. */

export class Visited {
  #size = 0;
  #mask = (1 << 12) - 1;
  #high = new Int32Array(1 << 12);
  #low = new Int32Array(1 << 12);
  /** 0: a free place; else 1 + the preemptions left. */
  #left = new Uint8Array(1 << 12);

  get size(): number {
    return this.#size;
  }

  /** Whether the search was there with at least as many preemptions left. */
  covers(high: number, low: number, left: number): boolean {
    return this.#left[this.#place(high, low)]! > left;
  }

  add(high: number, low: number, left: number): void {
    const place = this.#place(high, low);
    if (this.#left[place] === 0) {
      this.#high[place] = high;
      this.#low[place] = low;
      this.#size++;
    }
    this.#left[place] = Math.max(this.#left[place]!, left + 1);
    if (this.#size * 2 > this.#mask) this.#grow();
  }

  #place(high: number, low: number): number {
    let place = (low ^ (high >>> 7)) & this.#mask;
    while (this.#left[place] !== 0 && (this.#low[place] !== low || this.#high[place] !== high)) {
      place = (place + 1) & this.#mask;
    }
    return place;
  }

  #grow(): void {
    const [high, low, left] = [this.#high, this.#low, this.#left];
    const capacity = left.length * 2;
    this.#mask = capacity - 1;
    this.#high = new Int32Array(capacity);
    this.#low = new Int32Array(capacity);
    this.#left = new Uint8Array(capacity);
    for (let old = 0; old < left.length; old++) {
      if (left[old] === 0) continue;
      const place = this.#place(high[old]!, low[old]!);
      this.#high[place] = high[old]!;
      this.#low[place] = low[old]!;
      this.#left[place] = left[old]!;
    }
  }
}
