/** The channels of a run with their workers, and the words by which the main thread directs them. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { bytes, type Channel, type Codec, lease, type Supervisor, type WorkerGroup } from '../../src/index.ts';
import type { Chaos } from '../../src/testing/index.ts';
import { entryOf } from './entries.ts';
import { Journal, type Phase, type Role } from './journal.ts';
import { type Lane, type Post, shiftsOf } from './lanes.ts';

/** Small heaps, for there are many. */
const WORKER_HEAP = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 64 };
const REST_MOST_MS = 30_000;
const WARM_UP_MS = 200;
const GAUGE_MS = 300;

/** A worker's place: it, or whoever replaced it. */
export interface Place {
  readonly number: number;
  readonly role: Role;
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
  /** Those that were killed and have not exited yet: what they held nobody may touch before that. */
  readonly dying = new Set<Place>();
  readonly #groups: WorkerGroup[] = [];
  #round = 0;
  #shift = 0;

  constructor(supervisor: Supervisor, lanes: readonly Lane[]) {
    this.supervisor = supervisor;
    this.shifts = shiftsOf(lanes);
    const senders = lanes.reduce((sum, lane) => sum + lane.senders, 0);
    const receivers = lanes.reduce((sum, lane) => sum + lane.receivers, 0);
    this.journal = Journal.create(senders, receivers);
    this.#direct('rest');
    let nextSender = 0;
    let nextReceiver = senders;
    this.stands = lanes.map((lane, number) => {
      const { name, topology, capacity, delivery, payload, shift } = lane;
      const codec: Codec<any> = payload === 'bytes' ? bytes() : lease();
      const channel: Channel<any> = supervisor.channel(name, { codec, capacity, topology, delivery });
      const stand: Stand = { lane, channel, places: [] };
      const man = (role: Role, entry: string, count: number, firstPlace: number, ports: object) => {
        const data: Post = { firstPlace, payload, shift, lane: number, journal: this.journal.note };
        const worker = { resourceLimits: WORKER_HEAP };
        const options = { ports, count, data, name: `${name}-${role}`, respawn: true, worker };
        const group = supervisor.spawn(entryOf(entry), options);
        this.#groups.push(group);
        for (let index = 0; index < count; index++) {
          stand.places.push({ number: firstPlace + index, role, stand, worker: () => group.workers[index]! });
        }
        return firstPlace + count;
      };
      const receiver = delivery === 'at-least-once' ? 'acknowledger' : 'receiver';
      nextSender = man('sender', 'sender', lane.senders, nextSender, { out: channel.sender, pool: supervisor.pool });
      nextReceiver = man('receiver', receiver, lane.receivers, nextReceiver, { from: channel.receiver });
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

  /** Settles when every worker has come, and rests. */
  async ready(): Promise<void> {
    while (!this.places.every(({ number }) => this.journal.resting(number))) await sleep(1);
  }

  /** Lets a shift work, in a new round. Everybody is at rest. */
  work(shift: number): void {
    this.#round++;
    this.#shift = shift;
    this.journal.turnPage();
    this.#direct('work');
  }

  /** Lets everybody come to rest: first the senders, then, once they have emptied the channels, the receivers. */
  async rest(): Promise<void> {
    const places = this.working.flatMap((stand) => stand.places);
    await this.#rest('drain', ...places.filter(({ role }) => role === 'sender'));
    await this.#rest('rest', ...places);
  }

  /** Messages a second through a lane: one sender, one receiver, the smallest messages. Everybody is at rest. */
  async gauge(lane: number): Promise<number> {
    const stand = this.stands[lane]!;
    const [receiver] = stand.places.filter(({ role }) => role === 'receiver');
    const count = () => this.journal.messages(receiver!.number);
    this.#shift = stand.lane.shift;
    this.journal.direct({ round: this.#round, phase: 'gauge', turn: lane });
    await sleep(WARM_UP_MS);
    const [before, startedAt] = [count(), performance.now()];
    await sleep(GAUGE_MS);
    const rate = ((count() - before) * 1000) / (performance.now() - startedAt);
    await this.#rest('rest', ...stand.places);
    return rate;
  }

  /** Kills a worker; settles once what it held is recovered. Answers false if there was none at that moment. */
  async kill(chaos: Chaos, place: Place): Promise<boolean> {
    if (this.dying.has(place)) return false;
    this.dying.add(place);
    const killed = await chaos.kill(place.worker());
    this.dying.delete(place);
    return killed;
  }

  /** Ends every worker once, so that none is older than another, and settles when those that take their places rest. */
  async renew(chaos: Chaos): Promise<void> {
    await Promise.all(this.places.map((place) => this.kill(chaos, place)));
    await this.ready();
  }

  /** Lets everybody go home. Everybody is at rest. */
  async end(): Promise<void> {
    this.#direct('over');
    await Promise.all(this.#groups.map((group) => group.finished));
  }

  /** Messages received in all rounds. */
  received(): number {
    return this.places.reduce((sum, { role, number }) => {
      return role === 'receiver' ? sum + (this.journal.messages(number) >>> 0) : sum;
    }, 0);
  }

  /** What the workers of a lane are doing, for a message. */
  describe({ lane, places }: Stand): string {
    const { channels, threads } = this.supervisor.snapshot();
    const { journal } = this;
    const { length, sendersWaiting, receiversWaiting } = channels.find(({ name }) => name === lane.name)!;
    return [
      `  ${lane.name}: ${length} messages, ${sendersWaiting} senders and ${receiversWaiting} receivers wait`,
      ...places.map(({ number, role }) => {
        return `  ${role} ${number}: ${this.#stateOf(number)}, begun ${journal.begun(number)}, finished ${journal.finished(number)}`;
      }),
      ...threads.filter(({ name }) => name.startsWith(lane.name)).map((thread) => `  ${JSON.stringify(thread)}`),
    ].join('\n');
  }

  #stateOf(place: number): string {
    if (!this.journal.alive(place)) return 'not there';
    return this.journal.resting(place) ? 'at rest' : 'at work';
  }

  #direct(phase: Phase): void {
    this.journal.direct({ round: this.#round, phase, turn: this.#shift });
  }

  /** Throws when these places, replacements on their way included, are not at rest in time. */
  async #rest(phase: Phase, ...places: readonly Place[]): Promise<void> {
    this.#direct(phase);
    const deadline = performance.now() + REST_MOST_MS;
    while (!places.every(({ number }) => this.journal.resting(number))) {
      if (performance.now() > deadline) {
        const lanes = this.working.map((stand) => this.describe(stand));
        throw new Error(`not at rest after ${REST_MOST_MS} ms:\n${lanes.join('\n')}`);
      }
      await sleep(1);
    }
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
