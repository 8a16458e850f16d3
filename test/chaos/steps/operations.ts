/** What a victim dies in, and what a survivor does meanwhile. */

import { type BufferPool, type Channel, never, selectSync } from '../../../src/index.ts';
import { type Kind, MESSAGE_BYTES, makeMessage, numberOf } from './messages.ts';

export interface OperationPorts {
  readonly channel: Channel<any>;
  readonly pool: BufferPool;
}

/** Prepares the operation, and answers what carries it out. */
type Operation = (ports: OperationPorts, kind: Kind) => () => unknown;

/** Bytes of which a pool has room for one block only. */
export const HALF_THE_POOL = 2 ** 21;

/** Numbers of messages: who sent it. */
export const FROM_VICTIM = 100;
export const FROM_SURVIVOR = 200;

const sends =
  (number: number): Operation =>
  ({ channel, pool }, kind) => {
    const message = makeMessage(kind, number, pool);
    return () => channel.sendSync(message);
  };

const selectsToSend: Operation = ({ channel, pool }, kind) => {
  const message = makeMessage(kind, FROM_VICTIM, pool);
  return () => selectSync({ out: channel.onSend(message), never: never() });
};

const selectsToReceive: Operation =
  ({ channel }, kind) =>
  () => {
    const hit = selectSync({ in: channel.onReceive(), never: never(), again: channel.onReceive() });
    if (numberOf(kind, hit.value) < 0) throw new Error('a torn message was received');
    return hit.value;
  };

const receives: Operation =
  ({ channel }, kind) =>
  () => {
    const message = channel.receiveSync().value;
    if (numberOf(kind, message) < 0) throw new Error('a torn message was received');
    return message;
  };

export const operations = {
  send: sends(FROM_VICTIM),
  'fill and send': (ports, kind) => {
    sends(0)(ports, kind)();
    return sends(FROM_SURVIVOR)(ports, kind);
  },
  receive: receives,
  'select to send': selectsToSend,
  'select to receive': selectsToReceive,
  lease: ({ pool }) => {
    return () => pool.leaseSync(MESSAGE_BYTES);
  },
  'lease and release': ({ pool }) => {
    return () => pool.leaseSync(HALF_THE_POOL).release();
  },
  release: ({ pool }) => {
    const held = pool.leaseSync(HALF_THE_POOL);
    return () => held.release();
  },
  acknowledge: ({ channel }) => {
    const [delivery] = channel.deliveries();
    return () => delivery!.ack();
  },
  'hand back': ({ channel }) => {
    const [delivery] = channel.deliveries();
    return () => delivery!.nack();
  },
  'await the end': ({ channel }) => {
    return () => {
      if (!channel.receiveSync().done) throw new Error('expected the end of the channel, met a message');
    };
  },
  close: ({ channel }) => {
    return () => channel.close();
  },
} satisfies Record<string, Operation>;

export type OperationName = keyof typeof operations;

export interface Task {
  readonly operation: OperationName;
  readonly kind: Kind;
  readonly signals: SharedArrayBuffer;
}
