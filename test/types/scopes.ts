/** Types of scopes and overflow policies: each line marked so must not compile. */

import { attach, type Channel, type Overflow, type Scope, type Shared, Supervisor, u32 } from '../../src/index.ts';
import { type Equal, holds } from './equal.ts';

const supervisor = new Supervisor();
const capacity = 1;

using scope = supervisor.scope({ timeout: 50 });
holds<Equal<typeof scope, Scope>>();
holds<Equal<typeof scope.cancelled, boolean>>();
holds<Equal<typeof scope.reason, unknown>>();
holds<Equal<typeof scope.signal, AbortSignal>>();
holds<Equal<ReturnType<typeof scope.child>, Scope>>();
scope.cancel();
scope.cancel('any reason');
// @ts-expect-error a time-out is a number
supervisor.scope({ timeout: '1s' });
// @ts-expect-error read only
scope.cancelled = true;

const numbers = supervisor.channel('numbers', { codec: u32, capacity });
export async function under(): Promise<void> {
  await numbers.send(1, { scope, timeout: 5, signal: scope.signal });
  numbers.sendSync(1, { scope });
  // @ts-expect-error a signal cannot wake a thread that blocks
  numbers.sendSync(1, { signal: scope.signal });
  numbers.receiveManySync(1, { scope: undefined });
  (await supervisor.pool.lease(8, { scope })).release();
  // @ts-expect-error a signal is no scope
  await numbers.receive({ scope: scope.signal });
}
declare const shared: Shared<{ scope: Scope }>;
holds<Equal<ReturnType<typeof attach<{ scope: Scope }>>, { scope: Scope }>>();
attach(shared).scope.throwIfCancelled();

holds<Equal<Overflow, 'block' | 'reject' | 'drop-newest' | 'drop-oldest'>>();
const dropping = supervisor.channel('a', { codec: u32, capacity, overflow: 'drop-oldest', onOverflow: numbers.sender });
holds<Equal<typeof dropping, Channel<number>>>();
supervisor.channel('a', {
  codec: u32,
  capacity,
  overflow: 'reject',
  onOverflow: (value) => holds<Equal<typeof value, number>>(),
});
// @ts-expect-error there is no such policy
supervisor.channel('a', { codec: u32, capacity, overflow: 'explode' });
// @ts-expect-error a function of something else
supervisor.channel('a', { codec: u32, capacity, overflow: 'reject', onOverflow: (value: string) => void value });
// @ts-expect-error what has no room goes to where it can be sent
supervisor.channel('a', { codec: u32, capacity, overflow: 'reject', onOverflow: numbers.receiver });
