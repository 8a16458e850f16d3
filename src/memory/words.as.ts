/**
 * The door to shared words, for the kernel's second compiler (AssemblyScript): what `words.ts` does by `Atomics`, as
 * instructions. The module works on the memory it is instantiated with, so there is nothing to bind.
 */

export function load(at: i32): i32 {
  return atomic.load<i32>(at << 2);
}

export function store(at: i32, value: i32): void {
  atomic.store<i32>(at << 2, value);
}

export function cas(at: i32, expected: i32, value: i32): i32 {
  return atomic.cmpxchg<i32>(at << 2, expected, value);
}

export function add(at: i32, value: i32): i32 {
  return atomic.add<i32>(at << 2, value);
}

export function and(at: i32, value: i32): i32 {
  return atomic.and<i32>(at << 2, value);
}

export function or(at: i32, value: i32): i32 {
  return atomic.or<i32>(at << 2, value);
}

export function peek(at: i32): i32 {
  return i32.load(at << 2);
}

export function poke(at: i32, value: i32): void {
  i32.store(at << 2, value);
}

export function below(word: i32, other: i32): bool {
  return <u32>word < <u32>other;
}

export function lowestBit(word: i32): i32 {
  return ctz(word);
}

/** Lets about `turns` × 40 ns pass, off the memory bus: it looks at a word that nobody writes. */
export function pause(turns: i32): void {
  for (let turn: i32 = turns << 5; turn > 0; turn--) atomic.load<i32>(0);
}
