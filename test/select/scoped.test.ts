/** Where a select meets scopes and overflow policies. */

import { expect, test } from 'vitest';
import { select, selectSync, u32 } from '../../src/index.ts';
import { errorOf } from '../support/eventually.ts';
import { newSupervisor } from '../support/supervisors.ts';

test('R22: a select under a scope that is over tries nothing', async () => {
  await using supervisor = newSupervisor();
  const channel = supervisor.channel('c', { codec: u32, capacity: 2 });
  channel.sendSync(1);
  const scope = supervisor.scope();
  scope.cancel();
  const cases = () => ({ taken: channel.onReceive() });
  expect(() => selectSync(cases(), { scope })).toThrow(expect.objectContaining({ code: 'ERR_CANCELLED' }));
  await expect(select(cases(), { scope })).rejects.toMatchObject({ code: 'ERR_CANCELLED' });
  expect(channel.length).toBe(1);
});

test('R25: a pending select is called off with its scope, and leaves no waiter behind', async () => {
  await using supervisor = newSupervisor();
  const channel = supervisor.channel('c', { codec: u32, capacity: 2 });
  const scope = supervisor.scope();
  const pending = select({ taken: channel.onReceive() }, { scope });
  scope.cancel(new Error('enough'));
  expect(await errorOf(() => pending)).toMatchObject({ code: 'ERR_CANCELLED', cause: { message: 'enough' } });
  expect(supervisor.snapshot().channels[0]!.receiversWaiting).toBe(0);
  channel.sendSync(7);
  expect(channel.tryReceive()).toEqual({ done: false, value: 7 });
});

test('R25: a select that blocks is called off when the time of its scope is over', async () => {
  await using supervisor = newSupervisor();
  const channel = supervisor.channel('c', { codec: u32, capacity: 2 });
  using scope = supervisor.scope({ timeout: 20 });
  expect(() => selectSync({ taken: channel.onReceive() }, { scope })).toThrow(
    expect.objectContaining({ code: 'ERR_CANCELLED' }),
  );
  expect(supervisor.snapshot().channels[0]!.receiversWaiting).toBe(0);
});

test.each(['reject', 'drop-newest', 'drop-oldest'] as const)(
  'a case that sends waits for room, though the channel would %s what it has none for',
  async (overflow) => {
    await using supervisor = newSupervisor();
    const channel = supervisor.channel('c', { codec: u32, capacity: 1, overflow });
    channel.sendSync(1);
    const pending = select({ sent: channel.onSend(2) });
    expect(channel.tryReceive()).toEqual({ done: false, value: 1 });
    expect(await pending).toEqual({ key: 'sent' });
    expect(channel.tryReceive()).toEqual({ done: false, value: 2 });
    expect(supervisor.snapshot().channels[0]).toMatchObject({ dropped: 0, rejected: 0 });
  },
);
