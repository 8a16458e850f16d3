/** What a channel looks like to those who use it. */

import type { Codec } from '../codec/codec.ts';
import type { WaitOptions } from '../park/deadline.ts';
import type { SelectCase } from './select/types.ts';

export type Topology = 'mpmc' | 'mpsc' | 'spmc' | 'spsc';

/** What a send does when the channel is full. */
export type Overflow = 'block' | 'reject' | 'drop-newest' | 'drop-oldest';

export interface Levels {
  /** Share of the capacity from which a channel is yellow, and above which it is red. */
  readonly yellow: number;
  readonly red: number;
}

export interface ChannelOptions<T> {
  /** How values become bytes. */
  readonly codec: Codec<T>;
  /** Most messages the channel holds: exact, any integer ≥ 0. With 0 it holds none: a send waits for a receiver to take it. */
  readonly capacity: number;
  /**
   * How many threads send and receive: `m`any or a `s`ingle one. A promise that buys speed; a second thread that breaks
   * it is refused with TopologyError. Default 'mpmc'.
   */
  readonly topology?: Topology;
  /**
   * What a send does when the channel is full, or there is no memory for a large message. 'block' (the default): it waits.
   * 'reject': it throws ChannelFullError, and `trySend` answers false. 'drop-newest': the message is dropped.
   * 'drop-oldest': the oldest one in the channel that nobody has begun to receive is dropped for it. Rejected and dropped
   * ones are counted in the snapshot; leases of dropped ones go back to the pool. At-least-once channels drop nothing.
   */
  readonly overflow?: Overflow;
  /**
   * Where messages go that were rejected or dropped: a channel of the same supervisor and codec, to which they are sent
   * if that is possible at once; or a function, to which they belong from then on (leases in them, too). A send whose
   * message was taken there does not throw; `trySend` of a rejecting channel just answers false. A channel serves
   * whatever thread sends; a function is called on the thread that made the channel, for what is sent there: messages of
   * other threads are rejected or dropped as without it. It keeps no end of its channel open.
   */
  readonly onOverflow?: Sender<T> | ((value: T) => void);
  /**
   * What becomes of messages that a thread had received when it died. 'at-most-once' (the default): they are lost, and
   * counted. 'at-least-once': a message is gone only when it was acknowledged; until then it counts towards the capacity,
   * and is handed out again should its receiver die.
   */
  readonly delivery?: 'at-most-once' | 'at-least-once';
  /** At-least-once: most times a message is handed out, at least 1. Default: without limit. */
  readonly maxAttempts?: number;
  /**
   * At-least-once: where a message goes that was handed out `maxAttempts` times and never acknowledged: an at-most-once
   * channel of the same supervisor and codec, 'mpmc' or 'mpsc'. Without one it is dropped, and counted.
   */
  readonly deadLetter?: Channel<T>;
  /**
   * At-least-once: milliseconds after which a message that was not acknowledged is handed out again, for receivers that
   * live and are stuck. Looked after by the supervisor's thread, ten times a second. Not for codecs with leases,
   * as the stuck one might still write to them. Default: never.
   */
  readonly ackTimeout?: number;
  /** Default 0.60 and 0.85. */
  readonly levels?: Levels;
}

/** Options of an operation that blocks the thread: no signal could abort it; the end of a scope can. */
export type SyncWaitOptions = Omit<WaitOptions, 'signal'>;

/** A message of an at-least-once channel, in the hands of one receiver. */
export interface Delivery<T> {
  /** The message. A lease in it is lent: it can be sent on once this was acknowledged. */
  readonly value: T;
  /** How often it has been handed out, this time included. */
  readonly attempt: number;
  /** The message is done with and will not come again. False: too late, it has gone to somebody else. */
  ack(): boolean;
  /** Hands it back at once, for somebody to receive it again. False: it was acknowledged before. */
  nack(): boolean;
}

/** What {@link Receiver.tryReceive} fills. `value` is undefined, and `done` true, once the channel is closed and drained. */
export interface ReceiveResult<T> {
  done: boolean;
  value: T | undefined;
}

interface End {
  readonly name: string;
  /** Most messages the channel holds. */
  readonly capacity: number;
  /** Messages in the channel now. */
  readonly length: number;
  /** Whether the channel was closed. It may still hold messages. */
  readonly closed: boolean;
}

/**
 * The end of a channel that messages are put into. All ways of sending throw ChannelClosedError on a closed channel,
 * CodecError for a value the codec does not take, and MessageTooLargeError; the message was not accepted then.
 */
export interface Sender<T> extends End, Disposable {
  /** Sends, waiting for room. Rejects with TimeoutError or the signal's reason when called off. */
  send(value: T, options?: WaitOptions): Promise<void>;
  /** Sends, blocking this thread until there is room. */
  sendSync(value: T, options?: SyncWaitOptions): void;
  /** Sends if that is possible at once. Answers false if the channel, or the memory for a large message, is full. */
  trySend(value: T): boolean;
  /** Sends all values in order. When it throws, those before the one it stopped at were accepted. */
  sendMany(values: Iterable<T>, options?: WaitOptions): Promise<void>;
  /** The same, blocking this thread. Cheaper than one by one: whole stretches become visible at once. */
  sendManySync(values: Iterable<T>, options?: SyncWaitOptions): void;
  /**
   * A case for select: sends `value` if it is chosen. The value is evaluated now, so a codec that does not take it throws
   * here. Two things stay with you until the select begins: bytes, which must not change till then, and leases, which are
   * yours again if another case wins. Make a new case for each message. It waits for room, whatever the channel's overflow
   * policy.
   */
  onSend(value: T): SelectCase;
  /** Retires this end; the channel closes with the last of its counted senders. On a Channel: closes for everybody. */
  close(): void;
}

/**
 * The end of a channel that messages are taken from. Once the channel is closed and drained, receiving answers
 * `{ done: true }`; if it was closed with an error, it throws ChannelClosedError with that error as its cause.
 */
export interface Receiver<T> extends End, Iterable<T>, AsyncIterable<T>, Disposable {
  /** The next message, waiting for one. */
  receive(options?: WaitOptions): Promise<IteratorResult<T, undefined>>;
  /** The next message, blocking this thread until there is one. */
  receiveSync(options?: SyncWaitOptions): IteratorResult<T, undefined>;
  /**
   * The next message if there is one; undefined if the channel is empty but open. A loop that must not leave garbage
   * behind passes a result of its own, which is filled and answered:
   *
   * ```ts
   * const result: ReceiveResult<number> = { done: false, value: 0 };
   * while (numbers.tryReceive(result) && !result.done) sum += result.value!;
   * ```
   */
  tryReceive(into?: ReceiveResult<T>): IteratorResult<T, undefined> | undefined;
  /** From 1 to `max` messages, waiting for the first; none only when the channel is closed and drained. */
  receiveMany(max: number, options?: WaitOptions): Promise<T[]>;
  /** The same, blocking this thread. */
  receiveManySync(max: number, options?: SyncWaitOptions): T[];
  /**
   * The messages of an at-least-once channel one by one, each to be acknowledged by hand. (All other ways of receiving
   * acknowledge a message when the next one is asked for, and give back the last one of an iteration that is left early.)
   * A blocking iteration of a closed channel ends when all that is left are deliveries of this thread. Throws LimitError
   * for an at-most-once channel.
   */
  deliveries(): Iterable<Delivery<T>> & AsyncIterable<Delivery<T>>;
  /**
   * A case for select: receives if it is chosen. Ready when there is a message, and when the channel is closed and
   * drained. It may stand in any number of selects.
   */
  onReceive(): SelectCase<T>;
  /**
   * Retires this end. When it was the last counted receiver (or on a Channel), senders are refused from here on, and
   * what was not received is discarded.
   */
  cancel(reason?: Error): void;
}

/** Both ends. Holding a Channel keeps no end open; its `sender` and `receiver` are ends that count. */
export interface Channel<T> extends Sender<T>, Receiver<T> {
  /** A sending end of this thread's. It counts until it is closed, or moved to another thread by sharing it. */
  readonly sender: Sender<T>;
  /** A receiving end of this thread's. */
  readonly receiver: Receiver<T>;
  /**
   * Closes the channel for everybody; only the first close counts. Receivers still get what it holds, and then, if an
   * error is given, ChannelClosedError with that error as its cause.
   */
  close(error?: Error): void;
  /**
   * Gives the channel's memory and its place in the segment back, for others to be made of. It is closed if it is open,
   * what it holds is discarded, and whoever waits is woken. Whatever is done with a handle of it afterwards, on whatever
   * thread, is refused with ChannelClosedError; `closed` is true, and `dispose` again does nothing. (A receiver on another
   * thread may still get what it has in sight; deliveries in somebody's hands can be acknowledged.)
   *
   * The memory goes back once every thread that has a handle has let go of it: at once on this one; on others when they
   * next wait, make or take up a channel, or are refused here, unless they have deliveries of it in their hands.
   */
  dispose(): void;
}
