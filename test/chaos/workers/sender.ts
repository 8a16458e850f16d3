/** Sends as fast as it can, in several ways, and writes down what it began and what returned. */

import { type BufferPool, ChannelClosedError, type Sender } from '../../../src/index.ts';
import { BOOK_MESSAGES } from '../journal.ts';
import { inscribe, LEASE_SIZES, MESSAGE_SIZES } from '../payload.ts';
import { takePlace } from './post.ts';

const BATCH = 4;

const { ports, journal, place, payload, shift, lives } = takePlace<{ out: Sender<any>; pool: BufferPool }>();
const { out, pool } = ports;

function message(sequence: number, round: number): unknown {
  const stamp = { sender: place, sequence, round };
  if (payload === 'bytes') {
    const bytes = new Uint8Array(MESSAGE_SIZES[sequence % MESSAGE_SIZES.length]!);
    inscribe(bytes, stamp);
    return bytes;
  }
  const lease = pool.leaseSync(LEASE_SIZES[sequence % LEASE_SIZES.length]!);
  inscribe(lease.bytes, stamp);
  return lease;
}

function batch(first: number, count: number, round: number): unknown[] {
  return Array.from({ length: count }, (_, index) => message(first + index, round));
}

/** Ways of sending: each sends some messages from number `first` on, and answers how many. */
const ways: readonly ((first: number, round: number) => number | Promise<number>)[] = [
  (first, round) => {
    journal.begin(place, 1);
    out.sendSync(message(first, round));
    return 1;
  },
  (first, round) => {
    journal.begin(place, BATCH);
    out.sendManySync(batch(first, BATCH, round));
    return BATCH;
  },
  async (first, round) => {
    journal.begin(place, BATCH);
    await Promise.all(batch(first, BATCH, round).map((each) => out.send(each)));
    return BATCH;
  },
];

const send = ways[(place + lives) % ways.length]!;

try {
  for (let round = journal.enter(place, shift); round !== undefined; round = journal.enter(place, shift)) {
    const first = journal.begun(place);
    if (first + BATCH > BOOK_MESSAGES) {
      journal.awaitNextRound(place, round);
      continue;
    }
    const sent = send(first, round);
    journal.finish(place, typeof sent === 'number' ? sent : await sent);
  }
} catch (error) {
  if (!(error instanceof ChannelClosedError)) throw error;
}
