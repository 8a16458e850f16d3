/** Programs of a crew that pass channels on, and dispose of them. */

import { type Channel, channel, type Receiver, type Sender, select, selectSync, u32 } from '../../src/index.ts';

export type PassingWay = 'sync' | 'async' | 'select-sync' | 'select';
export const PASSING_WAYS: readonly PassingWay[] = ['sync', 'async', 'select-sync', 'select'];

export interface Request {
  readonly id: number;
  readonly reply: Channel<number>;
}

export async function sendBy<T>(out: Sender<T>, value: T, way: PassingWay): Promise<void> {
  if (way === 'sync') out.sendSync(value);
  else if (way === 'async') await out.send(value);
  else if (way === 'select-sync') selectSync({ out: out.onSend(value) });
  else await select({ out: out.onSend(value) });
}

export async function receiveBy<T>(from: Receiver<T>, way: PassingWay): Promise<IteratorResult<T, undefined>> {
  if (way === 'sync') return from.receiveSync();
  if (way === 'async') return await from.receive();
  const cases = { from: from.onReceive() };
  return (way === 'select-sync' ? selectSync(cases) : await select(cases)) as unknown as IteratorResult<T, undefined>;
}

/** Answers each request through the channel that came with it, with the double of its number. */
export async function serve(requests: Receiver<Request>, way: PassingWay): Promise<number> {
  let served = 0;
  for (let next = await receiveBy(requests, way); !next.done; next = await receiveBy(requests, way)) {
    await sendBy(next.value.reply, next.value.id * 2, way);
    served++;
  }
  return served;
}

/** Asks so often, each time with a channel of its own for the answer. Answers what was answered wrong. */
export async function ask(
  requests: Sender<Request>,
  { count, way, from = 0 }: { count: number; way: PassingWay; from?: number },
): Promise<[number, unknown][]> {
  using end = requests;
  const wrong: [number, unknown][] = [];
  for (let id = from; id < from + count; id++) {
    const reply = channel({ codec: u32, capacity: 1 });
    await sendBy(end, { id, reply }, way);
    const { value } = await receiveBy(reply, way);
    if (value !== id * 2) wrong.push([id, value]);
    reply.dispose();
  }
  return wrong;
}

export const passing = {
  serve: ({ requests }: { requests: Receiver<Request> }, { way }: { way: PassingWay }) => serve(requests, way),

  ask: ({ requests }: { requests: Sender<Request> }, data: { count: number; way: PassingWay; from?: number }) =>
    ask(requests, data),

  /** Makes a channel, passes it on, and sends numbers through it. */
  async passOwn({ out }: { out: Sender<Channel<number>> }, { count, way }: { count: number; way: PassingWay }) {
    const own = channel({ codec: u32, capacity: 3 });
    await sendBy(out, own, way);
    for (let value = 0; value < count; value++) await sendBy(own, value, way);
    own.close();
  },

  /** Takes what channels come, and the first number of each. */
  async takeEach({ from }: { from: Receiver<Channel<number>> }, { way }: { way: PassingWay }) {
    const values: unknown[] = [];
    for (let next = await receiveBy(from, way); !next.done; next = await receiveBy(from, way)) {
      values.push([next.value.name, next.value.tryReceive()?.value]);
    }
    return values;
  },

  /** Keeps what it was given, and does nothing with it. */
  keep(_ports: object, _data: object) {},

  /** Disposes of what it is given. */
  disposeOf({ channel }: { channel: Channel<number> }, _data: object) {
    channel.dispose();
  },
};
