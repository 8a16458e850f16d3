/** Receiving while the throughput of a channel is measured: nothing but counting. */

import { type Lease, type Receiver, TimeoutError } from '../../../src/index.ts';
import type { Journal } from '../journal.ts';

const COUNT_EVERY = 64;

/** Receives until there is nothing more and the stage has changed. */
export function gauge(from: Receiver<Uint8Array | Lease>, journal: Journal, place: number): void {
  for (let count = 1; ; count++) {
    try {
      const { done, value } = from.receiveSync({ timeout: 20 });
      if (done) return;
      if (!(value instanceof Uint8Array)) value.release();
      if (count % COUNT_EVERY === 0) journal.finish(place, COUNT_EVERY);
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
      if (journal.stage.phase !== 'gauge') return;
    }
  }
}
