/** Looks at messages as they come, and writes down what must never be. */

import type { Lease } from '../../../src/index.ts';
import type { Journal } from '../journal.ts';
import { readStamp, type Stamp, UNBOOKED } from '../payload.ts';

export class Reader {
  readonly #journal: Journal;
  readonly #place: number;
  /** The last message of each sender and channel. */
  readonly #latest = new Map<string, Stamp>();

  constructor(journal: Journal, place: number) {
    this.#journal = journal;
    this.#place = place;
  }

  /** Whose message it is; undefined when it is in no book, and when it is torn, or no message there can be. */
  read(message: Uint8Array | Lease): Stamp | undefined {
    const stamp = readStamp(message instanceof Uint8Array ? message : message.bytes);
    if (stamp?.sequence === UNBOOKED) return undefined;
    const { senders } = this.#journal;
    if (stamp && stamp.sender < senders && stamp.sequence < this.#journal.begun(stamp.sender)) {
      // Rounds change only while nothing is on its way.
      if (stamp.round !== this.#journal.stage.round) this.complain('of another round', stamp);
      return stamp;
    }
    this.complain('torn', stamp ?? { sender: -1, sequence: -1 });
    return undefined;
  }

  /** Through one channel, messages of one sender come in the order sent, unless they are handed out again. */
  checkOrder(stamp: Stamp, channel = ''): void {
    const key = `${stamp.sender} ${channel}`;
    const before = this.#latest.get(key);
    if (before?.round === stamp.round && before.sequence >= stamp.sequence) this.complain('out of order', stamp);
    this.#latest.set(key, stamp);
  }

  complain(kind: Parameters<Journal['complain']>[0], { sender, sequence }: Omit<Stamp, 'round'>): void {
    this.#journal.complain(kind, this.#place, sender, sequence);
  }

  /** The message is this worker's, for good. */
  settle({ sender, sequence }: Stamp): void {
    if (!this.#journal.receive(sender, sequence)) this.complain('repeated', { sender, sequence });
  }
}
