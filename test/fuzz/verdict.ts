/** What may come of a call, whatever it was given and whatever it met: a value, or an error that says what it is. */

import { SluiceError } from '../../src/index.ts';

/** What `AbortSignal`s of the fuzzers are aborted with: the platform's way is to reject with just that. */
export const REASON = new Error('called off on purpose');

/** What codecs of the fuzzers throw: errors of the user's own code pass as they are. */
export const OWN_ERROR = new Error('a codec that fails on purpose');

/** Longest that one call may take; all of them are given time-outs far below. */
const LIMIT_MS = 3000;

/** Makes a call. Answers its value, or undefined if it failed in an allowed way; throws for any other. */
export async function settle<T>(call: () => T | Promise<T>): Promise<T | undefined> {
  try {
    const answer = call();
    return answer instanceof Promise ? await within(answer) : answer;
  } catch (error) {
    assertAllowed(error);
    return undefined;
  }
}

export function assertAllowed(error: unknown): void {
  if (error instanceof SluiceError && typeof error.code === 'string' && error.message !== '') return;
  if (error === REASON || error === OWN_ERROR || error instanceof DOMException) return;
  throw new Error(`expected a value or a SluiceError, met ${error instanceof Error ? error.stack : String(error)}`, {
    cause: error,
  });
}

/** What a promise answers, or undefined if that takes longer than a moment: for calls that take no time-out. */
export function soon<T>(promise: Promise<T>): Promise<T | undefined> {
  return before(promise, 1, (resolve) => resolve(undefined));
}

function within<T>(promise: Promise<T>): Promise<T> {
  return before(promise, LIMIT_MS, (_, reject) => {
    reject(new Error(`expected an answer within ${LIMIT_MS} ms, met none`));
  });
}

async function before<T, L>(
  promise: Promise<T>,
  ms: number,
  late: (resolve: (value: L) => void, reject: (error: Error) => void) => void,
): Promise<T | L> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<L>((resolve, reject) => {
    timer = setTimeout(() => late(resolve, reject), ms);
  });
  try {
    return await Promise.race([promise, timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
