/**
 * Fingerprints of what happened, 64 bits in two lanes.
 *
 * The fingerprint of a step covers what its thread did before, and the step that wrote what it met. So the sum over all
 * threads tells two histories apart exactly if they differ in more than the order of steps that do not concern each
 * other. (After Musuvathi and Qadeer, "Partial-order reduction for context-bounded state exploration", 2007.)
 */

/** Two lanes, written by {@link Fingerprint.mix} and read at once by its caller. */
export class Fingerprint {
  high = 0;
  low = 0;

  set(high: number, low: number): this {
    this.high = high;
    this.low = low;
    return this;
  }

  mix(value: number): this {
    let high = Math.imul(this.high ^ value, 0x85ebca6b);
    high = Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
    this.high = high ^ (high >>> 16);
    let low = Math.imul(this.low ^ value, 0x9e3779b1);
    low = Math.imul(low ^ (low >>> 15), 0x27d4eb2f);
    this.low = (low ^ (low >>> 14)) + 0x165667b1;
    return this;
  }
}
