/** sluice/sync: what Go's `sync` and `errgroup` are to goroutines, for threads. */

export type { SyncWaitOptions } from './entry.ts';
export { type Held, Mutex } from './mutex.ts';
export type { SyncOptions } from './options.ts';
