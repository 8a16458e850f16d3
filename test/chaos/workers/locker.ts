/** Takes permits and the mutex, changes what the mutex guards, and gives them back, as fast as it can, in several ways. */

import { setImmediate as turn } from 'node:timers/promises';
import type { WaitOptions } from '../../../src/index.ts';
import type { Held, Permit } from '../../../src/sync/index.ts';
import { LockBook } from '../lock-book.ts';
import type { LockPorts, LockTask } from '../locks.ts';
import { HARDLY, lateIsNone, patience } from './patience.ts';
import { takePlace } from './post.ts';

const TASKS = 3;
/** How long somebody dawdles with a lock in hand: there he is killed. */
const DAWDLE_MS = 0.05;

const { ports, journal, duty, place, lives, task } = takePlace<LockPorts, LockTask>();
const { mutex, semaphore } = ports;
const { index } = duty;
const book = new LockBook(task.book);

function dawdle(): void {
  const until = performance.now() + DAWDLE_MS;
  while (performance.now() < until);
}

/** The first half of a section. */
function begin(held: Held): void {
  const others = book.enter(index);
  if (others !== 0) journal.complain('two holders', place, others);
  if (held.recovered) book.noteRecovered();
  if (book.halfChanged) {
    if (!held.recovered) journal.complain('not told', place);
    book.repair();
  }
  book.beginChange(index);
}

/** The other half. */
function finish(held: Held): void {
  book.finishChange();
  book.leave(index);
  held.release();
}

function pass(held: Held): void {
  begin(held);
  dawdle();
  finish(held);
}

async function passSlowly(held: Held): Promise<void> {
  begin(held);
  await turn();
  finish(held);
}

function noted(permit: Permit): Permit {
  const all = book.take(index, permit.count);
  if (all > semaphore.permits) journal.complain('too many permits', place, all);
  return permit;
}

function giveBack(permit: Permit): void {
  book.give(index, permit.count);
  permit.release();
}

/** Blocks until it has what `take` answers. */
function insist<T>(take: (options: { readonly timeout: number }) => T, brief = false): T {
  for (;;) {
    try {
      return take(brief ? HARDLY : patience(journal));
    } catch (error) {
      lateIsNone(error);
    }
  }
}

/** The same, awaiting. */
async function insistLater<T>(take: (options: WaitOptions) => Promise<T>, brief = false): Promise<T> {
  for (;;) {
    const taken = await take(brief ? HARDLY : patience(journal)).catch(lateIsNone);
    if (taken !== undefined) return taken;
  }
}

function passBlocking(permits: number, brief: boolean): number {
  journal.begin(place, 1);
  const permit = noted(insist((options) => semaphore.acquireSync(permits, options), brief));
  pass(insist((options) => mutex.lockSync(options), brief));
  giveBack(permit);
  return 1;
}

/** Several at once, so that tasks of one thread wait for each other, too. */
async function passAwaiting(brief: boolean): Promise<number> {
  journal.begin(place, TASKS);
  const tasks = Array.from({ length: TASKS }, async () => {
    const permit = noted(await insistLater((options) => semaphore.acquire(1, options), brief));
    await passSlowly(await insistLater((options) => mutex.lock(options), brief));
    giveBack(permit);
  });
  await Promise.all(tasks);
  return TASKS;
}

async function passTrying(): Promise<number> {
  journal.begin(place, 1);
  const permit = noted(semaphore.tryAcquire(2) ?? (await insistLater((options) => semaphore.acquire(2, options))));
  await passSlowly(mutex.tryLock() ?? (await insistLater((options) => mutex.lock(options))));
  giveBack(permit);
  return 1;
}

/** Blocks for the mutex while a task of its own waits for it. */
async function passBeside(): Promise<number> {
  journal.begin(place, 3);
  const first = insist((options) => mutex.lockSync(options));
  const waiting = insistLater((options) => mutex.lock(options));
  pass(first);
  pass(insist((options) => mutex.lockSync(options)));
  await passSlowly(await waiting);
  return 3;
}

/** Ways of working: each passes some sections, and answers how many. */
const ways: readonly (() => number | Promise<number>)[] = [
  () => passBlocking(1, false),
  () => passAwaiting(false),
  () => passBlocking(2, true),
  passTrying,
  () => passAwaiting(true),
  passBeside,
  () => passBlocking(3, false),
];

const work = ways[(place + lives) % ways.length]!;

while (journal.enter(duty)) {
  const passed = work();
  journal.finish(place, typeof passed === 'number' ? passed : await passed);
}
