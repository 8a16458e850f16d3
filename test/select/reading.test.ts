/** What a select makes of the object of cases that it is given, also where it is over at first sight. */

import { describe, expect, test } from 'vitest';
import { after, ChannelClosedError, channel, LimitError, select, selectSync, trySelect, u32 } from '../../src/index.ts';

const made = () => channel({ codec: u32, capacity: 64 });

function filled(count: number) {
  const one = made();
  for (let i = 0; i < count; i++) one.sendSync(i);
  return one;
}

/** Selects a few times, as the first select of a case is not over at first sight. */
const TIMES = 8;

describe('R18: the values of all cases are evaluated once, in order, before anything is tried', () => {
  test('where a property is an accessor', () => {
    const [ready, out] = [filled(TIMES * 2), made()];
    selectSync({ ready: ready.onReceive() });
    const asked: string[] = [];
    const cases = {
      get first() {
        asked.push('first');
        return ready.onReceive();
      },
      get second() {
        asked.push('second');
        return out.onSend(asked.length);
      },
    };
    for (let i = 0; i < TIMES; i++) {
      asked.length = 0;
      selectSync(cases);
      expect(asked.filter((key) => key === 'second')).toEqual(['second']);
      expect(asked[0]).toBe('first');
    }
  });

  test('and a case that cannot be evaluated lets none of them happen, however ready they are', () => {
    const [ready, other] = [filled(TIMES), made()];
    const { receiver } = other;
    const cases = { ready: ready.onReceive(), other: receiver.onReceive() };
    // Now both have been in a select.
    const first = selectSync(cases);
    expect(first.key).toBe('ready');
    receiver.cancel();
    const { length } = ready;
    for (let i = 0; i < TIMES; i++) expect(() => selectSync(cases)).toThrow(ChannelClosedError);
    expect(ready.length).toBe(length);
  });
});

describe('R20: absent channels', () => {
  test('do not count among those that are ready', async () => {
    const ready = filled(3 * TIMES);
    const cases = { none: undefined, ready: ready.onReceive(), nothing: null };
    for (let i = 0; i < TIMES; i++) {
      expect(selectSync(cases)).toEqual({ key: 'ready', done: false, value: 3 * i });
      expect(trySelect(cases)).toEqual({ key: 'ready', done: false, value: 3 * i + 1 });
      expect(await select(cases)).toEqual({ key: 'ready', done: false, value: 3 * i + 2 });
    }
    expect(trySelect(cases)).toBeUndefined();
  });
});

test('cases are the properties of the object itself, whatever it inherits', () => {
  const [mine, inherited] = [filled(TIMES), filled(TIMES)];
  selectSync({ mine: mine.onReceive() });
  selectSync({ inherited: inherited.onReceive() });
  const cases = Object.assign(Object.create({ inherited: inherited.onReceive() }), { mine: mine.onReceive() });
  for (let i = 1; i < TIMES; i++) expect(selectSync(cases)).toEqual({ key: 'mine', done: false, value: i });
  expect(trySelect(cases)).toBeUndefined();
  expect(inherited.length).toBe(TIMES - 1);
});

test('what is no case is refused, though others are ready', () => {
  const ready = filled(TIMES);
  selectSync({ ready: ready.onReceive() });
  for (let i = 0; i < TIMES; i++) {
    expect(() => selectSync({ ready: ready.onReceive(), odd: 7 } as never)).toThrow(LimitError);
    expect(() => selectSync({ odd: { prompt: undefined }, ready: ready.onReceive() } as never)).toThrow(LimitError);
  }
  expect(ready.length).toBe(TIMES - 1);
});

test('R15: a receive and a time that are both ready are equally likely', () => {
  const ready = made();
  const rounds = 10_000;
  let received = 0;
  for (let i = 0; i < rounds; i++) {
    if (ready.length === 0) ready.sendSync(i);
    if (selectSync({ ready: ready.onReceive(), due: after(0) }).key === 'ready') received++;
  }
  expect(Math.abs(received / rounds - 0.5)).toBeLessThan(4.4172 / (2 * Math.sqrt(rounds)));
});

test('R15: of five cases, of which one is never ready, each of the others is equally likely', () => {
  const channels = { a: made(), b: made(), never: made(), c: made(), d: made() };
  const cases = Object.fromEntries(Object.entries(channels).map(([key, each]) => [key, each.onReceive()]));
  const hits: Record<string, number> = {};
  const rounds = 10_000;
  for (let i = 0; i < rounds; i++) {
    for (const key of ['a', 'b', 'c', 'd'] as const) if (channels[key].length === 0) channels[key].sendSync(i);
    const { key } = selectSync(cases);
    hits[key] = (hits[key] ?? 0) + 1;
  }
  expect(Object.keys(hits).toSorted()).toEqual(['a', 'b', 'c', 'd']);
  for (const count of Object.values(hits)) {
    expect(Math.abs(count / rounds - 1 / 4)).toBeLessThan(4.4172 * Math.sqrt((1 / 4) * (3 / 4) * (1 / rounds)));
  }
});
