// Sending at a fixed rate whether or not the last message has arrived, and how late each one is.
//
// A message carries the moment when it should have been sent. Lateness counts from there, so that a stall is charged to
// every message that had to wait behind it, and not only to the one that met it ("coordinated omission"). Neither side
// allocates memory for a message here.

/** Messages a second. */
const RATE = 20_000;
const GAP_MS = 1000 / RATE;
/** Seconds of messages beforehand that are not counted. */
const WARM_UP = 1;

export const warmUpCount = WARM_UP * RATE;

export function countFor(seconds) {
  return Math.round(seconds * RATE);
}

/**
 * What to add to this thread's `performance.now()`, which begins with the thread, for the process's one clock. Being
 * interrupted between its two readings makes the difference too small: hence the greatest of many.
 */
export function clockOffset() {
  let offset = -Infinity;
  for (let i = 0; i < 1000; i++) {
    const shared = Number(process.hrtime.bigint()) / 1e6;
    offset = Math.max(offset, shared - performance.now());
  }
  return offset;
}

/** Calls `send` with the intended moment of each message, as soon as that has come. Never sleeps. */
export function sendPaced(count, send) {
  const offset = clockOffset();
  const first = performance.now() + offset + GAP_MS;
  for (let i = 0; i < warmUpCount + count; i++) {
    const due = first + i * GAP_MS;
    while (performance.now() + offset < due);
    send(due);
  }
}

/** Takes the intended moments of the messages as they arrive. */
export class Lateness {
  #offset = clockOffset();
  #seen = 0;
  #late;

  constructor(count) {
    this.#late = new Float64Array(count);
  }

  /** Answers whether all have arrived. */
  arrived(due) {
    const index = this.#seen++ - warmUpCount;
    if (index >= 0) this.#late[index] = performance.now() + this.#offset - due;
    return index === this.#late.length - 1;
  }

  /** Percentiles in microseconds. */
  figures() {
    const sorted = this.#late.toSorted();
    const at = (share) => sorted[Math.ceil(share * sorted.length) - 1] * 1000;
    return {
      usP50: at(0.5),
      usP90: at(0.9),
      usP99: at(0.99),
      usP999: at(0.999),
      usP9999: at(0.9999),
      usMax: at(1),
    };
  }
}
