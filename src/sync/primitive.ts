/** What all primitives are to their users: a name, an end, and how they get to another thread. */

import type { Attachment } from '../channel/attachment.ts';
import { Portable } from '../channel/ports.ts';
import { IncompatibleSegmentError } from '../errors.ts';
import { describe } from '../memory/describe.ts';
import { HEADER_SYNCS, SYNC_KIND } from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { peek } from '../memory/words.ts';
import { closeSync } from '../supervisor/syncs.ts';
import type { Entry } from './entry.ts';
import { attachmentFor, checkName, type SyncOptions } from './options.ts';
import { type Place, Syncs } from './syncs.ts';

/** A primitive as it travels: its name in the segment, and what does not change of it. */
export interface Note extends Place {
  readonly name: string | undefined;
  readonly size: number;
}

/** A primitive that exists, on its way to become an object of this thread. */
export class Existing {
  readonly attachment: Attachment;
  readonly note: Note;

  constructor(attachment: Attachment, note: Note) {
    this.attachment = attachment;
    this.note = note;
  }
}

/** What a kind of primitive is in the segment. */
export interface Kind<E extends Entry> {
  /** SYNC_* */
  readonly kind: i32;
  /** What it is called in messages. */
  readonly what: string;
  readonly entry: new (syncs: Syncs, place: Place, title: string, there: boolean) => E;
}

/** What a new one is to be. */
export interface Shape {
  readonly size: number;
  /** How it stands at first. */
  readonly word: number;
}

export abstract class Primitive<E extends Entry> extends Portable implements Disposable {
  /** @internal */
  readonly portKind: string;
  /** @internal */
  readonly attachment: Attachment;
  /** @internal */
  readonly entry: E;
  /** @internal */
  readonly note: Note;
  /** What it was called when it was made, or its kind and number. */
  readonly name: string;

  /** @internal */
  protected constructor(kind: Kind<E>, options: SyncOptions | Existing | undefined, shape: () => Shape) {
    super();
    const { attachment, note, there } = options instanceof Existing ? adopted(options) : made(kind, options, shape());
    this.portKind = kind.what;
    this.attachment = attachment;
    this.note = note;
    this.name = note.name ?? `${kind.what}-${note.index}`;
    const syncs = Syncs.of(attachment);
    this.entry = new kind.entry(syncs, note, `${kind.what} "${this.name}"`, there);
    this.entry.face = this;
    if (there) syncs.add(this.entry);
  }

  /** Whether it was closed, or its supervisor was. */
  get closed(): boolean {
    return this.entry.closed;
  }

  /**
   * Ends it, on all threads: whoever waits for it rejects with, or throws, ClosedError, and so does every later use. Its
   * place in the segment is given back. Later calls do nothing.
   */
  close(): void {
    this.entry.end(closeSync);
  }

  /** Closes it. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** This thread's object for a primitive that another one shared. */
export function revive<E extends Entry, P extends Primitive<E>>(
  note: unknown,
  attachment: Attachment,
  kind: i32,
  make: (existing: Existing) => P,
): P {
  const existing = new Existing(attachment, checkNote(note, attachment, kind));
  return (Syncs.of(attachment).known(existing.note)?.face as P | undefined) ?? make(existing);
}

function made(kind: Kind<Entry>, options: SyncOptions | undefined, { size, word }: Shape) {
  const attachment = attachmentFor(options);
  const name = checkName(options?.name);
  const place = Syncs.of(attachment).make({ kind: kind.kind, size, word, name });
  return { attachment, note: { ...place, name, size }, there: true };
}

function adopted({ attachment, note }: Existing) {
  return { attachment, note, there: Syncs.of(attachment).take(note) };
}

function checkNote(note: unknown, { segment, thread: { kernel } }: Attachment, kind: i32): Note {
  segment.enter();
  const { index, open, name, size } = (note ?? {}) as Partial<Note>;
  const known = Number.isInteger(index) && index! >= 0 && index! < peek(HEADER_SYNCS);
  if (known && Number.isInteger(open) && Number.isInteger(size) && (name === undefined || typeof name === 'string')) {
    const address = kernel.syncAddress(index!);
    // One that is closed is of every kind: it refuses everybody.
    if (!kernel.syncIsOpen(index!, open!) || peek(address + SYNC_KIND) === kind) {
      return { index: index!, open: open!, name, size: size! };
    }
  }
  throw new IncompatibleSegmentError(`expected a primitive of the segment, met number ${describe(index)}`);
}
