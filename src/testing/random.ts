/** Randomness that can be replayed: the same seed makes the same choices, in the same order. */

export interface Random {
  readonly seed: number;
  /** From 0 to 1, without 1. */
  next(): number;
  /** An integer from `least` to `most`, both included. */
  int(least: number, most: number): number;
  pick<T>(choices: readonly T[]): T;
}

/** Marsaglia's xorshift32 behind a multiplicative hash of the seed. */
export function randomFrom(seed: number): Random {
  let state = Math.imul(seed, 0x9e3779b1) || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const int = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return { seed, next, int, pick: (choices) => choices[int(0, choices.length - 1)]! };
}
