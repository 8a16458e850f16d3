/** A cancel by one thread between the claim and the publish of another, made to happen on one thread. */

import { afterEach, expect, test, vi } from 'vitest';
import { bytes } from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { newSupervisor } from '../support/supervisors.ts';

const hooks = vi.hoisted(() => ({ afterClaim: undefined as (() => void) | undefined }));

vi.mock('../../src/engine/engine.ts', async (original) => {
  const engine = await original<typeof import('../../src/engine/engine.ts')>();
  const engineFor: typeof engine.engineFor = (segment) => {
    const made = engine.engineFor(segment);
    const mpmcClaim: typeof made.kernel.mpmcClaim = (channel, me) => {
      const slot = made.kernel.mpmcClaim(channel, me);
      const hook = hooks.afterClaim;
      hooks.afterClaim = undefined;
      hook?.();
      return slot;
    };
    return { ...made, kernel: { ...made.kernel, mpmcClaim } };
  };
  return { ...engine, engineFor };
});

afterEach(() => {
  hooks.afterClaim = undefined;
});

test.each(['mpmc', 'mpsc', 'spmc'] as const)(
  'R13: the payload of a message that is published behind a cancel goes back to the pool: %s',
  async (topology) => {
    await using supervisor = newSupervisor();
    const channel = supervisor.channel('cancelled', { codec: bytes(), capacity: 3, topology });
    const { receiver } = channel;
    channel.sendSync(new Uint8Array(1000));
    hooks.afterClaim = () => receiver.cancel();
    try {
      channel.sendSync(new Uint8Array(1000));
    } catch (error) {
      // Refusing it is as good as discarding it.
      expect(error).toMatchObject({ code: 'ERR_CHANNEL_CLOSED' });
    }
    expect(channel.closed).toBe(true);
    // The canceller waits for what is on its way, and discards it then.
    await eventually(() => supervisor.pool.stats().leases === 0);
    expect(channel.length).toBe(0);
  },
);
