/**
 * The one door to shared words. Nothing else in sluice calls `Atomics`.
 *
 * A word is a 32-bit signed integer at a word index (not a byte offset) of the bound segment. Every function here works
 * on the segment that was last passed to {@link bind}; whoever runs user code in between binds again (see
 * `Segment.enter`). All atomic operations are sequentially consistent, which is what the arguments in `kernel/` lean on.
 *
 * `peek` and `poke` are plain accesses. They carry no ordering of their own: use them only for words that one thread
 * owns, or that an atomic publish/observe pair orders.
 */

/** A 32-bit signed integer: a word, or a word index. The kernel computes in nothing else. */
export type i32 = number;

let words: Int32Array = new Int32Array(0);

/** Makes `view` the segment that every function of this file works on, in this thread. */
export function bind(view: Int32Array): void {
  words = view;
}

/** The segment bound in this thread. */
export function bound(): Int32Array {
  return words;
}

export function load(at: i32): i32 {
  return Atomics.load(words, at);
}

export function store(at: i32, value: i32): void {
  Atomics.store(words, at, value);
}

/** Compare-and-swap. Returns the value found; it was swapped if and only if that equals `expected`. */
export function cas(at: i32, expected: i32, value: i32): i32 {
  return Atomics.compareExchange(words, at, expected, value);
}

/** Adds and returns the value from before. */
export function add(at: i32, value: i32): i32 {
  return Atomics.add(words, at, value);
}

/** Ands and returns the value from before. */
export function and(at: i32, value: i32): i32 {
  return Atomics.and(words, at, value);
}

/** Ors and returns the value from before. */
export function or(at: i32, value: i32): i32 {
  return Atomics.or(words, at, value);
}

export function peek(at: i32): i32 {
  return words[at]!;
}

export function poke(at: i32, value: i32): void {
  words[at] = value;
}

/**
 * Sleeps while the word holds `expected`, at most `timeoutMs` (Infinity: without limit).
 * Returns false if and only if the time ran out.
 */
export function wait(at: i32, expected: i32, timeoutMs: number): boolean {
  return Atomics.wait(words, at, expected, timeoutMs) !== 'timed-out';
}

/** A word of this thread's own, that nobody ever wakes. */
let nowhere: Int32Array | undefined;

/** Sleeps for so long, on a thread that may be attached to nothing (Infinity: for ever). */
export function rest(ms: number): void {
  nowhere ??= new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(nowhere, 0, 0, ms);
}

/**
 * The asynchronous wait. It neither keeps the event loop alive nor can it be cancelled, and un-notified ones pile up in
 * the engine, so a thread keeps at most one. Returns undefined when the word no longer holds `expected`.
 */
export function waitAsync(at: i32, expected: i32): Promise<unknown> | undefined {
  const result = Atomics.waitAsync(words, at, expected);
  return result.async ? result.value : undefined;
}

/** Wakes every sleeper of the word. Takes a process-wide mutex even with nobody asleep: call it only for a sleeper. */
export function notify(at: i32): void {
  Atomics.notify(words, at);
}

/** Whether a word is less than another, both read as unsigned. */
export function below(word: i32, other: i32): boolean {
  return word >>> 0 < other >>> 0;
}

/** Index of the lowest set bit of a word that is not 0. */
export function lowestBit(word: i32): i32 {
  return 31 - Math.clz32(word & -word);
}

const pauseCore = (Atomics as { pause?: () => void }).pause;
let idle: i32 = 1;

/** Does nothing for about `turns` × 40 ns, off the memory bus. */
export function relax(turns: i32): void {
  if (pauseCore) {
    for (let turn = 0; turn < turns; turn++) pauseCore();
    return;
  }
  // A chain of multiplications that the engine cannot see through.
  let value = idle;
  for (let step = turns * 32; step > 0; step--) value = Math.imul(value, 1_664_525) + step;
  idle = value | 1;
}

/** The same for the kernel, where it is no step: nothing may depend on what other threads do meanwhile. */
export function pause(turns: i32): void {
  relax(turns);
}
