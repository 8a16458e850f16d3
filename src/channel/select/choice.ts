/**
 * The cases of one select, and the drawing of lots among them.
 *
 * Each look tries the cases in an order of its own: the first is drawn from all, the next from what is left, and so on.
 * Every order is equally likely, so of those cases that are ready each is equally likely to come first (R15), however
 * many there are, and wherever they stand.
 */

import { LimitError } from '../../errors.ts';
import { BLOCKED } from '../../kernel/codes.ts';
import { describe } from '../../memory/describe.ts';
import { PARKED_SELECT } from '../../memory/layout.ts';
import { rest } from '../../memory/words.ts';
import { outlast } from '../../park/outlast.ts';
import { PendingOperation } from '../../park/pending.ts';
import type { ThreadContext } from '../../park/thread.ts';
import type { WaitPoint } from '../../park/wait-point.ts';
import { Attachment } from '../attachment.ts';
import { type AnyHit, Case, type Contender } from './case.ts';

/** What a pending select decides about its entries. */
export interface Owner {
  admits(entry: Entry): boolean;
  attemptFrom(entry: Entry): boolean;
}

/** A case in a select: its key, and, while the select is pending, its link in the queue where it waits. */
export class Entry extends PendingOperation {
  readonly key: string;
  readonly contender: Contender;
  /** The select, once it is pending. */
  owner: Owner | undefined;

  constructor(key: string, contender: Contender) {
    super();
    this.key = key;
    this.contender = contender;
  }

  /** Whether nobody of this thread stands before it. */
  inTurn(): boolean {
    return this.owner ? this.owner.admits(this) : this.contender.inTurn();
  }

  override attempt(): boolean {
    return this.owner!.attemptFrom(this);
  }
}

export class Choice {
  /** Those of channels that are there, in no order. */
  readonly entries: Entry[] = [];

  /** Evaluates the cases in order. Throws what stands in the way, and then none leaves a trace. */
  constructor(cases: object) {
    if (cases === null || typeof cases !== 'object') {
      throw new LimitError(`select: expected an object of cases by their keys, met ${describe(cases)}`);
    }
    try {
      for (const key of Object.keys(cases)) this.#enter(key, (cases as Record<string, unknown>)[key]);
    } catch (error) {
      this.end();
      throw error;
    }
  }

  #enter(key: string, known: unknown): void {
    if (known === undefined || known === null) return;
    if (!(known instanceof Case)) {
      throw new LimitError(
        `select: expected under "${key}" what onReceive(), onSend(value), after(ms) and the like answer, met ${describe(known)}`,
      );
    }
    this.entries.push(new Entry(key, known.enter()));
  }

  /** Looks at each case that is in turn, in an order drawn by lot. Answers undefined if none is ready. */
  attempt(blocking: boolean): AnyHit | undefined {
    const { entries } = this;
    for (let left = entries.length; left > 0; left--) {
      const drawn = left === 1 ? 0 : Math.floor(Math.random() * left);
      const entry = entries[drawn]!;
      entries[drawn] = entries[left - 1]!;
      entries[left - 1] = entry;
      const hit = entry.inTurn() ? entry.contender.attempt(entry.key, blocking) : undefined;
      if (hit) return hit;
    }
    return undefined;
  }

  /** The same; but undefined only if there was an instant at which none was ready. */
  surely(blocking: boolean): AnyHit | undefined {
    const { thread } = this;
    if (!thread) return undefined;
    let hit: AnyHit | undefined;
    const attempt = () => {
      hit = this.attempt(blocking);
      return hit ? 0 : BLOCKED;
    };
    outlast(thread, attempt, () => this.#barred());
    return hit;
  }

  /** Sleeps until a case is ready, at the latest until `deadline`; what it answers is as from `attempt`. */
  sleep(deadline: number): AnyHit | undefined {
    const until = Math.min(deadline, this.due());
    const thread = this.thread ?? Attachment.first()?.thread;
    let hit: AnyHit | undefined;
    if (!thread) {
      rest(Math.max(0, until - performance.now()));
      return undefined;
    }
    const attempt = () => {
      hit = this.attempt(true);
      return hit ? 0 : BLOCKED;
    };
    thread.segment.enter();
    thread.block(this.#points(), attempt, until, PARKED_SELECT);
    return hit;
  }

  /** When the first case is ready by itself, on the clock of `performance.now()`. */
  due(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const { contender } of this.entries) first = Math.min(first, contender.remaining());
    return first === Number.POSITIVE_INFINITY ? first : performance.now() + first;
  }

  /** This thread, as its segment knows it; undefined if there are only cases of time. */
  get thread(): ThreadContext | undefined {
    for (const { contender } of this.entries) if (contender.thread) return contender.thread;
    return undefined;
  }

  /** Throws LimitError if the cases are of several segments: a thread that blocks sleeps on one word. */
  checkOneSegment(): void {
    const { thread } = this;
    for (const { contender } of this.entries) {
      if (!contender.thread || contender.thread === thread) continue;
      throw new LimitError('selectSync: expected channels of one supervisor, met some of two');
    }
  }

  /** The select waits from here on. */
  keep(): void {
    for (const { contender } of this.entries) contender.keep();
  }

  /** The select is over: of the cases that were not chosen no trace is left. */
  end(): void {
    for (const { contender } of this.entries) contender.end();
  }

  #points(): WaitPoint[] {
    const points: WaitPoint[] = [];
    for (const { contender } of this.entries) {
      for (const point of contender.points) if (!points.includes(point)) points.push(point);
    }
    return points;
  }

  /** Whether there was an instant during the call at which no case was ready: see `instant.ts`. */
  #barred(): boolean {
    const { entries } = this;
    const marks: number[] = [];
    for (const entry of entries) {
      marks.push(entry.contender.mark());
      if (!this.#isBarred(entry)) return false;
    }
    if (entries.length === 1) return true;
    for (const [index, entry] of entries.entries()) {
      if (!this.#isBarred(entry) || entry.contender.mark() !== marks[index]) return false;
    }
    return true;
  }

  /** Whether a case was not ready, or not in turn, at some instant during the call. */
  #isBarred(entry: Entry): boolean {
    return entry.contender.barred() || !entry.inTurn();
  }
}
