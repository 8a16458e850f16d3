/** Channels without a supervisor in sight. */

import { isMainThread } from 'node:worker_threads';
import { Attachment } from '../channel/attachment.ts';
import { createChannel } from '../channel/create.ts';
import type { Channel, ChannelOptions } from '../channel/types.ts';
import { IncompatibleSegmentError } from '../errors.ts';
import { Supervisor } from './supervisor.ts';

/**
 * Makes an anonymous channel in this thread's segment: in a worker the one it attached to; on the main thread that of a
 * default supervisor, made on first use. Any attached thread may make channels.
 */
export function channel<T>(options: ChannelOptions<T>): Channel<T> {
  return createChannel(defaultAttachment(), undefined, options);
}

/** The attachment of this thread for whoever names no supervisor; see {@link channel}. */
export function defaultAttachment(): Attachment {
  return Attachment.first() ?? attachToDefault();
}

function attachToDefault(): Attachment {
  if (!isMainThread) {
    throw new IncompatibleSegmentError('expected a thread that is attached to a segment, met one that is not');
  }
  new Supervisor();
  return Attachment.first()!;
}
