/** What a history consists of: the channel or the semaphore, what was asked of it, and what it answered. */

/** What there is to know of it before a history begins. */
export interface Setting {
  readonly capacity: number;
  readonly senders: number;
  readonly receivers: number;
  readonly threads: number;
  /** Whether messages are kept until they are acknowledged: see `keeping.ts`. */
  readonly keeps: boolean;
  /** Of a semaphore, which is a mutex if there is but one: see `permits.ts`. None: it is a channel. */
  readonly permits: number;
}

/** `try` answers at once, `sync` blocks its thread, `async` makes a promise. */
export type Way = 'try' | 'sync' | 'async';

interface Blocking {
  readonly way: Way;
  /** In milliseconds; without it the call waits for as long as it takes. */
  readonly timeout?: number | undefined;
}

export type Call =
  /** Several values are sent by `sendMany`. */
  | (Blocking & { readonly kind: 'send'; readonly values: readonly number[] })
  /** More than one is received by `receiveMany`. */
  | (Blocking & { readonly kind: 'receive'; readonly max: number })
  /** `Channel.close`, with or without an error. */
  | { readonly kind: 'close'; readonly withError: boolean }
  /** `Sender.close`: one sending end less. */
  | { readonly kind: 'retire' }
  /** `Receiver.cancel`: one receiving end less. */
  | { readonly kind: 'cancel' }
  | { readonly kind: 'length' }
  /** So many permits. */
  | (Blocking & { readonly kind: 'take'; readonly count: number })
  /** The thread gives back what it took first. */
  | { readonly kind: 'give' };

/**
 * `late`: TimeoutError. `closed`: a sender's ChannelClosedError. `drained`: `done: true`. `failed`: a receiver's
 * ChannelClosedError, which carries the error that the channel was closed with. `taken`, `none`: what a take answers.
 */
export type Answer =
  | 'accepted'
  | 'full'
  | 'empty'
  | 'late'
  | 'closed'
  | 'drained'
  | 'failed'
  | 'done'
  | 'taken'
  | 'none'
  | { readonly gave: number }
  | { readonly values: readonly number[] }
  | { readonly length: number };

/** One call of a history: who made it, and when it began and ended, on a clock that all threads share. */
export interface Operation {
  readonly thread: number;
  readonly call: Call;
  readonly invoked: number;
  readonly returned: number;
  readonly answer: Answer;
}
