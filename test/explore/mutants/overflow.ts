/** Faults of channels that refuse or drop what has no room. */

import { drop, type Mutant, replace } from './mutate.ts';

const path = 'src/channel/overflow.ts';

export const overflow: readonly Mutant[] = [
  {
    path,
    within: 'OverflowSending.sendSync',
    fault: 'what there is room for is dropped, too',
    rule: replace('if (!this.#sending.trySend(value)) this.#makeDo(value);', 'this.#makeDo(value);'),
    caughtBy: ['overflow/drop-newest'],
  },
  {
    path,
    within: 'OverflowSending.#makeDo',
    fault: 'what was rejected is not counted',
    rule: drop('this.#count(CHANNEL_REJECTED);'),
    caughtBy: ['overflow/reject'],
  },
  {
    path,
    within: 'OverflowSending.#makeDo',
    fault: 'what was rejected counts as sent',
    rule: replace('if (!this.#fallback?.(value)) throw this.#fullError();', 'this.#fallback?.(value);'),
    caughtBy: ['overflow/reject'],
  },
  {
    path,
    within: 'OverflowSending.#drop',
    fault: 'the newest is dropped without a word',
    rule: drop('this.#count(CHANNEL_DROPPED);'),
    caughtBy: ['overflow/drop-newest'],
  },
  {
    path,
    within: 'OverflowSending.#dropOldest',
    fault: 'the oldest is dropped without a word',
    rule: drop('this.#count(CHANNEL_DROPPED);'),
    caughtBy: ['overflow/newest-mpmc'],
  },
  {
    path,
    within: 'OverflowSending.#dropOldest',
    fault: 'the slot of what was dropped is not given back',
    rule: replace('queue.free(at);\n      return true;', 'return true;'),
    caughtBy: ['overflow/newest-mpmc'],
  },
  {
    path,
    within: 'OverflowSending.#replaceOldest',
    fault: 'the oldest is dropped, and the newest, too',
    rule: drop('if (this.#sending.trySend(value)) return;'),
    caughtBy: ['overflow/newest-mpmc'],
  },
  {
    path,
    within: 'OverflowSending.#replaceOldest',
    fault: 'a sender that finds nothing to drop looks until it does',
    rule: drop('if (!found) {\n        this.#drop(value);\n        return;\n      }'),
    caughtBy: ['overflow/drop-oldest'],
  },
  {
    path,
    within: 'OverflowSending.#count',
    fault: 'what was dropped is counted by a read and a write',
    rule: replace(
      'add(this.#core.address + word, 1);',
      'store(this.#core.address + word, load(this.#core.address + word) + 1);',
    ),
    needs: ['load', 'store'],
    caughtBy: ['overflow/drop-newest'],
  },
];
