/** Types of `sluice/sync`: each line marked so must not compile. */

import { attach, type Scope, type Shared, Supervisor } from '../../src/index.ts';
import { Barrier, ErrGroup, type Held, Mutex, Once, type Permit, Semaphore, WaitGroup } from '../../src/sync/index.ts';
import { type Equal, holds } from './equal.ts';

const supervisor = new Supervisor();
using scope = supervisor.scope();

using mutex = new Mutex({ supervisor, name: 'a' });
holds<Equal<ReturnType<typeof mutex.lock>, Promise<Held>>>();
holds<Equal<ReturnType<typeof mutex.lockSync>, Held>>();
holds<Equal<ReturnType<typeof mutex.tryLock>, Held | undefined>>();
{
  using held = mutex.lockSync({ timeout: 5, scope });
  holds<Equal<typeof held.recovered, boolean>>();
  // @ts-expect-error read only
  held.recovered = true;
}
// @ts-expect-error a signal cannot wake a thread that blocks
mutex.lockSync({ signal: scope.signal });
// @ts-expect-error a name is text
new Mutex({ name: 7 });
// @ts-expect-error only mutexes make what is held
new Held();

using semaphore = new Semaphore(3);
holds<Equal<ReturnType<typeof semaphore.tryAcquire>, Permit | undefined>>();
export async function acquire(): Promise<void> {
  using permit = await semaphore.acquire(2, { signal: scope.signal, scope, timeout: 1 });
  holds<Equal<typeof permit, Permit>>();
  holds<Equal<typeof permit.count, number>>();
  // @ts-expect-error how many come first
  await semaphore.acquire({ timeout: 1 });
  // @ts-expect-error a promise is not held yet
  using _ = mutex.lock();
}
// @ts-expect-error of how many?
new Semaphore();

const once = new Once();
holds<Equal<ReturnType<typeof once.do>, Promise<boolean>>>();
holds<Equal<ReturnType<typeof once.doSync>, boolean>>();
// @ts-expect-error a function is to be done
once.do();

const group = new WaitGroup();
holds<Equal<ReturnType<typeof group.wait>, Promise<void>>>();
// @ts-expect-error what is left is counted by `add` and `done`
group.left = 1;

const barrier = new Barrier(2);
holds<Equal<ReturnType<typeof barrier.waitSync>, boolean>>();
// @ts-expect-error of how many?
new Barrier({ supervisor });

using errGroup = new ErrGroup({ supervisor, scope, timeout: 5 });
holds<Equal<typeof errGroup.scope, Scope>>();
errGroup.go(async (inside) => holds<Equal<typeof inside, Scope>>());
// @ts-expect-error a signal is no scope
new ErrGroup({ scope: scope.signal });

declare const shared: Shared<{ mutex: Mutex; groups: ErrGroup[] }>;
attach(shared).mutex.unlock();
attach(shared).groups[0]?.go(() => {});
