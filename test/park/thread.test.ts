/** How a thread sleeps and wakes, with other threads only pretended. */

import { beforeEach, describe, expect, test } from 'vitest';
import { BLOCKED } from '../../src/kernel/codes.ts';
import { threadState } from '../../src/kernel/threads.ts';
import { waitersAdd, waitersCount, waitersHas, waitersTake } from '../../src/kernel/waiters.ts';
import { wakeRead } from '../../src/kernel/wake.ts';
import {
  CELL_PARKED_ON,
  CHANNEL_RECEIVERS_WAITING,
  CHANNEL_SENDERS_WAITING,
  PARKED_RECEIVE,
  PARKED_RUNNING,
  THREAD_ATTACHED,
} from '../../src/memory/layout.ts';
import type { Segment } from '../../src/memory/segment.ts';
import type { i32 } from '../../src/memory/words.ts';
import { load } from '../../src/memory/words.ts';
import { PendingOperation } from '../../src/park/pending.ts';
import { ThreadContext } from '../../src/park/thread.ts';
import { WaitPoint } from '../../src/park/wait-point.ts';
import { turns } from '../support/eventually.ts';
import { freshSegment, layChannel, MIB } from '../support/segment.ts';

let segment: Segment;
let me: ThreadContext;
let you: ThreadContext;
let set: i32;

beforeEach(() => {
  segment = freshSegment({ memory: 4 * MIB });
  me = ThreadContext.attach(segment, 'me', 1);
  you = ThreadContext.attach(segment, 'you', 2);
  set = layChannel('mpmc', 1) + CHANNEL_RECEIVERS_WAITING;
});

const FOR_EVER = Number.POSITIVE_INFINITY;
const soon = () => performance.now() + 20;

/** How much there is to take, for operations that take one each. */
let stock = 0;
const taken: string[] = [];

beforeEach(() => {
  stock = 0;
  taken.length = 0;
});

function newPoint(thread = me, where = set): WaitPoint {
  return new WaitPoint(thread, { set: where, parkedOn: PARKED_RECEIVE, backlog: () => stock });
}

class Take extends PendingOperation {
  readonly name: string;

  constructor(name: string) {
    super();
    this.name = name;
  }

  override attempt(): boolean {
    if (stock === 0) return false;
    stock--;
    taken.push(this.name);
    return true;
  }
}

describe('attaching', () => {
  test('takes the next cell and fills it in', () => {
    expect([me.id, you.id, threadState(me.id)]).toEqual([0, 1, THREAD_ATTACHED]);
  });
});

describe('blocking', () => {
  test('goes on when the attempt settles what was pending before, which takes the thread out of the set', () => {
    const point = newPoint();
    point.enqueue(new Take('before'));
    stock = 1;
    const deadline = performance.now() + 2000;
    const attempt = () => {
      if (point.pending) point.service();
      else if (performance.now() < deadline) return 42;
      return BLOCKED;
    };
    expect([me.block([point], attempt, deadline), taken]).toEqual([42, ['before']]);
  });

  test('ends with what the attempt answers, and leaves no trace in the waiter set', () => {
    const result = me.block([newPoint()], () => 42, FOR_EVER);
    expect([result, waitersCount(set), load(me.cell + CELL_PARKED_ON)]).toEqual([42, 0, PARKED_RUNNING]);
  });

  test('sets the bit before the last look, and looks once more before it sleeps', () => {
    const bits: boolean[] = [];
    me.block(
      [newPoint()],
      () => {
        bits.push(waitersHas(set, me.id));
        return BLOCKED;
      },
      soon(),
    );
    expect(bits.at(-1)).toBe(true);
    expect(waitersCount(set)).toBe(0);
  });

  test('is not slept through when the wake-up comes between the last look and the sleep', () => {
    let looks = 0;
    const result = me.block(
      [newPoint()],
      () => {
        looks++;
        // As another thread would, right after this look.
        if (waitersHas(set, me.id)) you.wakeOne(set);
        return looks < 5 ? BLOCKED : looks;
      },
      FOR_EVER,
    );
    expect(result).toBe(5);
  });

  test('answers BLOCKED at its deadline', () => {
    expect(me.block([newPoint()], () => BLOCKED, performance.now())).toBe(BLOCKED);
    expect(me.block([newPoint()], () => BLOCKED, soon())).toBe(BLOCKED);
    expect([waitersCount(set), wakeRead(me.cell) & 1]).toEqual([0, 0]);
  });

  test('leaves the set when the attempt throws', () => {
    const point = newPoint();
    const fail = () => {
      throw new Error('no');
    };
    expect(() => me.block([point], fail, FOR_EVER)).toThrow('no');
    expect(waitersCount(set)).toBe(0);
  });

  test('can wait in several sets at once, and leaves all of them', () => {
    const other = set - CHANNEL_RECEIVERS_WAITING + CHANNEL_SENDERS_WAITING;
    const points = [newPoint(), newPoint(me, other)];
    let seen = 0;
    const result = me.block(
      points,
      () => {
        if (waitersHas(set, me.id) && waitersHas(other, me.id) && seen++ === 0) you.wakeOne(other);
        return seen > 1 ? 7 : BLOCKED;
      },
      FOR_EVER,
    );
    expect([result, waitersCount(set), waitersCount(other)]).toEqual([7, 0, 0]);
  });

  test('hands on a wake-up that it took and does not need', () => {
    stock = 1;
    waitersAdd(set, you.id);
    const before = wakeRead(you.cell);
    let looks = 0;
    const result = me.block(
      [newPoint()],
      () => {
        looks++;
        // The turn is this thread's. It is woken, and then has no need of what there is.
        if (looks === 1) you.wakeOne(set);
        return looks === 1 ? BLOCKED : 7;
      },
      FOR_EVER,
    );
    expect([result, waitersHas(set, you.id), wakeRead(you.cell) !== before]).toEqual([7, false, true]);
  });
});

describe('waiting asynchronously', () => {
  test('operations are served first come, first served, as far as there is something for them', async () => {
    const point = newPoint();
    for (const name of ['a', 'b', 'c']) point.enqueue(new Take(name));
    expect([point.pending, waitersHas(set, me.id), taken]).toEqual([true, true, []]);
    stock = 2;
    you.wakeOne(set);
    await turns();
    expect([taken, waitersHas(set, me.id)]).toEqual([['a', 'b'], true]);
    stock = 1;
    you.wakeOne(set);
    await turns();
    expect([taken, point.pending, waitersHas(set, me.id)]).toEqual([['a', 'b', 'c'], false, false]);
  });

  test('an operation that can settle at once does, and leaves no bit behind', () => {
    stock = 1;
    const point = newPoint();
    point.enqueue(new Take('a'));
    expect([taken, point.pending, waitersCount(set)]).toEqual([['a'], false, 0]);
  });

  test('an operation that is withdrawn is not served; those behind it are', async () => {
    const point = newPoint();
    const [first, second, third] = ['a', 'b', 'c'].map((name) => new Take(name));
    for (const each of [first!, second!, third!]) point.enqueue(each);
    point.withdraw(second!);
    point.withdraw(second!);
    stock = 5;
    you.wakeOne(set);
    await turns();
    expect([taken, stock]).toEqual([['a', 'c'], 3]);
  });

  test('the last one to be withdrawn takes the bit along, and hands on a wake-up that it may have taken', () => {
    waitersAdd(set, you.id);
    const point = newPoint();
    const only = new Take('a');
    point.enqueue(only);
    point.withdraw(only);
    expect([point.pending, waitersHas(set, me.id), waitersHas(set, you.id)]).toEqual([false, false, true]);
    const again = new Take('b');
    point.enqueue(again);
    // There is something now, and its one wake-up went to this thread, which leaves without it.
    stock = 1;
    expect(waitersTake(set)).toBe(me.id);
    const before = wakeRead(you.cell);
    point.withdraw(again);
    expect([waitersHas(set, you.id), wakeRead(you.cell) !== before, taken]).toEqual([false, true, []]);
  });

  test('a wake-up by this very thread is enough', async () => {
    const point = newPoint();
    point.enqueue(new Take('a'));
    stock = 1;
    me.wakeOne(set);
    await turns(1);
    expect(taken).toEqual(['a']);
  });

  test('a wake-up long after the polling has stopped is not missed', async () => {
    const point = newPoint();
    point.enqueue(new Take('a'));
    // Until the thread has armed its one asynchronous wait.
    while (!me.pump.armed) await turns(1);
    stock = 1;
    you.wakeOne(set);
    while (taken.length === 0) await turns(1);
    expect(waitersCount(set)).toBe(0);
  });

  test('a thousand wake-ups one after the other are not missed, in whatever state the pump is', async () => {
    const point = newPoint();
    for (let round = 0; round < 1000; round++) {
      point.enqueue(new Take(`${round}`));
      if (round % 10 === 0) while (!me.pump.armed) await turns(1);
      else await turns(round % 5);
      stock++;
      you.wakeOne(set);
      if (round % 3 === 0) while (taken.length <= round) await turns(1);
    }
    while (taken.length < 1000) await turns(1);
    expect(taken).toEqual(Array.from({ length: 1000 }, (_, round) => `${round}`));
  });

  test('a thread that blocks serves its asynchronous operations when it is woken for them', () => {
    const other = set - CHANNEL_RECEIVERS_WAITING + CHANNEL_SENDERS_WAITING;
    const point = newPoint();
    point.enqueue(new Take('a'));
    let looks = 0;
    const result = me.block(
      [newPoint(me, other)],
      () => {
        looks++;
        if (looks === 1) {
          stock = 1;
          you.wakeOne(set);
        }
        if (taken.length === 1 && looks < 10) {
          looks = 10;
          you.wakeOne(other);
        }
        return looks > 10 ? looks : BLOCKED;
      },
      performance.now() + 5000,
    );
    expect([taken, result]).toEqual([['a'], 11]);
  });
});
