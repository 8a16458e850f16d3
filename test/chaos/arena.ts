/** The channels of a run with their workers, and the words by which the main thread directs them. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { bytes, type Channel, type Codec, lease, type Supervisor, type WorkerGroup } from '../../src/index.ts';
import type { Chaos } from '../../src/testing/index.ts';
import { Journal } from './journal.ts';
import { type Lane, type Post, shiftsOf } from './lanes.ts';

const CAPACITY = 64;

/** A worker's place: it, or whoever replaced it. */
export interface Place {
  readonly number: number;
  readonly role: 'sender' | 'receiver';
  readonly stand: Stand;
  worker(): Worker;
}

/** A lane with its channel and places. */
export interface Stand {
  readonly lane: Lane;
  readonly channel: Channel<any>;
  readonly places: Place[];
}

/** What a worker left in doubt when it died. */
export interface Departure {
  readonly place: Place;
  readonly round: number;
  /** Operations it had begun and not finished: from this one on, so many. */
  readonly from: number;
  readonly count: number;
  /** Messages that the channel counted as lost with it. */
  readonly lost: number;
}

export class Arena {
  readonly supervisor: Supervisor;
  readonly journal: Journal;
  readonly stands: readonly Stand[];
  readonly places: readonly Place[];
  readonly shifts: number;
  readonly departures: Departure[] = [];
  readonly #groups: WorkerGroup[] = [];
  #round = 0;
  #shift = 0;

  constructor(chaos: Chaos, supervisor: Supervisor, lanes: readonly Lane[]) {
    this.supervisor = supervisor;
    this.shifts = shiftsOf(lanes);
    const senders = lanes.reduce((sum, lane) => sum + lane.senders, 0);
    const receivers = lanes.reduce((sum, lane) => sum + lane.receivers, 0);
    this.journal = Journal.create(senders, receivers);
    this.journal.direct({ round: 0, resting: true, shift: 0, over: false });
    let nextSender = 0;
    let nextReceiver = senders;
    this.stands = lanes.map((lane) => {
      const { name, topology, payload, shift } = lane;
      const codec: Codec<any> = payload === 'bytes' ? bytes() : lease();
      const channel: Channel<any> = supervisor.channel(name, { codec, capacity: CAPACITY, topology });
      const stand: Stand = { lane, channel, places: [] };
      const man = (role: Place['role'], count: number, firstPlace: number, ports: object) => {
        const data: Post & { journal: object } = { firstPlace, payload, shift, journal: this.journal.note };
        const entry = new URL(`./workers/${role}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url);
        const group = chaos.spawn(entry, { ports, count, data, name: `${name}-${role}`, respawn: true });
        this.#groups.push(group);
        for (let index = 0; index < count; index++) {
          stand.places.push({ number: firstPlace + index, role, stand, worker: () => group.workers[index]! });
        }
        return firstPlace + count;
      };
      nextSender = man('sender', lane.senders, nextSender, { out: channel.sender, pool: supervisor.pool });
      nextReceiver = man('receiver', lane.receivers, nextReceiver, { from: channel.receiver });
      return stand;
    });
    this.places = this.stands.flatMap(({ places }) => places);
    this.#watchDepartures();
  }

  get round(): number {
    return this.#round;
  }

  /** The lanes whose turn it is. */
  get working(): readonly Stand[] {
    return this.stands.filter(({ lane }) => lane.shift === this.#shift);
  }

  /** Settles when every worker has attached. */
  async ready(): Promise<void> {
    while (!this.places.every(({ number }) => this.journal.alive(number))) await sleep(1);
  }

  /** Lets a shift work, in a new round. Everybody is at rest. */
  work(shift: number): void {
    this.#round++;
    this.#shift = shift;
    this.journal.turnPage();
    this.journal.direct({ round: this.#round, resting: false, shift, over: false });
  }

  /** Lets everybody come to rest: senders stop, receivers empty the channels. Throws when they do not within 10 s. */
  async rest(): Promise<void> {
    this.journal.direct({ round: this.#round, resting: true, shift: this.#shift, over: false });
    const places = this.working.flatMap((stand) => stand.places);
    for (let waited = 0; !places.every(({ number }) => this.journal.resting(number)); waited++) {
      if (waited === 10_000) throw new Error(`not at rest after 10 s:\n${this.describe()}`);
      await sleep(1);
    }
  }

  /** Lets everybody go home. Everybody is at rest. */
  async end(): Promise<void> {
    this.journal.direct({ round: this.#round, resting: true, shift: this.#shift, over: true });
    await Promise.all(this.#groups.map((group) => group.finished));
  }

  /** Messages received in all rounds. */
  received(): number {
    return this.places.reduce((sum, { role, number }) => {
      return role === 'receiver' ? sum + (this.journal.messages(number) >>> 0) : sum;
    }, 0);
  }

  /** What everybody was doing, for a message. */
  describe(): string {
    const { channels, threads } = this.supervisor.snapshot();
    const lines = this.working.flatMap(({ lane, places }) => {
      const channel = channels.find(({ name }) => name === lane.name)!;
      const { length, sendersWaiting, receiversWaiting } = channel;
      return [
        `${lane.name}: ${length} messages, ${sendersWaiting} senders and ${receiversWaiting} receivers wait`,
        ...places.map(({ number, role }) => {
          const { journal } = this;
          const state = !journal.alive(number) ? 'not there' : journal.resting(number) ? 'at rest' : 'at work';
          return `  ${role} ${number}: ${state}, begun ${journal.begun(number)}, finished ${journal.finished(number)}`;
        }),
      ];
    });
    return [...lines, ...threads.map((thread) => JSON.stringify(thread))].join('\n');
  }

  #watchDepartures(): void {
    const byName = new Map<string, Place>();
    for (const { lane, places } of this.stands) {
      for (const role of ['sender', 'receiver'] as const) {
        const crew = places.filter((place) => place.role === role);
        crew.forEach((place, index) => {
          byName.set(`${lane.name}-${role}-${index}`, place);
        });
      }
    }
    this.supervisor.on('thread-exit', ({ name, recovered }) => {
      const place = byName.get(name);
      if (!place) return;
      const from = this.journal.finished(place.number);
      const count = this.journal.leave(place.number);
      this.departures.push({ place, round: this.#round, from, count, lost: recovered.lost });
    });
  }
}
