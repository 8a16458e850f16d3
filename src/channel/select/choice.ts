/**
 * The cases of one select, and the drawing of lots among them.
 *
 * Each look tries the cases in an order of its own: the first is drawn from all, the next from what is left, and so on.
 * Every order is equally likely, so of those cases that are ready each is equally likely to come first (R15), however
 * many there are, and wherever they stand.
 */

import { LimitError } from '../../errors.ts';
import { BLOCKED, CANCELLED } from '../../kernel/codes.ts';
import { describe } from '../../memory/describe.ts';
import { PARKED_SELECT } from '../../memory/layout.ts';
import { rest } from '../../memory/words.ts';
import { outlast } from '../../park/outlast.ts';
import { PendingOperation } from '../../park/pending.ts';
import type { Scope } from '../../park/scope.ts';
import type { ThreadContext } from '../../park/thread.ts';
import type { WaitPoint } from '../../park/wait-point.ts';
import { Attachment } from '../attachment.ts';
import type { Seat } from '../rendezvous.ts';
import { type AnyHit, Case, type Contender, type Meeting } from './case.ts';
import type { Reading } from './reading.ts';

/** What a pending select decides about its entries. */
export interface Owner {
  admits(entry: Entry): boolean;
  attemptFrom(entry: Entry): boolean;
}

/** The link of one case of a pending select in the queue where it waits. */
export class Entry extends PendingOperation {
  readonly contender: Contender;
  readonly owner: Owner;

  constructor(contender: Contender, owner: Owner) {
    super();
    this.contender = contender;
    this.owner = owner;
  }

  override attempt(): boolean {
    return this.owner.attemptFrom(this);
  }
}

/** A case of a select that waits, where others may meet it. */
interface Sitting {
  readonly key: string;
  readonly meeting: Meeting;
  readonly seat: Seat;
}

const NOWHERE: readonly Sitting[] = [];

export class Choice {
  // Side by side, those of channels that are there, in no order. Not one object a case: most selects are over at once.
  readonly #keys: string[];
  readonly #contenders: Contender[];
  /** Once the select is pending. */
  #entries: Entry[] | undefined;
  /** This thread, as the segment of its channels knows it; undefined if there are only cases of time. */
  #thread: ThreadContext | undefined;
  #severalSegments = false;
  /** Whether there is a rendezvous among the cases. */
  #meets = false;
  /** While the select waits there: its seats, of which the first leads. */
  #sittings: readonly Sitting[] = NOWHERE;
  /** Whether it could not sit down somewhere, for want of memory or of a vacant seat: it tries again at its next look. */
  #unseated = false;

  /** Evaluates the cases in order. Throws what stands in the way, and then none leaves a trace. */
  constructor(cases: Reading) {
    const { keys, values } = cases.all;
    this.#keys = keys;
    // Each value is replaced by what it enters as.
    this.#contenders = values as Contender[];
    let count = 0;
    try {
      for (; count < values.length; count++) values[count] = this.#entered(keys[count]!, values[count]);
      this.#checkMeeting();
    } catch (error) {
      keys.length = count;
      values.length = count;
      this.end();
      throw error;
    }
  }

  #entered(key: string, known: unknown): Contender {
    if (!(known instanceof Case)) {
      throw new LimitError(
        `select: expected under "${key}" what onReceive(), onSend(value), after(ms) and the like answer, met ${describe(known)}`,
      );
    }
    const contender = known.enter();
    const { thread } = contender;
    if (contender.meeting) this.#meets = true;
    if (this.#thread === undefined) this.#thread = thread;
    else if (thread !== undefined && thread !== this.#thread) this.#severalSegments = true;
    return contender;
  }

  get meets(): boolean {
    return this.#meets;
  }

  get thread(): ThreadContext | undefined {
    return this.#thread;
  }

  /** The select waits from here on: copies what still belongs to the caller. Answers a link for each case. */
  pend(owner: Owner): readonly Entry[] {
    for (const contender of this.#contenders) contender.keep();
    this.#entries = this.#contenders.map((contender) => new Entry(contender, owner));
    return [...this.#entries];
  }

  /** The links of a pending select. */
  get entries(): readonly Entry[] {
    return this.#entries ?? [];
  }

  /** Looks at each case that is in turn, in an order drawn by lot. Answers undefined if none is ready. */
  attempt(blocking: boolean): AnyHit | undefined {
    for (let last = this.#contenders.length - 1; last >= 0; last--) {
      if (last > 0) this.#swap(Math.floor(Math.random() * (last + 1)), last);
      if (!this.#inTurn(last)) continue;
      const hit = this.#contenders[last]!.attempt(this.#keys[last]!, blocking);
      if (hit) return hit;
    }
    return undefined;
  }

  /**
   * The same for a select that waits: others may meet it from then on, at the seats of its cases. Before anything is tried
   * it gets up; so it is met, or does something itself, and never both.
   */
  attemptWaiting(blocking: boolean): AnyHit | undefined {
    if (!this.#meets) return this.attempt(blocking);
    if (!this.#unseated && this.#undisturbed(true)) return undefined;
    for (;;) {
      const hit = this.getUp() ?? this.attempt(blocking);
      if (hit) return hit;
      // Who sits down looks at those who do so at the same time. Others wake this thread, once they have done their step.
      if (!this.#sit() || this.#undisturbed(false)) return undefined;
    }
  }

  /** Nobody can meet the select from here on. Answers what it was met with before that. */
  getUp(): AnyHit | undefined {
    const sittings = this.#sittings;
    const first = sittings[0];
    if (!first) return undefined;
    this.#thread!.segment.enter();
    this.#sittings = NOWHERE;
    const lead = first.seat;
    let met = lead.withdraw() || lead.led ? undefined : first;
    for (const sitting of sittings) if (sitting !== first && !sitting.seat.withdraw()) met = sitting;
    if (lead.taken && met !== first) lead.leave();
    return met?.seat.settle() ? met.meeting.met(met.key) : undefined;
  }

  /** Sits down at every rendezvous where this select is in turn. Returns whether there is one. */
  #sit(): boolean {
    this.#thread!.segment.enter();
    this.#unseated = false;
    for (let index = 0; index < this.#contenders.length; index++) {
      const { meeting } = this.#contenders[index]!;
      if (!meeting || meeting.seat.taken || !this.#inTurn(index)) continue;
      const { seat } = meeting;
      if (!seat.vacant || !meeting.place() || !seat.offer(this, this.#sittings[0]?.seat)) this.#unseated = true;
      else this.#sittings = [...this.#sittings, { key: this.#keys[index]!, meeting, seat }];
    }
    return this.#sittings.length > 0;
  }

  /** Whether it sits wherever it can, nobody has come, and there is nothing it could do; `everywhere`, or where it sits. */
  #undisturbed(everywhere: boolean): boolean {
    const lead = this.#sittings[0]?.seat;
    if (!lead || lead.decided || lead.led) return false;
    for (let index = 0; index < this.#contenders.length; index++) {
      const contender = this.#contenders[index]!;
      const { meeting } = contender;
      if ((!meeting && !everywhere) || !this.#inTurn(index)) continue;
      if (!contender.barred() || (meeting && !meeting.seat.taken && !this.#unseated)) return false;
    }
    return true;
  }

  /** Throws LimitError for a rendezvous among channels of several segments: one word decides for all cases. */
  #checkMeeting(): void {
    if (this.#meets && this.#severalSegments) {
      throw new LimitError('select: expected channels of one supervisor beside one of capacity 0, met some of two');
    }
  }

  #swap(at: number, other: number): void {
    if (at === other) return;
    exchange(this.#keys, at, other);
    exchange(this.#contenders, at, other);
    if (this.#entries) exchange(this.#entries, at, other);
  }

  /** Whether nobody of this thread stands before a case. */
  #inTurn(index: number): boolean {
    const entry = this.#entries?.[index];
    return entry ? entry.owner.admits(entry) : this.#contenders[index]!.inTurn();
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

  /** Sleeps until a case is ready, at the latest until `deadline` or the scope is over; answers as `attempt` does. */
  sleep(deadline: number, scope: Scope | undefined): AnyHit | undefined {
    const until = Math.min(deadline, this.due(), scope?.deadline ?? Number.POSITIVE_INFINITY);
    const thread = this.thread ?? Attachment.first()?.thread;
    let hit: AnyHit | undefined;
    if (!thread) {
      rest(Math.max(0, until - performance.now()));
      return undefined;
    }
    const attempt = () => {
      hit = this.attemptWaiting(true);
      if (hit) return 0;
      return scope?.cancelled ? CANCELLED : BLOCKED;
    };
    thread.segment.enter();
    thread.block(this.#points(), attempt, until, PARKED_SELECT);
    return hit ?? this.getUp();
  }

  /** When the first case is ready by itself, on the clock of `performance.now()`. */
  due(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const contender of this.#contenders) first = Math.min(first, contender.remaining());
    return first === Number.POSITIVE_INFINITY ? first : performance.now() + first;
  }

  /** Throws LimitError if the cases are of several segments: a thread that blocks sleeps on one word. */
  checkOneSegment(): void {
    if (this.#severalSegments) throw new LimitError('selectSync: expected channels of one supervisor, met some of two');
  }

  /** The select is over: of the cases that were not chosen no trace is left. */
  end(): void {
    this.getUp();
    for (const contender of this.#contenders) contender.end();
  }

  #points(): WaitPoint[] {
    const points: WaitPoint[] = [];
    for (const contender of this.#contenders) {
      for (const point of contender.points) if (!points.includes(point)) points.push(point);
    }
    return points;
  }

  /** Whether there was an instant during the call at which no case was ready: see `instant.ts`. */
  #barred(): boolean {
    const count = this.#contenders.length;
    const marks: number[] = [];
    for (let index = 0; index < count; index++) {
      marks.push(this.#contenders[index]!.mark());
      if (!this.#isBarred(index)) return false;
    }
    if (count === 1) return true;
    for (let index = 0; index < count; index++) {
      if (!this.#isBarred(index) || this.#contenders[index]!.mark() !== marks[index]) return false;
    }
    return true;
  }

  /** Whether a case was not ready, or not in turn, at some instant during the call. */
  #isBarred(index: number): boolean {
    return this.#contenders[index]!.barred() || !this.#inTurn(index);
  }
}

function exchange<T>(all: T[], at: number, other: number): void {
  const moved = all[at]!;
  all[at] = all[other]!;
  all[other] = moved;
}
