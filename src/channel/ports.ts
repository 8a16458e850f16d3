/**
 * Ports: a value with channels, ends and pools somewhere in it, on its way to another thread.
 *
 * A class instance loses its prototype when it is cloned. So each live object is replaced by a plain note of what it is,
 * and made anew, live, on the thread that attaches. What is no live object passes as it is.
 */

import type { Codec } from '../codec/codec.ts';
import { portable } from '../codec/wire.ts';
import { IncompatibleSegmentError } from '../errors.ts';
import { channelBlock } from '../kernel/channels.ts';
import { WORD_BYTES } from '../memory/layout.ts';
import { BufferPool } from '../pool/pool.ts';
import type { Attachment } from './attachment.ts';
import { SharedChannel } from './channel.ts';
import { openChannel } from './create.ts';
import { ReceiverEnd, SenderEnd } from './ends.ts';

/** The key by which a note is told from a value of the user's. */
const KEY = '~sluice';

type Kind = 'channel' | 'sender' | 'receiver' | 'pool';

interface Note {
  readonly [KEY]: Kind;
  readonly index?: number;
  readonly name?: string;
  readonly codec?: Codec<any>;
  readonly entry?: number;
}

/** What has to happen once the ports were handed over to as many threads as they were described for. */
export type Moved = () => void;

/** The ports with a note for each live object, and the ends that move with them. */
export function describePorts(ports: unknown, attachment: Attachment): { described: unknown; moved: Moved } {
  const ends = new Set<SenderEnd<any> | ReceiverEnd<any>>();
  const described = mapPlain(ports, (value) => {
    if (value instanceof BufferPool) return { [KEY]: 'pool' } satisfies Note;
    if (value instanceof SharedChannel) return noteOf('channel', value, attachment);
    if (value instanceof SenderEnd || value instanceof ReceiverEnd) {
      const kind = value instanceof SenderEnd ? 'sender' : 'receiver';
      const note = { ...noteOf(kind, value.channel, attachment), entry: value.grant() };
      ends.add(value);
      return note;
    }
    return undefined;
  });
  return {
    described,
    moved: () => {
      for (const end of ends) end.move();
    },
  };
}

/** The ports with live objects in the place of notes. */
export function revivePorts(described: unknown, attachment: Attachment): unknown {
  return mapPlain(described, (value) => {
    const note = value as Partial<Note>;
    switch (note[KEY]) {
      case undefined:
        return undefined;
      case 'pool':
        return attachment.pool;
      case 'channel':
        return channelOf(note, attachment);
      case 'sender':
        return new SenderEnd(channelOf(note, attachment), note.entry!);
      case 'receiver':
        return new ReceiverEnd(channelOf(note, attachment), note.entry!);
      default:
        throw new IncompatibleSegmentError(`expected a port that this version knows, met "${String(note[KEY])}"`);
    }
  });
}

function noteOf(kind: Kind, channel: SharedChannel<any>, attachment: Attachment): Note {
  if (channel.attachment !== attachment) {
    throw new IncompatibleSegmentError(`expected a channel of this supervisor, met "${channel.name}" of another`);
  }
  return { [KEY]: kind, index: channel.index, name: channel.name, codec: portable(channel.codec) };
}

function channelOf(note: Partial<Note>, attachment: Attachment): SharedChannel<any> {
  const { index, name, codec } = note;
  attachment.segment.enter();
  const block = channelBlock(index!);
  if (block < 0) {
    throw new IncompatibleSegmentError(`expected channel "${name}" at number ${index} of the segment, met none there`);
  }
  const address = attachment.pool.byteOffset(block) / WORD_BYTES;
  return openChannel(attachment, { index: index!, address, name: name!, codec: codec! });
}

/** Copies plain objects and arrays, replacing each value for which `replace` answers something. */
function mapPlain(value: unknown, replace: (value: object) => unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  const replaced = replace(value);
  if (replaced !== undefined) return replaced;
  if (Array.isArray(value)) return value.map((each) => mapPlain(each, replace));
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapPlain(each, replace)]));
}
