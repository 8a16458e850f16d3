/** Faults of choosing: lots, turns, the one instant, and what a select leaves behind. */

import { drop, type Mutant, replace } from './mutate.ts';

const thread = 'src/park/thread.ts';
const point = 'src/park/wait-point.ts';
const choice = 'src/channel/select/choice.ts';
const pending = 'src/channel/select/pending-select.ts';
const instant = 'src/channel/select/instant.ts';
const sendCase = 'src/channel/select/send-case.ts';

export const select: readonly Mutant[] = [
  {
    path: thread,
    within: 'block',
    fault: 'a thread that waits for several things enters the set of one',
    rule: replace('for (const point of points) point.register();', 'points[0]!.register();'),
    caughtBy: ['select/receive-mpmc'],
  },
  {
    path: thread,
    within: 'block',
    fault: 'a thread that waited for several things leaves the set of one',
    rule: replace('for (const point of points) this.#leave(point);', 'this.#leave(points[0]!);'),
    caughtBy: ['select/receive-mpmc'],
  },
  {
    path: choice,
    within: 'Choice.sleep',
    fault: 'a select waits at one of its channels',
    rule: replace('this.#points()', 'this.#points().slice(0, 1)'),
    caughtBy: ['select/receive-mpmc'],
  },
  {
    path: choice,
    within: 'Choice.attempt',
    fault: 'the case that was tried last is left out of the next look',
    rule: replace('last >= 0', 'last >= 1'),
    caughtBy: ['select/receive-mpmc'],
  },
  {
    path: choice,
    within: 'Choice.#swap',
    fault: 'keys and cases come apart',
    rule: drop('exchange(this.#contenders, at, other);'),
    caughtBy: ['select/send'],
  },
  {
    path: choice,
    within: 'Choice.surely',
    fault: '"none" is concluded from looks at different instants',
    rule: drop('outlast(thread, attempt, () => this.#barred());'),
    caughtBy: ['select/instant-receive', 'select/instant-send'],
  },
  {
    path: instant,
    within: 'nothingToTake',
    fault: 'a channel that was closed counts as one that is empty',
    rule: drop('if (core.closed) return false;'),
    caughtBy: ['select/instant-close-spsc'],
  },
  {
    path: pending,
    within: 'enqueue',
    fault: 'a select that is settled while it enters its queues goes on entering them',
    rule: drop('if (!this.waits) return;'),
    caughtBy: ['select/pending-mpmc'],
  },
  {
    path: pending,
    within: 'enqueue',
    fault: 'a pending select stands in one queue',
    rule: replace('if (!this.waits) return;', 'return;'),
    caughtBy: ['select/pending-mpmc'],
  },
  {
    path: pending,
    within: '#leave',
    fault: 'a select that is settled stays in the other queues',
    rule: drop('for (const entry of this.#choice.entries) if (entry !== except) entry.point?.leave(entry);'),
    caughtBy: ['select/pending-mpmc'],
  },
  {
    path: pending,
    within: 'admits',
    fault: 'a select is served out of turn',
    rule: replace('return isOf(point.first, this);', 'return true;'),
    caughtBy: ['select/in-turn'],
  },
  {
    path: point,
    within: 'leave',
    fault: 'a thread stays in the set after its last operation there was settled elsewhere',
    rule: replace('this.#retire();', ';'),
    caughtBy: ['select/pending-mpmc'],
  },
  {
    path: point,
    within: 'leave',
    fault: 'who stands behind an operation that was settled elsewhere is forgotten',
    rule: replace('this.#passed = true;', ''),
    caughtBy: ['select/memory'],
  },
  {
    path: point,
    within: 'woken',
    fault: 'a turn that has passed on is no reason to look',
    rule: drop('this.#passed || '),
    caughtBy: ['select/memory'],
  },
  {
    path: sendCase,
    within: 'SendContender.end',
    fault: 'a lease that was not sent stays out of its owner’s hands',
    rule: drop('this.#offer.staged?.undo();'),
    caughtBy: ['select/leases'],
  },
];
