/** Leases through channels when a thread dies anywhere: every block is somebody's, and in the end the pool's again. */

import type { Topology } from '../../../src/channel/types.ts';
import { blockRelease, blockTake } from '../../../src/kernel/blocks.ts';
import { PAGE_BYTES } from '../../../src/memory/layout.ts';
import { ThreadContext } from '../../../src/park/thread.ts';
import type { Lease } from '../../../src/pool/lease.ts';
import { recoverThread } from '../../../src/supervisor/recovery.ts';
import { check, model, same } from '../model.ts';
import { joinLeases, type Laying, layLeases, type Party, type Place, receives, sends } from './support/channel.ts';

const HALF = PAGE_BYTES / 2;

function send(party: Party<Lease>): void {
  const lease = party.pool.tryLease(HALF);
  check(lease !== undefined, 'there was a block for each lease');
  if (!sends(party, lease)) lease.release();
}

/** Receives to the end. A lease is released when the next one is there: at least once, it is only lent until then. */
function drain(party: Party<Lease>): void {
  let last: Lease | undefined;
  for (let lease = receives(party); lease; lease = receives(party)) {
    last?.release();
    last = lease;
  }
  last?.release();
}

/** Two blocks of half a page can be had, beside the channel's. */
function checkPool(): void {
  const blocks = [blockTake(5, HALF), blockTake(5, HALF)];
  check(
    blocks.every((block) => block >= 0),
    'R29: a block did not come back',
  );
  for (const block of blocks) check(blockRelease(block, 5), 'a block could not be released');
}

const kinds: readonly [string, Topology, Laying][] = [
  ['mpmc', 'mpmc', {}],
  ['spsc', 'spsc', {}],
  ['letters', 'mpmc', { delivery: 'at-least-once' }],
];

const living = [
  model({
    name: 'leases/park',
    about: 'a sender and a receiver of leases that block, at a channel of one',
    lay: () => layLeases('mpmc', 1),
    play: (place: Place<Lease>) => {
      const [sender, receiver] = [joinLeases(place, 'sender'), joinLeases(place, 'receiver')];
      return {
        threads: {
          sender: () => {
            send(sender);
            send(sender);
          },
          receiver: () => {
            for (let count = 0; count < 2; count++) receives(receiver)!.release();
          },
        },
        atRest: () => checkPool(),
      };
    },
  }),

  model({
    name: 'leases/close',
    about: 'R10: a close while a lease is being sent: the receiver that blocks comes to the end, and the block back',
    lay: () => layLeases('mpmc', 1),
    play: (place: Place<Lease>) => {
      const [sender, receiver] = [joinLeases(place, 'sender'), joinLeases(place, 'receiver')];
      const closer = joinLeases(place, 'closer');
      return {
        threads: {
          sender: () => send(sender),
          receiver: () => drain(receiver),
          closer: () => closer.channel.close(),
        },
        atRest: () => checkPool(),
      };
    },
  }),
];

const dying = kinds.flatMap(([kind, topology, more]) => [
  model({
    name: `leases/sender-${kind}`,
    about: 'a thread dies anywhere while it leases a block and sends it',
    preemptions: 0,
    lay: () => layLeases(topology, 1, more),
    play: (place: Place<Lease>) => {
      const [victim, receiver] = [joinLeases(place, 'victim'), joinLeases(place, 'receiver')];
      const healing = joinLeases(place, 'healer');
      return {
        threads: {
          victim: {
            mortal: true,
            run: () => {
              send(victim);
              victim.channel.close();
            },
          },
          receiver: () => drain(receiver),
          healer: {
            heirOf: ['victim'],
            run: () => {
              recoverThread(healing.thread, victim.thread.id);
              healing.channel.close();
            },
          },
        },
        atRest: () => checkPool(),
      };
    },
  }),

  model({
    name: `leases/receiver-${kind}`,
    about: 'a thread dies anywhere while it receives leases and releases them; another one takes its place',
    preemptions: 0,
    lay: () => layLeases(topology, 1, more),
    play: (place: Place<Lease>) => {
      const [victim, sender, heir] = [
        joinLeases(place, 'victim'),
        joinLeases(place, 'sender'),
        joinLeases(place, 'heir'),
      ];
      const healer = ThreadContext.attach(place.segment, 'healer', 101);
      return {
        threads: {
          victim: { mortal: true, run: () => drain(victim) },
          sender: () => {
            send(sender);
            sender.channel.close();
          },
          heir: {
            heirOf: ['victim'],
            run: () => {
              recoverThread(healer, victim.thread.id);
              drain(heir);
            },
          },
        },
        atRest: () => {
          same(sender.channel.length, 0, 'length of a drained channel');
          checkPool();
        },
      };
    },
  }),
]);

export const models = [...living, ...dying];
