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
import { CHANNELS_MAX, WORD_BYTES } from '../memory/layout.ts';
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
  readonly grant?: number;
}

/** Ports on their way: what travels, and what has to happen when it arrived, or did not. */
export interface Parcel {
  /** The ports with a note for each live object. */
  readonly described: unknown;
  /** They were handed over: the ends in them are other threads' from here on. */
  moved(): void;
  /** They could not be handed over: the ends made for them are no more. */
  revoke(): void;
  /** Their thread ended: what of them it did not take up is retired. */
  expire(): void;
}

/** Packs ports for one thread. */
export function describePorts(ports: unknown, attachment: Attachment): Parcel {
  const granted: { readonly end: SenderEnd<any> | ReceiverEnd<any>; readonly grant: number }[] = [];
  const revoke = () => {
    for (const { end, grant } of granted) end.revoke(grant);
  };
  const expire = () => {
    for (const { end, grant } of granted) end.expire(grant);
  };
  const moved = () => {
    for (const end of new Set(granted.map(({ end }) => end))) end.move();
  };
  const noteFor = (value: object): Note | undefined => {
    if (value instanceof BufferPool) return { [KEY]: 'pool' };
    if (value instanceof SharedChannel) return noteOf('channel', value, attachment);
    if (!(value instanceof SenderEnd || value instanceof ReceiverEnd)) return undefined;
    const note = noteOf(value instanceof SenderEnd ? 'sender' : 'receiver', value.channel, attachment);
    const grant = value.grant();
    granted.push({ end: value, grant });
    return { ...note, grant };
  };
  try {
    return { described: mapPlain(ports, noteFor), moved, revoke, expire };
  } catch (error) {
    revoke();
    throw error;
  }
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
        return new SenderEnd(channelOf(note, attachment), note.grant!);
      case 'receiver':
        return new ReceiverEnd(channelOf(note, attachment), note.grant!);
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
  const known = Number.isInteger(index) && index! >= 0 && index! < CHANNELS_MAX;
  const block = known ? channelBlock(index!) : -1;
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
