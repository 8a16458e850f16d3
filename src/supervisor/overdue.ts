/**
 * Looking after at-least-once channels: messages held for longer than their channel's `ackTimeout` are handed out again,
 * and those that found no room among the dead letters are tried again.
 *
 * No thread writes down when it took a message. The looker remembers the word of each letter that is held: one that is
 * unchanged since long names the same holding as then, and returning it is one compare-and-swap that expects it.
 */

import { visitChannels } from '../channel/holdings.ts';
import { forwardExhausted } from '../channel/letter-queue.ts';
import {
  CHANNEL_ACK_TIMEOUT,
  CHANNEL_ATTEMPTS,
  CHANNEL_CAPACITY,
  CHANNEL_QUEUE,
  CHANNEL_RECEIVERS_WAITING,
  QUEUE_LETTERS,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { peek } from '../memory/words.ts';
import type { ThreadContext } from '../park/thread.ts';

/** A letter in somebody's hands, as it was first seen. */
interface Holding {
  readonly word: i32;
  readonly since: number;
}

export class OverdueWatch {
  readonly #thread: ThreadContext;
  /** By channel index: which of the channels that had it, and by letter. */
  readonly #holdings = new Map<number, { readonly generation: i32; readonly letters: Map<i32, Holding> }>();

  constructor(thread: ThreadContext) {
    this.#thread = thread;
  }

  /** One round. The more often it is called, the closer a time-out is to what was asked for. */
  look(): void {
    this.#thread.segment.enter();
    visitChannels(this.#thread, (channel, index) => {
      if (peek(channel + CHANNEL_QUEUE) !== QUEUE_LETTERS) return;
      if (peek(channel + CHANNEL_ACK_TIMEOUT) > 0) this.#lookAt(channel, this.#holdingsOf(index));
      if (peek(channel + CHANNEL_ATTEMPTS) > 0) forwardExhausted(this.#thread, channel);
    });
  }

  #lookAt(channel: i32, holdings: Map<i32, Holding>): void {
    const now = performance.now();
    const timeout = peek(channel + CHANNEL_ACK_TIMEOUT);
    for (let letter = 0; letter < peek(channel + CHANNEL_CAPACITY); letter++) {
      const word = this.#thread.kernel.letterHeld(channel, letter);
      const before = holdings.get(letter);
      if (word === 0) holdings.delete(letter);
      else if (before?.word !== word) holdings.set(letter, { word, since: now });
      else if (now - before.since >= timeout && this.#thread.kernel.letterReturn(channel, letter, word)) {
        this.#thread.wakeOne(channel + CHANNEL_RECEIVERS_WAITING);
      }
    }
  }

  #holdingsOf(index: number): Map<i32, Holding> {
    const generation = this.#thread.kernel.channelGeneration(index);
    let holdings = this.#holdings.get(index);
    if (holdings?.generation !== generation) {
      holdings = { generation, letters: new Map() };
      this.#holdings.set(index, holdings);
    }
    return holdings.letters;
  }
}
