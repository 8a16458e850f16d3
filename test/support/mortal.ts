/**
 * Threads that die at an instruction of one's choice.
 *
 * A mortal is a second attachment of this process to a segment, with views of its own. Its every write to a shared word
 * is counted, compare-and-swaps that fail included (reading leaves no trace to die on, and bytes of payloads are nobody's
 * business). Given so many to live, it dies before the next one: that throws, and so does each later access, so that no
 * `finally` or `catch` on the way out does what a terminated thread would not have done. Then the segment is as a death
 * leaves it, and a test can look at what recovery makes of it, for every instruction of an operation in turn.
 */

import { Attachment } from '../../src/channel/attachment.ts';
import { Segment } from '../../src/memory/segment.ts';

/** What an access to shared words throws once its thread is dead. */
class Death extends Error {}

const READING = ['load', 'notify'] as const;
const WRITING = ['store', 'compareExchange', 'add', 'and', 'or', 'wait'] as const;

/** The counted views, and what is behind each. */
const counted = new WeakMap<object, { readonly mortal: Mortal; readonly words: Int32Array }>();

for (const name of [...READING, ...WRITING]) {
  const real = Atomics[name] as (view: Int32Array, ...rest: unknown[]) => unknown;
  (Atomics as any)[name] = (view: Int32Array, ...rest: unknown[]) => {
    const known = counted.get(view);
    if (!known) return real(view, ...rest);
    if (name === 'load' || name === 'notify') known.mortal.read();
    else known.mortal.write();
    // It dies in its sleep: nobody could wake it, on this thread.
    if (name === 'wait') known.mortal.dieAsleep();
    return real(known.words, ...rest);
  };
}

/** The constructor is for `Attachment.of` alone, which knows one attachment a process. */
const AttachmentOf = Attachment as unknown as new (segment: Segment, name: string, nodeThreadId: number) => Attachment;

/** Attaches this process to a segment once more, as if from another thread. */
export function attachAgain(segment: Segment, name: string, nodeThreadId: number): Attachment {
  return new AttachmentOf(Segment.open(segment.memory), name, nodeThreadId);
}

export class Mortal {
  readonly segment: Segment;
  readonly #nodeThreadId: number;
  #attachment: Attachment | undefined;
  #left = Number.POSITIVE_INFINITY;
  #asleep = false;

  constructor(memory: unknown, nodeThreadId: number) {
    this.segment = Segment.open(memory);
    this.#nodeThreadId = nodeThreadId;
    const { words } = this.segment;
    const view = new Proxy(words, {
      get: (target, key) => {
        this.read();
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
      set: (target, key, value) => {
        this.write();
        return Reflect.set(target, key, value, target);
      },
    });
    counted.set(view, { mortal: this, words });
    Object.defineProperty(this.segment, 'words', { value: view });
  }

  get attachment(): Attachment {
    this.#attachment ??= new AttachmentOf(this.segment, 'mortal', this.#nodeThreadId);
    return this.#attachment;
  }

  /**
   * Lets it do something for so many writes to shared words. Returns whether that was too few to bring it to its end, or
   * to where it falls asleep (and dies, too).
   */
  live(writes: number, act: () => void): boolean {
    this.segment.enter();
    this.#left = writes;
    this.#asleep = false;
    try {
      act();
    } catch (error) {
      if (this.#left >= 0) throw error;
    }
    return this.#left < 0 && !this.#asleep;
  }

  read(): void {
    if (this.#left < 0) throw new Death();
  }

  write(): void {
    this.#left--;
    if (this.#left < 0) throw new Death();
  }

  dieAsleep(): never {
    this.#asleep = true;
    this.#left = -1;
    throw new Death();
  }
}
