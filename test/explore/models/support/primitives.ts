/** Primitives of `sluice/sync` as they ship, without their public faces, used by several virtual threads. */

import { syncClaim, syncHold, syncLay, syncLeave, syncOpen } from '../../../../src/kernel/syncs.ts';
import type { Segment } from '../../../../src/memory/segment.ts';
import { bound, peek, poke } from '../../../../src/memory/words.ts';
import { ThreadContext } from '../../../../src/park/thread.ts';
import { recoverThread } from '../../../../src/supervisor/recovery.ts';
import type { Entry } from '../../../../src/sync/entry.ts';
import { type Place as At, Syncs } from '../../../../src/sync/syncs.ts';
import { freshSegment, MIB } from '../../../support/segment.ts';
import { check, type Program } from '../../model.ts';

export interface Place extends At {
  readonly segment: Segment;
}

/** A segment with one primitive in it; the thread that made it, number 0, holds it and takes no further part. */
export function lay(kind: number, size = 1, word = 0): Place {
  const segment = freshSegment({ threads: 6, memory: 4 * MIB });
  const main = ThreadContext.attach(segment, 'main', 0);
  const index = syncClaim(main.id);
  syncLay(index, kind, size, word);
  return { segment, index, open: syncOpen(index, main.id) };
}

/** One more thread that has the primitive. What tells it of its end is left out: see `joinWatching`. */
export function join<E extends Entry>(place: Place, name: string, Kind: new (...args: any[]) => E): E {
  const thread = ThreadContext.attach(place.segment, name, 100);
  check(!!syncHold(place.index, place.open, thread.id), 'the primitive is not there');
  const deaf = { thread, release: () => {} };
  return new Kind(deaf, place, name);
}

/** What takes the primitive up on one more thread, which hears of its end from then on. */
export interface Watching<E> {
  (): E;
  readonly thread: number;
}

export function watching<E extends Entry>(place: Place, name: string, Kind: new (...args: any[]) => E): Watching<E> {
  const thread = ThreadContext.attach(place.segment, name, 100);
  const syncs = Syncs.of({ thread });
  const take = () => {
    const there = syncs.take(place);
    const entry = new Kind(syncs, place, name, there);
    if (there) syncs.add(entry);
    return entry;
  };
  return Object.assign(take, { thread: thread.id });
}

/** The thread that made the primitive has it no more, and these do, though they have not taken it up yet. */
export function forget({ index, open }: Place, ...holders: Watching<Entry>[]): void {
  for (const { thread } of holders) syncHold(index, open, thread);
  syncLeave(index, 0);
}

/** A plain word that something guards: two who touch it at once, or one who does not see what the other did, race. */
export class Guarded {
  readonly #at = bound().length - 2;

  add(): void {
    poke(this.#at, peek(this.#at) + 1);
  }

  get value(): number {
    return peek(this.#at);
  }
}

export function healing(place: Place, victim: Entry, twice = false): Record<string, Program> {
  const healer = ThreadContext.attach(place.segment, 'healer', 101);
  const recover = () => void recoverThread(healer, victim.thread.id);
  if (!twice) return { healer: { heirOf: ['victim'], run: recover } };
  return {
    healer: { mortal: true, heirOf: ['victim'], run: recover },
    again: { heirOf: ['healer'], run: recover },
  };
}

/** What an operation answered, or the name of the error that it threw. */
export function met(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return (error as Error).name;
  }
}
