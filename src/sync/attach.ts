/** Taking ports up, whatever is among them: the top of all layers whose objects travel. */

import type { PortKind } from '../channel/ports.ts';
import { SYNC_BARRIER, SYNC_MUTEX, SYNC_ONCE, SYNC_SEMAPHORE, SYNC_WAIT_GROUP } from '../memory/layout.ts';
import { type AttachOptions, attachWith, type Shared } from '../supervisor/shared.ts';
import { reviveBarrier } from './barrier.ts';
import { reviveErrGroup } from './err-group.ts';
import { reviveMutex } from './mutex.ts';
import { reviveOnce } from './once.ts';
import { revive } from './primitive.ts';
import { reviveSemaphore } from './semaphore.ts';
import { reviveWaitGroup } from './wait-group.ts';

/** By name, so that a worker which is handed a primitive need not import `sluice/sync`. */
const KINDS: readonly PortKind[] = [
  { name: 'mutex', revive: (note, attachment) => revive(note, attachment, SYNC_MUTEX, reviveMutex) },
  { name: 'semaphore', revive: (note, attachment) => revive(note, attachment, SYNC_SEMAPHORE, reviveSemaphore) },
  { name: 'once', revive: (note, attachment) => revive(note, attachment, SYNC_ONCE, reviveOnce) },
  { name: 'wait group', revive: (note, attachment) => revive(note, attachment, SYNC_WAIT_GROUP, reviveWaitGroup) },
  { name: 'barrier', revive: (note, attachment) => revive(note, attachment, SYNC_BARRIER, reviveBarrier) },
  { name: 'err group', revive: reviveErrGroup },
];

/**
 * Attaches this thread to the segment of `shared` and answers its ports, live: the same shape, with channels, ends,
 * pools, scopes and primitives of this thread. Attaching again from the same thread is free. Custom codecs have to be
 * passed on this side, too.
 *
 * Throws IncompatibleSegmentError when `shared` is not what `share` answers, or comes from another version;
 * LimitError when as many threads are attached as the supervisor allows; CodecError when a custom codec is missing.
 *
 * ```ts
 * const { jobs, results } = attach<Ports>(workerData);
 * for (const job of jobs) results.sendSync(work(job));
 * ```
 */
export function attach<P>(shared: Shared<P>, options?: AttachOptions): P {
  return attachWith(shared, options, KINDS);
}
