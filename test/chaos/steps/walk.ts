/**
 * A death at each single step of an operation: the victim dies before its first step, in another run before its second,
 * and so on, until it gets through. What there is to count is then known exactly, each time.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { type Channel, Supervisor, type Topology } from '../../../src/index.ts';
import { Chaos } from '../../../src/testing/index.ts';
import { entryOf } from '../entries.ts';
import type { DeliveryMode } from '../lanes.ts';
import { codecOf, type Kind, MESSAGE_BYTES, makeMessage, numberOf, spend } from './messages.ts';
import type { OperationName, OperationPorts, Task } from './operations.ts';
import { Signals } from './signals.ts';

export interface Walk {
  readonly name: string;
  readonly topology: Topology;
  /** Default: at most once. */
  readonly delivery?: DeliveryMode;
  readonly kind: Kind;
  readonly capacity: number;
  /** Messages that are there before, numbered from 0. */
  readonly messages: number;
  readonly victim: OperationName;
  /** What another thread sleeps in when the victim sets out. */
  readonly survivor?: OperationName;
  /** What must be so after each death, and what came of the victim's operation, in a word. */
  judge(scene: Scene): Promise<string>;
}

export interface WalkReport {
  readonly walk: Walk;
  /** What came of the operation, by the step it died before; the last one got through. */
  readonly outcomes: readonly string[];
  readonly violations: readonly string[];
}

/** Within this a survivor has to finish what it can. */
const PROMPT_MS = 1000;
/** No operation has so many. */
const STEPS_MOST = 300;
const MEMORY_BYTES = 2 ** 22;

/** An actor with its signals. */
export interface Actor {
  readonly worker: Worker;
  readonly signals: Signals;
}

/** What there is after a death. */
export class Scene {
  readonly walk: Walk;
  readonly supervisor: Supervisor;
  readonly channel: Channel<any>;
  readonly survivor: Actor | undefined;
  /** Whether the victim got through. */
  readonly finished: boolean;

  constructor(
    walk: Walk,
    supervisor: Supervisor,
    channel: Channel<any>,
    survivor: Actor | undefined,
    finished: boolean,
  ) {
    this.walk = walk;
    this.supervisor = supervisor;
    this.channel = channel;
    this.survivor = survivor;
    this.finished = finished;
  }

  get lost(): number {
    return this.supervisor.snapshot().channels[0]!.lost;
  }

  /** Takes everything out of the channel: the numbers of the messages. */
  drain(): number[] {
    const messages: unknown[] = [];
    for (let next = this.channel.tryReceive(); next && !next.done; next = this.channel.tryReceive()) {
      messages.push(next.value);
    }
    return messages.map((message) => this.#spend(message));
  }

  async receive(): Promise<number> {
    return this.#spend((await this.channel.receive({ timeout: PROMPT_MS })).value);
  }

  #spend(message: unknown): number {
    const { kind } = this.walk;
    const number = numberOf(kind, message);
    spend(kind, message);
    return number;
  }

  async send(number: number): Promise<void> {
    const { kind } = this.walk;
    await this.channel.send(makeMessage(kind, number, this.supervisor.pool), { timeout: PROMPT_MS });
  }

  /** Whether the survivor finishes in time. */
  async survivorFinishes(): Promise<boolean> {
    const { signals } = this.survivor!;
    const deadline = performance.now() + PROMPT_MS;
    while (signals.count('done') === 0 && performance.now() < deadline) await sleep(1);
    return signals.count('done') > 0;
  }
}

/** Throws when what must be so is not. */
export function must(condition: boolean, complaint: string): void {
  if (!condition) throw new Error(complaint);
}

/** Walks until the victim gets through. */
export async function take(walk: Walk, onDeath: () => void = () => {}): Promise<WalkReport> {
  const outcomes: string[] = [];
  const violations: string[] = [];
  for (let step = 1; ; step++) {
    if (step > STEPS_MOST) throw new Error(`${walk.name}: expected an end within ${STEPS_MOST} steps`);
    const { finished, outcome, violation } = await dieBefore(walk, step);
    outcomes.push(outcome);
    if (violation) violations.push(`${walk.name}, death before step ${step}: ${violation}`);
    if (finished) return { walk, outcomes, violations };
    onDeath();
  }
}

interface Death {
  readonly finished: boolean;
  readonly outcome: string;
  readonly violation?: string;
}

async function dieBefore(walk: Walk, step: number): Promise<Death> {
  const supervisor = new Supervisor({ memory: MEMORY_BYTES, threads: 4, sampleInterval: false });
  const chaos = new Chaos(supervisor);
  const { topology, delivery = 'at-most-once', kind, capacity } = walk;
  const channel: Channel<any> = supervisor.channel('channel', { codec: codecOf(kind), capacity, topology, delivery });
  const cast = new Cast(chaos, { channel, pool: supervisor.pool }, kind);
  // So that it need not be laid out, unless that is what the walk is through.
  if (walk.victim !== 'lease') supervisor.pool.leaseSync(MESSAGE_BYTES).release();
  try {
    for (let number = 0; number < walk.messages; number++) {
      await channel.send(makeMessage(kind, number, supervisor.pool));
    }
    const victim = await cast.enter(walk.victim);
    const survivor = walk.survivor && (await cast.enter(walk.survivor));
    if (survivor) {
      survivor.signals.give('go');
      while (!supervisor.snapshot().threads.some(({ state }) => state === 'parked')) await sleep(1);
    }
    const died = chaos.killAtStep(victim.worker, step);
    victim.signals.give('go');
    const finished = await Promise.race([died.then(() => false), doneBy(victim)]);
    await chaos.kill(victim.worker);
    const scene = new Scene(walk, supervisor, channel, survivor, finished);
    return { finished, ...(await judgeAll(scene, cast)) };
  } finally {
    await cast.leave();
    await supervisor.close();
  }
}

async function judgeAll(scene: Scene, cast: Cast): Promise<Omit<Death, 'finished'>> {
  try {
    const outcome = await scene.walk.judge(scene);
    await cast.leave();
    scene.drain();
    const { leases } = scene.supervisor.pool.stats();
    must(leases === 0, `${leases} blocks are missing from the pool`);
    return { outcome };
  } catch (error) {
    return { outcome: 'wrong', violation: (error as Error).message };
  }
}

/** The actors of one death. */
class Cast {
  readonly #chaos: Chaos;
  readonly #ports: OperationPorts;
  readonly #kind: Kind;
  readonly #workers: Worker[] = [];

  constructor(chaos: Chaos, ports: OperationPorts, kind: Kind) {
    this.#chaos = chaos;
    this.#ports = ports;
    this.#kind = kind;
  }

  /** Settles when the actor is ready to begin. */
  async enter(operation: OperationName): Promise<Actor> {
    const signals = new Signals();
    const data: Task = { operation, kind: this.#kind, signals: signals.memory };
    const worker = this.#chaos.spawn(entryOf('actor'), { ports: this.#ports, data, name: operation }).workers[0]!;
    this.#workers.push(worker);
    while (signals.count('ready') === 0) await sleep(1);
    return { worker, signals };
  }

  async leave(): Promise<void> {
    for (const worker of this.#workers) await this.#chaos.kill(worker);
  }
}

async function doneBy({ signals, worker }: Actor): Promise<boolean> {
  while (signals.count('done') === 0 && worker.threadId !== -1) await sleep(1);
  return signals.count('done') > 0;
}
