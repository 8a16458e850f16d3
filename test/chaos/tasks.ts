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

/** Milliseconds that a thread was ready to run while others had the processor. */
export function runDelayMs(task: number): number {
  try {
    const [, delayNs] = readFileSync(`/proc/self/task/${task}/schedstat`, 'utf8').split(' ');
    return Number(delayNs) / 1e6;
  } catch {
    return 0;
  }
}
