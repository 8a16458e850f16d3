/** What must compile, and what must not: ports on their way to other threads. Never run. */

import { workerData } from 'node:worker_threads';
import {
  attach,
  type BufferPool,
  bytes,
  type Channel,
  custom,
  json,
  type Receiver,
  type Sender,
  type Shared,
  type Supervisor,
  type SupervisorEvents,
  u32,
  type WorkerGroup,
} from '../../src/index.ts';
import { type Equal, holds } from './equal.ts';

declare const supervisor: Supervisor;
const jobs = supervisor.channel('jobs', { codec: json<{ id: number }>(), capacity: 1 });
const results = supervisor.channel('results', { codec: bytes(), capacity: 1 });

// The type of the ports travels with them.
const shared = supervisor.share({ jobs: jobs.receiver, nested: [results.sender], pool: supervisor.pool, answer: 42 });
const ports = attach(shared);
holds<
  Equal<
    typeof ports,
    { jobs: Receiver<{ id: number }>; nested: Sender<Uint8Array>[]; pool: BufferPool; answer: number }
  >
>();
// @ts-expect-error there is no such port
ports.other;
// @ts-expect-error it was shared as a receiver
ports.jobs.sendSync({ id: 1 });

// A worker says what it expects.
interface Ports {
  readonly jobs: Receiver<{ id: number }>;
}
const worker = attach<Ports>(workerData);
holds<Equal<typeof worker, Ports>>();
const declared = attach(workerData as Shared<{ out: Sender<number> }>);
holds<Equal<typeof declared.out, Sender<number>>>();
// @ts-expect-error ports as they are were not shared
attach({ jobs: jobs.receiver });
// @ts-expect-error shared ports of one type are none of another
const other: Shared<{ jobs: Sender<number> }> = shared;
attach(shared, {
  codecs: [custom<number>({ name: 'n', encode: (n) => Uint8Array.of(n), decode: ([n]) => n! })],
});
// @ts-expect-error only custom codecs have to be passed
attach(shared, { codecs: [u32] });

// Spawning.
const group = supervisor.spawn(new URL('file:///worker.js'), {
  ports: { jobs },
  count: 2,
  name: 'w',
  data: { any: 1 },
});
holds<Equal<typeof group, WorkerGroup>>();
// @ts-expect-error an entry is a URL
supervisor.spawn('./worker.js', { ports: {} });
// @ts-expect-error workers get ports
supervisor.spawn(new URL('file:///worker.js'), {});

supervisor.spawn(new URL('file:///worker.js'), {
  ports: { jobs },
  respawn: true,
  worker: { resourceLimits: { maxOldGenerationSizeMb: 64 }, env: { A: 'b' }, execArgv: ['--expose-gc'], stdout: true },
});
// @ts-expect-error what a worker gets is its ports
supervisor.spawn(new URL('file:///worker.js'), { ports: { jobs }, worker: { workerData: 1 } });
supervisor.revoke(shared);
// @ts-expect-error ports as they are were not shared
supervisor.revoke({ jobs });

// Events have the shape of their name.
supervisor.on('level', ({ channel, from, to }) => {
  holds<Equal<typeof channel, string>>();
  holds<Equal<typeof from | typeof to, 'green' | 'yellow' | 'red'>>();
});
supervisor.on('thread-exit', ({ exitCode }) => holds<Equal<typeof exitCode, number>>());
supervisor.on('thread-exit', ({ recovered }) =>
  holds<Equal<typeof recovered.returned | typeof recovered.lost | typeof recovered.blocks, number>>(),
);
supervisor.on('lost', (event) => holds<Equal<typeof event, { channel: string; count: number; thread: string }>>());
// @ts-expect-error there is no such event
supervisor.on('lunch', () => {});
holds<Equal<SupervisorEvents['stall'][0]['channel'], string>>();

// The snapshot can be read, not written.
const [first] = supervisor.snapshot().channels;
holds<Equal<NonNullable<typeof first>['topology'], 'mpmc' | 'mpsc' | 'spmc' | 'spsc'>>();
// @ts-expect-error read only
supervisor.snapshot().pool.leases = 0;

// What is internal is not seen from outside the package (its declarations are stripped of it); this much is private.
declare const channel: Channel<number>;
// @ts-expect-error private
channel.queue;

export { other };
