// Ours, one thread alone with itself, which fills a channel and empties it: what messages leave to the collector.
//
//   node --expose-gc allocation.mjs CASE COUNT heap     prints by how many bytes a message grew the heap
//   node --expose-gc --trace-gc allocation.mjs CASE COUNT trace
//                                                       lets COUNT messages pass between two forced collections, which
//                                                       the trace calls "testing"; what is between is for the caller
//
// CASE is KIND.WAY as below. For `heap` the young generation must be larger than what ROUND messages leave behind, or a
// collection would hide it: see --min-semi-space-size. All messages of a case are the same value, so that none of the
// growth is the benchmark's.

import { getHeapStatistics } from 'node:v8';
import { f64, Supervisor, struct, u32 } from '../../dist/src/index.js';

/** Messages that fill the channel. */
const ROUND = 16_384;
const WARM_UP_ROUNDS = 30;

const kinds = {
  u32: { codec: u32, message: 7 },
  f64: { codec: f64, message: 1.5 },
  struct: { codec: struct({ id: u32, at: f64, size: u32 }), message: { id: 7, at: 1.5, size: 64 } },
};

/** One result for all messages, where the caller may bring it. */
const result = { done: false, value: 0 };

const ways = {
  try: {
    sending: 'trySend',
    send(channel, message) {
      for (let i = 0; i < ROUND; i++) if (!channel.trySend(message)) throw new Error('expected room');
    },
    receiving: 'tryReceive',
    receive(channel) {
      for (let i = 0; i < ROUND; i++) if (channel.tryReceive() === undefined) throw new Error('expected a message');
    },
  },
  into: {
    send: sendBlocking,
    receiving: 'tryReceive(into)',
    receive(channel) {
      for (let i = 0; i < ROUND; i++)
        if (channel.tryReceive(result) === undefined) throw new Error('expected a message');
    },
  },
  sync: {
    sending: 'sendSync',
    send: sendBlocking,
    receiving: 'receiveSync',
    receive(channel) {
      for (let i = 0; i < ROUND; i++) if (channel.receiveSync().done) throw new Error('expected a message');
    },
  },
  iterate: { send: sendBlocking, receiving: 'for-of' },
};

function sendBlocking(channel, message) {
  for (let i = 0; i < ROUND; i++) channel.sendSync(message);
}

/** Adds up by how much the heap grows between `begin` and `end`. */
class Growth {
  bytes = 0;
  #before = 0;
  /** What looking at the heap adds to it. */
  #looking = 0;

  constructor() {
    // The first thousand are not counted, as code that is new leaves more behind.
    for (const counts of [false, true]) {
      this.bytes = 0;
      for (let i = 0; i < 1000; i++) this.measure(() => {});
      if (counts) this.#looking = this.bytes / 1000;
    }
    this.bytes = 0;
  }

  begin() {
    globalThis.gc({ type: 'minor' });
    this.#before = getHeapStatistics().used_heap_size;
  }

  end() {
    this.bytes += getHeapStatistics().used_heap_size - this.#before - this.#looking;
  }

  measure(work) {
    this.begin();
    work();
    this.end();
  }
}

class NoGrowth {
  begin() {}
  end() {}
  measure(work) {
    work();
  }
}

function alternate({ send, receive }, { channel, message }, rounds, sending, receiving) {
  for (let round = 0; round < rounds; round++) {
    sending.measure(() => send(channel, message));
    receiving.measure(() => receive(channel));
  }
}

/** The same within one loop over the channel, as an iteration that is left does not go on. */
function iterate({ send }, { channel, message }, rounds, sending, receiving) {
  const fill = () => sending.measure(() => send(channel, message));
  let left = ROUND;
  let roundsLeft = rounds;
  fill();
  receiving.begin();
  for (const _ of channel) {
    if (--left > 0) continue;
    receiving.end();
    if (--roundsLeft === 0) return;
    left = ROUND;
    fill();
    receiving.begin();
  }
}

const [, , name, count, mode] = process.argv;
const [kind, wayName] = name.split('.');
const way = ways[wayName];
const { codec, message } = kinds[kind];
const supervisor = new Supervisor({ sampleInterval: false });
const work = { channel: supervisor.channel('self', { codec, capacity: ROUND, topology: 'spsc' }), message };
const pass = way.receive ? alternate : iterate;
const rounds = Math.ceil(count / ROUND);

if (mode === 'trace') {
  const nothing = new NoGrowth();
  pass(way, work, WARM_UP_ROUNDS, nothing, nothing);
  globalThis.gc();
  pass(way, work, rounds, nothing, nothing);
  globalThis.gc();
} else {
  pass(way, work, WARM_UP_ROUNDS, new Growth(), new Growth());
  const [sending, receiving] = [new Growth(), new Growth()];
  pass(way, work, rounds, sending, receiving);
  // To hundredths: what looking adds is known no better. The sum with 0 makes -0 a 0.
  const each = (growth) => Math.round((growth.bytes / rounds / ROUND) * 100) / 100 + 0;
  const figures = { [way.receiving]: each(receiving) };
  if (way.sending) figures[way.sending] = each(sending);
  console.log(JSON.stringify(figures));
}
await supervisor.close();
