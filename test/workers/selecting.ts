/** Programs of a crew that select. */

import {
  type ReceivedHit,
  type Receiver,
  type SelectCase,
  type Sender,
  select,
  selectSync,
  TimeoutError,
} from '../../src/index.ts';

/** How to select. */
export const SELECT_WAYS = ['sync', 'async'] as const;
export type SelectWay = (typeof SELECT_WAYS)[number];

export interface Limit {
  readonly timeout?: number;
}

/** A select over numbers that are received, by the index of their channel; channels that have ended are absent. */
export async function selectReceive(
  froms: readonly (Receiver<number> | undefined)[],
  way: SelectWay,
  limit: Limit = {},
): Promise<ReceivedHit<string, number>> {
  const cases: Record<string, SelectCase<number> | undefined> = {};
  for (const [index, from] of froms.entries()) cases[index] = from?.onReceive();
  return way === 'sync' ? selectSync(cases, limit) : await select(cases, limit);
}

/** Sends a value to one of the channels. Answers the index of that. */
export async function selectSend(
  outs: readonly Sender<number>[],
  value: number,
  way: SelectWay,
  limit: Limit = {},
): Promise<number> {
  const cases: Record<string, SelectCase> = {};
  for (const [index, out] of outs.entries()) cases[index] = out.onSend(value);
  const { key } = way === 'sync' ? selectSync(cases, limit) : await select(cases, limit);
  return Number(key);
}

/** Receives from whichever has something until all have ended. Answers what came from each. */
export async function selectAll(froms: readonly Receiver<number>[], way: SelectWay): Promise<number[][]> {
  const open: (Receiver<number> | undefined)[] = [...froms];
  const received = froms.map((): number[] => []);
  while (open.some((from) => from)) {
    const hit = await selectReceive(open, way);
    if (hit.done) open[Number(hit.key)] = undefined;
    else received[Number(hit.key)]!.push(hit.value);
  }
  return received;
}

export const selecting = {
  selectAll({ froms }: { froms: Receiver<number>[] }, { way }: { way: SelectWay }) {
    return selectAll(froms, way);
  },

  /** Sends numbers, each to whichever channel takes it; then retires its ends. Answers what went to each. */
  async selectSends(
    { outs }: { outs: Sender<number>[] },
    { numbers, way }: { numbers: readonly number[]; way: SelectWay },
  ) {
    const sent = outs.map((): number[] => []);
    for (const value of numbers) sent[await selectSend(outs, value, way)]!.push(value);
    for (const out of outs) out.close();
    return sent;
  },

  /** One select without cases, for so long. */
  selectNothing(_ports: object, { timeout }: { timeout: number }) {
    try {
      return selectSync({}, { timeout });
    } catch (error) {
      if (error instanceof TimeoutError) return 'time-out';
      throw error;
    }
  },

  /**
   * Passes one message from channel to channel, so that at every instant at least one has a message: it puts one into the
   * second before it takes one out of the first. Until `stop` is not 0.
   */
  juggleMessages({ channels }: { channels: (Sender<number> & Receiver<number>)[] }, { stop }: { stop: Int32Array }) {
    for (let turn = 0; Atomics.load(stop, 0) === 0; turn++) {
      channels[(turn + 1) % 2]!.sendSync(turn);
      channels[turn % 2]!.receiveSync();
    }
  },

  /** The same with room, of full channels: it takes a message out of the first before it puts one into the second. */
  juggleRoom({ channels }: { channels: (Sender<number> & Receiver<number>)[] }, { stop }: { stop: Int32Array }) {
    for (let turn = 0; Atomics.load(stop, 0) === 0; turn++) {
      channels[turn % 2]!.receiveSync();
      channels[(turn + 1) % 2]!.sendSync(turn);
    }
  },
};
