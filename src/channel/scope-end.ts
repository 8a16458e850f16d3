/** Ending scopes: one, and all that are in it, told to everybody who has them. */

import { BLOCKED } from '../kernel/codes.ts';
import { ENDED_CLOSED, SCOPE_WITH_OTHERS } from '../kernel/scopes.ts';
import { HEADER_SCOPE_WAITERS, SCOPE_HOLDERS, SCOPE_REASON, WORD_BYTES } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import type { ThreadContext } from '../park/thread.ts';

/** How a scope ends, in words of the segment. */
export interface Ending {
  /** ENDED_*. */
  readonly how: i32;
  /** What `encodeReason` answered. */
  readonly reason?: Uint8Array | undefined;
}

/** Ends the scope of that word, and those in it. Returns the indexes of all that were ended by this; none: it was over. */
export function endScope(thread: ThreadContext, index: i32, open: i32, ending: Ending): readonly i32[] {
  const ended: i32[] = [];
  endOne(thread, index, open, ending, ended);
  return ended;
}

/** Ends every scope there is. */
export function closeScopes(thread: ThreadContext): void {
  const { kernel } = thread;
  for (let index = 0; index < kernel.scopesUsed(); index++) {
    const open = kernel.scopeOpenWord(index);
    if (open !== 0) endScope(thread, index, open, { how: ENDED_CLOSED });
  }
}

/**
 * After the death of a thread: scopes that it made are over, and so are those in scopes that are; whoever has them is
 * told. May be done again from the start.
 */
export function recoverScopes(thread: ThreadContext, dead: i32): void {
  const { kernel } = thread;
  kernel.waitersRemove(HEADER_SCOPE_WAITERS, dead);
  let again = true;
  while (again) {
    again = false;
    for (let index = 0; index < kernel.scopesUsed(); index++) {
      const open = kernel.scopeOpenWord(index);
      const how = kernel.scopeRecover(index, dead);
      // What ends here may have others in it that were passed already.
      if (open !== 0 && how > 0 && endScope(thread, index, open, { how }).length > 0) again = true;
    }
  }
  // Ends that the dead thread, or somebody else before, did not come to tell of.
  for (let index = 0; index < kernel.scopesUsed(); index++) {
    if (kernel.scopeOpenWord(index) !== 0 || !kernel.scopeLive(index)) continue;
    tell(thread, index);
    kernel.scopeGiveBack(index, thread.id);
  }
}

function endOne(thread: ThreadContext, index: i32, open: i32, ending: Ending, ended: i32[]): void {
  const { kernel } = thread;
  const found = leaveOpen(thread, index, open, ending);
  if (found === BLOCKED) return;
  ended.push(index);
  tell(thread, index);
  if (found === SCOPE_WITH_OTHERS) {
    for (let child = kernel.scopeNextChild(index, open, 0); child >= 0; ) {
      const childOpen = kernel.scopeChild(child, index, open);
      if (childOpen !== 0) endOne(thread, child, childOpen, ending, ended);
      child = kernel.scopeNextChild(index, open, child + 1);
    }
  }
  kernel.scopeGiveBack(index, thread.id);
}

/** The one step that ends it, and its reason. */
function leaveOpen(thread: ThreadContext, index: i32, open: i32, { how, reason }: Ending): i32 {
  const { kernel, segment } = thread;
  if (!reason) return kernel.scopeEnd(index, open, how);
  const found = kernel.scopeEnding(index, open, thread.id);
  if (found === BLOCKED) return found;
  segment.bytes.set(reason, (kernel.scopeAddress(index) + SCOPE_REASON) * WORD_BYTES);
  kernel.scopeReasoned(index, open, reason.length);
  return found;
}

/** Wakes those who have the scope and do not know yet that it is over. */
function tell(thread: ThreadContext, index: i32): void {
  const { kernel } = thread;
  const holders = kernel.scopeAddress(index) + SCOPE_HOLDERS;
  for (let holder = kernel.waitersNext(holders, 0); holder >= 0; holder = kernel.waitersNext(holders, holder + 1)) {
    if (kernel.waitersRemove(HEADER_SCOPE_WAITERS, holder)) thread.wake(holder);
  }
}
