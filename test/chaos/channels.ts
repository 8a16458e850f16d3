/** The channels of a lane, with workers at both ends. */

import { bytes, type Channel, type Codec, lease, type Supervisor } from '../../src/index.ts';
import { type Audit, auditLane, withViolation } from './audit.ts';
import type { Lane, LaneTask } from './lanes.ts';
import { type Books, type Crew, type Place, Stand } from './stand.ts';

export class Channels extends Stand {
  readonly lane: Lane;
  readonly crews: readonly Crew[];
  readonly #supervisor: Supervisor;
  readonly #names: readonly string[];
  /** Messages counted as lost in all rounds before. */
  #lost = 0;

  constructor(supervisor: Supervisor, lane: Lane) {
    super();
    const { topology, capacities, delivery, payload } = lane;
    this.lane = lane;
    this.#supervisor = supervisor;
    const codec: Codec<any> = payload === 'bytes' ? bytes() : lease();
    const channels = capacities.map((capacity, index): Channel<any> => {
      return supervisor.channel(nameOf(lane, index), { codec, capacity, topology, delivery });
    });
    this.#names = channels.map((channel) => channel.name);
    this.crews = crewsOf(lane, channels, supervisor).filter(({ count }) => count > 0);
  }

  get name(): string {
    return this.lane.name;
  }

  get shift(): number {
    return this.lane.shift;
  }

  override audit(books: Books): Audit {
    const { length, lost } = this.#counts;
    const audit = auditLane(this, lost - this.#lost, books);
    this.#lost = lost;
    return length === 0 ? audit : withViolation(audit, `${this.name}: ${length} messages left at rest`);
  }

  /** What its channels hold, and what they have counted as lost. */
  get #counts(): { readonly length: number; readonly lost: number } {
    const channels = this.#snapshots;
    return {
      length: channels.reduce((total, { length }) => total + length, 0),
      lost: channels.reduce((total, { lost }) => total + lost, 0),
    };
  }

  /** It needs somebody else at the other end. */
  manned({ role, name }: Place, working: readonly Place[]): boolean {
    return working.some((other) => other.role !== role && other.name !== name);
  }

  describe(): string {
    return this.#snapshots
      .map(({ name, length, sendersWaiting, receiversWaiting }) => {
        return `  ${name}: ${length} messages, ${sendersWaiting} senders and ${receiversWaiting} receivers wait`;
      })
      .join('\n');
  }

  get #snapshots() {
    return this.#supervisor.snapshot().channels.filter(({ name }) => this.#names.includes(name));
  }
}

function nameOf({ name, capacities }: Lane, index: number): string {
  return capacities.length === 1 ? name : `${name}-${index}`;
}

function crewsOf(lane: Lane, channels: readonly Channel<any>[], { pool }: Supervisor): Crew[] {
  const { payload, delivery, senders, receivers, peers } = lane;
  const task: LaneTask = { payload };
  const outs = channels.map(({ sender }) => sender);
  const froms = channels.map(({ receiver }) => receiver);
  if (channels.length === 1) {
    const receiver = delivery === 'at-least-once' ? 'acknowledger' : 'receiver';
    return [
      { roles: ['sender'], entry: 'sender', count: senders, ports: { out: outs[0], pool }, task },
      { roles: ['receiver'], entry: receiver, count: receivers, ports: { from: froms[0] }, task },
    ];
  }
  const entry = 'chooser';
  return [
    { roles: ['sender'], entry, count: senders, ports: { outs, froms: [], pool }, task },
    { roles: ['receiver'], entry, count: receivers, ports: { outs: [], froms, pool }, task },
    { roles: ['sender', 'receiver'], entry, count: peers, ports: { outs, froms, pool }, task },
  ];
}
