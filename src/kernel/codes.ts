/** What kernel functions answer beside an address or a count, which are never negative. */

/** Done; done, and somebody on the other side waits and has to be woken. */
export const ADVANCED = 0;
export const ADVANCED_AWAITED = 1;

/** Full, empty, or no memory: nothing was done, and somebody else has to move first. */
export const BLOCKED = -1;
/** Closed; for a receiver also drained. */
export const CLOSED = -2;
/** A slot without a message was passed over and is free again: wake a sender and try once more. */
export const SKIPPED = -3;
/** The words of the queue contradict each other: somebody wrote where they should not have. */
export const DAMAGED = -5;
/** No request of this size can ever be served. */
export const TOO_LARGE = -4;
/** The scope in which something was to be done is over. */
export const CANCELLED = -6;
/** Whoever was to come will not come any more: a thread that takes part has died. */
export const BROKEN = -7;
