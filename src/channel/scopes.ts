/**
 * The scopes that this thread has: how it hears that one of them is over.
 *
 * One waiter set serves all scopes of a segment, `HEADER_SCOPE_WAITERS`: a thread with scopes stands in it. Whoever ends
 * a scope takes the threads that hold it out of that set, and wakes them. To its thread this is one more wait point, at
 * which one operation is pending in the background, for as long as it has scopes: to look at all of them. So the thread
 * hears of it in its event loop, and also while it blocks, as it looks at what is pending before it sleeps and when it
 * is woken (`ThreadContext.block`).
 *
 * No end is missed: the thread becomes a holder before it looks at a scope's state, and enters the set before each look
 * at all of them (`WaitPoint.service`); who ends a scope changes its state, then looks at its holders, then takes their
 * bits. A bit that is found taken already was taken before, for a look that has not begun yet, or by somebody who still
 * owes the wake-up.
 */

import { LimitError } from '../errors.ts';
import { BLOCKED } from '../kernel/codes.ts';
import { ENDED_LOST } from '../kernel/scopes.ts';
import { HEADER_SCOPE_WAITERS, HEADER_SCOPES, SCOPE_DEADLINE } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { peek, poke } from '../memory/words.ts';
import { fromShared, toShared } from '../park/clock.ts';
import { deadlineOf } from '../park/deadline.ts';
import type { ScopeOptions } from '../park/scope.ts';
import type { ThreadContext } from '../park/thread.ts';
import { Watch } from '../park/watch.ts';
import { SharedScope } from './scope.ts';

const US_PER_MS = 1000;
const WORD = 2 ** 32;

export class Scopes {
  readonly thread: ThreadContext;
  /** By index: those that are not over, as far as this thread knows. */
  readonly #held = new Map<i32, SharedScope>();
  readonly #watch: Watch;

  constructor(thread: ThreadContext) {
    this.thread = thread;
    this.#watch = new Watch(thread, HEADER_SCOPE_WAITERS, () => this.look());
  }

  /** Makes a scope, in another one or by itself. Throws LimitError for bad options and when there are too many. */
  open(parent: SharedScope | undefined, options: ScopeOptions | undefined): SharedScope {
    const deadline = Math.min(deadlineOf(options?.timeout), parent?.deadline ?? Number.POSITIVE_INFINITY);
    if (parent?.cancelled) return parent.likeIt();
    const { kernel, segment, id } = this.thread;
    segment.enter();
    const index = kernel.scopeClaim(id);
    if (index === BLOCKED) {
      throw new LimitError(
        `expected at most ${peek(HEADER_SCOPES)} scopes at once (cancel those that are done with), met one more`,
      );
    }
    pokeDeadline(kernel.scopeAddress(index), deadline);
    if (parent && !kernel.scopeInto(index, parent.index, parent.open)) {
      kernel.scopeUnclaim(index);
      return parent.likeIt();
    }
    const scope = this.#hold(new SharedScope(this, { index, open: kernel.scopeOpen(index, id), deadline }));
    // Whoever ended the parent may have looked for scopes in it too early to find this one.
    if (parent?.cancelled) scope.endLike(parent);
    return scope;
  }

  /** A scope that came from another thread. */
  adopt(index: i32, open: i32): SharedScope {
    // One that was over when it was shared is nowhere.
    if (index < 0) return SharedScope.over(this, ENDED_LOST);
    const known = this.#held.get(index);
    if (known?.open === open) return known;
    const { kernel, segment, id } = this.thread;
    segment.enter();
    if (known || !kernel.scopeHold(index, open, id)) return SharedScope.over(this, ENDED_LOST);
    const deadline = peekDeadline(kernel.scopeAddress(index));
    const scope = this.#hold(new SharedScope(this, { index, open, deadline }));
    scope.look();
    return scope;
  }

  /** Looks whether any of them is over. Returns whether none is left. */
  look(): boolean {
    for (const scope of this.#held.values()) scope.look();
    return this.#held.size === 0;
  }

  /** The scope at that index, if this thread has it. */
  held(index: i32): SharedScope | undefined {
    return this.#held.get(index);
  }

  /** This thread knows that the scope is over. */
  release({ index }: SharedScope): void {
    const { kernel, id } = this.thread;
    this.#held.delete(index);
    kernel.scopeLeave(index, id);
    if (this.#held.size === 0) this.#watch.end();
  }

  #hold(scope: SharedScope): SharedScope {
    this.#held.set(scope.index, scope);
    this.#watch.begin();
    return scope;
  }
}

function pokeDeadline(at: i32, deadline: number): void {
  const us = deadline === Number.POSITIVE_INFINITY ? 0 : Math.max(1, Math.round(toShared(deadline) * US_PER_MS));
  poke(at + SCOPE_DEADLINE, us | 0);
  poke(at + SCOPE_DEADLINE + 1, Math.floor(us / WORD) | 0);
}

function peekDeadline(at: i32): number {
  const us = (peek(at + SCOPE_DEADLINE) >>> 0) + (peek(at + SCOPE_DEADLINE + 1) >>> 0) * WORD;
  return us === 0 ? Number.POSITIVE_INFINITY : fromShared(us / US_PER_MS);
}
