/** Sends as fast as it can, in several ways, and writes down what it began and what returned. */

import { type BufferPool, ChannelClosedError, never, type Sender, select, selectSync } from '../../../src/index.ts';
import { BOOK_MESSAGES } from '../journal.ts';
import type { LaneTask } from '../lanes.ts';
import { HARDLY, lateIsNone } from './patience.ts';
import { takePlace } from './post.ts';
import { Writer } from './writer.ts';

const BATCH = 4;
const RECEIVERS_MOST = 3;

const { ports, journal, duty, place, lives, task } = takePlace<{ out: Sender<any>; pool: BufferPool }, LaneTask>();
const { out } = ports;
const writer = new Writer(place, task.payload, ports.pool);

function batch(first: number, count: number, round: number): unknown[] {
  return Array.from({ length: count }, (_, index) => writer.message(first + index, round));
}

/** Whether an operation was called off. */
function late(operation: () => unknown): boolean {
  try {
    operation();
    return false;
  } catch (error) {
    lateIsNone(error);
    return true;
  }
}

async function lateAwaited(operation: () => Promise<unknown>): Promise<boolean> {
  try {
    await operation();
    return false;
  } catch (error) {
    lateIsNone(error);
    return true;
  }
}

/** Ways of sending: each sends some messages from number `first` on, and answers how many. */
const ways: readonly ((first: number, round: number) => number | Promise<number>)[] = [
  (first, round) => {
    journal.begin(place, 1);
    out.sendSync(writer.message(first, round));
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
  (first, round) => {
    journal.begin(place, 1);
    selectSync({ out: out.onSend(writer.message(first, round)), never: never() });
    return 1;
  },
  async (first, round) => {
    journal.begin(place, 1);
    await select({ out: out.onSend(writer.message(first, round)), never: never() });
    return 1;
  },
  // What was called off has not been sent: were it, it would be received twice.
  (first, round) => {
    journal.begin(place, 1);
    const one = writer.message(first, round);
    while (late(() => out.sendSync(one, HARDLY)));
    return 1;
  },
  async (first, round) => {
    journal.begin(place, 1);
    const one = writer.message(first, round);
    while (await lateAwaited(() => out.send(one, HARDLY)));
    return 1;
  },
];

const send = ways[(place + lives) % ways.length]!;

/** Sends the smallest message over and over, until the stage changes. */
function gauge(): void {
  while (journal.stage.phase === 'gauge') out.sendSync(writer.unbooked());
}

/** Works for as long as there is work, and then wakes receivers that sleep, to see that it is time to rest. */
async function workAll(): Promise<void> {
  while (journal.stage.phase === 'work') await work(journal.stage.round);
  for (let count = 0; count < RECEIVERS_MOST; count++) out.sendSync(writer.unbooked());
}

async function work(round: number): Promise<void> {
  const first = journal.begun(place);
  if (first + BATCH > BOOK_MESSAGES) {
    journal.awaitNextRound(place, round);
    return;
  }
  const sent = send(first, round);
  journal.finish(place, typeof sent === 'number' ? sent : await sent);
}

try {
  for (let stage = journal.enter(duty); stage; stage = journal.enter(duty)) {
    if (stage.phase === 'gauge') gauge();
    else await workAll();
  }
} catch (error) {
  if (!(error instanceof ChannelClosedError)) throw error;
}
