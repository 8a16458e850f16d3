/**
 * A mutex and a semaphore that a crew of lockers fights over. What must be so:
 *
 *  - at every instant at most one has the mutex, and no more permits are held than there are: the lockers tell.
 *  - the next one to have the mutex after a holder's death is told, and nobody else is: a change that was begun and not
 *    finished is met by nobody who was not told; and no more are told than died with a section begun and not finished.
 *  - with S sections that were finished and H that dead hands had begun, what is guarded was changed at least S and at most
 *    S + H times: no change was overwritten by somebody who had the mutex at the same time.
 *  - at rest nobody has the mutex, and all permits are back.
 *  - nobody waits for long: what a dead one held others can have. The watch tells.
 */

import type { Supervisor } from '../../src/index.ts';
import { Mutex, Semaphore } from '../../src/sync/index.ts';
import { type Audit, NOTHING } from './audit.ts';
import { LOCKERS_MOST, LockBook } from './lock-book.ts';
import { type Books, type Crew, type Place, Stand } from './stand.ts';

const PERMITS = 4;
const LOCKERS = 6;

/** What a locker is given. */
export interface LockPorts {
  readonly mutex: Mutex;
  readonly semaphore: Semaphore;
}

/** What a locker is told. */
export interface LockTask {
  readonly book: SharedArrayBuffer;
}

export class Locks extends Stand {
  static readonly title = 'locks';
  readonly name = Locks.title;
  readonly shift: number;
  readonly crews: readonly Crew[];
  readonly #ports: LockPorts;
  readonly #book = new LockBook();
  /** Of all rounds before. */
  #sections = 0;
  #changes = 0;
  #recovered = 0;

  constructor(supervisor: Supervisor, shift: number) {
    super();
    if (LOCKERS > LOCKERS_MOST) throw new RangeError(`expected at most ${LOCKERS_MOST} lockers, met ${LOCKERS}`);
    this.shift = shift;
    this.#ports = {
      mutex: new Mutex({ supervisor, name: 'mutex' }),
      semaphore: new Semaphore(PERMITS, { supervisor, name: 'semaphore' }),
    };
    const task: LockTask = { book: this.#book.memory };
    this.crews = [{ roles: ['locker'], entry: 'locker', count: LOCKERS, ports: this.#ports, task }];
  }

  /** It needs nobody. */
  manned(): boolean {
    return true;
  }

  describe(): string {
    const { mutex, semaphore } = this.#ports;
    return `  mutex ${mutex.locked ? 'held' : 'free'}, ${semaphore.available} of ${PERMITS} permits free`;
  }

  override bury({ index }: Place): void {
    this.#book.bury(index);
  }

  audit({ journal, departed, round }: Books): Audit {
    const violations: string[] = [];
    const { mutex, semaphore } = this.#ports;
    if (this.#book.held) violations.push('somebody had not taken itself out of the book at rest');
    const held = mutex.tryLock();
    if (held) this.#lookBehind(held.recovered, violations);
    else violations.push('the mutex is held at rest');
    held?.release();
    if (semaphore.available !== PERMITS) {
      violations.push(`${semaphore.available} of ${PERMITS} permits are free at rest`);
    }
    const sections = this.places.reduce((total, { number }) => total + journal.messages(number), 0) - this.#sections;
    const changes = this.#book.changes - this.#changes;
    const recovered = this.#book.recovered - this.#recovered;
    const hands = departed.reduce((total, { count }) => total + count, 0);
    const died = departed.filter(({ count }) => count > 0).length;
    if (changes < sections || changes > sections + hands) {
      violations.push(`${sections} sections were finished and ${hands} in dead hands, but ${changes} changes made`);
    }
    if (recovered > died) {
      violations.push(`${recovered} were told that somebody died with the mutex, but ${died} died in sections`);
    }
    this.#sections += sections;
    this.#changes += changes;
    this.#recovered += recovered;
    return {
      ...NOTHING,
      sections,
      recovered,
      violations: violations.map((violation) => `${this.name}, round ${round}: ${violation}`),
    };
  }

  /** The last one of a round may have died with the mutex, and this thread is told. */
  #lookBehind(recovered: boolean, violations: string[]): void {
    if (recovered) this.#book.noteRecovered();
    if (!this.#book.halfChanged) return;
    if (!recovered) violations.push('a change was left half done, and the main thread was not told');
    this.#book.repair();
  }
}
