/**
 * Words that plain accesses may race on, each with the reason why that does no harm. Everything else that races fails
 * the execution. Accesses of these words are points of choice like atomic ones.
 */

export interface Benign {
  /** The name of the word, as traces show it. */
  readonly word: RegExp;
  readonly reason: string;
}

export const benign: readonly Benign[] = [];
