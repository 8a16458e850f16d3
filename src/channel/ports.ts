/**
 * Ports: a value with channels, ends, pools and scopes somewhere in it, on its way to another thread.
 *
 * A class instance loses its prototype when it is cloned. So each live object is replaced by a plain note of what it is,
 * and made anew, live, on the thread that attaches. What is no live object passes as it is.
 */

import type { Codec } from '../codec/codec.ts';
import { portable } from '../codec/wire.ts';
import { IncompatibleSegmentError } from '../errors.ts';
import { describe } from '../memory/describe.ts';
import { HEADER_SCOPES } from '../memory/layout.ts';
import { peek } from '../memory/words.ts';
import { BufferPool } from '../pool/pool.ts';
import type { Attachment } from './attachment.ts';
import { SharedChannel } from './channel.ts';
import { takeUp } from './create.ts';
import { ReceiverEnd, SenderEnd } from './ends.ts';
import { SharedScope } from './scope.ts';

/** The key by which a note is told from a value of the user's. */
const KEY = '~sluice';

/** Of a channel that was disposed of nobody takes up an end. */
const NO_GRANT = 0;

type Kind = 'channel' | 'sender' | 'receiver' | 'pool' | 'scope';

/** A live object of a layer above that can be among ports. */
export abstract class Portable {
  /** @internal */
  abstract readonly attachment: Attachment;
  /** @internal The name of its {@link PortKind}. */
  abstract readonly portKind: string;
  /** @internal What travels in its place: something that structured clone takes. */
  abstract readonly note: unknown;
}

/** How a kind of {@link Portable} is made anew on the thread that attaches. */
export interface PortKind {
  readonly name: string;
  /** Throws IncompatibleSegmentError for a note that it does not know. */
  revive(note: unknown, attachment: Attachment): Portable;
}

interface Note {
  readonly [KEY]: Kind | string;
  readonly index?: number;
  readonly generation?: number;
  readonly name?: string;
  readonly codec?: Codec<any>;
  readonly grant?: number;
  /** The word of a scope. */
  readonly open?: number;
  /** What a kind of the layers above wrote down. */
  readonly data?: unknown;
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

/**
 * Packs ports for one thread. Throws ChannelClosedError for a channel that was disposed of, unless they are packed
 * `again`: then it arrives as one that says so.
 */
export function describePorts(ports: unknown, attachment: Attachment, again = false): Parcel {
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
    if (value instanceof SharedScope) return noteOfScope(value, attachment);
    if (value instanceof SharedChannel) return noteOf('channel', value, attachment, again);
    if (value instanceof Portable) return noteOfPortable(value, attachment);
    if (!(value instanceof SenderEnd || value instanceof ReceiverEnd)) return undefined;
    const note = noteOf(value instanceof SenderEnd ? 'sender' : 'receiver', value.channel, attachment, again);
    if (value.channel.disposed) return { ...note, grant: NO_GRANT };
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

/** The ports with live objects in the place of notes; `kinds` are those of the layers above. */
export function revivePorts(described: unknown, attachment: Attachment, kinds: readonly PortKind[]): unknown {
  return mapPlain(described, (value) => {
    const note = value as Partial<Note>;
    switch (note[KEY]) {
      case undefined:
        return undefined;
      case 'pool':
        return attachment.pool;
      case 'scope':
        return scopeOf(note, attachment);
      case 'channel':
        return channelOf(note, attachment);
      case 'sender':
        return new SenderEnd(channelOf(note, attachment), grantOf(note));
      case 'receiver':
        return new ReceiverEnd(channelOf(note, attachment), grantOf(note));
      default:
        return reviveOther(note, attachment, kinds);
    }
  });
}

function noteOf(kind: Kind, channel: SharedChannel<any>, attachment: Attachment, again: boolean): Note {
  if (channel.attachment !== attachment) {
    throw new IncompatibleSegmentError(`expected a channel of this supervisor, met "${channel.name}" of another`);
  }
  if (!again) channel.assertThere();
  attachment.holdings.listen();
  const { index, generation, name } = channel;
  return { [KEY]: kind, index, generation, name, codec: portable(channel.codec) };
}

function reviveOther(note: Partial<Note>, attachment: Attachment, kinds: readonly PortKind[]): Portable {
  const kind = kinds.find(({ name }) => name === note[KEY]);
  if (kind) return kind.revive(note.data, attachment);
  throw new IncompatibleSegmentError(`expected a port that this version knows, met ${describe(note[KEY])}`);
}

function noteOfPortable({ attachment: its, portKind, note }: Portable, attachment: Attachment): Note {
  if (its !== attachment) {
    throw new IncompatibleSegmentError(`expected a ${portKind} of this supervisor, met one of another`);
  }
  return { [KEY]: portKind, data: note };
}

function noteOfScope(scope: SharedScope, { thread }: Attachment): Note {
  if (!scope.belongsTo(thread)) {
    throw new IncompatibleSegmentError('expected a scope of this supervisor, met one of another');
  }
  return { [KEY]: 'scope', index: scope.index, open: scope.open };
}

function scopeOf({ index, open }: Partial<Note>, attachment: Attachment): SharedScope {
  attachment.segment.enter();
  if (Number.isInteger(open) && Number.isInteger(index) && index! < peek(HEADER_SCOPES)) {
    return attachment.scopes.adopt(index!, open!);
  }
  throw new IncompatibleSegmentError(`expected a scope of the segment, met number ${describe(index)}`);
}

function grantOf({ grant }: Partial<Note>): number {
  if (Number.isInteger(grant)) return grant!;
  throw new IncompatibleSegmentError(`expected the number of a grant with an end, met ${describe(grant)}`);
}

function channelOf({ index, generation, name, codec }: Partial<Note>, attachment: Attachment): SharedChannel<any> {
  return takeUp(attachment, { index: index!, generation: generation!, name: name!, codec: codec! });
}

/** Copies plain objects and arrays, replacing each value for which `replace` answers something. */
function mapPlain(
  value: unknown,
  replace: (value: object) => unknown,
  copies: Map<object, unknown> = new Map(),
): unknown {
  if (value === null || typeof value !== 'object') return value;
  // What is met twice, in a circle perhaps, is copied once.
  if (copies.has(value)) return copies.get(value);
  const replaced = replace(value);
  if (replaced !== undefined) return replaced;
  const prototype = Object.getPrototypeOf(value);
  const isArray = Array.isArray(value);
  if (!isArray && prototype !== Object.prototype && prototype !== null) return value;
  const copy: unknown[] | Record<string, unknown> = isArray ? new Array(value.length) : {};
  copies.set(value, copy);
  for (const [key, each] of Object.entries(value)) {
    const mapped = mapPlain(each, replace, copies);
    Object.defineProperty(copy, key, { value: mapped, writable: true, enumerable: true, configurable: true });
  }
  return copy;
}
