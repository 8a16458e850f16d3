/** Waiting until so many things are done, on whatever threads. */

import { LimitError, TimeoutError } from '../errors.ts';
import { BLOCKED } from '../kernel/codes.ts';
import { GROUP_MAX } from '../kernel/gates.ts';
import { SYNC_WAIT_GROUP } from '../memory/layout.ts';
import type { WaitOptions } from '../park/deadline.ts';
import type { SyncWaitOptions, Wait } from './entry.ts';
import { Gate } from './gate.ts';
import { checkCount, type SyncOptions } from './options.ts';
import { type Existing, Primitive } from './primitive.ts';

/** @internal */
export class GroupGate extends Gate {
  readonly #wait: Wait = {
    attempt: () => this.kernel.groupLook(this.address, this.open),
    late: () => new TimeoutError(`${this.title}: expected all done within the time allowed, met ${this.left} left`),
  };

  get left(): number {
    return this.mine ? this.kernel.groupLeft(this.address) : 0;
  }

  add(count: number): void {
    this.assertMay();
    if (this.checked(this.kernel.groupAdd(this.address, this.open, count)) === BLOCKED) {
      throw new LimitError(
        `${this.title}: expected at most ${GROUP_MAX} to be done, met ${this.left} and ${count} more`,
      );
    }
  }

  done(): void {
    this.assertMay();
    const left = this.checked(this.kernel.groupAdd(this.address, this.open, -1));
    if (left === BLOCKED) throw new LimitError(`${this.title}: expected something left to be done, met nothing`);
    if (left === 0) this.openAll();
  }

  allSync(options: SyncWaitOptions | undefined): void {
    this.assertMay(options);
    this.passSync(this.#wait, options);
  }

  all(options: WaitOptions | undefined): Promise<void> {
    return this.refusal(options) ?? this.pass(this.#wait, options);
  }
}

/**
 * Counts what is left to be done: `add` before it begins, `done` when it is, `wait` until nothing is left. What was
 * written before `done` is seen after `wait`.
 *
 * When a thread that has the group dies (killed, or by an error) while something is left, nobody can tell whether it would
 * have done that: the group is broken, and whoever waits, adds or is done is told by BrokenError.
 *
 * ```ts
 * const group = new WaitGroup();
 * group.add(4);
 * supervisor.spawn(entry, { ports: { group }, count: 4 });     // each calls group.done()
 * await group.wait();
 * ```
 */
export class WaitGroup extends Primitive<GroupGate> {
  /** Throws as `Mutex` does. */
  constructor(options?: SyncOptions) {
    super({ kind: SYNC_WAIT_GROUP, what: 'wait group', entry: GroupGate }, options, () => ({ size: 1, word: 0 }));
  }

  /** What is left to be done. */
  get left(): number {
    return this.entry.left;
  }

  /** Whether a thread died with something left to be done. */
  get broken(): boolean {
    return this.entry.broken;
  }

  /** So much more is to be done. Throws LimitError for what is no count, BrokenError, ClosedError. */
  add(count = 1): void {
    this.entry.add(checkCount('add', count, GROUP_MAX));
  }

  /** Something is done. Throws LimitError when nothing was left to be done, BrokenError, ClosedError. */
  done(): void {
    this.entry.done();
  }

  /** Waits until nothing is left. Rejects with what calls it off, BrokenError, ClosedError. */
  wait(options?: WaitOptions): Promise<void> {
    return this.entry.all(options);
  }

  /** The same, blocking this thread. */
  waitSync(options?: SyncWaitOptions): void {
    this.entry.allSync(options);
  }
}

/** @internal */
export function reviveWaitGroup(existing: Existing): WaitGroup {
  return new WaitGroup(existing as SyncOptions);
}
