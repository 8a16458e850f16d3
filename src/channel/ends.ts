/**
 * Ends that count: senders and receivers as this thread holds them.
 *
 * An end counts from the moment it is handed out, by reading `channel.sender` or by sharing it. Sharing an end moves it:
 * the thread that attaches holds it from then on, and the end left behind counts no more, unless it is read, or used,
 * again. So nobody has to remember to close the copy that went to a worker. The channel closes when the last sending
 * end is retired, and refuses senders when the last receiving end is.
 */

import type { Kernel } from '../engine/engine.ts';
import { ChannelClosedError, LimitError } from '../errors.ts';
import { BLOCKED } from '../kernel/codes.ts';
import { ROLE_RECEIVER, ROLE_SENDER } from '../kernel/ends.ts';
import { CHANNEL_COUNTED, CHANNEL_ENDED, ENDS_MAX } from '../memory/layout.ts';
import { store } from '../memory/words.ts';
import type { WaitOptions } from '../park/deadline.ts';
import type { SharedChannel } from './channel.ts';
import type { ChannelCore } from './core.ts';
import type { ReceivingSide } from './receiving.ts';
import { ReceiveCase } from './select/receive-case.ts';
import { SendCase } from './select/send-case.ts';
import type { SelectCase } from './select/types.ts';
import type { Sending } from './sending.ts';
import type { Delivery, ReceiveResult, Receiver, Sender, SyncWaitOptions } from './types.ts';

type State = 'held' | 'moved' | 'retired';

abstract class CountedEnd<T> {
  /** @internal */
  readonly channel: SharedChannel<T>;
  readonly #kernel: Kernel;
  readonly #role: number;
  #state: State;
  #entry = BLOCKED;
  /** How often it was handed out on this thread and not moved since. */
  #handedOut = 0;

  /** @param grant made for this thread when the end was shared with it; without one the end is new. */
  constructor(channel: SharedChannel<T>, role: number, grant?: number) {
    this.channel = channel;
    this.#kernel = channel.attachment.thread.kernel;
    this.#role = role;
    this.#state = 'moved';
    if (grant !== undefined && !channel.gone) {
      channel.attachment.segment.enter();
      if (this.#kernel.endAdopt(grant, channel.index, role, channel.attachment.thread.id)) {
        this.#entry = this.#kernel.grantEntry(grant);
        this.#state = 'held';
      } else {
        this.#hold();
      }
      this.#handedOut = 1;
    }
  }

  get name(): string {
    return this.channel.name;
  }

  /** @internal */
  get core(): ChannelCore<T> {
    return this.channel.core;
  }

  get capacity(): number {
    return this.channel.capacity;
  }

  get length(): number {
    return this.channel.length;
  }

  get closed(): boolean {
    return this.retired || this.channel.closed;
  }

  /** @internal */
  get retired(): boolean {
    return this.#state === 'retired';
  }

  /** @internal Counts one more reading of `channel.sender` or `channel.receiver`. */
  handOut(): this {
    this.#handedOut++;
    if (this.#state === 'moved') this.#hold();
    return this;
  }

  /** @internal Makes an end for another thread to adopt. */
  grant(): number {
    this.#mayHaveEnds();
    const grant = found(this.#kernel.endGrant(this.channel.index, this.#role));
    this.#counted();
    return grant;
  }

  /** @internal Takes back what was granted and not adopted. */
  revoke(grant: number): void {
    if (this.channel.gone) return;
    this.channel.attachment.segment.enter();
    this.#kernel.endRevoke(grant, this.channel.index, this.#role);
  }

  /** @internal The thread it was granted to ended before it could adopt it: as good as retired by that thread. */
  expire(grant: number): void {
    if (this.channel.gone) return;
    this.channel.attachment.segment.enter();
    if (!this.#kernel.endRevoke(grant, this.channel.index, this.#role)) return;
    if (this.#role === ROLE_SENDER && this.#kernel.endCount(this.channel.index, this.#role) === 0) this.channel.close();
  }

  /** @internal This end went to another thread, for which one or more were granted. */
  move(): void {
    if (this.#handedOut > 0) this.#handedOut--;
    if (this.#handedOut > 0 || this.#state !== 'held') return;
    this.#release();
    this.#state = 'moved';
  }

  /** Retires the end. Returns whether it was the last of its kind. */
  protected retire(): boolean {
    if (this.#state === 'retired') return false;
    const held = this.#state === 'held';
    if (held) this.#release();
    this.#state = 'retired';
    return held && !this.channel.gone && this.#kernel.endCount(this.channel.index, this.#role) === 0;
  }

  /** The channel, for an end that may still be used. Throws ChannelClosedError when it was retired. */
  protected use(): SharedChannel<T> {
    if (this.#state === 'held') return this.channel;
    if (this.#state === 'retired') throw this.refusal();
    if (!this.channel.closed) this.#hold();
    return this.channel;
  }

  protected refusal(): ChannelClosedError {
    const kind = this.#role === ROLE_SENDER ? 'sender' : 'receiver';
    return new ChannelClosedError(`channel "${this.name}": expected an open ${kind}, met one that was closed before`);
  }

  #hold(): void {
    const { thread } = this.channel.attachment;
    this.#mayHaveEnds();
    this.#entry = found(this.#kernel.endHold(this.channel.index, this.#role, thread.id));
    this.#counted();
    this.#state = 'held';
  }

  /** From now on the channel is closed when its last sender is gone, even if the one who should do it dies. */
  #counted(): void {
    if (this.#role === ROLE_SENDER) store(this.channel.address + CHANNEL_COUNTED, 1);
  }

  /** Before the first of them stands: they go with the channel. */
  #mayHaveEnds(): void {
    this.channel.attachment.segment.enter();
    store(this.channel.address + CHANNEL_ENDED, 1);
  }

  #release(): void {
    const { segment, thread } = this.channel.attachment;
    segment.enter();
    // With a channel that is gone its ends went, too; the entry may be another's.
    if (!this.channel.gone) this.#kernel.endRetire(this.#entry, this.channel.index, this.#role, thread.id);
    this.#entry = BLOCKED;
    this.released();
    this.channel.letGo(this.#role === ROLE_SENDER ? 'sender' : 'receiver');
  }

  /** This end is no more, or is another thread's. */
  protected released(): void {}
}

function found(entry: number): number {
  if (entry !== BLOCKED) return entry;
  throw new LimitError(`expected at most ${ENDS_MAX} ends of channels in a segment, met one more`);
}

export class SenderEnd<T> extends CountedEnd<T> implements Sender<T> {
  constructor(channel: SharedChannel<T>, grant?: number) {
    super(channel, ROLE_SENDER, grant);
  }

  trySend(value: T): boolean {
    return this.use().trySend(value);
  }

  sendSync(value: T, options?: SyncWaitOptions): void {
    this.use().sendSync(value, options);
  }

  sendManySync(values: Iterable<T>, options?: SyncWaitOptions): void {
    this.use().sendManySync(values, options);
  }

  send(value: T, options?: WaitOptions): Promise<void> {
    return this.retired ? Promise.reject(this.refusal()) : this.use().send(value, options);
  }

  sendMany(values: Iterable<T>, options?: WaitOptions): Promise<void> {
    return this.retired ? Promise.reject(this.refusal()) : this.use().sendMany(values, options);
  }

  onSend(value: T): SelectCase {
    return new SendCase(this, value) as unknown as SelectCase;
  }

  /** @internal */
  get sending(): Sending<T> {
    return this.use().sending;
  }

  close(): void {
    if (this.retire()) this.channel.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

export class ReceiverEnd<T> extends CountedEnd<T> implements Receiver<T> {
  /** At-least-once: what this end was given goes back with it, and nothing that others were given. */
  readonly #own: ReceivingSide<T> | undefined;
  #case: ReceiveCase<T> | undefined;

  constructor(channel: SharedChannel<T>, grant?: number) {
    super(channel, ROLE_RECEIVER, grant);
    this.#own = channel.receivingByItself();
  }

  tryReceive(into?: ReceiveResult<T>): IteratorResult<T, undefined> | undefined {
    return this.#from().tryReceive(into);
  }

  receiveSync(options?: SyncWaitOptions): IteratorResult<T, undefined> {
    return this.#from().receiveSync(options);
  }

  receiveManySync(max: number, options?: SyncWaitOptions): T[] {
    return this.#from().receiveManySync(max, options);
  }

  receive(options?: WaitOptions): Promise<IteratorResult<T, undefined>> {
    return this.retired ? Promise.reject(this.refusal()) : this.#from().receive(options);
  }

  receiveMany(max: number, options?: WaitOptions): Promise<T[]> {
    return this.retired ? Promise.reject(this.refusal()) : this.#from().receiveMany(max, options);
  }

  [Symbol.iterator](): IterableIterator<T, undefined> {
    return this.use()[Symbol.iterator]();
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return this.use()[Symbol.asyncIterator]();
  }

  deliveries(): Iterable<Delivery<T>> & AsyncIterable<Delivery<T>> {
    return this.use().deliveries();
  }

  onReceive(): SelectCase<T> {
    this.use();
    this.#case ??= new ReceiveCase(this);
    return this.#case as unknown as SelectCase<T>;
  }

  /** @internal */
  get receiving(): ReceivingSide<T> {
    const channel = this.use();
    return this.#own ?? channel.receiving;
  }

  cancel(reason?: Error): void {
    if (this.retire()) this.channel.cancel(reason);
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  protected override released(): void {
    this.#case?.recall();
    this.#own?.giveBack();
  }

  #from(): SharedChannel<T> | ReceivingSide<T> {
    const channel = this.use();
    return this.#own ?? channel;
  }
}
