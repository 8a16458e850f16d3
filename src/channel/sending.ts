/**
 * Sending: `claim → write → publish → wake a receiver`, in all its forms. They differ only in what they do when the first
 * step answers "blocked".
 */

import type { DirectWire, Staged, StagedWire, Wire } from '../codec/codec.ts';
import { carriesLeases } from '../codec/wire.ts';
import { CodecError } from '../errors.ts';
import { ADVANCED, ADVANCED_AWAITED, BLOCKED, CLOSED } from '../kernel/codes.ts';
import { describe } from '../memory/describe.ts';
import type { Segment } from '../memory/segment.ts';
import type { i32 } from '../memory/words.ts';
import { deadlineOf, type WaitOptions } from '../park/deadline.ts';
import { outlast } from '../park/outlast.ts';
import { assertUncancelled, blockUnder, type Scope } from '../park/scope.ts';
import type { ThreadContext } from '../park/thread.ts';
import type { WaitPoint } from '../park/wait-point.ts';
import type { ChannelCore } from './core.ts';
import { ACCEPTED, type Offer, PendingSend } from './pending.ts';
import { type Queue, SpscQueue } from './queue.ts';
import { RendezvousQueue, type Seat } from './rendezvous.ts';
import type { SyncWaitOptions } from './types.ts';

/** How many messages a batch makes visible at once. */
const STRETCH = 256;
const RESOLVED = Promise.resolve();

export class Sending<T> {
  readonly #core: ChannelCore<T>;
  readonly #segment: Segment;
  readonly #thread: ThreadContext;
  readonly #wire: Wire<T>;
  #queue: Queue;
  #spsc: SpscQueue | undefined;
  #rendezvous: RendezvousQueue | undefined;
  readonly #room: WaitPoint;
  /** Where a send waits: for room, and, if the message may need memory, for that as well. */
  readonly points: readonly WaitPoint[];
  /** Where a select that sends can be met by a receiver while it waits. */
  readonly seat: Seat | undefined;

  constructor(core: ChannelCore<T>) {
    this.#core = core;
    this.#segment = core.segment;
    this.#thread = core.thread;
    this.#wire = core.wire;
    this.#queue = core.queue;
    this.#spsc = core.queue instanceof SpscQueue ? core.queue : undefined;
    this.#rendezvous = core.queue instanceof RendezvousQueue ? core.queue : undefined;
    this.seat = this.#rendezvous?.sending;
    this.#room = core.room;
    this.points = core.wire.staged ? [core.room, core.attachment.pool.point] : [core.room];
  }

  trySend(value: T): boolean {
    const wire = this.#wire;
    if (wire.staged) return this.#trySendThrough(wire, value);
    const prepared = wire.prepare(value);
    this.#segment.enter();
    if (this.#rendezvous !== undefined) this.#core.catchUp();
    const code = this.#trySendDirect(prepared);
    return code === ACCEPTED || this.#trySendSurely(prepared, code);
  }

  sendSync(value: T, options?: SyncWaitOptions): void {
    if (options !== undefined) assertUncancelled(this.#thread, options);
    const wire = this.#wire;
    if (wire.staged) {
      this.#sendThrough(wire, value, options);
      return;
    }
    const prepared = wire.prepare(value);
    this.#segment.enter();
    if (this.#rendezvous !== undefined) this.#core.catchUp();
    if (this.#trySendDirect(prepared) !== ACCEPTED) this.#sendBlocking(wire.keep(prepared), options);
  }

  send(value: T, options?: WaitOptions): Promise<void> {
    try {
      options?.signal?.throwIfAborted();
      assertUncancelled(this.#thread, options);
      return this.#wire.staged ? this.#sendStagedLater(value, options) : this.#sendDirectLater(value, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  sendManySync(values: Iterable<T>, options?: SyncWaitOptions): void {
    const deadline = deadlineOf(options?.timeout);
    const scope = options?.scope;
    if (this.#spsc && !this.#wire.staged && Array.isArray(values)) {
      this.#sendStretches(this.#spsc, values, deadline, scope);
      return;
    }
    for (const value of iterable(values)) this.sendSync(value, { timeout: remaining(deadline), scope });
  }

  async sendMany(values: Iterable<T>, options?: WaitOptions): Promise<void> {
    const deadline = deadlineOf(options?.timeout);
    const { signal, scope } = options ?? {};
    for (const value of iterable(values)) {
      signal?.throwIfAborted();
      await this.send(value, { timeout: remaining(deadline), signal, scope });
    }
  }

  /** The channel has another queue from here on. */
  retire(): void {
    this.#queue = this.#core.queue;
    this.#spsc = undefined;
    this.#rendezvous = undefined;
  }

  /** Whether evaluating a value takes leases out of their owner's hands. */
  get takesLeases(): boolean {
    return carriesLeases(this.#core.codec);
  }

  /** A message for whose turn somebody else looks out. Runs what code of the user's there is to run. */
  offer(value: T): Offer {
    const wire = this.#wire;
    return wire.staged ? this.#offerStaged(wire.stage(value)) : this.#offerDirect(wire.keep(wire.prepare(value)));
  }

  #offerDirect(kept: unknown): Offer {
    const place = (at: number) => {
      (this.#wire as DirectWire<T>).put(kept, at);
      return true;
    };
    return { attempt: () => this.#sendDirect(kept), place, staged: undefined };
  }

  #offerStaged(staged: Staged): Offer {
    const place = (at: number) => {
      if (!staged.reserve()) return false;
      staged.put(at);
      return true;
    };
    return { attempt: () => this.#sendStaged(staged), place, staged };
  }

  // What a message meets when it is accepted at once stands in small methods without closures: the engine makes one piece
  // of them and the caller's loop. The rest is below.

  #trySendDirect(prepared: unknown): i32 {
    return !this.#room.pending || this.#core.inTurn(this.#room) ? this.#sendDirect(prepared) : BLOCKED;
  }

  /** Sends what needs nothing but its slot: ACCEPTED, BLOCKED or CLOSED. */
  #sendDirect(prepared: unknown): i32 {
    const at = this.#queue.draft();
    if (at < 0) return at;
    (this.#wire as DirectWire<T>).put(prepared, at);
    const code = this.#queue.publish(at);
    return code === ADVANCED ? ACCEPTED : this.#published(code);
  }

  #published(code: i32): i32 {
    if (code === ADVANCED_AWAITED) this.#core.wakeReceiver();
    return code < 0 ? code : ACCEPTED;
  }

  #trySendSurely(prepared: unknown, code: i32): boolean {
    if (code !== BLOCKED) return this.#settled(code);
    return this.#settled(this.#orSurelySend(code, () => this.#trySendDirect(prepared)));
  }

  #sendBlocking(kept: unknown, options: SyncWaitOptions | undefined): void {
    const offer = this.#rendezvous && this.#offerDirect(kept);
    this.#finish(this.#blockingSend(() => this.#trySendDirect(kept), options, undefined, offer));
  }

  #trySendThrough(wire: StagedWire<T>, value: T): boolean {
    const staged = wire.stage(value);
    const attempt = () => this.#trySendStaged(staged);
    if (this.#rendezvous !== undefined) this.#core.catchUp();
    return this.#settled(this.#guard(staged, () => this.#orSurelySend(attempt(), attempt, staged)));
  }

  #sendThrough(wire: StagedWire<T>, value: T, options: SyncWaitOptions | undefined): void {
    const staged = wire.stage(value);
    const attempt = () => this.#trySendStaged(staged);
    if (this.#rendezvous !== undefined) this.#core.catchUp();
    const offer = this.#rendezvous && this.#offerStaged(staged);
    this.#finish(this.#guard(staged, () => this.#blockingSend(attempt, options, staged, offer)));
  }

  /** Sends a staged value. BLOCKED also means that there is no memory for it now. */
  #sendStaged(staged: Staged): i32 {
    if (this.#core.closed) return CLOSED;
    if (!staged.reserve()) return BLOCKED;
    const at = this.#queue.claim();
    if (at < 0) return at;
    staged.put(at);
    const code = this.#published(this.#queue.publish(at));
    if (code === ACCEPTED) staged.done();
    return code;
  }

  #trySendStaged(staged: Staged): i32 {
    this.#segment.enter();
    return this.#core.inTurn(this.#room) ? this.#sendStaged(staged) : BLOCKED;
  }

  #blockingSend(attempt: () => i32, options: SyncWaitOptions | undefined, staged?: Staged, offer?: Offer): i32 {
    let code = attempt();
    if (code !== BLOCKED) return code;
    if (this.#rendezvous) return this.#blockAt(this.#rendezvous, offer!, options);
    code = blockUnder(this.#thread, this.points, attempt, options);
    return this.#orSurelySend(code, attempt, staged);
  }

  #blockAt(rendezvous: RendezvousQueue, offer: Offer, options: SyncWaitOptions | undefined): i32 {
    let code: i32 = BLOCKED;
    const attempt = () => {
      if (!this.#core.inTurn(this.#room)) return BLOCKED;
      return this.#room.pending ? offer.attempt() : rendezvous.sendWaiting(offer);
    };
    try {
      code = blockUnder(this.#thread, this.points, attempt, options);
    } catch (error) {
      if (!rendezvous.giveUpSending(offer)) throw error;
      return ACCEPTED;
    }
    return code === BLOCKED && rendezvous.giveUpSending(offer) ? ACCEPTED : code;
  }

  /**
   * What an attempt to send answered; unless it was BLOCKED without the queue being full, because another thread is in
   * the middle of a receive: then what it answers once that one is done.
   */
  #orSurelySend(code: i32, attempt: () => i32, staged?: Staged): i32 {
    if (code !== BLOCKED || this.#queue.isFull()) return code;
    const blocked = () => this.#queue.isFull() || this.#room.pending || staged?.reserve() === false;
    return outlast(this.#thread, attempt, blocked);
  }

  #sendDirectLater(value: T, options: WaitOptions | undefined): Promise<void> {
    const wire = this.#wire as DirectWire<T>;
    const prepared = wire.prepare(value);
    this.#segment.enter();
    if (this.#rendezvous !== undefined) this.#core.catchUp();
    let code = this.#trySendDirect(prepared);
    if (options?.timeout !== undefined) code = this.#orSurelySend(code, () => this.#trySendDirect(prepared));
    if (this.#settled(code)) return this.#accepted();
    const kept = wire.keep(prepared);
    return this.#pend(this.#offerDirect(kept), options);
  }

  #sendStagedLater(value: T, options: WaitOptions | undefined): Promise<void> {
    const staged = (this.#wire as StagedWire<T>).stage(value);
    // Not guarded: if it is only blocked, it lives on.
    let code: i32 = CLOSED;
    if (this.#rendezvous !== undefined) this.#core.catchUp();
    try {
      const attempt = () => this.#trySendStaged(staged);
      code = attempt();
      if (options?.timeout !== undefined) code = this.#orSurelySend(code, attempt, staged);
    } finally {
      if (code === CLOSED) staged.undo();
    }
    if (this.#settled(code)) return this.#accepted();
    staged.keep();
    return this.#pend(this.#offerStaged(staged), options);
  }

  #pend(offer: Offer, options: WaitOptions | undefined): Promise<void> {
    const memory = this.#core.attachment.pool.point;
    const rendezvous = this.#rendezvous;
    const attempt = rendezvous ? () => rendezvous.sendWaiting(offer) : offer.attempt;
    const giveUp = rendezvous && (() => rendezvous.giveUpSending(offer));
    return new Promise((resolve, reject) => {
      const send = { attempt, staged: offer.staged, memory, giveUp, closedError: () => this.#core.closedError() };
      new PendingSend(send, resolve, reject).start(this.#room, options, () => this.#core.late('send'));
    });
  }

  #accepted(): Promise<void> {
    const { pump } = this.#thread;
    return pump.due ? pump.turn() : RESOLVED;
  }

  #sendStretches(queue: SpscQueue, values: readonly T[], deadline: number, scope: Scope | undefined): void {
    const wire = this.#wire as DirectWire<T>;
    const { packed } = wire;
    for (let next = 0; next < values.length; ) {
      assertUncancelled(this.#thread, { scope });
      this.#segment.enter();
      const want = Math.min(STRETCH, values.length - next);
      const claim = () => (this.#core.inTurn(this.#room) ? queue.claimMany(want) : BLOCKED);
      let count = claim();
      if (count === BLOCKED) {
        count = blockUnder(this.#thread, this.points, claim, { timeout: remaining(deadline), scope });
      }
      if (count < 0) this.#finish(count);
      let at = queue.writeAt;
      let written = 0;
      this.#core.attachment.busy++;
      try {
        while (written < count) {
          if (packed) {
            const stretch = Math.min(count - written, queue.stretchAt(at));
            const put = packed.putMany(values, next + written, stretch, at);
            written += put;
            at = queue.afterStretch(at, put);
            if (put === stretch) continue;
          }
          wire.put(wire.prepare(values[next + written]!), at);
          written++;
          at = queue.after(at);
        }
      } finally {
        this.#core.attachment.busy--;
        this.#segment.enter();
        if (written > 0) this.#finishStretch(queue.publishMany(written, at));
      }
      next += count;
    }
  }

  #finishStretch(code: i32): void {
    if (code === CLOSED) throw this.#core.closedError();
    if (code === ADVANCED_AWAITED) this.#core.wakeReceiver();
  }

  /** Runs a send of `staged`; unless it was accepted, everything is as it was before. */
  #guard(staged: Staged, send: () => i32): i32 {
    let code: i32 = BLOCKED;
    try {
      code = send();
    } finally {
      if (code !== ACCEPTED) staged.undo();
    }
    return code;
  }

  /** Whether a message was accepted. Throws when it never will be. */
  #settled(code: i32): boolean {
    if (code === CLOSED) throw this.#core.closedError();
    return code === ACCEPTED;
  }

  #finish(code: i32): void {
    if (!this.#settled(code)) throw this.#core.late('send');
  }
}

function iterable<T>(values: Iterable<T>): Iterable<T> {
  if (typeof values?.[Symbol.iterator] === 'function') return values;
  throw new CodecError(`expected an iterable of values to send, met ${describe(values)}`);
}

/** What is left until `deadline`, as a `timeout`. */
function remaining(deadline: number): number | undefined {
  return deadline === Number.POSITIVE_INFINITY ? undefined : deadline - performance.now();
}
