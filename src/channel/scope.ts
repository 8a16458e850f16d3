/** A scope, as this thread has it. */

import { CancelledError, TimeoutError } from '../errors.ts';
import { BLOCKED } from '../kernel/codes.ts';
import {
  ENDED_CANCELLED,
  ENDED_CLOSED,
  ENDED_FORSAKEN,
  ENDED_LATE,
  SCOPE_CROWDED,
  SCOPE_ENDING,
} from '../kernel/scopes.ts';
import { describe } from '../memory/describe.ts';
import { SCOPE_REASON, SCOPE_REASON_BYTES, SCOPE_STATE, WORD_BYTES } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { load, peek } from '../memory/words.ts';
import { outlast } from '../park/outlast.ts';
import { Scope, type ScopeOptions } from '../park/scope.ts';
import type { ThreadContext } from '../park/thread.ts';
import { endScope } from './scope-end.ts';
import { decodeReason, encodeReason } from './scope-reason.ts';
import type { Scopes } from './scopes.ts';

/** The longest a timer can run; what is longer is set again when it fires. */
const TIMER_MAX_MS = 2 ** 31 - 1;
const NOWHERE = -1;

/** Where it is in the segment, and the name of it there. */
export interface ScopePlace {
  readonly index: i32;
  readonly open: i32;
  readonly deadline: number;
}

/** How it ended, once this thread knows. */
interface End {
  readonly error: CancelledError;
  readonly reason: unknown;
}

export class SharedScope extends Scope {
  readonly index: i32;
  readonly open: i32;
  readonly deadline: number;
  readonly #scopes: Scopes;
  readonly #thread: ThreadContext;
  readonly #state: i32;
  readonly #callbacks = new Set<() => void>();
  #end: End | undefined;
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param place undefined for one that is over, and as good as never was. */
  constructor(scopes: Scopes, place: ScopePlace | undefined, end?: End) {
    super();
    const { index, open, deadline } = place ?? { index: NOWHERE, open: 0, deadline: Number.POSITIVE_INFINITY };
    this.#scopes = scopes;
    this.#thread = scopes.thread;
    this.index = index;
    this.open = open;
    this.deadline = deadline;
    this.#state = place ? scopes.thread.kernel.scopeAddress(index) + SCOPE_STATE : NOWHERE;
    this.#end = end;
    if (deadline !== Number.POSITIVE_INFINITY) this.#startTimer();
  }

  /** One that is over. */
  static over(scopes: Scopes, how: i32): SharedScope {
    return new SharedScope(scopes, undefined, endOf(how, undefined));
  }

  get cancelled(): boolean {
    if (this.#end) return true;
    this.#thread.segment.enter();
    // Nothing more here: what its end is good for on this thread can wait until the loop that asks is left.
    return (load(this.#state) & ~SCOPE_CROWDED) !== this.open || this.#late;
  }

  get reason(): unknown {
    this.look();
    return this.#end?.reason;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    this.look();
    this.#abort();
    return this.#controller.signal;
  }

  throwIfCancelled(): void {
    if (this.cancelled) throw this.cancelledError();
  }

  cancel(reason?: unknown): void {
    this.#finish({ how: ENDED_CANCELLED, reason: encodeReason(reason) }, () => endOf(ENDED_CANCELLED, reason));
  }

  child(options?: ScopeOptions): SharedScope {
    return this.#scopes.open(this, options);
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  belongsTo({ segment }: ThreadContext): boolean {
    return segment === this.#thread.segment;
  }

  onEnd(callback: () => void): () => void {
    this.#callbacks.add(callback);
    return () => this.#callbacks.delete(callback);
  }

  cancelledError(): Error {
    this.look();
    const { error } = this.#end!;
    // One for each who asks: a stack tells where it was met.
    return new CancelledError(error.message, error.cause === undefined ? undefined : { cause: error.cause });
  }

  /** Sees whether it is over, and if so what is to be done about it on this thread. */
  look(): void {
    if (!this.#end && this.cancelled) this.#settle();
  }

  /** Ends as that one did. */
  endLike(other: SharedScope): void {
    other.look();
    const end = other.#end!;
    this.#finish({ how: ENDED_CANCELLED, reason: encodeReason(end.reason) }, () => end);
  }

  /** One that is over as this one is. */
  likeIt(): SharedScope {
    this.look();
    return new SharedScope(this.#scopes, undefined, this.#end);
  }

  get #late(): boolean {
    return this.deadline !== Number.POSITIVE_INFINITY && this.deadline <= performance.now();
  }

  /** Ends it, and those in it, unless it is over. Signals of this thread abort before this returns. */
  #finish(ending: Parameters<typeof endScope>[3], end: () => End): void {
    this.look();
    if (this.#end) return;
    const own: SharedScope[] = [];
    for (const index of endScope(this.#thread, this.index, this.open, ending)) {
      const scope = this.#scopes.held(index);
      if (!scope) continue;
      own.push(scope);
      scope.#settle(end());
    }
    this.look();
    for (const scope of own) scope.#abort();
  }

  /** It is over: works out how, tells those of this thread who wait for that, and lets go of it. */
  #settle(known?: End): void {
    this.#end = known ?? this.#howItEnded();
    clearTimeout(this.#timer);
    this.#scopes.release(this);
    const callbacks = [...this.#callbacks];
    this.#callbacks.clear();
    for (const callback of callbacks) callback();
    // Listeners are the user's: not while this thread may be blocking.
    if (this.#controller) queueMicrotask(() => this.#abort());
  }

  #howItEnded(): End {
    const { kernel } = this.#thread;
    if (this.#late) endScope(this.#thread, this.index, this.open, { how: ENDED_LATE });
    const attempt = () => {
      const how = kernel.scopeHow(this.index, this.open);
      return how === SCOPE_ENDING ? BLOCKED : how;
    };
    const how = outlast(this.#thread, attempt, () => false);
    return endOf(how, how === ENDED_CANCELLED ? this.#readReason() : undefined);
  }

  #readReason(): unknown {
    const { kernel, segment } = this.#thread;
    const at = kernel.scopeAddress(this.index);
    const length = peek(at + SCOPE_REASON_BYTES);
    if (length <= 0) return undefined;
    const start = (at + SCOPE_REASON) * WORD_BYTES;
    return decodeReason(segment.bytes.slice(start, start + length));
  }

  #abort(): void {
    if (this.#end && this.#controller && !this.#controller.signal.aborted) this.#controller.abort(this.#end.error);
  }

  #startTimer(): void {
    const remaining = Math.ceil(this.deadline - performance.now());
    const next = () => {
      this.look();
      if (!this.#end) this.#startTimer();
    };
    this.#timer = setTimeout(next, Math.min(TIMER_MAX_MS, Math.max(0, remaining))).unref();
  }
}

function endOf(how: i32, reason: unknown): End {
  const [met, cause] = whatWasMet(how, reason);
  const error = new CancelledError(
    `expected an open scope, met one ${met}`,
    cause === undefined ? undefined : { cause },
  );
  return { error, reason: cause };
}

function whatWasMet(how: i32, reason: unknown): [met: string, cause: unknown] {
  switch (how) {
    case ENDED_CANCELLED:
      if (reason === undefined) return ['that was cancelled', undefined];
      return [
        `that was cancelled with ${reason instanceof Error ? `${reason.name}: ${reason.message}` : describe(reason)}`,
        reason,
      ];
    case ENDED_LATE:
      return ['whose time is over', new TimeoutError('scope: the time allowed ran out')];
    case ENDED_FORSAKEN:
      return ['whose thread has ended', undefined];
    case ENDED_CLOSED:
      return ['whose supervisor was closed', undefined];
    default:
      return ['that is over; how it ended is not known here', undefined];
  }
}
