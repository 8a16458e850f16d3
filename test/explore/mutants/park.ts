/** Faults of sleeping and waking: waiter sets, wake words, blocking, wait points, the pump, and what calls them. */

import { both, drop, type Mutant, replace, swap } from './mutate.ts';

const waiters = 'src/kernel/waiters.ts';
const wake = 'src/kernel/wake.ts';
const thread = 'src/park/thread.ts';
const point = 'src/park/wait-point.ts';
const pump = 'src/park/pump.ts';
const core = 'src/channel/core.ts';
const queue = 'src/channel/queue.ts';

export const park: readonly Mutant[] = [
  {
    path: waiters,
    within: 'takeBit',
    fault: 'two publishers can take the same bit',
    rule: replace('return (and(word, ~(1 << bit)) & (1 << bit)) !== 0;', 'and(word, ~(1 << bit)); return true;'),
    caughtBy: ['park/two-receivers'],
    harmless:
      'Whoever saw the bit had published before the thread it stands for was taken out, so that thread finds the message, ' +
      'or passes the wake-up on when it leaves.',
  },
  {
    path: waiters,
    within: 'waitersAdd',
    fault: 'a sleeper is in no set',
    rule: drop('or(set + SET_FIRST, 1 << thread);'),
    caughtBy: ['park/mpmc'],
  },
  {
    path: wake,
    within: 'wakeArm',
    fault: 'sleep is announced although the epoch has passed',
    rule: replace('cas(cell + CELL_WAKE, seen, seen | 1)', 'seen; store(cell + CELL_WAKE, seen | 1)'),
    needs: ['store'],
    caughtBy: ['park/mpmc'],
  },
  {
    path: wake,
    within: 'wakeSignal',
    fault: 'nobody is ever notified',
    rule: replace('return (word & 1) !== 0;', 'return false;'),
    caughtBy: ['park/mpmc'],
  },
  {
    path: wake,
    within: 'wakeSignal',
    fault: 'a wake-up does not move the epoch on',
    rule: replace('((word | 1) + 1) | 0', 'word & ~1'),
    caughtBy: ['park/mpmc'],
  },
  {
    path: wake,
    within: 'wakeSignal',
    fault: 'a wake-up is written, not compared and swapped',
    rule: replace(
      'if (cas(cell + CELL_WAKE, word, ((word | 1) + 1) | 0) === word) return (word & 1) !== 0;',
      'store(cell + CELL_WAKE, ((word | 1) + 1) | 0); return (word & 1) !== 0;',
    ),
    needs: ['store'],
    caughtBy: ['park/mpmc'],
  },
  {
    path: wake,
    within: 'wakeDisarm',
    fault: 'the announcement of a sleep that is over stays',
    rule: drop('cas(cell + CELL_WAKE, seen | 1, seen & ~1);'),
    caughtBy: ['park/mpmc'],
    harmless: 'Somebody notifies a thread that does not sleep, once: wakeArm takes a word that is announced already.',
  },
  {
    path: thread,
    within: 'wake',
    fault: 'the word is moved, and its sleeper not notified',
    rule: replace('if (this.kernel.wakeSignal(cell)) notify(cell + CELL_WAKE);', 'this.kernel.wakeSignal(cell);'),
    caughtBy: ['park/mpmc'],
  },
  {
    path: thread,
    within: 'block',
    fault: 'a thread looks, and then enters the set',
    rule: swap('for (const point of points) point.register();', 'const result = attempt();'),
    caughtBy: ['park/mpmc'],
  },
  {
    path: thread,
    within: 'block',
    fault: 'a thread reads its epoch after it looked',
    rule: swap('const seen = this.kernel.wakeRead(this.cell);', 'const result = attempt();'),
    caughtBy: ['park/mpmc'],
  },
  {
    path: thread,
    within: 'block',
    fault: 'what is pending is not served before its thread sleeps',
    rule: drop('if (this.pump.serviceWoken()) continue;'),
    caughtBy: ['pump/pending-and-blocking'],
  },
  {
    path: thread,
    within: 'block',
    fault: 'what is pending is served only if the thread told itself',
    rule: replace(
      'if (this.pump.serviceWoken()) continue;',
      'if (this.pump.armed && this.pump.serviceWoken()) continue;',
    ),
    caughtBy: ['pump/woken-and-blocking'],
  },
  {
    path: point,
    within: 'passOn',
    fault: 'a wake-up that came too late is swallowed',
    rule: drop('if (this.#thread.kernel.waitersAny(this.set) && this.backlog() > 0) this.#wake();'),
    caughtBy: ['pump/withdraw'],
  },
  {
    path: point,
    within: 'service',
    fault: 'an operation stays pending outside the set',
    rule: replace('this.register();', 'return;'),
    caughtBy: ['pump/receive-mpmc'],
  },
  {
    path: point,
    within: 'service',
    fault: 'the bit is set behind the last look',
    rule: replace('this.register();', 'this.register(); return;'),
    caughtBy: ['pump/receive-mpmc'],
  },
  {
    path: point,
    within: 'register',
    fault: 'an spsc queue is not told that somebody is about to sleep',
    rule: drop('this.#announce?.();'),
    caughtBy: ['park/spsc'],
  },
  {
    path: pump,
    within: 'add',
    fault: 'the pump reads the wake word only once it polls',
    rule: drop('this.#seen = this.#thread.kernel.wakeRead(this.#thread.cell);'),
    caughtBy: ['pump/receive-mpmc', 'pump/both'],
    harmless:
      'The word it compares with is then older than the last look (0, or that of the last time), so at worst the pump looks ' +
      'once too often.',
  },
  {
    path: pump,
    within: 'kick',
    fault: 'a thread does not hear what it tells itself',
    rule: replace('this.serviceWoken();', ''),
    caughtBy: ['pump/pending-and-blocking', 'pump/self'],
  },
  {
    path: pump,
    within: '#pollOnce',
    fault: 'polling overlooks that the word has moved',
    rule: replace('this.serviceWoken();', ''),
    caughtBy: ['pump/receive-mpmc'],
  },
  {
    path: pump,
    within: '#arm',
    fault: 'the pump sleeps although the word has moved',
    rule: replace(
      'if (!this.#thread.kernel.wakeArm(this.#thread.cell, this.#seen)) return false;',
      'this.#thread.kernel.wakeArm(this.#thread.cell, this.#seen);',
    ),
    caughtBy: ['pump/receive-mpmc'],
    harmless: 'waitAsync compares the word itself with the announced one; without the announcement it is not equal.',
  },
  {
    path: pump,
    within: '#arm',
    fault: 'the pump sleeps unannounced',
    rule: both(
      drop('if (!this.#thread.kernel.wakeArm(this.#thread.cell, this.#seen)) return false;'),
      replace('const expected = this.#seen | 1;', 'const expected = this.#seen;'),
    ),
    caughtBy: ['pump/receive-mpmc'],
  },
  {
    path: pump,
    within: '#onWoken',
    fault: 'the pump is woken, and looks at nothing',
    rule: replace('this.serviceWoken();', ''),
    caughtBy: ['pump/receive-mpmc'],
  },
  {
    path: core,
    within: 'wakeReceiver',
    fault: 'nobody is woken for a message',
    rule: drop('this.thread.wakeOne(this.#receiversWaiting);'),
    caughtBy: ['park/mpmc'],
  },
  {
    path: core,
    within: 'wakeSender',
    fault: 'nobody is woken for room',
    rule: drop('this.thread.wakeOne(this.#sendersWaiting);'),
    caughtBy: ['park/mpmc'],
  },
  {
    path: core,
    within: 'close',
    fault: 'a close wakes no receiver',
    rule: drop('this.thread.wakeAll(this.#receiversWaiting);'),
    caughtBy: ['park/close-mpmc'],
  },
  {
    path: core,
    within: 'close',
    fault: 'a close wakes one receiver only',
    rule: replace('this.thread.wakeAll(this.#receiversWaiting);', 'this.thread.wakeOne(this.#receiversWaiting);'),
    caughtBy: ['park/close-all'],
    harmless: 'Whoever leaves the set passes the wake-up on, because a closed channel has an answer for everybody.',
  },
  {
    path: core,
    within: 'close',
    fault: 'a close wakes no sender',
    rule: drop('this.thread.wakeAll(this.#sendersWaiting);'),
    caughtBy: ['park/close-senders'],
  },
  {
    path: queue,
    within: 'MpmcQueue.claim',
    fault: 'a claim that was buried is kept from the receivers',
    rule: replace('if (slot === CLOSED) this.#thread.wakeAll(this.#channel + CHANNEL_RECEIVERS_WAITING);', ''),
    caughtBy: ['leases/close'],
  },
  {
    path: queue,
    within: 'MpmcQueue.#publishSlot',
    fault: 'a sender does not look whether a receiver waits',
    rule: replace(
      'this.#kernel.waitersAny(this.#channel + CHANNEL_RECEIVERS_WAITING) ? ADVANCED_AWAITED : ADVANCED',
      'ADVANCED',
    ),
    caughtBy: ['leases/park'],
  },
];
