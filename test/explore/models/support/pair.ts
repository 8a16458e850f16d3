/** Two channels of numbers, `a` and `b`, in one segment, for threads that choose between them. */

import { SharedChannel } from '../../../../src/channel/channel.ts';
import type { ChannelPlace } from '../../../../src/channel/core.ts';
import { createChannel } from '../../../../src/channel/create.ts';
import type { Topology } from '../../../../src/channel/types.ts';
import type { StagedWire, Wire } from '../../../../src/codec/codec.ts';
import { u32 } from '../../../../src/codec/scalars.ts';
import { HEADER_PAGES } from '../../../../src/memory/layout.ts';
import type { Segment } from '../../../../src/memory/segment.ts';
import { peek, poke } from '../../../../src/memory/words.ts';
import type { ThreadContext } from '../../../../src/park/thread.ts';
import { freshSegment, MIB } from '../../../support/segment.ts';
import { nameChannel } from '../../model.ts';
import { attach, numbers, type Place } from './channel.ts';

export interface Pair {
  readonly segment: Segment;
  readonly a: Place;
  readonly b: Place;
}

/** A thread, and its objects for the two channels. */
export interface Chooser {
  readonly thread: ThreadContext;
  readonly a: SharedChannel<number>;
  readonly b: SharedChannel<number>;
}

export interface Laid {
  readonly topology?: Topology;
  /** Default: that of `a`. */
  readonly topologyOfB?: Topology;
  readonly capacity?: number;
  /** Default: that of `a`. */
  readonly capacityOfB?: number;
  /** What is in the channels at first. */
  readonly inA?: readonly number[];
  readonly inB?: readonly number[];
}

export function layPair(laid: Laid = {}): Pair {
  const { topology = 'mpmc', topologyOfB = topology, capacity = 1, capacityOfB = capacity, inA = [], inB = [] } = laid;
  const segment = freshSegment({ threads: 6, memory: 4 * MIB });
  poke(HEADER_PAGES, 2);
  const main = attach(segment, 'main', 0);
  const made = (name: string, topology: Topology, values: readonly number[], capacity: number): Place => {
    const { index, generation, address } = createChannel(main, name, { codec: u32, capacity, topology });
    const place: ChannelPlace<number> = { index, generation, address, name, codec: u32 };
    nameChannel({ address, kind: capacity === 0 ? 'rendezvous' : topology === 'spsc' ? 'spsc' : 'mpmc' });
    if (values.length > 0) {
      const filling = new SharedChannel<number>(main, place, numbers);
      for (const value of values) filling.trySend(value);
      filling.letGo('sender');
    }
    return { segment, ...place };
  };
  const a = made('a', topology, inA, capacity);
  const b = made('b', topologyOfB, inB, capacityOfB);
  return { segment, a, b };
}

/** The message that never finds memory. */
export const HUGE = 99;

/** Numbers that are set aside before they are put into a slot, as large messages are. */
export const hungry: StagedWire<number> = {
  ...numbers,
  staged: true,
  packed: undefined,
  refs: [],
  stage: (value) => ({
    reserve: () => value !== HUGE,
    keep: () => {},
    put: (at) => poke(at >>> 2, value),
    done: () => {},
    undo: () => {},
  }),
  lend: (at) => ({ value: peek(at >>> 2), keep: () => {}, recall: () => {} }),
  discard: () => {},
};

/** One more thread that uses both. */
export function joinPair({ segment, a, b }: Pair, name: string, wireOfA: Wire<number> = numbers): Chooser {
  const attachment = attach(segment, name, 100);
  return {
    thread: attachment.thread,
    a: new SharedChannel<number>(attachment, a, wireOfA),
    b: new SharedChannel<number>(attachment, b, numbers),
  };
}
