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
import { ThreadContext } from '../../src/park/thread.ts';

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
    if (name === 'wait') return known.mortal.sleep();
    return real(known.words, ...rest);
  };
}

/** The constructor is for `Attachment.of` alone, which knows one attachment a process. */
const AttachmentOf = Attachment as unknown as new (thread: ThreadContext) => Attachment;

/** Attaches this process to a segment once more, as if from another thread. */
export function attachAgain(segment: Segment, name: string, nodeThreadId: number): Attachment {
  return new AttachmentOf(ThreadContext.attach(Segment.open(segment.memory), name, nodeThreadId));
}

/** Attaches with the kernel whose steps can be counted. */
function withSteps(attach: () => Attachment): Attachment {
  const { SLUICE_KERNEL } = process.env;
  process.env.SLUICE_KERNEL = 'js';
  try {
    return attach();
  } finally {
    if (SLUICE_KERNEL === undefined) delete process.env.SLUICE_KERNEL;
    else process.env.SLUICE_KERNEL = SLUICE_KERNEL;
  }
}

export class Mortal {
  readonly segment: Segment;
  readonly #nodeThreadId: number;
  #attachment: Attachment | undefined;
  #left = Number.POSITIVE_INFINITY;
  #asleep = false;
  #interlude: { after: number; readonly run: () => void } | undefined;

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
    this.#attachment ??= withSteps(
      () => new AttachmentOf(ThreadContext.attach(this.segment, 'mortal', this.#nodeThreadId)),
    );
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

  /**
   * Lets it do something, and somebody else do something in one go, after so many of its writes. Returns whether it came
   * to that. Nobody dies, and whoever waits for the other to get on is out of patience at once.
   */
  interrupt(writes: number, act: () => void, interlude: () => void): boolean {
    let came = false;
    const { now } = performance;
    let later = now.call(performance);
    performance.now = () => (later += 1000);
    this.#interlude = {
      after: writes,
      run: () => {
        came = true;
        interlude();
        this.segment.enter();
      },
    };
    try {
      this.live(Number.POSITIVE_INFINITY, act);
    } finally {
      this.#interlude = undefined;
      performance.now = now;
    }
    return came;
  }

  read(): void {
    if (this.#left < 0) throw new Death();
  }

  write(): void {
    if (this.#interlude && this.#interlude.after-- === 0) this.#interlude.run();
    this.#left--;
    if (this.#left < 0) throw new Death();
  }

  /** It dies in its sleep, for nobody could wake it on this thread; or its time is over at once. */
  sleep(): string {
    if (this.#interlude) return 'timed-out';
    this.#asleep = true;
    this.#left = -1;
    throw new Death();
  }
}
