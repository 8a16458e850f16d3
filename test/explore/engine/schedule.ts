/**
 * A schedule, as text: the seed that replays an execution.
 *
 * A list of stretches. `a12` runs thread a until it has done 12 steps in all; then `b!` kills b, `b~` wakes b without a
 * reason, `b^` because its time is over. Counted are all steps, also those that concern nobody else, so that a seed
 * means the same whatever the search knows about words.
 */

import { DEATH, SPURIOUS, STEP, TIME_OUT } from './choice.ts';
import type { VirtualThread } from './thread.ts';

export interface Stretch {
  readonly thread: number;
  readonly kind: number;
  /** Steps of the thread in all when the stretch ends. */
  readonly until: number;
}

const MARKS: Record<number, string> = { [DEATH]: '!', [SPURIOUS]: '~', [TIME_OUT]: '^' };

/** Notes what happens, in the form of stretches. */
export class Recorder {
  readonly #stretches: Stretch[] = [];

  note(kind: number, thread: VirtualThread): void {
    const last = this.#stretches.at(-1);
    if (last?.kind === STEP && kind === STEP && last.thread === thread.index) this.#stretches.pop();
    this.#stretches.push({ thread: thread.index, kind, until: thread.count });
  }

  get text(): string {
    return this.#stretches
      .map(({ thread, kind, until }) => `${String.fromCharCode(97 + thread)}${until}${MARKS[kind] ?? ''}`)
      .join('.');
  }
}

export function stretchesOf(text: string): Stretch[] {
  if (text === '') return [];
  return text.split('.').map((part) => {
    const match = /^([a-z])(\d+)([!~^]?)$/.exec(part);
    if (!match) throw new Error(`expected a stretch such as a12 or b3!, met "${part}"`);
    const [, letter, until, mark] = match;
    const kind = Number(Object.entries(MARKS).find(([, each]) => each === mark)?.[0] ?? STEP);
    return { thread: letter!.charCodeAt(0) - 97, kind, until: Number(until) };
  });
}
