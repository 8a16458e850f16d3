/**
 * The primitives that this thread has: how it makes them, takes them up, and hears that one of them is closed or broken.
 *
 * Being told works as it does for scopes (`channel/scopes.ts`): one waiter set serves all primitives of a segment,
 * `HEADER_SYNC_WATCHERS`, and one operation is pending in the background for as long as this thread has any. A thread
 * enters that set before each look at all of them, and who closes or breaks one changes its state, then takes the bits of
 * its holders: so no end is missed, in the event loop or while the thread blocks.
 *
 * That is what gives entries back although their names may be kept for ever: a thread leaves a primitive that is closed
 * once nothing of its own waits there, and not before (`Entry.settle`).
 */

import type { Attachment } from '../channel/attachment.ts';
import { LimitError } from '../errors.ts';
import { BLOCKED } from '../kernel/codes.ts';
import { HEADER_SYNC_WATCHERS, HEADER_SYNCS, SYNC_NAME, SYNC_NAME_BYTES, WORD_BYTES } from '../memory/layout.ts';
import { encodeName } from '../memory/text.ts';
import type { i32 } from '../memory/words.ts';
import { peek, poke } from '../memory/words.ts';
import type { ThreadContext } from '../park/thread.ts';
import { Watch } from '../park/watch.ts';
import type { Entry } from './entry.ts';

/** Where a primitive is in the segment, and its name there. */
export interface Place {
  readonly index: i32;
  readonly open: i32;
}

/** What a new primitive is to be. */
export interface Plan {
  /** SYNC_* */
  readonly kind: i32;
  /** How many permits it has, or how many meet. */
  readonly size: i32;
  /** How it stands at first. */
  readonly word: i32;
  readonly name: string | undefined;
}

const all = new WeakMap<ThreadContext, Syncs>();

export class Syncs {
  readonly thread: ThreadContext;
  readonly #held = new Map<i32, Entry>();
  readonly #watch: Watch;

  private constructor(thread: ThreadContext) {
    this.thread = thread;
    this.#watch = new Watch(thread, HEADER_SYNC_WATCHERS, () => this.look());
  }

  /** Those of an attachment. */
  static of({ thread }: Pick<Attachment, 'thread'>): Syncs {
    let syncs = all.get(thread);
    if (!syncs) {
      syncs = new Syncs(thread);
      all.set(thread, syncs);
    }
    return syncs;
  }

  /** Makes a primitive. Throws LimitError for a name that is too long, and when there are too many. */
  make({ kind, size, word, name = '' }: Plan): Place {
    const bytes = encodeName(name);
    const { kernel, segment, id } = this.thread;
    segment.enter();
    const index = kernel.syncClaim(id);
    if (index === BLOCKED) {
      throw new LimitError(
        `expected at most ${peek(HEADER_SYNCS)} primitives at once (close those that are done with), met one more`,
      );
    }
    kernel.syncLay(index, kind, size, word);
    const address = kernel.syncAddress(index);
    segment.bytes.set(bytes, (address + SYNC_NAME) * WORD_BYTES);
    poke(address + SYNC_NAME_BYTES, bytes.length);
    return { index, open: kernel.syncOpen(index, id) };
  }

  /** Takes up a primitive that came from another thread. Returns whether it is still there. */
  take({ index, open }: Place): boolean {
    const { kernel, segment, id } = this.thread;
    segment.enter();
    return !this.#held.has(index) && !!kernel.syncHold(index, open, id);
  }

  /** The primitive of that name, if this thread has it. */
  known({ index, open }: Place): Entry | undefined {
    const known = this.#held.get(index);
    return known?.open === open ? known : undefined;
  }

  /** This thread has one more. */
  add(entry: Entry): void {
    this.#held.set(entry.index, entry);
    this.#watch.begin();
  }

  /** It is closed, and nothing of this thread waits there. */
  release({ index }: Entry): void {
    this.#held.delete(index);
    this.thread.kernel.syncLeave(index, this.thread.id);
    if (this.#held.size === 0) this.#watch.end();
  }

  /** Looks what became of all of them. Returns whether none is left. */
  look(): boolean {
    for (const entry of this.#held.values()) entry.look();
    return this.#held.size === 0;
  }
}
