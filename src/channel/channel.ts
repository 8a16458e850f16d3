/**
 * A channel, as this thread uses it: its two halves, its ends, and its close.
 *
 * Operations that wait on one thread are served first come, first served: while asynchronous ones are pending, later ones
 * stand behind them.
 */

import type { Codec, Wire } from '../codec/codec.ts';
import { CLOSED } from '../kernel/codes.ts';
import { CHANNEL_TOPOLOGY, TOPOLOGY_SPMC, TOPOLOGY_SPSC } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { peek } from '../memory/words.ts';
import type { WaitOptions } from '../park/deadline.ts';
import { PendingLook } from '../park/pending.ts';
import type { Attachment } from './attachment.ts';
import { ChannelCore, type ChannelPlace, GONE } from './core.ts';
import { Deliveries } from './deliveries.ts';
import { ReceiverEnd, SenderEnd } from './ends.ts';
import { LetterQueue } from './letter-queue.ts';
import { type SendingSide, sendingFor } from './overflow.ts';
import { Receiving, type ReceivingSide } from './receiving.ts';
import { RendezvousQueue } from './rendezvous.ts';
import { ReceiveCase } from './select/receive-case.ts';
import { SendCase } from './select/send-case.ts';
import type { SelectCase } from './select/types.ts';
import { Sending } from './sending.ts';
import type { Channel, Delivery, ReceiveResult, Receiver, Sender, SyncWaitOptions } from './types.ts';

export class SharedChannel<T> implements Channel<T> {
  readonly #core: ChannelCore<T>;
  /** @internal Sending that waits for room, as a select does whatever the channel's overflow policy. */
  readonly sending: Sending<T>;
  readonly #sending: SendingSide<T>;
  readonly #receiving: ReceivingSide<T>;
  #receiveCase: ReceiveCase<T> | undefined;
  #sender: SenderEnd<T> | undefined;
  #receiver: ReceiverEnd<T> | undefined;

  /** @internal Made by `openChannel` alone. */
  constructor(attachment: Attachment, place: ChannelPlace<T>, wire: Wire<T>) {
    const core = new ChannelCore(attachment, place, wire);
    this.#core = core;
    this.sending = new Sending(core);
    this.#sending = place.address === GONE ? this.sending : sendingFor(core, this.sending, place.fallback);
    this.#receiving = this.receivingByItself() ?? new Receiving(core);
  }

  get name(): string {
    return this.#core.name;
  }

  get capacity(): number {
    return this.#core.capacity;
  }

  get length(): number {
    return this.#core.length;
  }

  get closed(): boolean {
    return this.#core.closed;
  }

  get sender(): Sender<T> {
    this.assertThere();
    if (!this.#sender || this.#sender.retired) this.#sender = new SenderEnd(this);
    return this.#sender.handOut();
  }

  get receiver(): Receiver<T> {
    this.assertThere();
    if (!this.#receiver || this.#receiver.retired) this.#receiver = new ReceiverEnd(this);
    return this.#receiver.handOut();
  }

  trySend(value: T): boolean {
    return this.#sending.trySend(value);
  }

  sendSync(value: T, options?: SyncWaitOptions): void {
    this.#sending.sendSync(value, options);
  }

  send(value: T, options?: WaitOptions): Promise<void> {
    return this.#sending.send(value, options);
  }

  sendManySync(values: Iterable<T>, options?: SyncWaitOptions): void {
    this.#sending.sendManySync(values, options);
  }

  sendMany(values: Iterable<T>, options?: WaitOptions): Promise<void> {
    return this.#sending.sendMany(values, options);
  }

  tryReceive(into?: ReceiveResult<T>): IteratorResult<T, undefined> | undefined {
    return this.#receiving.tryReceive(into);
  }

  receiveSync(options?: SyncWaitOptions): IteratorResult<T, undefined> {
    return this.#receiving.receiveSync(options);
  }

  receive(options?: WaitOptions): Promise<IteratorResult<T, undefined>> {
    return this.#receiving.receive(options);
  }

  receiveManySync(max: number, options?: SyncWaitOptions): T[] {
    return this.#receiving.receiveManySync(max, options);
  }

  receiveMany(max: number, options?: WaitOptions): Promise<T[]> {
    return this.#receiving.receiveMany(max, options);
  }

  [Symbol.iterator](): IterableIterator<T, undefined> {
    return this.#receiving.iterate();
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return this.#receiving.iterateAsync();
  }

  deliveries(): Iterable<Delivery<T>> & AsyncIterable<Delivery<T>> {
    return this.#receiving.deliveries();
  }

  onSend(value: T): SelectCase {
    return new SendCase(this, value) as unknown as SelectCase;
  }

  onReceive(): SelectCase<T> {
    this.#receiveCase ??= new ReceiveCase(this);
    return this.#receiveCase as unknown as SelectCase<T>;
  }

  close(error?: Error): void {
    this.#core.close(error);
  }

  cancel(reason?: Error): void {
    this.close(reason);
    this.#receiving.giveBack();
    if (this.#core.gone) return;
    const { segment, queue, messages } = this.#core;
    segment.enter();
    // A channel with a single receiver that is another thread is left for that one to drain.
    if (!queue.mayTake() || this.#discard()) return;
    // A sender is between its claim and its publishing: what it sends will have to be discarded, too.
    messages.enqueue(new PendingLook(() => this.#discard()));
  }

  dispose(): void {
    if (!this.#core.gone) this.attachment.holdings.dispose(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Discards what the closed channel holds. Returns whether that is all there will ever be. */
  #discard(): boolean {
    for (;;) {
      const at = this.#core.queue.take();
      if (at < 0) return at === CLOSED;
      this.#receiving.discard(at);
    }
  }

  // ── For the rest of this folder ─────────────────────────────────────────────────────────────────────────────────────

  /** @internal */
  get attachment(): Attachment {
    return this.#core.attachment;
  }

  /** @internal */
  get core(): ChannelCore<T> {
    return this.#core;
  }
  /** @internal */
  get receiving(): ReceivingSide<T> {
    return this.#receiving;
  }

  /** @internal */
  get codec(): Codec<T> {
    return this.#core.codec;
  }

  /** @internal Its number in the segment. */
  get index(): number {
    return this.#core.index;
  }

  /** @internal Which of the channels that have had that number. */
  get generation(): i32 {
    return this.#core.generation;
  }

  /** @internal Whether this thread has let go of it. */
  get gone(): boolean {
    return this.#core.gone;
  }

  /** @internal Throws ChannelClosedError if it was disposed of. */
  assertThere(): void {
    if (this.disposed) throw this.#core.closedError();
  }

  /** @internal */
  get disposed(): boolean {
    return this.#core.closed && this.#core.disposed;
  }

  /** @internal It was disposed of: whoever of this thread waits at a rendezvous gets up, unless he is just being met. */
  getUp(): void {
    if (this.#core.queue instanceof RendezvousQueue) this.#core.serve();
  }

  /** @internal Whether this thread is in the middle of something here. */
  get engaged(): boolean {
    const { messages, room, queue } = this.#core;
    if (messages.blocking > 0 || room.blocking > 0) return true;
    return (queue instanceof LetterQueue && queue.inHand) || (queue instanceof RendezvousQueue && queue.occupied);
  }

  /** @internal It was disposed of by this thread: closes it, and discards what can be had of what is in it. */
  end(): void {
    const { segment, queue } = this.#core;
    this.#core.close();
    this.#receiving.giveBack();
    segment.enter();
    if (!queue.mayTake()) return;
    this.#discard();
    // Whoever is the single receiver is to be told that it is gone, and not that there is another one.
    queue.letGo('receiver');
  }

  /** @internal This thread lets go of it: from here on it is closed, and nowhere. */
  retire(): void {
    this.#core.retire();
    this.sending.retire();
    this.#receiving.retire();
    this.#core.forsake();
  }

  /** @internal The word index it starts at. */
  get address(): i32 {
    return this.#core.address;
  }

  /** @internal Whether it keeps its messages until they are acknowledged. */
  get keeps(): boolean {
    return this.#core.queue instanceof LetterQueue;
  }

  /** @internal Whether it was promised a single sender. */
  get singleSender(): boolean {
    const topology = peek(this.address + CHANNEL_TOPOLOGY);
    return topology === TOPOLOGY_SPSC || topology === TOPOLOGY_SPMC;
  }

  /** @internal Receiving for one end alone, which keeps to itself what it was given last; only at-least-once. */
  receivingByItself(): ReceivingSide<T> | undefined {
    const { queue } = this.#core;
    return queue instanceof LetterQueue ? new Deliveries(this.#core) : undefined;
  }

  /** @internal This thread gave an end away. */
  letGo(role: 'sender' | 'receiver'): void {
    this.#core.queue.letGo(role);
  }
}
