/** Points in time that all threads of the process read alike: `performance.now()` starts anew in each of them. */

const MS_PER_S = 1000;
const NS_PER_MS = 1e6;

/** Milliseconds by which the clock that all threads share is ahead of this thread's `performance.now()`. */
function ahead(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * MS_PER_S + nanoseconds / NS_PER_MS - performance.now();
}

/** From `performance.now()` of this thread to the shared clock. */
export function toShared(timeMs: number): number {
  return timeMs + ahead();
}

export function fromShared(timeMs: number): number {
  return timeMs - ahead();
}
