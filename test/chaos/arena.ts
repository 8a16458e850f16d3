/** Everything a run works on, with its workers, and the words by which the main thread directs them. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Supervisor, WorkerGroup } from '../../src/index.ts';
import type { Chaos } from '../../src/testing/index.ts';
import { type Audit, NOTHING, sum, withViolation } from './audit.ts';
import { entryOf } from './entries.ts';
import { Journal, type Phase, type Role } from './journal.ts';
import type { Crew, Departure, Place, Stand } from './stand.ts';
import type { Post } from './workers/post.ts';

/** Small heaps, for there are many. */
const WORKER_HEAP = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 64 };
const REST_MOST_MS = 30_000;
const TURN_MOST_MS = 30;
const WARM_UP_MS = 200;
const GAUGE_MS = 300;

export class Arena {
  readonly supervisor: Supervisor;
  readonly journal: Journal;
  readonly stands: readonly Stand[];
  readonly places: readonly Place[];
  readonly shifts: readonly number[];
  /** The names of those that were killed and have not exited yet: what they held nobody may touch before that. */
  readonly dying = new Set<string>();
  /** Workers that ended though nobody had killed them, each as one sentence. */
  readonly failures: string[] = [];
  readonly #groups: WorkerGroup[] = [];
  /** Of this round. */
  #departures: Departure[] = [];
  #round = 0;
  #shift = 0;
  #over = false;

  constructor(supervisor: Supervisor, stands: readonly Stand[]) {
    this.supervisor = supervisor;
    this.stands = stands;
    this.shifts = [...new Set(stands.map(({ shift }) => shift))];
    const roles = stands.flatMap(({ crews }) => crews.flatMap(({ roles, count }) => Array(count).fill(roles).flat()));
    const senders = roles.filter((role) => role === 'sender').length;
    this.journal = Journal.create(senders, roles.length);
    this.#direct('rest');
    const next = { sender: 0, other: senders };
    for (const [number, stand] of stands.entries()) {
      for (const crew of stand.crews) this.#hire(number, stand, crew, next);
    }
    this.places = stands.flatMap(({ places }) => places);
    supervisor.on('thread-exit', ({ name, exitCode, recovered }) => this.#onExit(name, exitCode, recovered.lost));
  }

  get round(): number {
    return this.#round;
  }

  /** Those whose turn it is. */
  get working(): readonly Stand[] {
    return this.stands.filter(({ shift }) => shift === this.#shift);
  }

  /** Those of them who are in the midst of something. */
  get busy(): readonly Place[] {
    return this.working.flatMap((stand) => {
      return stand.places.filter((place) => this.journal.alive(place.number) && stand.engages(place));
    });
  }

  /** Settles when every worker has come, and rests. */
  async ready(): Promise<void> {
    while (!this.places.every(({ number }) => this.journal.resting(number))) await sleep(1);
  }

  /** Lets the next shift work, in a new round. Everybody is at rest. */
  work(): void {
    this.#shift = this.shifts[this.#round % this.shifts.length]!;
    this.#round++;
    this.#departures = [];
    this.journal.turnPage();
    for (const stand of this.working) stand.begin();
    this.#direct('work');
  }

  /** Lets everybody come to rest: first all but the receivers, then, once they have emptied the channels, those too. */
  async rest(): Promise<void> {
    const places = this.working.flatMap((stand) => stand.places);
    this.#direct('drain');
    for (const stand of this.working) stand.adjourn();
    await this.#resting(places.filter(({ role }) => role !== 'receiver'));
    this.#direct('rest');
    await this.#resting(places);
  }

  /** Messages a second through a lane: one sender, one receiver, the smallest messages. Everybody is at rest. */
  async gauge(number: number): Promise<number> {
    const stand = this.stands[number]!;
    const [receiver] = stand.places.filter(({ role }) => role === 'receiver');
    const count = () => this.journal.messages(receiver!.number);
    this.#shift = stand.shift;
    this.journal.direct({ round: this.#round, phase: 'gauge', turn: number });
    await sleep(WARM_UP_MS);
    const [before, startedAt] = [count(), performance.now()];
    await sleep(GAUGE_MS);
    const rate = ((count() - before) * 1000) / (performance.now() - startedAt);
    this.#direct('rest');
    await this.#resting(stand.places);
    return rate;
  }

  /** Kills a worker; settles once what it held is recovered. Answers false if there was none at that moment. */
  async kill(chaos: Chaos, place: Place): Promise<boolean> {
    const { name, stand } = place;
    if (this.dying.has(name)) return false;
    this.dying.add(name);
    const worker = place.worker();
    // Before the supervisor hears of it.
    worker.prependOnceListener('exit', () => {
      for (const each of stand.places) if (each.name === name) stand.bury(each);
    });
    const killed = await chaos.kill(worker);
    this.dying.delete(name);
    return killed;
  }

  /** Ends every worker once, so that none is older than another, and settles when those that take their places rest. */
  async renew(chaos: Chaos): Promise<void> {
    await Promise.all(this.places.map((place) => this.kill(chaos, place)));
    await this.ready();
  }

  /** Lets everybody go home. Everybody is at rest. */
  async end(): Promise<void> {
    this.#over = true;
    this.#direct('over');
    await Promise.all(this.#groups.map((group) => group.finished));
  }

  /** Compares what was written down in the round that has just ended. Everybody is at rest. */
  audit(): Audit {
    const { journal, round } = this;
    const total = this.working
      .map((stand) => {
        const departed = this.#departures.filter(({ place }) => place.stand === stand);
        return stand.audit({ journal, round, departed });
      })
      .reduce(sum, NOTHING);
    const { leases } = this.supervisor.snapshot().pool;
    // Channels live in blocks of the segment's own; what threads own, or is on its way, is a lease.
    return leases === 0 ? total : withViolation(total, `${leases} blocks are missing from the pool at rest`);
  }

  /** What the workers of a stand are doing, for a message. */
  describe(stand: Stand): string {
    const { journal } = this;
    const { threads } = this.supervisor.snapshot();
    return [
      stand.describe(),
      ...stand.places.map(({ number, role }) => {
        return `  ${role} ${number}: ${this.#stateOf(number)}, begun ${journal.begun(number)}, finished ${journal.finished(number)}`;
      }),
      ...threads.filter(({ name }) => name.startsWith(stand.name)).map((thread) => `  ${JSON.stringify(thread)}`),
    ].join('\n');
  }

  #stateOf(place: number): string {
    if (!this.journal.alive(place)) return 'not there';
    return this.journal.resting(place) ? 'at rest' : 'at work';
  }

  #direct(phase: Phase): void {
    this.journal.direct({ round: this.#round, phase, turn: this.#shift });
  }

  /** Gives a crew its places, senders first in the journal, and starts it. */
  #hire(number: number, stand: Stand, crew: Crew, next: { sender: number; other: number }): void {
    const { roles, entry, count, ports, task } = crew;
    const firstPlaces = roles.map((role): readonly [Role, number] => {
      const kind = role === 'sender' ? 'sender' : 'other';
      next[kind] += count;
      return [role, next[kind] - count];
    });
    const data: Post = { ...task, firstPlaces, shift: stand.shift, lane: number, journal: this.journal.note };
    const name = `${stand.name}-${roles.join('-')}`;
    const worker = { resourceLimits: WORKER_HEAP };
    const group = this.supervisor.spawn(entryOf(entry), { ports, count, data, name, respawn: true, worker });
    this.#groups.push(group);
    for (let index = 0; index < count; index++) {
      for (const [role, first] of firstPlaces) {
        const worker = () => group.workers[index]!;
        stand.places.push({ number: first + index, role, stand, name: `${name}-${index}`, index, worker });
      }
    }
  }

  /** Throws when these places, replacements on their way included, are not at rest in time. */
  async #resting(places: readonly Place[]): Promise<void> {
    let waited = 0;
    let before = performance.now();
    while (!places.every(({ number }) => this.journal.resting(number))) {
      if (waited > REST_MOST_MS) {
        const stands = this.working.map((stand) => this.describe(stand));
        throw new Error(`not at rest after ${REST_MOST_MS} ms:\n${stands.join('\n')}`);
      }
      await sleep(1);
      const now = performance.now();
      // A process that was stopped, or had no turn, has not waited.
      waited += Math.min(now - before, TURN_MOST_MS);
      before = now;
    }
  }

  #onExit(name: string, exitCode: number, lost: number): void {
    const places = this.places.filter((place) => place.name === name);
    if (places.length > 0 && !this.dying.has(name) && !this.#over) {
      this.failures.push(`${name} ended by itself, with exit code ${exitCode}`);
    }
    for (const place of places) {
      const from = this.journal.finished(place.number);
      const count = this.journal.leave(place.number);
      // Of one that sends and receives, what is lost is what it received.
      const its = place.role === 'receiver' || places.length === 1 ? lost : 0;
      this.#departures.push({ place, from, count, lost: its });
      place.stand.recovered(place);
    }
  }
}
