/** What one thread at a time has: what `Mutex` and `Once` are made of. */

import { TimeoutError } from '../errors.ts';
import { SYNC_WAITERS } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import type { WaitOptions } from '../park/deadline.ts';
import { Entry, type SyncWaitOptions, type Wait } from './entry.ts';

export class Lock extends Entry {
  readonly #wait: Wait = {
    attempt: () => this.kernel.lockTake(this.address, this.open, this.thread.id),
    late: () => new TimeoutError(`${this.title}: expected it within the time allowed, met it in the hands of others`),
    selfish: () => this.kernel.lockHolder(this.address) === this.thread.id,
  };

  /** Who has it, or −1. */
  get holder(): i32 {
    return this.mine ? this.kernel.lockHolder(this.address) : -1;
  }

  /** Whether it is used up. */
  get sealed(): boolean {
    return this.mine && !!this.kernel.lockSealed(this.address);
  }

  /** LOCK_* or BLOCKED. Throws ClosedError. */
  tryTake(): i32 {
    return this.checked(this.try(this.#wait.attempt));
  }

  /** LOCK_*. Throws what calls it off, ClosedError, or DeadlockError if this thread has it. */
  takeSync(options: SyncWaitOptions | undefined): i32 {
    this.assertMay(options);
    return this.checked(this.waitSync(this.#wait, options));
  }

  take(options: WaitOptions | undefined): Promise<i32> {
    return this.refusal(options) ?? this.wait(this.#wait, options).then((code) => this.checked(code));
  }

  give(): void {
    if (this.mine && this.kernel.lockGive(this.address, this.thread.id)) this.wakeNext();
  }

  /** It is used up: all who wait for it have their answer. */
  seal(): void {
    if (this.mine && this.kernel.lockSeal(this.address, this.thread.id)) {
      this.thread.wakeAll(this.address + SYNC_WAITERS);
    }
  }

  protected override backlog(): number {
    return this.kernel.lockHolder(this.address) < 0 ? 1 : 0;
  }
}
