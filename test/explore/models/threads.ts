/** Thread cells: attaching, leaving, recovering, and the next one that gets the cell. */

import { BLOCKED } from '../../../src/kernel/codes.ts';
import {
  threadBury,
  threadClaim,
  threadFind,
  threadForget,
  threadFree,
  threadLeave,
  threadReady,
  threadState,
} from '../../../src/kernel/threads.ts';
import { THREAD_ATTACHED, THREAD_FREE } from '../../../src/memory/layout.ts';
import { freshSegment } from '../../support/segment.ts';
import { check, model, same } from '../model.ts';
import { Flag } from './support/flag.ts';

function attach(node: number): number {
  const thread = threadClaim(node);
  if (thread !== BLOCKED) threadReady(thread);
  return thread;
}

export const models = [
  model({
    name: 'threads/attach',
    about: 'three threads attach to a segment for two: two get a cell of their own',
    preemptions: 3,
    lay: () => void freshSegment({ threads: 2 }),
    play: () => {
      const cells: number[] = [];
      const one = (node: number) => () => void cells.push(attach(node));
      return {
        threads: { one: one(11), two: one(12), three: one(13) },
        atRest: () => {
          same(cells.toSorted(), [BLOCKED, 0, 1].toSorted(), 'cells');
          same([threadState(0), threadState(1)], [THREAD_ATTACHED, THREAD_ATTACHED], 'states');
        },
      };
    },
  }),

  model({
    name: 'threads/leave',
    about: 'a thread leaves, the supervisor hears of it, and another one takes the cell meanwhile',
    preemptions: 3,
    lay: () => {
      freshSegment({ threads: 1 });
      return attach(11);
    },
    play: (cell) => {
      let taken = BLOCKED;
      const exited = new Flag();
      return {
        threads: {
          leaver: () => {
            if (threadBury(cell)) threadLeave(cell);
            exited.raise();
          },
          supervisor: () => {
            if (!exited.raised) return;
            if (threadFind(11, 0) === cell) threadForget(cell, 11);
          },
          next: () => {
            taken = attach(12);
          },
        },
        atRest: () => {
          if (taken === BLOCKED) same(threadFind(12, 0), BLOCKED, 'cell of a thread that got none');
          else same([threadState(cell), threadFind(12, 0)], [THREAD_ATTACHED, cell], 'the cell of the next thread');
        },
      };
    },
  }),

  model({
    name: 'threads/death',
    about: 'a thread dies anywhere while it attaches: the supervisor finds it, and its cell is free again',
    preemptions: 3,
    lay: () => void freshSegment({ threads: 2 }),
    play: () => {
      let other = BLOCKED;
      return {
        threads: {
          victim: { mortal: true, run: () => void attach(11) },
          other: () => {
            other = attach(12);
          },
          supervisor: {
            heirOf: ['victim'],
            run: () => {
              const cell = threadFind(11, 0);
              if (cell !== BLOCKED && threadBury(cell)) threadFree(cell);
            },
          },
        },
        atRest: ({ died }) => {
          check(other !== BLOCKED, 'there was a cell for each');
          same(threadState(other), THREAD_ATTACHED, 'state of the other');
          if (died('victim')) same(threadState(1 - other), THREAD_FREE, 'state of the cell of the dead');
        },
      };
    },
  }),
];
