/** Counting ends: the last to go closes the channel, whoever that is, and nobody closes it before. */

import { channelClose, channelClosed, NO_ERROR } from '../../../src/kernel/close.ts';
import {
  endAdopt,
  endCount,
  endGrant,
  endHold,
  endRetire,
  endRevoke,
  grantEntry,
  ROLE_RECEIVER,
  ROLE_SENDER,
} from '../../../src/kernel/ends.ts';
import { check, model, same } from '../model.ts';
import { Flag } from './support/flag.ts';
import { layRing } from './support/ring.ts';

const INDEX = 3;

/** Retires an end, and closes the channel if it was the last. */
function retire(channel: number, entry: number, thread: number): void {
  check(endRetire(entry, INDEX, ROLE_SENDER, thread), `the end of thread ${thread} was gone`);
  if (endCount(INDEX, ROLE_SENDER) === 0) channelClose(channel, NO_ERROR);
}

export const models = [
  model({
    name: 'ends/last',
    about: 'three threads retire their ends: the channel is closed, and only once nobody is left',
    preemptions: 3,
    lay: () => {
      const channel = layRing('mpmc', { capacity: 1 });
      endHold(INDEX, ROLE_RECEIVER, 1);
      return { channel, entries: [1, 2, 3].map((thread) => endHold(INDEX, ROLE_SENDER, thread)) };
    },
    play: ({ channel, entries }) => {
      const held = new Set(entries);
      const leave = (thread: number) => () => {
        const entry = entries[thread - 1]!;
        check(!channelClosed(channel), 'closed while somebody could still send');
        held.delete(entry);
        retire(channel, entry, thread);
      };
      return {
        threads: { one: leave(1), two: leave(2), three: leave(3) },
        atRest: () => {
          check(channelClosed(channel), 'R12: nobody is left, and the channel is open');
          same(endCount(INDEX, ROLE_RECEIVER), 1, 'receivers');
        },
      };
    },
  }),

  model({
    name: 'ends/move',
    about: 'an end moves from one thread to another while a third retires its own: at no time is there none',
    preemptions: 3,
    lay: () => {
      const channel = layRing('mpmc', { capacity: 1 });
      return { channel, mine: endHold(INDEX, ROLE_SENDER, 1), other: endHold(INDEX, ROLE_SENDER, 2) };
    },
    play: ({ channel, mine, other }) => {
      const granted = new Flag();
      let grant = -1;
      return {
        threads: {
          mover: () => {
            grant = endGrant(INDEX, ROLE_SENDER);
            check(grant >= 0, 'no room for an end');
            granted.raise();
            endRetire(mine, INDEX, ROLE_SENDER, 1);
          },
          other: () => retire(channel, other, 2),
          adopter: () => {
            if (granted.raised) check(endAdopt(grant, INDEX, ROLE_SENDER, 3), 'what was granted could not be adopted');
          },
        },
        atRest: () => {
          check(!channelClosed(channel), 'closed while somebody could still send');
          same(endCount(INDEX, ROLE_SENDER), 1, 'senders');
        },
      };
    },
  }),

  model({
    name: 'ends/revoke',
    about: 'a grant is adopted or revoked, never both; a late revoke does not hit the next grant',
    preemptions: 3,
    lay: () => {
      const channel = layRing('mpmc', { capacity: 1 });
      return { channel, grant: endGrant(INDEX, ROLE_SENDER) };
    },
    play: ({ grant }) => {
      let adopted = false;
      let revoked = 0;
      const revoke = () => {
        if (endRevoke(grant, INDEX, ROLE_SENDER)) revoked++;
      };
      return {
        threads: {
          adopter: () => {
            adopted = endAdopt(grant, INDEX, ROLE_SENDER, 1);
            if (adopted) check(endRetire(grantEntry(grant), INDEX, ROLE_SENDER, 1), 'the adopted end is gone');
            endGrant(INDEX, ROLE_SENDER);
          },
          one: revoke,
          two: revoke,
        },
        atRest: () => {
          same(Number(adopted) + revoked, 1, 'times the grant was settled');
          same(endCount(INDEX, ROLE_SENDER), 1, 'senders: the second grant');
        },
      };
    },
  }),

  model({
    name: 'ends/place',
    about: 'two threads place ends at once: each has its own entry',
    preemptions: 3,
    lay: () => layRing('mpmc', { capacity: 1 }),
    play: () => {
      const entries: number[] = [];
      const hold = (thread: number) => () => void entries.push(endHold(INDEX, ROLE_SENDER, thread));
      return {
        threads: { one: hold(1), two: hold(2), three: hold(3) },
        atRest: () => {
          same(new Set(entries).size, 3, 'different entries');
          same(endCount(INDEX, ROLE_SENDER), 3, 'senders');
        },
      };
    },
  }),
];
