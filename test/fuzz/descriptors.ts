/** What `share` answers is changed on its way to `attach`. */

import fc from 'fast-check';
import { attach, bytes, type Channel, json, lease, type Shared, Supervisor, struct, u32 } from '../../src/index.ts';
import { Barrier, ErrGroup, Mutex, Once, Semaphore, WaitGroup } from '../../src/sync/index.ts';
import type { Fuzzer } from './fuzzer.ts';
import { foreignMemory, junk } from './junk.ts';
import { settle } from './verdict.ts';

interface Mutation {
  /** Which of all the properties there are, from 0 to 1. */
  readonly where: number;
  readonly how: 'delete' | 'replace' | 'swap';
  readonly value: unknown;
}

interface Case {
  readonly mutations: readonly Mutation[];
  readonly memory: unknown;
  readonly codecs: unknown;
}

const share01 = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Supervisors are used for so many cases: what attaches leaves ends behind. */
const CASES_EACH = 300;

class Sharer {
  readonly #supervisor = new Supervisor({ memory: 8 * 1024 * 1024, sampleInterval: false, threads: 4 });
  readonly #channels = {
    mpmc: this.#supervisor.channel('mpmc', { codec: u32, capacity: 2 }),
    spsc: this.#supervisor.channel('spsc', { codec: bytes({ inline: 8 }), capacity: 2, topology: 'spsc' }),
    leases: this.#supervisor.channel('leases', { codec: struct({ id: u32, body: lease() }), capacity: 2 }),
    kept: this.#supervisor.channel('kept', { codec: json(), capacity: 2, delivery: 'at-least-once' }),
    met: this.#supervisor.channel('met', { codec: u32, capacity: 0 }),
  };
  readonly #syncs = syncsOf(this.#supervisor);
  #cases = 0;

  get worn(): boolean {
    return ++this.#cases > CASES_EACH;
  }

  share(): Shared<unknown> {
    const { mpmc, spsc, leases, kept, met } = this.#channels;
    return this.#supervisor.share({
      pool: this.#supervisor.pool,
      channels: [mpmc, spsc, leases, met],
      syncs: this.#syncs,
      ends: { jobs: mpmc.receiver, results: [spsc.sender, kept.sender] },
    });
  }

  async close(): Promise<void> {
    await this.#supervisor.close();
  }
}

/** One of each. */
function syncsOf(supervisor: Supervisor): object[] {
  const options = { supervisor };
  const waiting = [new WaitGroup(options), new Barrier(2, options), new ErrGroup(options)];
  return [new Mutex(options), new Semaphore(2, options), new Once(options), ...waiting];
}

let sharer = new Sharer();

export const descriptors: Fuzzer<Case> = {
  cases: fc.record({
    mutations: fc.array(
      fc.record({ where: share01, how: fc.constantFrom('delete', 'replace', 'replace', 'swap'), value: junk }),
      { minLength: 1, maxLength: 4 },
    ) as fc.Arbitrary<Mutation[]>,
    memory: fc.option(foreignMemory, { freq: 10, nil: undefined }),
    codecs: fc.option(junk, { freq: 10, nil: undefined }),
  }),
  run: async ({ mutations, memory, codecs }) => {
    if (sharer.worn) {
      await sharer.close();
      sharer = new Sharer();
    }
    const shared = mutated(sharer.share(), mutations);
    if (memory !== undefined) shared.memory = memory;
    const ports = await settle(() => attach(shared as never, codecs === undefined ? undefined : ({ codecs } as never)));
    for (const port of portsIn(ports)) await tryAll(port);
  },
};

type Bag = Record<string, unknown>;

/** A copy of everything plain, changed in a few places. */
function mutated(shared: Shared<unknown>, mutations: readonly Mutation[]): Bag {
  const copy = { ...shared, ports: structuredClone(shared.ports) } as Bag;
  for (const { where, how, value } of mutations) {
    const places = placesIn(copy);
    const place = places[Math.floor(where * places.length)];
    if (!place) break;
    const { holder, key } = place;
    if (how === 'delete') delete holder[key];
    else if (how === 'replace') holder[key] = value;
    else holder[key] = places[places.length - 1 - Math.floor(where * places.length)]!.holder[key];
  }
  return copy;
}

interface Place {
  readonly holder: Bag;
  readonly key: string;
}

function placesIn(value: unknown, seen = new Set<unknown>()): Place[] {
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value) || seen.has(value)) return [];
  seen.add(value);
  if ('buffer' in value) return [];
  const holder = value as Bag;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesIn(holder[key], seen)]);
}

/** The live objects among what was attached: channels and their ends, and primitives. */
function portsIn(value: unknown, seen = new Set<unknown>()): Channel<any>[] {
  if (value === null || typeof value !== 'object' || seen.has(value)) return [];
  seen.add(value);
  if ('trySend' in value || 'tryReceive' in value || 'portKind' in value) return [value as Channel<any>];
  return Object.values(value).flatMap((each) => portsIn(each, seen));
}

async function tryAll(port: Channel<any>): Promise<void> {
  if ('portKind' in port) return await tryPrimitive(port);
  await settle(() => [port.name, port.length, port.capacity, port.closed]);
  for (const value of [1, 'x', new Uint8Array(100), { id: 1 }])
    await settle(() => 'trySend' in port && port.trySend(value));
  await settle(() => 'tryReceive' in port && port.tryReceive());
  await settle(() => 'receiveSync' in port && port.receiveSync({ timeout: 0 }));
}

async function tryPrimitive(port: any): Promise<void> {
  await settle(() => [port.name, port.closed, port.locked, port.available, port.done, port.left, port.arrived]);
  await settle(() => port.tryLock?.()?.release());
  await settle(() => port.tryAcquire?.()?.release());
  await settle(() => port.doSync?.(() => {}, { timeout: 0 }));
  await settle(() => port.waitSync?.({ timeout: 0 }));
}
