/**
 * The two forms of every operation that waits, behind one face: awaited, on a thread that does other things meanwhile, or
 * blocking the thread. A program says `await form.send(…)` and is both.
 */

import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import {
  type Receiver,
  type Scope,
  type SelectCases,
  type Selected,
  type Sender,
  select,
  selectSync,
} from '../../src/index.ts';
import type { Barrier, ErrGroup, Held, Mutex, Once, Permit, Semaphore, WaitGroup } from '../../src/sync/index.ts';

export interface Limit {
  readonly timeout?: number;
  readonly scope?: Scope;
}

/** Said now by the form that blocks, later by the one that does not. Either may throw in its place. */
export type Told<T> = T | Promise<T>;

export interface Form {
  readonly blocks: boolean;
  send<T>(to: Sender<T>, value: T, limit?: Limit): Told<void>;
  sendMany<T>(to: Sender<T>, values: Iterable<T>, limit?: Limit): Told<void>;
  receive<T>(from: Receiver<T>, limit?: Limit): Told<IteratorResult<T, undefined>>;
  receiveMany<T>(from: Receiver<T>, max: number, limit?: Limit): Told<T[]>;
  select<C extends SelectCases<C>>(cases: C, limit?: Limit): Told<Selected<C>>;
  /** What comes until the channel is closed and drained, for a `for await`. */
  each<T>(from: Receiver<T>): Iterable<T> | AsyncIterable<T>;
  lock(mutex: Mutex, limit?: Limit): Told<Held>;
  acquire(semaphore: Semaphore, count: number, limit?: Limit): Told<Permit>;
  once(once: Once, run: () => void, limit?: Limit): Told<boolean>;
  all(group: WaitGroup | ErrGroup, limit?: Limit): Told<void>;
  meet(barrier: Barrier, limit?: Limit): Told<boolean>;
}

export const AWAITED: Form = {
  blocks: false,
  send: (to, value, limit) => to.send(value, limit),
  sendMany: (to, values, limit) => to.sendMany(values, limit),
  receive: (from, limit) => from.receive(limit),
  receiveMany: (from, max, limit) => from.receiveMany(max, limit),
  select: (cases, limit) => select(cases, limit),
  each: (from) => ({ [Symbol.asyncIterator]: () => from[Symbol.asyncIterator]() }),
  lock: (mutex, limit) => mutex.lock(limit),
  acquire: (semaphore, count, limit) => semaphore.acquire(count, limit),
  once: (once, run, limit) => once.do(run, limit),
  all: (group, limit) => group.wait(limit),
  meet: (barrier, limit) => barrier.wait(limit),
};

export const BLOCKING: Form = {
  blocks: true,
  send: (to, value, limit) => to.sendSync(value, limit),
  sendMany: (to, values, limit) => to.sendManySync(values, limit),
  receive: (from, limit) => from.receiveSync(limit),
  receiveMany: (from, max, limit) => from.receiveManySync(max, limit),
  select: (cases, limit) => selectSync(cases, limit),
  each: (from) => ({ [Symbol.iterator]: () => from[Symbol.iterator]() }),
  lock: (mutex, limit) => mutex.lockSync(limit),
  acquire: (semaphore, count, limit) => semaphore.acquireSync(count, limit),
  once: (once, run, limit) => once.doSync(run, limit),
  all: (group, limit) => group.waitSync(limit),
  meet: (barrier, limit) => barrier.waitSync(limit),
};

/** The value of what was received. Throws if the channel had ended. */
export async function valueFrom<T>(form: Form, from: Receiver<T>, limit?: Limit): Promise<T> {
  const next = await form.receive(from, limit);
  if (next.done) throw new Error(`${from.name}: expected a message, met the end`);
  return next.value;
}

/** Everything that comes until the channel is closed and drained. */
export async function all<T>(form: Form, from: Receiver<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of form.each(from)) values.push(value);
  return values;
}

/** Sends when there is room, trying again and again; others get their turn in between. */
export async function insist<T>(to: Sender<T>, value: T): Promise<void> {
  while (!to.trySend(value)) await turn();
}

/** Receives when there is something, likewise. Answers undefined at the end. */
export async function persist<T>(from: Receiver<T>): Promise<T | undefined> {
  for (;;) {
    const next = from.tryReceive();
    if (next) return next.value;
    await turn();
  }
}

/** Numbers from 0. */
export const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

/** What an operation ended with, by the code of its error. */
export async function endOf(operation: () => unknown): Promise<string> {
  try {
    await operation();
    return 'done';
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code !== 'string') throw error;
    return code;
  }
}

/** Time for others to come to where they wait. Nothing depends on whether it was enough, but how much a case shows. */
export const soon = () => sleep(2);

export { sleep, turn };
