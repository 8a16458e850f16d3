/** sluice/sync: what Go's `sync` and `errgroup` are to goroutines, for threads. */

export { Barrier } from './barrier.ts';
export type { SyncWaitOptions } from './entry.ts';
export { ErrGroup, type ErrGroupOptions } from './err-group.ts';
export { type Held, Mutex } from './mutex.ts';
export { Once } from './once.ts';
export type { SyncOptions } from './options.ts';
export { type Permit, Semaphore } from './semaphore.ts';
export { WaitGroup } from './wait-group.ts';
