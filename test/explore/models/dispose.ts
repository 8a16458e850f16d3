/** Channels that are given back: nobody uses what is somebody else's by then, and nothing is kept for nobody. */

import { ChannelClosedError } from '../../../src/errors.ts';
import { blockAddress, blockTake, blockVacant } from '../../../src/kernel/blocks.ts';
import { channelAddress, channelBlock, channelState, ENTRY_FREE, ENTRY_LIVE } from '../../../src/kernel/channels.ts';
import {
  channelDispose,
  channelEnter,
  channelHold,
  channelHolds,
  channelLeave,
  channelPin,
} from '../../../src/kernel/holds.ts';
import { CHANNEL_NAME, HEADER_PAGES } from '../../../src/memory/layout.ts';
import { peek, poke } from '../../../src/memory/words.ts';
import { ThreadContext } from '../../../src/park/thread.ts';
import { recoverThread } from '../../../src/supervisor/recovery.ts';
import { freshSegment, MIB } from '../../support/segment.ts';
import { check, model, type Program, same } from '../model.ts';
import { join, layShared, type Party, type Place } from './support/channel.ts';

const BYTES = 4096;
/** What stands in the memory of a channel. */
const MARK = CHANNEL_NAME;
const [OURS, THEIRS] = [42, 99];

/** Makes a channel of nothing but its memory, as thread `me`. Returns its index. */
function enter(me: number, mark: number): number {
  const block = blockTake(me, BYTES);
  poke(blockAddress(block) + MARK, mark);
  return channelEnter(block, 0, 0, me);
}

/** One channel that thread 1 has made, in a segment of two pages; the others may take it up. */
function layOne() {
  const segment = freshSegment({ threads: 4, memory: 4 * MIB });
  poke(HEADER_PAGES, 2);
  const index = enter(1, OURS);
  return { segment, index, generation: 1, block: channelBlock(index) };
}

/** Makes a party a holder of the channel of the place, as if it had been shared with it. */
function holds(place: Place, ...parties: Party[]): void {
  const { index, generation } = place;
  for (const { thread, channel } of parties) {
    thread.kernel.channelHold(index, generation!, thread.id);
    channel.attachment.channels.set(index, channel);
  }
  // Who laid it takes no further part.
  channelLeave(index, 0);
}

/** What came of a call: an answer, that the channel is gone, or (that must not be) closed. */
function outcome(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof ChannelClosedError)) throw error;
    return error.message.includes('disposed of') ? 'gone' : 'closed';
  }
}

function lookAll(...parties: Party[]): void {
  for (const { channel } of parties) channel.attachment.holdings.look();
}

export const models = [
  model({
    name: 'dispose/take-up',
    about:
      'a thread takes a channel up while it is disposed of, and another one made in its place: it has that or none',
    preemptions: 2,
    lay: layOne,
    play: ({ index, generation, block }) => {
      let next = -1;
      return {
        threads: {
          maker: () => {
            channelDispose(index);
            channelLeave(index, 1);
            next = enter(1, THEIRS);
          },
          late: () => {
            if (!channelHold(index, generation, 2)) return;
            same(peek(channelAddress(index) + MARK), OURS, 'what stands in the channel');
            channelLeave(index, 2);
          },
        },
        atRest: () => {
          same(channelState(next), ENTRY_LIVE, 'the next channel');
          check(next === index || channelState(index) === ENTRY_FREE, 'the entry was not given back');
          check(channelBlock(next) === block || blockVacant(block), 'its memory was not given back');
        },
      };
    },
  }),

  model({
    name: 'dispose/let-go',
    about: 'two holders let go while a third looks at it without being one: it goes back once, and it does go back',
    preemptions: 3,
    lay: layOne,
    play: ({ index, generation, block }) => {
      channelHold(index, generation, 2);
      return {
        threads: {
          maker: () => {
            channelDispose(index);
            channelLeave(index, 1);
          },
          other: () => void channelLeave(index, 2),
          observer: () => {
            if (!channelPin(index, 3)) return;
            same(peek(channelAddress(index) + MARK), OURS, 'what stands in the channel');
            channelLeave(index, 3);
          },
        },
        atRest: () => {
          same(channelState(index), ENTRY_FREE, 'the entry');
          check(blockVacant(block), 'its memory was not given back');
        },
      };
    },
  }),

  model({
    name: 'dispose/lay-death',
    about: 'a thread dies while it makes a channel, or gives one back: no memory is lost, no entry either',
    preemptions: 0,
    lay: () => {
      const place = layOne();
      channelHold(place.index, place.generation, 3);
      channelLeave(place.index, 1);
      return place;
    },
    play: ({ segment, index }) => {
      // Threads 0 and 1.
      ThreadContext.attach(segment, 'healer', 100);
      const healer = ThreadContext.attach(segment, 'healer', 101);
      const victim = ThreadContext.attach(segment, 'victim', 102);
      channelHold(index, 1, victim.id);
      channelLeave(index, 3);
      return {
        threads: {
          victim: {
            mortal: true,
            run: () => {
              enter(victim.id, THEIRS);
              channelDispose(index);
              channelLeave(index, victim.id);
            },
          },
          healer: { heirOf: ['victim'], run: () => void recoverThread(healer, victim.id) },
        },
        atRest: ({ died }) => {
          for (const entry of [0, 1]) {
            const state = channelState(entry);
            check(state === ENTRY_FREE || state === ENTRY_LIVE, `entry ${entry} was left as ${state}`);
            check(!died('victim') || !channelHolds(entry, victim.id), `the dead thread holds entry ${entry}`);
          }
        },
      };
    },
  }),

  model({
    name: 'dispose/blocked',
    about: 'a thread that blocks in a channel is told that it was disposed of, and not that it was closed',
    preemptions: 2,
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const [receiver, other] = [join(place, 'receiver'), join(place, 'other')];
      holds(place, receiver, other);
      let met: unknown;
      return {
        threads: {
          receiver: () => {
            met = outcome(() => receiver.channel.receiveSync());
          },
          other: () => other.channel.dispose(),
        },
        atRest: () => {
          same(met, 'gone', 'the receiver');
          lookAll(receiver, other);
          same(channelState(place.index), ENTRY_FREE, 'the entry');
        },
      };
    },
  }),

  model({
    name: 'dispose/send',
    about: 'a message is sent while the channel is disposed of, and another one is made of its memory',
    preemptions: 2,
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const [sender, other] = [join(place, 'sender'), join(place, 'other')];
      holds(place, sender, other);
      const met: unknown[] = [];
      return {
        threads: {
          sender: () => {
            for (const value of [11, 12]) met.push(outcome(() => sender.channel.trySend(value)));
            lookAll(sender);
            met.push(outcome(() => sender.channel.trySend(13)));
          },
          other: () => {
            other.channel.dispose();
            same(
              outcome(() => other.channel.trySend(14)),
              'gone',
              'whoever disposed of it',
            );
          },
        },
        atRest: () => {
          const [first, second] = met;
          check(first === true || first === 'gone', `the first send met ${first}`);
          check(second === false || second === 'gone' || second === true, `the second send met ${second}`);
          lookAll(sender, other);
          same(channelState(place.index), ENTRY_FREE, 'the entry');
        },
      };
    },
  }),

  model({
    name: 'dispose/death',
    about:
      'who disposes of a channel dies in the middle: it is done for it, also by one that is cut short, or it is not',
    preemptions: 0,
    lay: () => layShared('mpmc', 1),
    play: (place: Place) => {
      const [victim, receiver] = [join(place, 'victim'), join(place, 'receiver')];
      holds(place, victim, receiver);
      const healer = ThreadContext.attach(place.segment, 'healer', 101);
      const last = ThreadContext.attach(place.segment, 'last', 102);
      const recover = () => void recoverThread(healer, victim.thread.id);
      const recoverBoth = () => {
        recoverThread(last, victim.thread.id);
        // It may have been clearing the channel itself.
        recoverThread(last, healer.id);
      };
      let met: unknown;
      const healing: Record<string, Program> = {
        healer: { mortal: true, heirOf: ['victim'], run: recover },
        again: { heirOf: ['healer'], run: recoverBoth },
      };
      return {
        threads: {
          victim: { mortal: true, run: () => victim.channel.dispose() },
          receiver: {
            maySleep: true,
            run: () => {
              met = outcome(() => receiver.channel.receiveSync());
            },
          },
          ...healing,
        },
        atRest: () => {
          // It died before the one step that counts.
          if (channelState(place.index) === ENTRY_LIVE) {
            same([met, receiver.channel.closed], [undefined, false], 'the receiver');
            return;
          }
          same(met, 'gone', 'the receiver');
          lookAll(receiver);
          same(channelState(place.index), ENTRY_FREE, 'the entry');
        },
      };
    },
  }),
];
