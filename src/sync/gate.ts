/** What many wait for at once: what `WaitGroup` and `Barrier` are made of. */

import { BrokenError } from '../errors.ts';
import { BROKEN } from '../kernel/codes.ts';
import { SYNC_WAITERS } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import type { WaitOptions } from '../park/deadline.ts';
import { Entry, type SyncWaitOptions, type Wait } from './entry.ts';

export abstract class Gate extends Entry {
  #onBroken: (() => void) | undefined;

  /** Whether a thread has died that others wait for. */
  get broken(): boolean {
    return this.mine && !!this.kernel.gateBroken(this.address);
  }

  /** Calls back once it is broken, on this thread. */
  onBroken(callback: () => void): void {
    this.#onBroken = callback;
    this.look();
  }

  override look(): void {
    if (this.#onBroken && this.broken) {
      const callback = this.#onBroken;
      this.#onBroken = undefined;
      callback();
    }
    super.look();
  }

  protected passSync(wait: Wait, options: SyncWaitOptions | undefined): void {
    this.checked(this.waitSync(wait, options));
  }

  protected pass(wait: Wait, options: WaitOptions | undefined): Promise<void> {
    return this.wait(wait, options).then((code) => void this.checked(code));
  }

  protected openAll(): void {
    this.thread.wakeAll(this.address + SYNC_WAITERS);
  }

  protected override checked(code: i32): i32 {
    if (code === BROKEN) throw this.brokenError();
    return super.checked(code);
  }

  /** Whoever opens it, or breaks it, wakes everybody: there is never a wake-up to hand on. */
  protected override backlog(): number {
    return 0;
  }

  brokenError(): BrokenError {
    return new BrokenError(`${this.title}: expected every thread that has it alive, met one that died`);
  }
}
