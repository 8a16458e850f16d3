/**
 * A channel as a message: its number in the segment and its generation, eight bytes. Nothing is taken from whoever sends
 * it and nothing is owned on the way, so a message that is dropped, lost or handed out twice leaves nothing behind. What
 * was disposed of meanwhile arrives as a channel that says so.
 *
 * What a channel is, the codecs do not know: `ChannelRefs` of the wire's context does.
 */

import type { ChannelNumbers, ChannelRefs, Codec } from './codec.ts';
import type { Field, Views } from './scalars.ts';

/** Its values are channels: `V`. */
export interface RefCodec<V> extends Codec<V> {
  readonly kind: 'channelRef';
  /** That of the channels. */
  readonly codec: Codec<any>;
}

export class ChannelRefField implements Field<any> {
  readonly staged = false;
  readonly slotBytes = 8;
  readonly bytes = 8;
  readonly align = 4;
  readonly #words: Int32Array;
  readonly #refs: ChannelRefs;
  readonly #codec: Codec<any>;
  /** Channels that were found to be of the codec. */
  readonly #known = new WeakSet<object>();

  constructor({ codec }: RefCodec<unknown>, views: Views, refs: ChannelRefs) {
    this.#words = views.words;
    this.#refs = refs;
    this.#codec = codec;
  }

  prepare(value: unknown): ChannelNumbers {
    const numbers = this.#refs.numbersOf(value);
    if (!this.#known.has(numbers)) {
      this.#refs.checkCodec(numbers, this.#codec);
      this.#known.add(numbers);
    }
    return numbers;
  }

  keep(numbers: ChannelNumbers): ChannelNumbers {
    return numbers;
  }

  put({ index, generation }: ChannelNumbers, at: number): void {
    this.#words[at >>> 2] = index;
    this.#words[(at >>> 2) + 1] = generation;
  }

  read(at: number): unknown {
    const index = this.#words[at >>> 2]!;
    const generation = this.#words[(at >>> 2) + 1]!;
    return this.#refs.channelOf({ index, generation }, this.#codec);
  }
}
