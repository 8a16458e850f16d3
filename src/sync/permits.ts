/** What several hold at once, so many each: what `Semaphore` is made of. */

import { TimeoutError } from '../errors.ts';
import { BLOCKED } from '../kernel/codes.ts';
import { SYNC_GREEDY, SYNC_SIZE, SYNC_WAITERS } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { load, peek, store } from '../memory/words.ts';
import type { WaitOptions } from '../park/deadline.ts';
import { Entry, type SyncWaitOptions, type Wait } from './entry.ts';

export class Permits extends Entry {
  /** How many nobody holds; 0 once it is closed. */
  get free(): number {
    return this.mine ? this.kernel.permitsFree(this.address) : 0;
  }

  /** Whether it took them. Throws ClosedError. */
  tryTake(count: number): boolean {
    return this.checked(this.try(this.#wait(count).attempt)) !== BLOCKED;
  }

  /** Throws what calls it off, ClosedError, or DeadlockError if this thread itself holds too many. */
  takeSync(count: number, options: SyncWaitOptions | undefined): void {
    this.assertMay(options);
    this.checked(this.waitSync(this.#wait(count), options));
  }

  take(count: number, options: WaitOptions | undefined): Promise<void> {
    return this.refusal(options) ?? this.wait(this.#wait(count), options).then((code) => void this.checked(code));
  }

  give(count: number): void {
    if (!this.mine) return;
    this.kernel.permitsGive(this.address, this.thread.id, count);
    for (let permit = 0; permit < count; permit++) this.thread.wakeOne(this.address + SYNC_WAITERS);
    this.#wakeGreedy();
  }

  protected override backlog(): number {
    return this.kernel.permitsFree(this.address);
  }

  protected override wakeNext(): void {
    super.wakeNext();
    this.#wakeGreedy();
  }

  /** Whoever was woken may want more than there is: then others have to look, too. See `kernel/permits.ts`. */
  #wakeGreedy(): void {
    if (load(this.address + SYNC_GREEDY) !== 0) this.thread.wakeAll(this.address + SYNC_WAITERS);
  }

  #wait(count: number): Wait {
    const { kernel, address, open, thread } = this;
    const take = () => kernel.permitsTake(address, open, thread.id, count);
    return {
      attempt: count === 1 ? take : () => this.#takeSeveral(take),
      late: () =>
        new TimeoutError(`${this.title}: expected ${count} permits within the time allowed, met ${this.free} free`),
      selfish: () => kernel.permitsHeld(address, thread.id) + count > peek(address + SYNC_SIZE),
    };
  }

  /** Says that somebody wants several before it waits for them. */
  #takeSeveral(take: () => i32): i32 {
    const code = take();
    if (code !== BLOCKED || load(this.address + SYNC_GREEDY) !== 0) return code;
    store(this.address + SYNC_GREEDY, 1);
    return take();
  }
}
