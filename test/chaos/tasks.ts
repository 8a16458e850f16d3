/** What the operating system tells of threads. Where there is no such file system, nothing. */

import { readFileSync, readlinkSync } from 'node:fs';

/** The number of the running thread, or 0. */
export function thisTask(): number {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  } catch {
    return 0;
  }
}

/** What a thread is at: whether it sleeps, and how much processor time it has had. */
export interface TaskState {
  readonly asleep: boolean;
  readonly ranNs: string;
}

export function stateOf(task: number): TaskState | undefined {
  try {
    // `PID (NAME) STATE …`, and a name may contain anything.
    const stat = readFileSync(`/proc/self/task/${task}/stat`, 'utf8');
    const asleep = stat.slice(stat.lastIndexOf(')') + 2).startsWith('S');
    const [ranNs] = readFileSync(`/proc/self/task/${task}/schedstat`, 'utf8').split(' ');
    return { asleep, ranNs: ranNs! };
  } catch {
    return undefined;
  }
}
