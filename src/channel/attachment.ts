/** What this thread has of a segment: its place in it, its pool, one object for each channel it has met, its scopes. */

import type { CustomCodec, WireContext } from '../codec/codec.ts';
import type { Segment } from '../memory/segment.ts';
import { ThreadContext } from '../park/thread.ts';
import { BufferPool } from '../pool/pool.ts';
import type { SharedChannel } from './channel.ts';
import { Holdings } from './holdings.ts';
import { AttachedRefs } from './refs.ts';
import { Scopes } from './scopes.ts';

/** By segment id: the same segment, met twice, is one attachment. */
const attachments = new Map<string, Attachment>();

export class Attachment implements WireContext {
  readonly segment: Segment;
  readonly thread: ThreadContext;
  readonly pool: BufferPool;
  /** By index: wait points and queues must be one per channel and thread. */
  readonly channels = new Map<number, SharedChannel<any>>();
  readonly customs = new Map<string, CustomCodec<any>>();
  readonly scopes: Scopes;
  readonly holdings: Holdings;
  readonly refs: AttachedRefs;
  /** How often code of the user's is running in the middle of a message: no channel is let go then. */
  busy = 0;

  private constructor(thread: ThreadContext) {
    this.segment = thread.segment;
    this.thread = thread;
    this.pool = new BufferPool(thread);
    this.scopes = new Scopes(thread);
    this.holdings = new Holdings(this);
    this.refs = new AttachedRefs(this);
  }

  /** Attaches this thread, unless it is attached already. Throws LimitError when there are too many threads. */
  static of(segment: Segment, name: string, nodeThreadId: number): Attachment {
    let attachment = attachments.get(segment.id);
    if (!attachment) {
      attachment = new Attachment(ThreadContext.attach(segment, name, nodeThreadId));
      attachments.set(segment.id, attachment);
    }
    return attachment;
  }

  /** The attachment that was made first and still stands: where `channel()` makes its channels. */
  static first(): Attachment | undefined {
    return attachments.values().next().value;
  }

  /** Runs code of the user's in the middle of a message: the channel that it is in stays this thread's meanwhile. */
  amid<R>(run: () => R): R {
    this.busy++;
    try {
      return run();
    } finally {
      this.busy--;
      this.segment.enter();
    }
  }

  /** Forgets the segment in this thread. */
  detach(): void {
    this.thread.pump.stop();
    attachments.delete(this.segment.id);
  }
}
