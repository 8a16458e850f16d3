/** What was sent and received in an execution, and what the rules say about it. */

import { check, same } from '../../model.ts';

/** Values are ten times the sender, plus a number that grows: 11, 12, 21 … */
export class Ledger {
  readonly accepted: number[] = [];
  readonly #received = new Map<string, number[]>();

  received(receiver: string, ...values: number[]): void {
    const all = this.#received.get(receiver) ?? [];
    all.push(...values);
    this.#received.set(receiver, all);
  }

  get delivered(): number[] {
    return [...this.#received.values()].flat();
  }

  /** R1 and R2: everything accepted was delivered once, and each receiver got each sender's in order. */
  settle(): void {
    same(sorted(this.delivered), sorted(this.accepted), 'delivered is what was accepted');
    this.inOrder();
  }

  /** R1 alone. */
  inOrder(): void {
    for (const [receiver, values] of this.#received) {
      for (let i = 0; i < values.length; i++) {
        for (let j = i + 1; j < values.length; j++) {
          const [first, then] = [values[i]!, values[j]!];
          const inOrder = Math.floor(first / 10) !== Math.floor(then / 10) || first < then;
          check(inOrder, `${receiver} received ${first} before ${then}`);
        }
      }
    }
  }
}

export function sorted(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}
