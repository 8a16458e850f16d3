import { TopologyError } from '../errors.ts';
import type { i32 } from '../memory/words.ts';
import { cas, load } from '../memory/words.ts';
import type { ThreadContext } from '../park/thread.ts';

/** The one thread that a topology allows at an end: bound by first use. */
export class OnlyThread {
  readonly #channelName: string;
  readonly #role: 'sender' | 'receiver';
  readonly #word: i32;
  readonly #thread: ThreadContext;
  readonly #single: boolean;
  #bound: boolean;

  constructor(thread: ThreadContext, channelName: string, role: 'sender' | 'receiver', word: i32, single: boolean) {
    this.#thread = thread;
    this.#single = single;
    this.#channelName = channelName;
    this.#role = role;
    this.#word = word;
    this.#bound = !single;
  }

  get bound(): boolean {
    return this.#bound;
  }

  /** Whether this thread is the one, or could become it. */
  get possible(): boolean {
    const found = load(this.#word);
    return this.#bound || found === 0 || found === this.#thread.id + 1;
  }

  /** Makes this thread the one. Throws TopologyError when another one is. */
  bind(): void {
    const found = cas(this.#word, 0, this.#thread.id + 1);
    if (found !== 0 && found !== this.#thread.id + 1) {
      throw new TopologyError(
        `channel "${this.#channelName}" was promised a single ${this.#role}: expected thread ${found - 1}, ` +
          `met thread ${this.#thread.id} ("${this.#thread.name}")`,
      );
    }
    this.#bound = true;
  }

  /** This thread is no longer the one. */
  letGo(): void {
    if (!this.#single || !this.#bound) return;
    this.#bound = false;
    cas(this.#word, this.#thread.id + 1, 0);
  }
}
