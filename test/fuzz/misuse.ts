/** The public face, used in every order there is, right and wrong. */

import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import {
  channel as anonymousChannel,
  attach,
  bytes,
  type Channel,
  custom,
  type Delivery,
  json,
  type Lease,
  lease,
  type Receiver,
  type Sender,
  Supervisor,
  struct,
  structured,
  u32,
  utf8,
} from '../../src/index.ts';
import { Barrier, ErrGroup, Mutex, Once, Semaphore, WaitGroup } from '../../src/sync/index.ts';
import type { Fuzzer } from './fuzzer.ts';
import { junk } from './junk.ts';
import { assertAllowed, OWN_ERROR, REASON, settle, soon } from './verdict.ts';

interface Step {
  readonly act: number;
  /** Picks what it is done to, and with. */
  readonly on: number;
  readonly with: number;
  readonly junk: unknown;
}

const failing = custom<number>({
  name: 'failing',
  encode: (value) => {
    if (typeof value !== 'number' || value % 2 === 0) throw OWN_ERROR;
    return new Uint8Array(3);
  },
  decode: () => {
    throw OWN_ERROR;
  },
});

const CODECS = [
  u32,
  bytes({ inline: 8, max: 5000 }),
  utf8(),
  json(),
  structured(),
  lease(),
  struct({ id: u32, body: lease() }),
  failing,
] as const;

const TOPOLOGIES = ['mpmc', 'mpsc', 'spmc', 'spsc'] as const;

/** Everything a case has got hold of so far. */
class World {
  readonly supervisors: Supervisor[] = [];
  readonly channels: Channel<any>[] = [];
  readonly senders: Sender<any>[] = [];
  readonly receivers: Receiver<any>[] = [];
  readonly leases: Lease[] = [];
  readonly deliveries: Delivery<any>[] = [];
  /** Primitives, and what was taken of them. */
  readonly syncs: any[] = [];
  readonly taken: { release(): unknown }[] = [];
  readonly pending: Promise<unknown>[] = [];

  addSupervisor(): void {
    this.supervisors.push(new Supervisor({ memory: 4 * 1024 * 1024, threads: 2, sampleInterval: false, spin: 10 }));
  }

  /** Something to send: what the codecs take, and what they do not. */
  value({ with: which, junk: value, on }: Step): unknown {
    const held = this.leases[on % (this.leases.length || 1)];
    const values = [which, 'text', new Uint8Array(which % 6000), held, { id: which, body: held }, [1, 2], value];
    return values[which % values.length];
  }

  keep(answer: unknown): void {
    const value = (answer as { value?: unknown } | undefined)?.value ?? answer;
    for (const each of [value, (value as { body?: unknown } | undefined)?.body]) {
      if (each === null || typeof each !== 'object') continue;
      if ('truncate' in each) this.leases.push(each as Lease);
      else if ('release' in each) this.taken.push(each as { release(): unknown });
    }
  }

  async settle(call: () => unknown): Promise<void> {
    this.keep(await settle(call as () => Promise<unknown>));
  }

  /** Closes everything in an order of its own: nothing may be left, and nobody may still wait. */
  async end(): Promise<void> {
    for (const each of this.deliveries) await settle(() => void each.ack());
    for (const each of this.leases) await settle(() => each[Symbol.dispose]());
    for (const each of this.channels) await settle(() => each.cancel());
    for (const each of this.taken) await settle(() => each.release());
    for (const each of this.syncs) await settle(() => each.close());
    for (const pending of this.pending) await this.settle(() => pending);
    for (const each of this.leases) await settle(() => each[Symbol.dispose]());
    await setImmediate();
    for (const each of this.supervisors) {
      const snapshot = each.snapshot();
      const plain = JSON.parse(JSON.stringify(snapshot));
      for (const { name, length, capacity } of plain.channels) {
        if (!(length >= 0 && length <= capacity)) throw new Error(`${name}: ${length} of ${capacity} messages`);
      }
      if (plain.pool.leases !== 0) throw new Error(`expected no lease at the end, met ${plain.pool.leases}`);
      if (JSON.stringify(plain) !== JSON.stringify(snapshot)) throw new Error('expected plain JSON');
      await each.close();
    }
  }
}

const pick = <T>(list: readonly T[], which: number): T | undefined => list[which % (list.length || 1)];

type Act = (world: World, step: Step) => unknown;
type End = 'channels' | 'senders' | 'receivers';

const optionsOf = ({ junk: value, with: which }: Step): any =>
  [
    undefined,
    { timeout: 0 },
    { timeout: 1 },
    { timeout: -1 },
    { timeout: Number.NaN },
    { timeout: typeof value === 'number' && value > 1 ? 1 : (value ?? 0) },
    { signal: AbortSignal.abort(REASON), timeout: 0 },
    { signal: undefined, timeout: 0 },
  ][which % 8];

/** Options that cannot make a call wait for ever. */
const finite = (step: Step): any => ({ timeout: 0, ...optionsOf(step) });

const on =
  (kind: End, call: (end: any, step: Step, world: World) => unknown): Act =>
  (world, step) => {
    const end = pick(world[kind] as readonly unknown[], step.on);
    return end && call(end, step, world);
  };

/** Runs beside what comes next. */
const aside =
  (act: Act): Act =>
  (world, step) => {
    const running = settle(() => act(world, step));
    world.pending.push(running);
  };

const sending: Act[] = (['channels', 'senders'] as const).flatMap((kind) => [
  on(kind, (end, step, world) => end.trySend(world.value(step))),
  on(kind, (end, step, world) => end.sendSync(world.value(step), finite(step))),
  on(kind, (end, step, world) => end.sendManySync([world.value(step), world.value(step)], finite(step))),
  on(kind, (end, step) => end.sendManySync(step.junk, finite(step))),
  aside(on(kind, (end, step, world) => end.send(world.value(step), optionsOf(step)))),
  aside(on(kind, (end, step, world) => end.sendMany([world.value(step)], optionsOf(step)))),
  aside(on(kind, (end, step) => end.sendMany(step.junk, finite(step)))),
]);

const receiving: Act[] = (['channels', 'receivers'] as const).flatMap((kind) => [
  on(kind, (end) => end.tryReceive()),
  on(kind, (end, step) => end.receiveSync(finite(step))),
  on(kind, (end, step, world) => {
    for (const value of end.receiveManySync((step.with % 4) - 1, finite(step))) world.keep(value);
  }),
  on(kind, (end, step) => end.receiveMany(step.junk, finite(step))),
  aside(
    on(kind, async (end, step, world) => {
      world.keep(await end.receive(optionsOf(step)));
    }),
  ),
  on(kind, async (end, step, world) => {
    if (end.length === 0) return;
    const next: any = await soon(end.deliveries()[Symbol.asyncIterator]().next());
    if (next?.done !== false) return;
    world.keep(next.value.value);
    if (step.with % 3 === 0) world.deliveries.push(next.value);
    else if (step.with % 3 === 1) next.value.ack();
    else next.value.nack();
  }),
  on(kind, async (end, _step, world) => {
    const iterator = end[Symbol.asyncIterator]();
    world.keep(await soon(iterator.next()));
    await iterator.return();
  }),
]);

const making: Act[] = [
  (world, step) => {
    const options = {
      codec: pick<unknown>([...CODECS, step.junk], step.with) as any,
      capacity: step.on % 5,
      topology: pick(TOPOLOGIES, step.with >> 3)!,
      overflow: pick(['block', 'reject', 'drop-newest', 'drop-oldest'] as const, step.on >> 2)!,
      ...(step.with % 3 === 0 && { delivery: 'at-least-once' as const, maxAttempts: 2 }),
    };
    world.channels.push(pick(world.supervisors, step.on)!.channel('made', options));
  },
  (world, step) => {
    const wrong = pick(
      [
        'capacity',
        'topology',
        'levels',
        'overflow',
        'onOverflow',
        'delivery',
        'codec',
        'maxAttempts',
        'ackTimeout',
        'deadLetter',
      ],
      step.with,
    )!;
    const options = { codec: u32, capacity: 2, [wrong]: step.junk };
    world.channels.push(pick(world.supervisors, step.on)!.channel('wrong', options as never));
  },
  (world, step) => pick(world.supervisors, step.on)!.channel(step.junk as string, { codec: u32, capacity: 1 }),
  (_, step) => anonymousChannel(step.junk as never),
  (world) => {
    if (world.supervisors.length < 2) world.addSupervisor();
  },
  (_, step) => new Supervisor({ [pick(['memory', 'threads', 'spin'], step.with)!]: step.junk ?? -1 } as never),
  (world, step) => world.senders.push(pick(world.channels, step.on)!.sender),
  (world, step) => world.receivers.push(pick(world.channels, step.on)!.receiver),
];

const pooling: Act[] = [
  (world, step) => pick(world.supervisors, step.on)!.pool.tryLease(step.with % 100_000),
  (world, step) => pick(world.supervisors, step.on)!.pool.tryLease(step.junk as number),
  (world, step) => pick(world.supervisors, step.on)!.pool.leaseSync(step.with, finite(step)),
  (world, step) => pick(world.supervisors, step.on)!.pool.lease(step.with * 100, finite(step)),
  (world, step) => pick(world.leases, step.on)?.release(),
  (world, step) => pick(world.leases, step.on)?.bytes.fill(1),
  (world, step) => pick(world.leases, step.on)?.buffer.length,
  (world, step) => {
    // The one RangeError that is documented, as for the platform's own views.
    try {
      pick(world.leases, step.on)?.truncate(step.junk as number);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  },
  (world, step) => pick(world.deliveries, step.on)?.ack(),
  (world, step) => pick(world.deliveries, step.on)?.nack(),
];

/** Calls a primitive that can do that: `done` is a method of a wait group, and of a once its state. */
const ofSync =
  (call: string, argsOf: (step: Step) => readonly unknown[] = () => []): Act =>
  (world, step) => {
    const able = world.syncs.filter((each) => typeof each[call] === 'function');
    return pick(able, step.on)?.[call](...argsOf(step));
  };

const run = ({ with: which }: Step) => {
  return () => {
    if (which % 3 === 0) throw OWN_ERROR;
  };
};

const syncing: Act[] = [
  (world, step) => {
    const options = { supervisor: pick(world.supervisors, step.on)!, name: pick(['named', undefined], step.on)! };
    const kinds = [
      () => new Mutex(options),
      () => new Semaphore(1 + (step.on % 3), options),
      () => new Once(options),
      () => new WaitGroup(options),
      () => new Barrier(1 + (step.on % 2), options),
      () => new ErrGroup(options),
    ];
    world.syncs.push(pick(kinds, step.with)!());
  },
  (world, step) => {
    const supervisor = pick(world.supervisors, step.on)!;
    const wrong = [
      () => new Semaphore(step.junk as number, { supervisor }),
      () => new Barrier(step.junk as number, { supervisor }),
      () => new Mutex({ supervisor, name: step.junk as string }),
      () => new ErrGroup({ supervisor, timeout: step.junk as number }),
    ];
    world.syncs.push(pick(wrong, step.with)!());
  },
  ofSync('tryLock'),
  ofSync('lockSync', (step) => [finite(step)]),
  aside(ofSync('lock', (step) => [optionsOf(step)])),
  ofSync('unlock'),
  ofSync('tryAcquire', (step) => [step.with % 4]),
  ofSync('tryAcquire', (step) => [step.junk]),
  ofSync('acquireSync', (step) => [1 + (step.with % 3), finite(step)]),
  aside(ofSync('acquire', (step) => [1 + (step.with % 3), optionsOf(step)])),
  ofSync('doSync', (step) => [run(step), finite(step)]),
  aside(ofSync('do', (step) => [run(step), optionsOf(step)])),
  ofSync('add', (step) => [pick([1, 2, step.junk], step.with)]),
  ofSync('done'),
  ofSync('go', (step) => [run(step)]),
  ofSync('waitSync', (step) => [finite(step)]),
  aside(ofSync('wait', (step) => [optionsOf(step)])),
  ofSync('close'),
  (world, step) => pick(world.taken, step.on)?.release(),
];

const passing: Act[] = [
  (world, step) => {
    const ports = {
      sync: pick(world.syncs, step.on),
      a: pick(world.channels, step.on),
      b: [pick(world.senders, step.with), pick(world.receivers, step.on)],
    };
    const shared = pick(world.supervisors, step.with)!.share(ports);
    const got = attach(shared, { codecs: [failing] });
    if (step.on % 2 === 0) attach(shared, { codecs: [failing] });
    if (got.a) world.channels.push(got.a);
    if (got.sync) world.syncs.push(got.sync);
  },
  (world, step) => pick(world.supervisors, step.on)!.share(step.junk),
  (_, step) => attach(step.junk as never),
  (world, step) => pick(world.supervisors, step.on)!.spawn(step.junk as URL, { ports: {} }),
  (world, step) => pick(world.supervisors, step.on)!.snapshot(),
];

const closing: Act[] = [
  on('channels', (end, step) => end.close(step.with % 2 === 0 ? new Error('x') : step.junk)),
  on('channels', (end, step) => end.cancel(step.junk)),
  on('senders', (end) => end.close()),
  on('senders', (end) => end[Symbol.dispose]()),
  on('receivers', (end, step) => end.cancel(step.junk)),
  on('receivers', (end) => end[Symbol.dispose]()),
  (world, step) => (step.with % 5 === 0 ? pick(world.supervisors, step.on)!.close() : undefined),
  async () => {
    await setImmediate();
  },
];

const ACTS: readonly Act[] = [...making, ...sending, ...receiving, ...pooling, ...syncing, ...passing, ...closing];

const step: fc.Arbitrary<Step> = fc.record({
  act: fc.oneof(fc.nat(ACTS.length - 1), fc.constantFrom(0, 6, 7)),
  on: fc.nat(1000),
  with: fc.nat(1000),
  junk,
});

export const misuse: Fuzzer<readonly Step[]> = {
  cases: fc.array(step, { minLength: 1, maxLength: 30 }),
  run: async (steps) => {
    const world = new World();
    const timers = timersRunning();
    world.addSupervisor();
    for (const codec of CODECS) {
      world.channels.push(world.supervisors[0]!.channel('first', { codec: codec as any, capacity: 2 }));
    }
    world.channels.push(world.supervisors[0]!.channel('met', { codec: json(), capacity: 0 }));
    for (const each of steps) await world.settle(() => ACTS[each.act]!(world, each));
    try {
      await world.end();
    } catch (error) {
      assertAllowed(error);
    }
    if (timersRunning() > timers)
      throw new Error('expected that nothing holds the process open, met a timer that does');
  },
};

function timersRunning(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}
