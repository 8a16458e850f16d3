/**
 * Channels that break a promise: the negative control of the checker. Each is a real channel with one lie between it and
 * its user, on one thread.
 */

import { type Channel, ChannelClosedError, TimeoutError } from '../../src/index.ts';

type Received = IteratorResult<number, undefined>;

/** What every other call can be made of, where none may wait. */
interface Tries {
  trySend(value: number): boolean;
  tryReceive(): Received | undefined;
  close(error?: Error): void;
  length(): number;
}

/** The calls of `honest`, some of them replaced. */
type Lie = (honest: Tries, capacity: number) => Partial<Tries>;

export const LIES: Readonly<Record<string, Lie>> = {
  'holds one message more than its capacity': (honest) => {
    const spare: number[] = [];
    return {
      trySend: (value) => {
        if (spare.length === 0 && honest.trySend(value)) return true;
        return spare.length === 0 && spare.push(value) > 0;
      },
      tryReceive: () => {
        const received = honest.tryReceive();
        if (spare.length > 0 && honest.trySend(spare[0]!)) spare.pop();
        return received;
      },
    };
  },
  'holds one message less than its capacity': (honest, capacity) => ({
    trySend: (value) => honest.length() < capacity - 1 && honest.trySend(value),
  }),
  'hands out the last message first': (honest) => ({
    tryReceive: () => {
      const values = drain(honest);
      const last = values.pop();
      for (const value of values) honest.trySend(value);
      return last === undefined ? honest.tryReceive() : { done: false, value: last };
    },
  }),
  'changes the order of two messages now and then': (honest) => ({
    tryReceive: everySo(honest, () => {
      const first = honest.tryReceive();
      if (first && !first.done) honest.trySend(first.value);
      return honest.tryReceive();
    }),
  }),
  'loses a message now and then': (honest) => ({
    tryReceive: everySo(honest, () => {
      honest.tryReceive();
      return honest.tryReceive();
    }),
  }),
  'delivers a message twice now and then': (honest) => {
    let last: Received | undefined;
    const receive = () => {
      last = honest.tryReceive();
      return last;
    };
    return { tryReceive: everySo(honest, () => last ?? receive(), receive) };
  },
  'drops a message when it is closed': (honest) => ({
    close: (error) => {
      honest.tryReceive();
      honest.close(error);
    },
  }),
  'accepts messages after the close': (honest) => ({
    trySend: (value) => {
      try {
        return honest.trySend(value);
      } catch (error) {
        if (error instanceof ChannelClosedError) return true;
        throw error;
      }
    },
  }),
  'ends before it is drained': (honest) => {
    let closed = false;
    return {
      close: (error) => {
        closed = true;
        honest.close(error);
      },
      tryReceive: () => (closed ? { done: true, value: undefined } : honest.tryReceive()),
    };
  },
  'stays open when it is closed': () => ({ close: () => {} }),
  'forgets the error it was closed with': (honest) => ({ close: () => honest.close() }),
  'says that it is full when it is not': (honest) => {
    let calls = 0;
    return { trySend: (value) => ++calls % 3 !== 0 && honest.trySend(value) };
  },
  'says that it is empty when it is not': (honest) => ({ tryReceive: everySo(honest, () => undefined) }),
  'sends what it has refused': (honest) => {
    const refused: number[] = [];
    return {
      trySend: (value) => {
        const accepted = honest.trySend(value);
        if (!accepted) refused.push(value);
        return accepted;
      },
      tryReceive: () => {
        const received = honest.tryReceive();
        if (received?.done === false && refused.length > 0) honest.trySend(refused.shift()!);
        return received;
      },
    };
  },
  'counts one message too few': (honest) => ({ length: () => Math.max(0, honest.length() - 1) }),
};

/** The channel, as it is told by a liar. */
export function told(lie: Lie, channel: Channel<number>): Channel<number> {
  const honest: Tries = {
    trySend: (value) => channel.trySend(value),
    tryReceive: () => channel.tryReceive(),
    close: (error) => channel.close(error),
    length: () => channel.length,
  };
  return new Told({ ...honest, ...lie(honest, channel.capacity) }) as unknown as Channel<number>;
}

/** Every call of a channel that is used in a history, made of tries. */
class Told {
  readonly #tries: Tries;

  constructor(tries: Tries) {
    this.#tries = tries;
  }

  get length(): number {
    return this.#tries.length();
  }

  trySend(value: number): boolean {
    return this.#tries.trySend(value);
  }

  sendSync(value: number): void {
    if (!this.#tries.trySend(value)) throw new TimeoutError('full');
  }

  sendManySync(values: Iterable<number>): void {
    for (const value of values) this.sendSync(value);
  }

  async send(value: number): Promise<void> {
    this.sendSync(value);
  }

  async sendMany(values: Iterable<number>): Promise<void> {
    this.sendManySync(values);
  }

  tryReceive(): Received | undefined {
    return this.#tries.tryReceive();
  }

  receiveSync(): Received {
    const received = this.#tries.tryReceive();
    if (!received) throw new TimeoutError('empty');
    return received;
  }

  receiveManySync(max: number): number[] {
    const first = this.receiveSync();
    return first.done ? [] : [first.value, ...drain(this.#tries, max - 1)];
  }

  async receive(): Promise<Received> {
    return this.receiveSync();
  }

  async receiveMany(max: number): Promise<number[]> {
    return this.receiveManySync(max);
  }

  close(error?: Error): void {
    this.#tries.close(error);
  }
}

/** Receives at most `most` messages, for as long as there are any. */
function drain({ tryReceive }: Tries, most = Number.POSITIVE_INFINITY): number[] {
  const values: number[] = [];
  while (values.length < most) {
    let received: Received | undefined;
    try {
      received = tryReceive();
    } catch (error) {
      if (error instanceof ChannelClosedError) break;
      throw error;
    }
    if (!received || received.done) break;
    values.push(received.value);
  }
  return values;
}

/** `otherwise`, but every third time that there is something to receive, `instead`. */
function everySo(honest: Tries, instead: () => Received | undefined, otherwise = honest.tryReceive) {
  let calls = 0;
  return () => (honest.length() > 0 && ++calls % 3 === 0 ? instead() : otherwise());
}
