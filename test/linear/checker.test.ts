/** The checker itself, on histories written down by hand. */

import { describe, expect, test } from 'vitest';
import type { Answer, Call, Operation } from './call.ts';
import { explain } from './checker.ts';
import { diagramOf } from './diagram.ts';

const SETTING = { capacity: 1, senders: 2, receivers: 1, threads: 3, keeps: false, permits: 0 };

const send = (...values: number[]): Call => ({ kind: 'send', way: 'try', values });
const receive = (max = 1): Call => ({ kind: 'receive', way: 'try', max });
const close: Call = { kind: 'close', withError: false };
const retire: Call = { kind: 'retire' };
const cancel: Call = { kind: 'cancel' };
const length: Call = { kind: 'length' };
const values = (...list: number[]): Answer => ({ values: list });

type Line = readonly [thread: number, from: number, to: number, call: Call, answer: Answer];

function historyOf(lines: readonly Line[]): Operation[] {
  return lines.map(([thread, invoked, returned, call, answer]) => ({ thread, invoked, returned, call, answer }));
}

/** Calls one after the other. */
function inTurn(...calls: readonly (readonly [Call, Answer])[]): readonly Line[] {
  return calls.map(([call, answer], index) => [0, 2 * index, 2 * index + 1, call, answer]);
}

describe('accepted', () => {
  test.each<[string, readonly Line[]]>([
    ['nothing at all', []],
    ['one message in, one out', inTurn([send(1), 'accepted'], [receive(), values(1)], [receive(), 'empty'])],
    ['full, then room', inTurn([send(1), 'accepted'], [send(2), 'full'], [length, { length: 1 }])],
    ['a close', inTurn([send(1), 'accepted'], [close, 'done'], [send(2), 'closed'], [receive(), values(1)])],
    ['a drained channel', inTurn([close, 'done'], [close, 'done'], [receive(), 'drained'])],
    ['the last sender gone', inTurn([retire, 'done'], [receive(), 'empty'], [retire, 'done'], [receive(), 'drained'])],
    ['the last receiver gone', inTurn([send(1), 'accepted'], [cancel, 'done'], [send(2), 'closed'])],
    [
      'two sends that overlap, in either order',
      [
        [0, 0, 9, send(1), 'accepted'],
        [1, 1, 8, send(2), 'accepted'],
        [2, 2, 3, receive(), values(2)],
        [2, 4, 5, receive(), values(1)],
      ],
    ],
    [
      'a send that is late while there is room, if it was full before',
      [
        [0, 0, 1, send(1), 'accepted'],
        [1, 2, 6, send(2), 'late'],
        [0, 3, 4, receive(), values(1)],
      ],
    ],
    [
      'a batch that is received while it is being sent',
      [
        [0, 0, 9, send(1, 2, 3), 'accepted'],
        [1, 1, 8, receive(3), values(1, 2, 3)],
      ],
    ],
    [
      'a batch that was cut short',
      [
        [0, 0, 5, send(1, 2), 'closed'],
        [1, 1, 2, receive(), values(1)],
        [1, 3, 4, close, 'done'],
      ],
    ],
    [
      'full because of a send that is refused in the end',
      [
        [0, 0, 5, send(1), 'closed'],
        [1, 1, 2, send(2), 'full'],
        [1, 3, 4, close, 'done'],
      ],
    ],
  ])('%s', (_what, lines) => {
    expect(explain(SETTING, historyOf(lines))).toBeDefined();
  });
});

describe('refused', () => {
  test.each<[string, readonly Line[]]>([
    ['R2: a message twice', inTurn([send(1), 'accepted'], [receive(), values(1)], [receive(), values(1)])],
    ['R2: a message from nowhere', inTurn([receive(), values(1)])],
    ['R3: more than the capacity', inTurn([send(1), 'accepted'], [send(2), 'accepted'])],
    ['R3: a length that is not', inTurn([send(1), 'accepted'], [length, { length: 0 }])],
    ['R4: full when it is not', inTurn([send(1), 'full'])],
    ['R4: empty when it is not', inTurn([send(1), 'accepted'], [receive(), 'empty'])],
    ['R7: a send to a closed channel', inTurn([close, 'done'], [send(1), 'accepted'])],
    ['R9: drained too soon', inTurn([send(1), 'accepted'], [close, 'done'], [receive(), 'drained'])],
    ['R11: empty when it is drained', inTurn([close, 'done'], [receive(), 'empty'])],
    ['R12: open with no sender left', inTurn([retire, 'done'], [retire, 'done'], [receive(), 'empty'])],
    ['R22: a send that was late and took effect', inTurn([send(1), 'late'], [receive(), values(1)])],
    ['R23: a receive that was late with a message there', inTurn([send(1), 'accepted'], [receive(), 'late'])],
    [
      'R1: out of order, though they were sent one after the other',
      [
        [0, 0, 1, send(1), 'accepted'],
        [0, 2, 9, send(2), 'accepted'],
        [1, 3, 4, receive(), values(2)],
        [1, 5, 6, receive(), values(1)],
      ],
    ],
    [
      'R1: out of order, though they were pending on the same thread in that order',
      [
        [0, 0, 8, send(1), 'accepted'],
        [0, 1, 9, send(2), 'accepted'],
        [1, 3, 4, receive(), values(2)],
        [1, 5, 6, receive(), values(1)],
      ],
    ],
    [
      'full and empty at once',
      [
        [0, 0, 9, send(1), 'accepted'],
        [1, 1, 2, send(2), 'full'],
        [1, 3, 4, receive(), 'empty'],
      ],
    ],
  ])('%s', (_what, lines) => {
    expect(explain(SETTING, historyOf(lines))).toBeUndefined();
  });
});

describe('at-least-once', () => {
  const keeping = { ...SETTING, keeps: true };

  test.each<[string, readonly Line[]]>([
    ['a message in hand counts', inTurn([send(1), 'accepted'], [receive(), values(1)], [send(2), 'full'])],
    ['asking for the next acknowledges', inTurn([send(1), 'accepted'], [receive(), values(1)], [receive(), 'empty'])],
    ['nobody has anything in hand', inTurn([close, 'done'], [receive(), 'drained'])],
    [
      'what another thread has in hand may come back',
      [
        [0, 0, 1, send(1), 'accepted'],
        [1, 2, 3, receive(), values(1)],
        [0, 4, 5, close, 'done'],
        [2, 6, 7, receive(), 'empty'],
      ],
    ],
  ])('accepted: %s', (_what, lines) => {
    expect(explain(keeping, historyOf(lines))).toBeDefined();
  });

  test.each<[string, readonly Line[]]>([
    ['room before it was acknowledged', inTurn([send(1), 'accepted'], [receive(), values(1)], [send(2), 'accepted'])],
    [
      'a length without what is in hand',
      inTurn([send(1), 'accepted'], [receive(), values(1)], [length, { length: 0 }]),
    ],
    ['empty when nobody has anything', inTurn([close, 'done'], [receive(), 'empty'])],
  ])('refused: %s', (_what, lines) => {
    expect(explain(keeping, historyOf(lines))).toBeUndefined();
  });
});

describe('a rendezvous', () => {
  const meeting = { ...SETTING, capacity: 0 };

  test.each<[string, readonly Line[]]>([
    [
      'two that overlap',
      [
        [0, 0, 2, send(1), 'accepted'],
        [1, 1, 3, receive(), values(1)],
      ],
    ],
    ['nobody there', inTurn([send(1), 'full'], [receive(), 'empty'], [length, { length: 0 }])],
    [
      'a batch that two take, one of them within the other',
      [
        [0, 0, 9, send(1, 2, 3), 'accepted'],
        [1, 1, 8, receive(3), values(1, 3)],
        [2, 2, 3, receive(), values(2)],
      ],
    ],
    [
      'met before a close, and refused after it',
      [
        [0, 0, 7, send(1, 2), 'closed'],
        [1, 1, 2, receive(), values(1)],
        [1, 3, 4, close, 'done'],
        [1, 5, 6, receive(), 'drained'],
      ],
    ],
    [
      'late, beside two that meet',
      [
        [0, 0, 5, send(1), 'accepted'],
        [2, 1, 4, send(2), 'late'],
        [1, 2, 3, receive(), values(1)],
      ],
    ],
  ])('accepted: %s', (_what, lines) => {
    expect(explain(meeting, historyOf(lines))).toBeDefined();
  });

  test.each<[string, readonly Line[]]>([
    ['R5: a send that nobody has received', inTurn([send(1), 'accepted'])],
    ['R5: a receive after its send', inTurn([send(1), 'accepted'], [receive(), values(1)])],
    ['R2: a message from nowhere', inTurn([receive(), values(1)])],
    ['R3: a length', inTurn([length, { length: 1 }])],
    [
      'R2: one message for two',
      [
        [0, 0, 5, send(1), 'accepted'],
        [1, 1, 4, receive(), values(1)],
        [2, 2, 3, receive(), values(1)],
      ],
    ],
    [
      'R5: a receive that began before a third call, which came after the send',
      [
        [0, 0, 1, send(1), 'accepted'],
        [2, 2, 3, length, { length: 0 }],
        [1, 4, 5, receive(), values(1)],
      ],
    ],
    [
      'R7: two that meet after a close',
      [
        [1, 0, 1, close, 'done'],
        [0, 2, 4, send(1), 'accepted'],
        [2, 3, 5, receive(), values(1)],
      ],
    ],
    [
      'R22: a send that was late and was received',
      [
        [0, 0, 2, send(1), 'late'],
        [1, 1, 3, receive(), values(1)],
      ],
    ],
    [
      'R1: out of order, though they were pending on the same thread in that order',
      [
        [0, 0, 8, send(1), 'accepted'],
        [0, 1, 9, send(2), 'accepted'],
        [1, 3, 4, receive(), values(2)],
        [1, 5, 6, receive(), values(1)],
      ],
    ],
  ])('refused: %s', (_what, lines) => {
    expect(explain(meeting, historyOf(lines))).toBeUndefined();
  });
});

describe('a semaphore', () => {
  const permitting = { ...SETTING, permits: 2 };
  const take = (count: number): Call => ({ kind: 'take', way: 'try', count });
  const give: Call = { kind: 'give' };
  const gave = (count: number): Answer => ({ gave: count });

  test.each<[string, readonly Line[]]>([
    ['all at once, and none', inTurn([take(2), 'taken'], [take(1), 'none'], [give, gave(2)], [take(1), 'taken'])],
    [
      'late while it was in the hands of another',
      [
        [0, 0, 1, take(1), 'taken'],
        [1, 2, 5, take(2), 'late'],
        [0, 3, 4, give, gave(1)],
      ],
    ],
  ])('accepted: %s', (_what, lines) => {
    expect(explain(permitting, historyOf(lines))).toBeDefined();
  });

  test.each<[string, readonly Line[]]>([
    ['more than there are', inTurn([take(2), 'taken'], [take(1), 'taken'])],
    ['R23: none, or late, when they are there', inTurn([take(1), 'taken'], [take(1), 'late'])],
    ['none when there are enough', inTurn([take(1), 'none'])],
    [
      'taken before it was given back',
      [
        [0, 0, 1, take(2), 'taken'],
        [1, 2, 3, take(1), 'taken'],
        [0, 4, 5, give, gave(2)],
      ],
    ],
    [
      'R22: late, and taken all the same',
      [
        [0, 0, 1, take(2), 'taken'],
        [1, 2, 3, take(1), 'late'],
        [0, 4, 5, give, gave(2)],
        [0, 6, 7, take(2), 'none'],
      ],
    ],
  ])('refused: %s', (_what, lines) => {
    expect(explain(permitting, historyOf(lines))).toBeUndefined();
  });
});

test('the order in which the calls took effect is told', () => {
  const history = historyOf([
    [0, 0, 3, send(1), 'accepted'],
    [1, 1, 2, receive(), 'empty'],
  ]);
  expect(explain(SETTING, history)!.map(({ operation }) => operation)).toEqual([1, 0]);
});

test('a diagram has a line for each call, and shows which overlap', () => {
  const history = historyOf([
    [1, 10, 40, { kind: 'receive', way: 'async', max: 2, timeout: 1 }, values(1, 2)],
    [0, 0, 20, { kind: 'send', way: 'sync', values: [1, 2] }, 'accepted'],
    [0, 30, 50, close, 'done'],
  ]);
  expect(diagramOf(history).split('\n')).toEqual([
    'thread 0  sendManySync 1 2           accepted  ├─┤',
    'thread 1  receiveMany 2 within 1 ms  1 2        ├──┤',
    'thread 0  close                      done         ├─┤',
  ]);
});
