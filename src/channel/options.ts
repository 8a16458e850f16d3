/** What a channel is asked to be, checked. */

import { sameCodec } from '../codec/wire.ts';
import { LimitError } from '../errors.ts';
import { describe } from '../memory/describe.ts';
import {
  CAPACITY_MAX,
  OVERFLOW_BLOCK,
  OVERFLOW_DROP_NEWEST,
  OVERFLOW_DROP_OLDEST,
  OVERFLOW_REJECT,
  TOPOLOGY_MPMC,
  TOPOLOGY_MPSC,
  TOPOLOGY_SPMC,
  TOPOLOGY_SPSC,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import type { Attachment } from './attachment.ts';
import { SharedChannel } from './channel.ts';
import { SenderEnd } from './ends.ts';
import type { ChannelOptions, Levels, Overflow, Topology } from './types.ts';

export const TOPOLOGIES: Record<Topology, i32> = {
  mpmc: TOPOLOGY_MPMC,
  mpsc: TOPOLOGY_MPSC,
  spmc: TOPOLOGY_SPMC,
  spsc: TOPOLOGY_SPSC,
};

const OVERFLOWS: Record<Overflow, i32> = {
  block: OVERFLOW_BLOCK,
  reject: OVERFLOW_REJECT,
  'drop-newest': OVERFLOW_DROP_NEWEST,
  'drop-oldest': OVERFLOW_DROP_OLDEST,
};

const LEVELS_DEFAULT: Levels = { yellow: 0.6, red: 0.85 };
const ATTEMPTS_MAX = 2 ** 16;
const ACK_TIMEOUT_MAX = 2 ** 31 - 1;

export interface CheckedOptions {
  readonly capacity: number;
  readonly topology: i32;
  readonly levels: Levels;
  /** OVERFLOW_*. */
  readonly overflow: i32;
  /** The channel, or the function, for what has no room. */
  readonly overflowTo: SharedChannel<any> | undefined;
  readonly onOverflow: ((value: any) => void) | undefined;
  /** What at-least-once is asked to be, or undefined. */
  readonly keeping: Keeping | undefined;
}

export interface Keeping {
  /** Most times a message is handed out; 0: without limit. */
  readonly attempts: number;
  readonly deadLetter: SharedChannel<any> | undefined;
  /** Milliseconds; 0: none. */
  readonly ackTimeout: number;
}

/** Throws LimitError, naming what was expected and what was met. */
export function checkOptions<T>(options: ChannelOptions<T>, attachment: Attachment): CheckedOptions {
  if (options === null || typeof options !== 'object') {
    throw new LimitError(`expected channel options { codec, capacity, … }, met ${describe(options)}`);
  }
  const { capacity, topology = 'mpmc', overflow = 'block', levels = LEVELS_DEFAULT } = options;
  if (!Number.isInteger(capacity) || capacity < 0 || capacity > CAPACITY_MAX) {
    throw new LimitError(`capacity: expected an integer from 0 to ${CAPACITY_MAX}, met ${describe(capacity)}`);
  }
  if (typeof topology !== 'string' || !Object.hasOwn(TOPOLOGIES, topology)) {
    throw new LimitError(`topology: expected ${Object.keys(TOPOLOGIES).join(', ')}, met ${describe(topology)}`);
  }
  if (typeof overflow !== 'string' || !Object.hasOwn(OVERFLOWS, overflow)) {
    throw new LimitError(`overflow: expected ${Object.keys(OVERFLOWS).join(', ')}, met ${describe(overflow)}`);
  }
  if (capacity === 0) checkRendezvous(options);
  const { yellow, red } = levels ?? {};
  if (!(yellow >= 0 && yellow <= red && red <= 1)) {
    throw new LimitError(`levels: expected 0 ≤ yellow ≤ red ≤ 1, met ${describe(yellow)} and ${describe(red)}`);
  }
  return {
    capacity,
    topology: TOPOLOGIES[topology],
    levels,
    overflow: OVERFLOWS[overflow],
    ...checkOverflow(options, attachment),
    keeping: checkDelivery(options, attachment),
  };
}

/** A rendezvous keeps nothing: neither what is not acknowledged yet nor an oldest message to drop. */
function checkRendezvous<T>({ delivery, overflow }: ChannelOptions<T>): void {
  const met = delivery === 'at-least-once' ? `delivery '${delivery}'` : `overflow '${overflow}'`;
  if (delivery === 'at-least-once' || overflow === 'drop-oldest') {
    throw new LimitError(`capacity: expected at least 1 with ${met}, met 0: a rendezvous holds no message`);
  }
}

function checkOverflow<T>(
  { overflow = 'block', onOverflow, delivery, codec }: ChannelOptions<T>,
  attachment: Attachment,
): Pick<CheckedOptions, 'overflowTo' | 'onOverflow'> {
  if (delivery === 'at-least-once' && overflow.startsWith('drop-')) {
    throw new LimitError(
      `overflow: expected 'block' or 'reject' with delivery 'at-least-once', which promises that a message is gone only ` +
        `when it was acknowledged; met '${overflow}'`,
    );
  }
  const nowhere = { overflowTo: undefined, onOverflow: undefined };
  if (onOverflow === undefined) return nowhere;
  if (overflow === 'block') {
    throw new LimitError("onOverflow: expected another overflow policy with it, met 'block', which refuses nothing");
  }
  if (typeof onOverflow === 'function') return { ...nowhere, onOverflow };
  const channel = onOverflow instanceof SenderEnd ? onOverflow.channel : onOverflow;
  const expected = (what: string, met: string) => new LimitError(`onOverflow: expected ${what}, met ${met}`);
  if (!(channel instanceof SharedChannel) || channel.attachment !== attachment) {
    throw expected('a function, or the sender of a channel of this supervisor', describe(onOverflow));
  }
  if (!sameCodec(channel.codec, codec)) {
    throw expected('a channel of the same codec', `"${channel.name}" with another`);
  }
  channel.assertThere();
  return { ...nowhere, overflowTo: channel };
}

function checkDelivery<T>(options: ChannelOptions<T>, attachment: Attachment): Keeping | undefined {
  const { delivery = 'at-most-once', maxAttempts, deadLetter, ackTimeout } = options;
  if (delivery !== 'at-most-once' && delivery !== 'at-least-once') {
    throw new LimitError(`delivery: expected 'at-most-once' or 'at-least-once', met ${describe(delivery)}`);
  }
  if (delivery === 'at-most-once') {
    const asked = Object.entries({ maxAttempts, deadLetter, ackTimeout }).find(([, value]) => value !== undefined);
    if (asked) throw new LimitError(`${asked[0]}: expected delivery 'at-least-once' with it, met 'at-most-once'`);
    return undefined;
  }
  if (
    maxAttempts !== undefined &&
    !(Number.isInteger(maxAttempts) && maxAttempts >= 1 && maxAttempts <= ATTEMPTS_MAX)
  ) {
    throw new LimitError(`maxAttempts: expected an integer from 1 to ${ATTEMPTS_MAX}, met ${describe(maxAttempts)}`);
  }
  if (ackTimeout !== undefined && !(ackTimeout > 0 && ackTimeout <= ACK_TIMEOUT_MAX)) {
    throw new LimitError(
      `ackTimeout: expected milliseconds > 0, at most ${ACK_TIMEOUT_MAX}, met ${describe(ackTimeout)}`,
    );
  }
  return {
    attempts: maxAttempts ?? 0,
    deadLetter: deadLetter === undefined ? undefined : checkDeadLetter(options, attachment),
    ackTimeout: Math.ceil(ackTimeout ?? 0),
  };
}

function checkDeadLetter<T>({ deadLetter, maxAttempts, codec }: ChannelOptions<T>, attachment: Attachment) {
  const expected = (what: string, met: string) => new LimitError(`deadLetter: expected ${what}, met ${met}`);
  if (maxAttempts === undefined) throw expected('maxAttempts with it', 'none');
  if (!(deadLetter instanceof SharedChannel) || deadLetter.attachment !== attachment) {
    throw expected('a channel of this supervisor', describe(deadLetter));
  }
  deadLetter.assertThere();
  if (deadLetter.keeps || deadLetter.singleSender) {
    throw expected("an at-most-once channel, 'mpmc' or 'mpsc'", `"${deadLetter.name}"`);
  }
  if (!sameCodec(deadLetter.codec, codec)) {
    throw expected('a channel of the same codec', `"${deadLetter.name}" with another`);
  }
  return deadLetter;
}
