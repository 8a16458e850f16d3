/**
 * Waiting for another thread to finish the step that it is in the middle of.
 *
 * It will be done within nanoseconds, unless the system has just taken its core away, or it is dead. So this looks for a
 * while, then naps to let it have the core, and gives up in the end: a thread that died is made good by recovery, and
 * that must not wait for us.
 */

import { BLOCKED } from '../kernel/codes.ts';
import { CELL_WAKE } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { load, relax, wait } from '../memory/words.ts';
import type { ThreadContext } from './thread.ts';

const LOOKS = 64;
const NAP_MS = 0.05;
const PATIENCE_MS = 100;

/** Repeats `attempt`, which was BLOCKED, until it is not, or until `blocked` says that it is so for a reason that lasts. */
export function outlast(thread: ThreadContext, attempt: () => i32, blocked: () => boolean): i32 {
  let until = Number.POSITIVE_INFINITY;
  for (let looks = 1; !blocked(); looks++) {
    const result = attempt();
    if (result !== BLOCKED) return result;
    if (looks < LOOKS) {
      relax(1);
      continue;
    }
    if (looks === LOOKS) until = performance.now() + PATIENCE_MS;
    else if (performance.now() >= until) break;
    const word = thread.cell + CELL_WAKE;
    wait(word, load(word), NAP_MS);
  }
  return BLOCKED;
}
