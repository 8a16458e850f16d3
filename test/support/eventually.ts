/** Waiting for what another thread does, without guessing how long that takes. */

import { setImmediate, setTimeout as sleep } from 'node:timers/promises';

/** Looks until `condition` holds; the time limit of the test is the limit of this, too. */
export async function eventually(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(1);
}

export type Settlement<T> = { readonly value: T } | { readonly error: unknown };

/** What became of a promise, without waiting for it: undefined while it is pending. */
export function watched<T>(promise: Promise<T>): { readonly settled: Settlement<T> | undefined } {
  const watch: { settled: Settlement<T> | undefined } = { settled: undefined };
  promise.then(
    (value) => {
      watch.settled = { value };
    },
    (error) => {
      watch.settled = { error };
    },
  );
  return watch;
}

/** Long enough for anything on this thread that is going to happen without help from outside. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate();
}

/** The error that a call throws, or a promise (or that of the call) rejects with. Fails if there is none. */
export async function errorOf(met: Promise<unknown> | (() => unknown)): Promise<any> {
  try {
    await (typeof met === 'function' ? met() : met);
  } catch (error) {
    return error;
  }
  throw new Error('expected an error, met none');
}
