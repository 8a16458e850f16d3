/**
 * How values become bytes.
 *
 * A codec is a plain description that travels to other threads inside a shared channel. Bound to a thread's pool it is a
 * wire: it writes values into slots and reads them back. Two kinds of wire:
 *  - direct: every message has the same few bytes, and writing needs nothing but the slot. No allocation.
 *  - staged: a value is first brought into a form that is the sender's own (encoded, in a pool block if it is large, its
 *    leases set aside), then put into a slot in a step that cannot fail, and undone if the message is not accepted.
 */

import type { BufferPool } from '../pool/pool.ts';

declare const carries: unique symbol;

/** Describes how values of type `T` become bytes. Structured-cloneable. */
export interface Codec<T> {
  readonly kind: string;
  readonly [carries]?: T;
}

/** The values a codec carries. */
export type ValueOf<C> = C extends Codec<infer T> ? T : never;

/** A codec bound to the pool of this thread. Offsets are in bytes, multiples of 8. */
export interface DirectWire<T, P = any> {
  readonly staged: false;
  readonly slotBytes: number;
  /**
   * Runs whatever code of the user's there is to run, and checks the value: throws CodecError if it is none of `T`.
   * What it answers is good until the next call; it may be the value itself.
   */
  prepare(value: T): P;
  /** Makes what `prepare` answered last, and independent of the caller. */
  keep(prepared: P): P;
  /** Writes into the slot. Cannot fail. */
  put(prepared: P, at: number): void;
  read(at: number): T;
  /** The same for stretches of slots, of wires whose messages fill a slot and are read without fail. */
  readonly packed?: PackedWire<T>;
  readonly decode?: undefined;
}

/** Slots that follow one another are an array of numbers: what goes on between two of them is what a batch costs. */
export interface PackedWire<T> {
  /**
   * Writes up to `count` of the values, the first of them `values[from]`, into the slots from `at` on. Answers how many
   * were written: fewer where the next one is not to be had as it is, which is for `prepare` to look at.
   */
  putMany(values: readonly T[], from: number, count: number, at: number): number;
  /** Reads the `count` slots from `at` on; `values[from]` is the first that is filled. */
  readMany(values: T[], from: number, count: number, at: number): void;
}

/** `R` is what is read of a message while it is in its slot: the value, unless there is `decode`. */
export interface StagedWire<T, R = any> {
  readonly staged: true;
  readonly packed?: undefined;
  readonly slotBytes: number;
  /** Where in a slot descriptors of pool blocks are: word offsets. */
  readonly refs: readonly number[];
  /** Runs whatever code of the user's there is to run. Throws CodecError or MessageTooLargeError. */
  stage(value: T): Staged;
  read(at: number): R;
  /** Reads without taking anything over: the message may have to be read again, by somebody else. */
  lend(at: number): Lent<R>;
  /** Code of the user's that makes the value of what was read, without the slot. It may do anything, receiving included. */
  readonly decode?: ((read: R) => T) | undefined;
  /** Gives back what an unread message holds. */
  discard(at: number): void;
}

/** A message that is still the channel's. Exactly one of the two is called in the end. */
export interface Lent<T> {
  readonly value: T;
  /** The message was acknowledged: what it refers to is this thread's now, or goes back to the pool. */
  keep(): void;
  /** The message goes to somebody else: leases in the value must not be touched any more. */
  recall(): void;
}

export type Wire<T> = DirectWire<T> | StagedWire<T>;

/** The value of a message that was read. Runs whatever code of the user's there is to run. */
export function valueFrom<T>({ decode }: Wire<T>, read: unknown): T {
  return decode ? decode(read) : (read as T);
}

/** A value on its way into a slot. */
export interface Staged {
  /** Gets the memory it needs. Returns false when there is none now. */
  reserve(): boolean;
  /** The sender has to wait: copies what still belongs to the caller. */
  keep(): void;
  /** Writes into the slot. Only after `reserve`; cannot fail. */
  put(at: number): void;
  /** The message was accepted. */
  done(): void;
  /** The message was refused or called off, before or after `put`: everything is as it was. */
  undo(): void;
}

/** What a channel is called in a message. */
export interface ChannelNumbers {
  readonly index: number;
  /** Which of the channels that have had that number. */
  readonly generation: number;
}

/** What channels are to messages. */
export interface ChannelRefs {
  /** The numbers of a channel. Throws CodecError for what is none of this segment, ChannelClosedError if it is gone. */
  numbersOf(value: unknown): ChannelNumbers;
  /** Throws CodecError unless what `numbersOf` answered is a channel of that codec. */
  checkCodec(channel: ChannelNumbers, codec: Codec<any>): void;
  /** The channel of those numbers, as this thread has it; one that was disposed of says so when it is used. */
  channelOf(numbers: ChannelNumbers, codec: Codec<any>): unknown;
}

/** What a wire is made with. */
export interface WireContext {
  readonly pool: BufferPool;
  /** Codecs with code of the user's own, by name. */
  readonly customs: ReadonlyMap<string, CustomCodec<any>>;
  readonly refs: ChannelRefs;
}

/** A codec made of two functions; its name stands for it on other threads, where it is registered too. */
export interface CustomCodec<T> extends Codec<T> {
  readonly kind: 'custom';
  readonly name: string;
  readonly encode: (value: T) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => T;
}
