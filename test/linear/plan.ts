/**
 * What the threads do in one round. A plan follows from the seed and the number of the round alone, so that every thread
 * knows it without being told.
 *
 * Most rounds are about a channel, some about a semaphore. Three styles, none of which can wait for ever on one that keeps
 * its promises:
 *  - `timed`: whatever blocks has a time-out. The channel stays open, and serves the next such round.
 *  - `balanced`: some threads send, others receive as many messages, without time-outs; permits are given back before more
 *    are taken.
 *  - closing, in one of three ways: `close` by a thread that waits for nothing before; `retire`, where each sender closes
 *    its end when it is done, while the receivers go on until they are told; `cancel`, the other way round.
 */

import type { Topology } from '../../src/index.ts';
import { type Random, randomFrom } from '../support/random.ts';
import type { Call, Setting, Way } from './call.ts';

export const CODECS = ['u32', 'json'] as const;
export type CodecName = (typeof CODECS)[number];
export const CAPACITIES = [0, 1, 2, 7] as const;
/** Of the semaphores; a mutex is one of 1. */
export const PERMITS = [1, 2, 3] as const;
export const TOPOLOGIES: readonly Topology[] = ['spsc', 'mpsc', 'spmc', 'mpmc'];

export type Style = 'timed' | 'balanced' | 'close' | 'retire' | 'cancel';

export interface Plan extends Setting {
  readonly topology: Topology;
  readonly codec: CodecName;
  readonly style: Style;
  /** One for each thread. */
  readonly parts: readonly Part[];
}

export interface Part {
  readonly sends: boolean;
  readonly receives: boolean;
  readonly calls: readonly PlannedCall[];
  /** Whether asynchronous calls are pending side by side, rather than one after the other. */
  readonly overlaps: boolean;
  /** Whether it goes on receiving until the channel is closed and drained. */
  readonly untilDrained: boolean;
}

export type PlannedCall = Call & { /** Turns of an idle loop before the call. */ readonly delay: number };

const CALLS_MOST = 4;
const DELAY_MOST = 60;
/** Share of the rounds that are played on at-least-once channels. */
const KEEPING = 0.15;
/** And of those that are played on semaphores. */
const PERMITTING = 0.15;
const STYLES: readonly Style[] = ['timed', 'timed', 'timed', 'balanced', 'balanced', 'close', 'retire', 'cancel'];

export function planRound(seed: number, round: number, threads: number): Plan {
  const random = randomFrom(Math.imul(seed, 0x85ebca6b) ^ Math.imul(round + 1, 0xc2b2ae35));
  if (random.next() < PERMITTING) return planPermits(random, threads);
  const topology = random.pick(TOPOLOGIES);
  const keeps = random.next() < KEEPING;
  // Whoever waited for room there would wait for the next call of somebody else.
  const style = random.pick(keeps ? (['timed', 'close'] as const) : STYLES);
  const roles = assignRoles(random, topology, style, threads);
  const parts = new Planner(random, style, roles, keeps).parts();
  return {
    topology,
    style,
    parts,
    keeps,
    threads,
    permits: 0,
    // A rendezvous has nothing to keep.
    capacity: random.pick(keeps ? CAPACITIES.slice(1) : CAPACITIES),
    codec: random.pick(CODECS),
    senders: parts.filter(({ sends }) => sends).length,
    receivers: parts.filter(({ receives }) => receives).length,
  };
}

/** Whoever waits without a limit holds nothing, so that nobody waits in a ring. */
function planPermits(random: Random, threads: number): Plan {
  const permits = random.pick(PERMITS);
  const inPairs = random.next() < 0.5;
  const planner = new Planner(random, inPairs ? 'balanced' : 'timed', [], false);
  const parts = Array.from({ length: threads }, () => ({
    sends: false,
    receives: false,
    calls: planner.takes(permits, inPairs),
    overlaps: false,
    untilDrained: false,
  }));
  const style = inPairs ? 'balanced' : 'timed';
  return { permits, style, parts, threads, keeps: false, ...NO_CHANNEL };
}

const NO_CHANNEL = { topology: 'mpmc', capacity: 0, codec: 'u32', senders: 0, receivers: 0 } as const;

export function closes({ style }: Plan): boolean {
  return style === 'close' || style === 'retire' || style === 'cancel';
}

interface Role {
  readonly sends: boolean;
  readonly receives: boolean;
}

/** Thread 0 always sends, thread 1 always receives: a channel that serves many rounds stays with its single thread. */
function assignRoles(random: Random, topology: Topology, style: Style, threads: number): Role[] {
  return Array.from({ length: threads }, (_, thread) => {
    const sends = thread === 0 || (topology.startsWith('m') && (thread > 1 || topology === 'mpmc'));
    const receives = thread === 1 || (topology.endsWith('mc') && (thread > 1 || topology === 'mpmc'));
    if (!sends || !receives || (style !== 'balanced' && random.next() < 0.5)) return { sends, receives };
    const only = thread < 2 ? thread === 0 : random.next() < 0.5;
    return { sends: only, receives: !only };
  });
}

class Planner {
  readonly #random: Random;
  readonly #style: Style;
  readonly #keeps: boolean;
  readonly #roles: readonly Role[];
  readonly #closer: number;
  #values = 0;

  constructor(random: Random, style: Style, roles: readonly Role[], keeps: boolean) {
    this.#random = random;
    this.#keeps = keeps;
    this.#style = style;
    this.#roles = roles;
    this.#closer = random.int(0, Math.max(0, roles.length - 1));
  }

  parts(): Part[] {
    if (this.#style === 'balanced') return this.#balancedParts();
    return this.#roles.map((role, thread) => this.#part(role, thread));
  }

  takes(permits: number, inPairs: boolean): PlannedCall[] {
    const random = this.#random;
    const calls: PlannedCall[] = [];
    for (let count = random.int(1, CALLS_MOST); count > 0; count--) {
      const give = this.#delayed({ kind: 'give' });
      if (inPairs || random.next() < 0.6) {
        const { way, timeout } = this.#patience(inPairs);
        calls.push(this.#delayed({ kind: 'take', count: random.int(1, permits), way, timeout }));
        if (inPairs) calls.push(give);
      } else calls.push(give);
    }
    return calls;
  }

  #part({ sends, receives }: Role, thread: number): Part {
    const random = this.#random;
    const calls: PlannedCall[] = [];
    for (let count = random.int(0, CALLS_MOST); count > 0; count--) {
      const mayWait = this.#mayWait(thread);
      const side =
        sends && receives ? random.pick(['send', 'receive']) : sends ? 'send' : receives ? 'receive' : 'none';
      if (random.next() < 0.05) calls.push(this.#delayed({ kind: 'length' }));
      else if (side === 'send') calls.push(this.#send(mayWait));
      else if (side === 'receive') calls.push(this.#receive(mayWait));
    }
    if (this.#style === 'close' && thread === this.#closer) {
      calls.push(this.#delayed({ kind: 'close', withError: random.next() < 0.3 }));
    }
    if (this.#style === 'retire' && sends) calls.push(this.#delayed({ kind: 'retire' }));
    if (this.#style === 'cancel' && receives) calls.push(this.#delayed({ kind: 'cancel' }));
    const untilDrained = this.#style === 'retire' && receives && !sends;
    return { sends, receives, calls, overlaps: random.next() < 0.5, untilDrained };
  }

  /** Whether a call of this thread may wait without a limit, because others see to its end. */
  #mayWait(thread: number): boolean {
    if (this.#keeps) return false;
    const { receives } = this.#roles[thread]!;
    switch (this.#style) {
      case 'close':
        return thread !== this.#closer;
      case 'retire':
        // Those who receive until they are told make room for those who only send.
        return !receives && this.#roles.some((role) => role.receives && !role.sends);
      case 'cancel':
        return !receives;
      default:
        return false;
    }
  }

  #balancedParts(): Part[] {
    const random = this.#random;
    const plans = this.#roles.map((role) => ({ role, calls: [] as PlannedCall[] }));
    const senders = plans.filter(({ role }) => role.sends);
    const receivers = plans.filter(({ role }) => role.receives);
    for (let left = random.int(2, 3 * CALLS_MOST); left > 0; ) {
      const send = this.#send(true, left);
      random.pick(senders).calls.push(send);
      for (const _ of send.values) random.pick(receivers).calls.push(this.#receive(true, 1));
      left -= send.values.length;
    }
    return plans.map(({ role, calls }) => ({ ...role, calls, overlaps: random.next() < 0.5, untilDrained: false }));
  }

  #send(mayWait: boolean, most = 3): PlannedCall & { readonly kind: 'send' } {
    const { way, timeout } = this.#patience(mayWait);
    const count = way === 'try' || this.#random.next() < 0.8 ? 1 : this.#random.int(1, Math.min(3, most));
    const values = Array.from({ length: count }, () => ++this.#values);
    return this.#delayed({ kind: 'send', values, way, timeout });
  }

  #receive(mayWait: boolean, most = 3): PlannedCall {
    const { way, timeout } = this.#patience(mayWait);
    const max = way === 'try' || this.#random.next() < 0.8 ? 1 : this.#random.int(1, most);
    return this.#delayed({ kind: 'receive', max, way, timeout });
  }

  #patience(mayWait: boolean): { way: Way; timeout: number | undefined } {
    const random = this.#random;
    if (mayWait && (this.#style === 'balanced' || random.next() < 0.5)) {
      return { way: random.pick(['sync', 'async']), timeout: undefined };
    }
    const way = random.pick(['try', 'try', 'sync', 'async'] as const);
    // A timer of the event loop takes a millisecond at least.
    const timeouts = { try: [undefined], sync: [0, 0, 0.02, 0.1], async: [0, 0, 0, 0, 0, 1] }[way];
    return { way, timeout: random.pick(timeouts) };
  }

  #delayed<C extends Call>(call: C): C & { readonly delay: number } {
    return { ...call, delay: this.#random.int(0, DELAY_MOST) };
  }
}
