// The pool with nobody else there: a block leased and released, and a lease that passes through a channel.

import { lease } from '../../dist/src/index.js';

export function poolCases(supervisor) {
  const { pool } = supervisor;
  const channel = supervisor.channel('leases', { codec: lease(), capacity: 4, topology: 'spsc' });
  const leaseAndRelease = (byteLength) => () => pool.leaseSync(byteLength).release();
  let passed = pool.leaseSync(4096);
  return {
    'lease-64': leaseAndRelease(64),
    'lease-65536': leaseAndRelease(64 * 1024),
    'lease-1048576': leaseAndRelease(1024 * 1024),
    handover: () => {
      channel.trySend(passed);
      passed = channel.tryReceive().value;
    },
  };
}
