/**
 * The channels that this thread holds, and how it lets go of those that were disposed of.
 *
 * What is shared of that, and why nothing is used after it was given back, stands in `kernel/holds.ts`. Here: a thread
 * holds a channel from the moment it makes it or takes it up until it lets go, and it lets go only when it is in the
 * middle of nothing there. Its handles then work on a queue that is closed and nowhere (`gone-queue.ts`), so the way of a
 * message has nothing to ask about it.
 *
 * It looks for channels to let go of whenever it makes, takes up or disposes of one, soon after a handle was refused, and
 * when it is told: one wait point stands for all of them, as with scopes, in the set `HEADER_DISPOSAL_WAITERS`. Whoever
 * disposes of a channel marks it, then looks at its holders and takes their bits out of that set; a holder enters the set
 * before it looks for marks.
 */

import { BLOCKED } from '../kernel/codes.ts';
import { HEADER_DISPOSAL_WAITERS, HEADER_POOL_WAITERS } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import type { ThreadContext } from '../park/thread.ts';
import { Watch } from '../park/watch.ts';
import type { Attachment } from './attachment.ts';
import type { SharedChannel } from './channel.ts';

export class Holdings {
  readonly #attachment: Attachment;
  readonly #watch: Watch;
  #looking = false;
  #looksLater = false;

  constructor(attachment: Attachment) {
    this.#attachment = attachment;
    this.#watch = new Watch(attachment.thread, HEADER_DISPOSAL_WAITERS, () => {
      this.look();
      return false;
    });
  }

  /** Makes this thread a holder of the channel of that name, unless it is one. Returns false if that was disposed of. */
  hold(index: i32, generation: i32): boolean {
    const { channels, thread } = this.#attachment;
    this.look();
    const known = channels.get(index);
    // While this thread holds one, the entry is not another's.
    if (known) return known.generation === generation;
    return !!thread.kernel.channelHold(index, generation, thread.id);
  }

  /** From here on others may dispose of what this thread holds: it wants to be told. */
  listen(): void {
    this.#watch.begin();
  }

  /** Disposes of a channel that this thread holds. */
  dispose(channel: SharedChannel<any>): void {
    const { thread } = this.#attachment;
    thread.segment.enter();
    if (thread.kernel.channelDispose(channel.index)) {
      channel.end();
      tellHolders(thread, channel.index);
    }
    this.look();
  }

  /** Lets go of what was disposed of. */
  look(): void {
    // Those who wait at a channel are settled by letting go of it, and may look as well.
    if (this.#looking) return;
    this.#looking = true;
    const { thread, channels } = this.#attachment;
    thread.segment.enter();
    try {
      for (let index = -1; ; ) {
        index = thread.kernel.channelNextDisposed(thread.id, index + 1);
        if (index === BLOCKED) return;
        const channel = channels.get(index);
        if (channel) this.#letGo(channel);
        // Pinned, as a select waited there that this thread was about to meet elsewhere (`kernel/rendezvous.ts`).
        else this.#unpin(index);
      }
    } finally {
      this.#looking = false;
    }
  }

  /** The same, as soon as this thread is in the middle of nothing. */
  lookLater(): void {
    if (this.#looksLater) return;
    this.#looksLater = true;
    queueMicrotask(() => {
      this.#looksLater = false;
      this.look();
    });
  }

  #unpin(index: i32): void {
    const { thread, pool } = this.#attachment;
    if (thread.kernel.channelLeave(index, thread.id)) pool.announce();
  }

  #letGo(channel: SharedChannel<any>): void {
    const { thread, channels, pool } = this.#attachment;
    if (this.#attachment.busy > 0) return;
    channel.getUp();
    if (channel.engaged) return;
    channels.delete(channel.index);
    channel.retire();
    thread.segment.enter();
    if (thread.kernel.channelLeave(channel.index, thread.id)) pool.announce();
  }
}

/** Wakes those who hold the channel and do not know yet that it was disposed of. */
export function tellHolders(thread: ThreadContext, index: i32): void {
  const { kernel } = thread;
  for (let holder = kernel.channelNextHolder(index, 0); holder >= 0; ) {
    if (holder !== thread.id && kernel.waitersRemove(HEADER_DISPOSAL_WAITERS, holder)) thread.wake(holder);
    holder = kernel.channelNextHolder(index, holder + 1);
  }
}

/**
 * Shows every channel there is to `visit`, held meanwhile, whether or not this thread has met it: its word index, its
 * number, and whether it was disposed of.
 */
export function visitChannels(
  thread: ThreadContext,
  visit: (address: i32, index: i32, disposed: boolean) => void,
): void {
  const { kernel } = thread;
  for (let index = 0; index < kernel.channelsUsed(); index++) {
    visitChannel(thread, index, (address, disposed) => visit(address, index, disposed));
  }
}

/** The same for the one with that number, if there is one: the number may come from words somebody has overwritten. */
export function visitChannel(
  thread: ThreadContext,
  index: i32,
  visit: (address: i32, disposed: boolean) => void,
): void {
  const { kernel, id } = thread;
  if (index >= kernel.channelsUsed() || kernel.channelAddress(index) < 0) return;
  const holds = kernel.channelHolds(index, id);
  if (!holds && !kernel.channelPin(index, id)) return;
  try {
    const address = kernel.channelAddress(index);
    if (address >= 0) visit(address, !!kernel.channelDisposed(index));
  } finally {
    if (!holds && kernel.channelLeave(index, id)) thread.wakeAll(HEADER_POOL_WAITERS);
  }
}
