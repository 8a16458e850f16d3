/** What can go wrong, by name. Each error carries a stable `code`, and a message that says what was expected and met. */

export class SluiceError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** The channel no longer takes messages, or was closed with an error that is this one's `cause`. */
export class ChannelClosedError extends SluiceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_CHANNEL_CLOSED', message, options);
  }
}

/** A channel that rejects when full was full. */
export class ChannelFullError extends SluiceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_CHANNEL_FULL', message, options);
  }
}

/** The time allowed ran out; the operation has had no effect. */
export class TimeoutError extends SluiceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_TIMEOUT', message, options);
  }
}

/** The operation, or the scope it ran in, was cancelled; it has had no effect. */
export class CancelledError extends SluiceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_CANCELLED', message, options);
  }
}

/** The lease was sent, or released: its bytes belong to somebody else. */
export class LeaseReleasedError extends SluiceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_LEASE_RELEASED', message, options);
  }
}

/** The pool cannot serve the request: it is larger than the pool, or the pool is full and waiting was ruled out. */
export class PoolExhaustedError extends SluiceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_POOL_EXHAUSTED', message, options);
  }
}

/** The message is larger than its codec's `max`, or than the pool. */
export class MessageTooLargeError extends SluiceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_MESSAGE_TOO_LARGE', message, options);
  }
}

/** The codec does not take this value, or is not known on this side. */
export class CodecError extends SluiceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_CODEC', message, options);
  }
}

/** Not a segment of sluice, or one of another version. */
export class IncompatibleSegmentError extends SluiceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_INCOMPATIBLE_SEGMENT', message, options);
  }
}

/** A second thread used the end of a channel that was promised to one. */
export class TopologyError extends SluiceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_TOPOLOGY', message, options);
  }
}

/** A primitive of `sluice/sync` was closed, or its supervisor was. */
export class ClosedError extends SluiceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_CLOSED', message, options);
  }
}

/** A barrier or wait group that will not be complete: a thread that took part in it has died. */
export class BrokenError extends SluiceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_BROKEN', message, options);
  }
}

/** A lock was to be released that this thread does not hold. */
export class NotHeldError extends SluiceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_NOT_HELD', message, options);
  }
}

/** A limit of the segment, or of an option, was passed. */
export class LimitError extends SluiceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_LIMIT', message, options);
  }
}

/** A send or receive that nothing can ever complete. */
export class DeadlockError extends SluiceError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_DEADLOCK', message, options);
  }
}
