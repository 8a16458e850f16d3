/** Handing ports to another thread, and taking them up there. */

import { isMainThread, threadId } from 'node:worker_threads';
import { Attachment } from '../channel/attachment.ts';
import { describePorts, type Parcel, type PortKind, revivePorts } from '../channel/ports.ts';
import type { CustomCodec } from '../codec/codec.ts';
import { CodecError, IncompatibleSegmentError } from '../errors.ts';
import { describe } from '../memory/describe.ts';
import { LAYOUT_VERSION } from '../memory/layout.ts';
import { Segment, type SharedMemory } from '../memory/segment.ts';
import { leaveSegment } from './recovery.ts';

declare const portsOf: unique symbol;

/** Ports in a form that structured clone takes: for `workerData`, `postMessage`, or the task of a pool. */
export interface Shared<P> {
  /** The layout version of the segment. */
  readonly sluice: number;
  readonly memory: SharedMemory;
  readonly ports: unknown;
  /** What the attaching thread is called. */
  readonly name?: string;
  /** The `data` that was given to `spawn`. */
  readonly data?: unknown;
  /** Another thread takes the place, and the ends, of one that fails. */
  readonly respawn?: boolean;
  readonly [portsOf]?: P;
}

export interface Share<P = unknown> {
  readonly shared: Shared<P>;
  readonly parcel: Parcel;
}

/** Packs ports for one thread, perhaps in the place of another; the parcel says when they arrived, or did not. */
export function shareOf<P>(
  attachment: Attachment,
  ports: P,
  extra?: { name?: string; data?: unknown; respawn?: boolean },
  again = false,
): Share<P> {
  const parcel = describePorts(ports, attachment, again);
  const { memory } = attachment.segment;
  const shared: Shared<P> = { sluice: LAYOUT_VERSION, memory, ports: parcel.described, ...extra };
  return { shared, parcel };
}

export interface AttachOptions {
  /** Custom codecs that channels among the ports are made with. */
  readonly codecs?: readonly CustomCodec<any>[];
}

/** Attaches this thread to the segment of `shared`; `kinds` are those of ports that the layers above know. */
export function attachWith<P>(shared: Shared<P>, options: AttachOptions | undefined, kinds: readonly PortKind[]): P {
  if (shared === null || typeof shared !== 'object' || !('memory' in shared)) {
    throw new IncompatibleSegmentError(
      `expected what supervisor.share() answers, met ${shared === null ? 'null' : typeof shared}`,
    );
  }
  if (shared.sluice !== LAYOUT_VERSION) {
    throw new IncompatibleSegmentError(
      `expected ports of segment layout version ${LAYOUT_VERSION}, met version ${describe(shared.sluice)}`,
    );
  }
  if (shared.name !== undefined && typeof shared.name !== 'string') {
    throw new IncompatibleSegmentError(`expected the name of a thread, met ${describe(shared.name)}`);
  }
  const codecs = checkCodecs(options?.codecs);
  const attachment = attachThread(Segment.open(shared.memory), shared.name, shared.respawn);
  for (const codec of codecs) attachment.customs.set(codec.name, codec);
  return revivePorts(shared.ports, attachment, kinds) as P;
}

function checkCodecs(codecs: readonly CustomCodec<any>[] = []): readonly CustomCodec<any>[] {
  const custom = (codec: CustomCodec<any> | undefined) => codec?.kind === 'custom' && typeof codec.name === 'string';
  if (Array.isArray(codecs) && codecs.every(custom)) return codecs;
  throw new CodecError(`codecs: expected codecs made by custom(), met ${describe(codecs)}`);
}

/** Attaches the running thread, and sees to it that it leaves when it ends by itself. */
export function attachThread(segment: Segment, name: string | undefined, replaced = false): Attachment {
  const attachment = Attachment.of(segment, name ?? (isMainThread ? 'main' : `worker-${threadId}`), threadId);
  if (!isMainThread && !leaving.has(attachment)) {
    leaving.add(attachment);
    // A thread that ends by itself need not wait for a supervisor that may be blocked; unless it is to be replaced by
    // another one, for which the supervisor has to make ends before these are retired.
    process.once('exit', (exitCode) => {
      if (exitCode === 0 || !replaced) leaveSegment(attachment.thread, exitCode === 0);
    });
  }
  return attachment;
}

const leaving = new WeakSet<Attachment>();
