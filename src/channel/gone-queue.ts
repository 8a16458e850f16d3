/** The queue of a channel that is gone: closed, drained, and nowhere. What a handle works on once its thread let go. */

import { ADVANCED, CLOSED } from '../kernel/codes.ts';
import type { i32 } from '../memory/words.ts';
import type { Queue } from './queue.ts';

export class GoneQueue implements Queue {
  readonly length = 0;
  readonly waiting = 0;

  claim(): number {
    return CLOSED;
  }

  draft(): number {
    return CLOSED;
  }

  publish(): i32 {
    return CLOSED;
  }

  take(): number {
    return CLOSED;
  }

  fetch(): number {
    return CLOSED;
  }

  takeBlocking(): number {
    return CLOSED;
  }

  takeOldest(): number {
    return CLOSED;
  }

  free(): i32 {
    return ADVANCED;
  }

  isEmpty(): boolean {
    return true;
  }

  isFull(): boolean {
    return true;
  }

  mayTake(): boolean {
    return false;
  }

  /** A delivery that was taken away before, and is settled late. */
  acknowledge(): boolean {
    return false;
  }

  giveBack(): boolean {
    return false;
  }

  release(): void {}

  awaitMessage(): void {}
  awaitRoom(): void {}
  watchMessage(): void {}
  watchRoom(): void {}
  letGo(): void {}
}
