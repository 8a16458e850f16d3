/** Things that are done together: the first that fails calls the others off. */

import type { Attachment } from '../channel/attachment.ts';
import { Portable } from '../channel/ports.ts';
import type { SharedScope } from '../channel/scope.ts';
import { endScope } from '../channel/scope-end.ts';
import { encodeReason } from '../channel/scope-reason.ts';
import { BrokenError, ClosedError, IncompatibleSegmentError } from '../errors.ts';
import { ENDED_CANCELLED } from '../kernel/scopes.ts';
import { describe } from '../memory/describe.ts';
import { SYNC_WAIT_GROUP } from '../memory/layout.ts';
import type { WaitOptions } from '../park/deadline.ts';
import { assertUncancelled, type Scope, type ScopeOptions } from '../park/scope.ts';
import type { SyncWaitOptions } from './entry.ts';
import { attachmentFor, type SyncOptions } from './options.ts';
import { type Note, revive } from './primitive.ts';
import { reviveWaitGroup, WaitGroup } from './wait-group.ts';

export interface ErrGroupOptions extends SyncOptions, ScopeOptions {
  /** The scope it is in: when that is over, so is the group's. */
  readonly scope?: Scope | undefined;
}

/** A group that exists, on its way to become an object of this thread. */
interface Parts {
  readonly group: WaitGroup;
  readonly scope: SharedScope;
}

/** This thread's object for each group it knows. */
const known = new WeakMap<WaitGroup, ErrGroup>();

/**
 * Runs functions, on any of the threads that have it, under one scope. The first that fails cancels that scope with its
 * error, and `wait` rejects with it once all have ended. A thread that dies while something is left does the same, by
 * BrokenError; then `wait` does not wait for the others.
 *
 * ```ts
 * using group = new ErrGroup();
 * group.go(({ signal }) => fetch(url, { signal }));
 * group.go((scope) => jobs.receive({ scope }));
 * await group.wait();
 * ```
 */
export class ErrGroup extends Portable implements Disposable {
  /** @internal */
  readonly portKind = 'err group';
  /** @internal */
  readonly attachment: Attachment;
  readonly #scope: SharedScope;
  readonly #group: WaitGroup;

  /** Throws CancelledError for a scope that is over, LimitError for one of another supervisor, and as `Mutex` does. */
  constructor(options?: ErrGroupOptions) {
    super();
    const { group, scope } = (options as Partial<Parts> | undefined)?.group
      ? (options as unknown as Parts)
      : made(options);
    this.attachment = group.attachment;
    this.#group = group;
    this.#scope = scope;
    known.set(group, this);
    group.entry.onBroken(() => this.#breakScope());
  }

  /** @internal */
  get note(): unknown {
    const { index, open } = this.#scope;
    return { group: this.#group.note, scope: { index, open } };
  }

  get name(): string {
    return this.#group.name;
  }

  /** What its functions run under. */
  get scope(): Scope {
    return this.#scope;
  }

  /** How many functions have not ended, on all threads. */
  get left(): number {
    return this.#group.left;
  }

  /** Whether it was closed, or its supervisor was. */
  get closed(): boolean {
    return this.#group.closed;
  }

  /**
   * Runs a function, at once, on this thread; its end is waited for by `wait`, on all threads. One that is added when the
   * scope is over is not run. Throws BrokenError, ClosedError.
   */
  go(what: (scope: Scope) => unknown): void {
    this.#group.add();
    this.#run(what).then(
      () => this.#end(),
      (error) => {
        this.#scope.cancel(error);
        this.#end();
      },
    );
  }

  /**
   * Waits until all have ended. Rejects with the first error then: on the thread where it was thrown the error itself, on
   * others a copy; with what the scope was cancelled with otherwise, or CancelledError. Rejects at once with what calls
   * the waiting off, BrokenError, ClosedError.
   */
  async wait(options?: WaitOptions): Promise<void> {
    await this.#group.wait(options);
    this.#throwFirst();
  }

  /** The same, blocking this thread: for functions that run on others. */
  waitSync(options?: SyncWaitOptions): void {
    this.#group.waitSync(options);
    this.#throwFirst();
  }

  /** Cancels what still runs, and ends the group on all threads. Later calls do nothing. */
  close(): void {
    this.#scope.cancel();
    this.#group.close();
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #run(what: (scope: Scope) => unknown): Promise<void> {
    this.#scope.throwIfCancelled();
    await what(this.#scope);
  }

  #end(): void {
    try {
      this.#group.done();
    } catch (error) {
      // Whoever waits is told.
      if (!(error instanceof BrokenError || error instanceof ClosedError)) throw error;
    }
  }

  #throwFirst(): void {
    if (!this.#scope.cancelled) return;
    throw this.#scope.reason ?? this.#scope.cancelledError();
  }

  /** This thread may be blocking: what it does about the end of a scope can wait until it is done, others may not. */
  #breakScope(): void {
    const { index, open } = this.#scope;
    if (index < 0 || this.#scope.cancelled) return;
    const reason = encodeReason(this.#group.entry.brokenError());
    endScope(this.attachment.thread, index, open, { how: ENDED_CANCELLED, reason });
  }
}

function made(options: ErrGroupOptions | undefined): Parts {
  const { timeout, scope: parent } = options ?? {};
  const { thread, scopes } = attachmentFor(options);
  assertUncancelled(thread, { scope: parent });
  const group = new WaitGroup(options);
  const scope = parent ? parent.child({ timeout }) : scopes.open(undefined, { timeout });
  return { group, scope: scope as SharedScope };
}

/** @internal */
export function reviveErrGroup(note: unknown, attachment: Attachment): ErrGroup {
  const { group: groupNote, scope } = (note ?? {}) as { group?: Note; scope?: { index?: unknown; open?: unknown } };
  const group = revive(groupNote, attachment, SYNC_WAIT_GROUP, reviveWaitGroup);
  const found = known.get(group);
  if (found) return found;
  if (!Number.isInteger(scope?.index) || !Number.isInteger(scope?.open)) {
    throw new IncompatibleSegmentError(`expected the scope of a group, met ${describe(scope)}`);
  }
  const parts = { group, scope: attachment.scopes.adopt(scope!.index as number, scope!.open as number) };
  return new ErrGroup(parts as unknown as ErrGroupOptions);
}
