/** Choosing among several sends and receives, and times: select in its three forms. */

import { TimeoutError } from '../../errors.ts';
import { deadlineOf, type WaitOptions } from '../../park/deadline.ts';
import type { Scope } from '../../park/scope.ts';
import type { ThreadContext } from '../../park/thread.ts';
import { Attachment } from '../attachment.ts';
import type { SyncWaitOptions } from '../types.ts';
import type { AnyHit } from './case.ts';
import { Choice } from './choice.ts';
import { PendingSelect } from './pending-select.ts';
import { atFirstSight, Reading } from './reading.ts';
import type { SelectCases, Selected } from './types.ts';

/**
 * Waits until one of the cases can be done, does it, and tells which: the answer is a union that `key` tells apart. Of
 * several that can be done one is drawn by lot. The others leave no trace: nothing taken, nothing sent, and a lease that
 * was not sent is yours again.
 *
 * A receive is also ready when its channel is closed and drained (`done: true`). Rejects with ChannelClosedError when a
 * send is chosen on a closed channel, or a receive on one that was closed with an error; with TimeoutError, CancelledError
 * or the reason of the signal when called off. A select of nothing, or of cases of channels that are not there (`undefined`, `null`), waits
 * for ever.
 *
 * ```ts
 * const hit = await select({ job: jobs.onReceive(), out: results.onSend(result), late: after(50) });
 * if (hit.key === 'job' && !hit.done) use(hit.value);
 * ```
 */
export function select<C extends SelectCases<C>>(cases: C, options?: WaitOptions): Promise<Selected<C>> {
  return selectLater(cases, options) as Promise<Selected<C>>;
}

/** The same, blocking this thread. Throws LimitError for channels of several supervisors. */
export function selectSync<C extends SelectCases<C>>(cases: C, options?: SyncWaitOptions): Selected<C> {
  const deadline = deadlineOf(options?.timeout);
  const scope = options?.scope;
  scope?.throwIfCancelled();
  const seen = atFirstSight(cases);
  return (seen instanceof Reading ? chooseBlocking(seen, deadline, scope, cases) : seen) as Selected<C>;
}

function chooseBlocking(reading: Reading, deadline: number, scope: Scope | undefined, cases: object): AnyHit {
  const choice = Choice.among(reading);
  try {
    choice.checkOneSegment();
    for (;;) {
      const hit = choice.attempt(true) ?? choice.sleep(deadline, scope);
      if (hit) return hit;
      scope?.throwIfCancelled();
      if (performance.now() < deadline) continue;
      const last = choice.surely(true);
      if (!last) throw late(cases);
      return last;
    }
  } finally {
    choice.end();
  }
}

/** Does what can be done at once; answers undefined if at some instant nothing could (Go's `default`). */
export function trySelect<C extends SelectCases<C>>(cases: C): Selected<C> | undefined {
  const seen = atFirstSight(cases);
  return (seen instanceof Reading ? chooseAtOnce(seen) : seen) as Selected<C> | undefined;
}

function chooseAtOnce(reading: Reading): AnyHit | undefined {
  const choice = Choice.among(reading);
  try {
    return choice.attempt(false) ?? choice.surely(false);
  } finally {
    choice.end();
  }
}

function selectLater(cases: object, options: WaitOptions | undefined): Promise<AnyHit> {
  try {
    options?.signal?.throwIfAborted();
    options?.scope?.throwIfCancelled();
    const deadline = deadlineOf(options?.timeout);
    const seen = atFirstSight(cases);
    if (!(seen instanceof Reading)) return answered(seen, Attachment.first()?.thread);
    const choice = Choice.among(seen);
    const hit = atOnce(choice, deadline, cases);
    if (hit) return answered(hit, choice.thread ?? Attachment.first()?.thread);
    return new Promise((resolve, reject) => {
      new PendingSelect(choice, resolve, reject).begin(options, deadline, () => late(cases));
    });
  } catch (error) {
    return Promise.reject(error);
  }
}

/** What can be done without waiting. Unless it has to be waited for, the choice is over after this. */
function atOnce(choice: Choice, deadline: number, cases: object): AnyHit | undefined {
  let waits = false;
  try {
    const hit = choice.attempt(false);
    if (hit) return hit;
    waits = performance.now() < deadline;
    if (waits) return undefined;
    const last = choice.surely(false);
    if (!last) throw late(cases);
    return last;
  } finally {
    if (!waits) choice.end();
  }
}

function answered(hit: AnyHit, thread: ThreadContext | undefined): Promise<AnyHit> {
  const pump = thread?.pump;
  return pump?.due ? pump.turn().then(() => hit) : Promise.resolve(hit);
}

function late(cases: object): TimeoutError {
  const keys = Object.keys(cases).join(', ');
  return new TimeoutError(`select: expected one of its cases (${keys}) to be ready in the time allowed, met none`);
}
