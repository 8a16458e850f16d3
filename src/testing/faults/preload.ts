/**
 * Runs before anything else in a thread that is to be broken, and replaces what its `Atomics` do.
 *
 * sluice has one door to shared words, and that door calls the global `Atomics`. So here every step of the thread can be
 * counted, held up or stopped, and a wake-up withheld, while threads that were started without this pay nothing. Only
 * operations on the segment that the thread was given are steps; what a program does in memory of its own is left alone.
 */

import { getEnvironmentData, threadId, workerData } from 'node:worker_threads';
import {
  CONTROL_KEY,
  DELAY,
  DROP,
  HELD,
  PAUSE,
  PAUSED,
  RUNNING,
  STEP_DELAY,
  STEPS,
  STOP_IN,
  STOPPED,
  slotOf,
  WITHHELD,
  WITHHELD_MAX,
  WITHHELD_WORDS,
} from './control.ts';

// Compiled code takes its steps without asking: such a thread runs the kernel as tsc compiles it.
process.env.SLUICE_KERNEL = 'js';

type Operation = (words: Int32Array, ...rest: any[]) => any;

const real: Record<string, Operation> = Object.fromEntries(
  ['load', 'store', 'compareExchange', 'exchange', 'add', 'sub', 'and', 'or', 'xor', 'wait', 'waitAsync', 'notify'].map(
    (name) => [name, (Atomics as any)[name] as Operation],
  ),
);
const { load, store, add, wait, notify } = real as Record<'load' | 'store' | 'add' | 'wait' | 'notify', Operation>;

const control = getEnvironmentData(CONTROL_KEY);
if (!(control instanceof SharedArrayBuffer)) {
  throw new Error('sluice/testing: expected a thread that Chaos started, met one without control memory');
}
const slot = slotOf(control, threadId);
const segment: unknown = workerData?.memory?.buffer;

/** What may happen to the thread before it takes a step. */
function beforeStep(): void {
  add(slot, STEPS, 1);
  const stopIn: number = load(slot, STOP_IN);
  if (stopIn > 0) {
    store(slot, STOP_IN, stopIn - 1);
    if (stopIn === 1) stop();
  }
  if (load(slot, PAUSE) !== 0) pause();
  const delayUs: number = load(slot, STEP_DELAY);
  if (delayUs > 0) wait(slot, STEP_DELAY, delayUs, delayUs / 1000);
}

function stop(): void {
  tell(HELD, STOPPED);
  for (;;) wait(slot, HELD, STOPPED);
}

function pause(): void {
  tell(HELD, PAUSED);
  while (load(slot, PAUSE) !== 0) wait(slot, PAUSE, 1);
  tell(HELD, RUNNING);
}

/** Whether the wake-up of the sleepers on word `at` is kept back, for the test to give it later, or never. */
function withholds(at: number): boolean {
  const drop: number = load(slot, DROP);
  if (drop > 0) store(slot, DROP, drop - 1);
  else if (load(slot, DELAY) === 0) return false;
  const count: number = load(slot, WITHHELD);
  store(slot, WITHHELD_WORDS + (count % WITHHELD_MAX), at);
  tell(WITHHELD, count + 1);
  return true;
}

function tell(word: number, value: number): void {
  store(slot, word, value);
  notify(slot, word);
}

const faulty = Object.entries(real).map(([name, operation]): [string, Operation] => [
  name,
  (words, at, ...rest) => {
    if (words.buffer !== segment) return operation(words, at, ...rest);
    beforeStep();
    if (name === 'notify' && withholds(at)) return 0;
    return operation(words, at, ...rest);
  },
]);
Object.assign(Atomics, Object.fromEntries(faulty));
