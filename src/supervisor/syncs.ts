/**
 * Primitives of `sluice/sync`, as far as everybody has to do with them: their end, and what is left of them when a thread
 * dies.
 */

import {
  HEADER_SYNC_WATCHERS,
  SYNC_BARRIER,
  SYNC_HOLDERS,
  SYNC_KIND,
  SYNC_MUTEX,
  SYNC_ONCE,
  SYNC_SEMAPHORE,
  SYNC_WAIT_GROUP,
  SYNC_WAITERS,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { peek } from '../memory/words.ts';
import type { ThreadContext } from '../park/thread.ts';

/** Closes the primitive of that word, wakes all who wait for it, and tells all who have it. Once: later calls do nothing. */
export function closeSync(thread: ThreadContext, index: i32, open: i32): void {
  if (thread.kernel.syncClose(index, open)) tellEnd(thread, index);
}

/** Closes every primitive there is. */
export function closeSyncs(thread: ThreadContext): void {
  const { kernel } = thread;
  for (let index = 0; index < kernel.syncsUsed(); index++) {
    const open = kernel.syncOpenWord(index);
    if (open !== 0) closeSync(thread, index, open);
  }
}

/**
 * After the end of a thread: locks and permits that it held are others' to take, and what cannot be complete without it is
 * broken, unless it ended in good order. May be done again from the start: it is taken out of the holders of a primitive
 * last, and what it did to each of them is known until then.
 */
export function recoverSyncs(thread: ThreadContext, dead: i32, inGoodOrder: boolean): void {
  const { kernel } = thread;
  kernel.waitersRemove(HEADER_SYNC_WATCHERS, dead);
  for (let index = 0; index < kernel.syncsUsed(); index++) {
    // In this order: while it is a holder, the entry is not given to another primitive.
    const held = kernel.syncHeldBy(index, dead);
    const open = kernel.syncOpenWord(index);
    if (held && open !== 0) recoverWords(thread, index, dead, inGoodOrder);
    // It may have been woken, and died before it could act or hand the wake-up on; or have owed one to somebody.
    if (kernel.syncLive(index)) thread.wakeAll(kernel.syncAddress(index) + SYNC_WAITERS);
    if (kernel.syncRecover(index, dead)) kernel.syncClose(index, open);
    // Ends that the dead thread, or somebody else before, did not come to tell of.
    if (kernel.syncOpenWord(index) === 0 && kernel.syncLive(index)) tellEnd(thread, index);
  }
}

function recoverWords(thread: ThreadContext, index: i32, dead: i32, inGoodOrder: boolean): void {
  const { kernel } = thread;
  const sync = kernel.syncAddress(index);
  switch (peek(sync + SYNC_KIND)) {
    case SYNC_MUTEX:
    case SYNC_ONCE:
      kernel.lockRecover(sync, dead);
      break;
    case SYNC_SEMAPHORE:
      kernel.permitsRecover(sync, dead);
      break;
    case SYNC_WAIT_GROUP:
      if (!inGoodOrder && kernel.groupBreak(sync)) tellHolders(thread, index);
      break;
    case SYNC_BARRIER:
      if (!inGoodOrder) kernel.barrierBreak(sync);
      break;
    default:
  }
}

function tellEnd(thread: ThreadContext, index: i32): void {
  thread.wakeAll(thread.kernel.syncAddress(index) + SYNC_WAITERS);
  tellHolders(thread, index);
  thread.kernel.syncGiveBack(index);
}

/** Makes those who have it look at it. */
function tellHolders(thread: ThreadContext, index: i32): void {
  const { kernel } = thread;
  const holders = kernel.syncAddress(index) + SYNC_HOLDERS;
  for (let holder = kernel.waitersNext(holders, 0); holder >= 0; holder = kernel.waitersNext(holders, holder + 1)) {
    if (kernel.waitersRemove(HEADER_SYNC_WATCHERS, holder)) thread.wake(holder);
  }
}
