/**
 * Meetings of a crew at a barrier, a wait group and what is to be done once. A death breaks a meeting for good, and another
 * one begins when whoever replaces the dead has come. What must be so:
 *
 *  - nobody passes the barrier before all have come, nor the wait group before all are done; of those who come to the
 *    barrier together one is told that it was the last.
 *  - what is to be done once is run by one at a time, is run again only if whoever ran it died, and is done by one; nobody
 *    goes on before it has run to its end.
 *  - a party's death breaks the barrier, and nothing else does.
 *  - nobody stays behind in a broken meeting: the watch tells. Nor at the end, when all of it is closed.
 */

import { BroadcastChannel } from 'node:worker_threads';
import type { Shared, Supervisor } from '../../src/index.ts';
import { Barrier, Once, WaitGroup } from '../../src/sync/index.ts';
import { type Audit, NOTHING } from './audit.ts';
import { MeetingBook, type MeetingNote, ONCES } from './meeting-book.ts';
import { type Books, type Crew, type Place, Stand } from './stand.ts';

const PARTIES = 3;
const LOOK_EVERY_MS = 2;

/** What they meet at. */
export interface Meeting {
  readonly barrier: Barrier;
  readonly group: WaitGroup;
  readonly onces: readonly Once[];
}

/** A message to those at the door. */
export interface Invitation {
  readonly number: number;
  readonly meeting: Shared<Meeting>;
}

/** What a party is told. */
export interface PartyTask {
  readonly book: MeetingNote;
  readonly parties: number;
  /** The name of the broadcast channel on which it is invited. */
  readonly invitations: string;
}

export class Meetings extends Stand {
  static readonly title = 'meetings';
  readonly name = Meetings.title;
  readonly shift: number;
  readonly crews: readonly Crew[];
  readonly #supervisor: Supervisor;
  readonly #book = MeetingBook.create(PARTIES);
  readonly #invitations: BroadcastChannel;
  #meeting: Meeting | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Those who died in the meeting, and are not recovered yet. */
  readonly #mourned = new Set<Place>();
  #broken = 0;
  #violations: string[] = [];

  constructor(supervisor: Supervisor, shift: number) {
    super();
    this.shift = shift;
    this.#supervisor = supervisor;
    const invitations = `meetings of ${process.pid}, ${performance.now()}`;
    this.#invitations = new BroadcastChannel(invitations);
    this.#invitations.unref();
    const task: PartyTask = { book: this.#book.note, parties: PARTIES, invitations };
    this.crews = [{ roles: ['party'], entry: 'party', count: PARTIES, ports: {}, task }];
  }

  /** It needs all others, in the meeting; once that is broken, nobody. */
  manned({ index }: Place, working: readonly Place[]): boolean {
    if (!this.#book.isIn(index)) return false;
    return this.#book.bereaved || (working.length === PARTIES && working.every((each) => this.#book.isIn(each.index)));
  }

  override engages({ index }: Place): boolean {
    return this.#book.isIn(index);
  }

  describe(): string {
    const { barrier, group } = this.#meeting ?? {};
    const broken = this.#book.bereaved ? 'somebody has died' : 'all are alive';
    return `  meeting ${this.#book.number}: ${barrier?.arrived} at the barrier, ${group?.left} left to be done, ${broken}`;
  }

  override begin(): void {
    this.#timer = setInterval(() => {
      if (this.#book.allAtDoor) this.#convene();
    }, LOOK_EVERY_MS);
  }

  override adjourn(): void {
    clearInterval(this.#timer);
    // Whoever is in one that a death breaks has to hear of that.
    if (!this.#book.bereaved) this.#close();
    this.#book.open();
  }

  override bury(place: Place): void {
    if (this.#book.isIn(place.index)) this.#mourned.add(place);
    this.#book.bury(place.index);
  }

  override recovered(place: Place): void {
    const tookPart = this.#mourned.delete(place);
    this.#book.leave(place.index);
    const { barrier } = this.#meeting ?? {};
    if (!barrier || barrier.closed) return;
    if (tookPart) this.#broken++;
    if (barrier.broken) return;
    if (tookPart) this.#violations.push(`party ${place.number} died in a meeting, and the barrier is whole`);
    // It was invited, and died before it had the barrier: those who came would wait for it for ever.
    else this.#close();
  }

  audit({ round }: Books): Audit {
    const violations = this.#violations.map((violation) => `${this.name}, round ${round}: ${violation}`);
    const broken = this.#broken;
    this.#violations = [];
    this.#broken = 0;
    return { ...NOTHING, broken, violations };
  }

  #convene(): void {
    this.#close();
    const supervisor = this.#supervisor;
    const meeting: Meeting = {
      barrier: new Barrier(PARTIES, { supervisor, name: 'barrier' }),
      group: new WaitGroup({ supervisor, name: 'group' }),
      onces: Array.from({ length: ONCES }, (_, number) => new Once({ supervisor, name: `once ${number}` })),
    };
    this.#meeting = meeting;
    this.#book.clear();
    const invitation: Invitation = { number: this.#book.number + 1, meeting: supervisor.share(meeting) };
    this.#invitations.postMessage(invitation);
    this.#book.open();
  }

  #close(): void {
    if (!this.#meeting) return;
    const { barrier, group, onces } = this.#meeting;
    for (const primitive of [barrier, group, ...onces]) primitive.close();
  }
}
