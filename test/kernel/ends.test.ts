import { beforeEach, describe, expect, test } from 'vitest';
import { BLOCKED } from '../../src/kernel/codes.ts';
import {
  endAdopt,
  endChannelAt,
  endCount,
  endGrant,
  endHold,
  endLive,
  endNextHeld,
  endRetire,
  endRevoke,
  endRoleAt,
  endsPlaced,
  grantEntry,
  ROLE_RECEIVER,
  ROLE_SENDER,
} from '../../src/kernel/ends.ts';
import { CHANNELS_MAX, ENDS_MAX, HEADER_END_TABLE } from '../../src/memory/layout.ts';
import { peek, poke } from '../../src/memory/words.ts';
import { freshSegment, ME, MIB, YOU } from '../support/segment.ts';

const CHANNEL = 3;
const HIGHEST_THREAD = 1023;
const HIGHEST_CHANNEL = CHANNELS_MAX - 1;

beforeEach(() => {
  freshSegment({ memory: 4 * MIB });
});

const senders = () => endCount(CHANNEL, ROLE_SENDER);

describe('an end', () => {
  test('counts from its grant, through its adoption, until it is retired', () => {
    const entry = endGrant(CHANNEL, ROLE_SENDER);
    expect(senders()).toBe(1);
    expect(endAdopt(entry, CHANNEL, ROLE_SENDER, YOU)).toBe(true);
    expect(senders()).toBe(1);
    expect(endRetire(entry, CHANNEL, ROLE_SENDER, YOU)).toBe(true);
    expect(senders()).toBe(0);
  });

  test('can be held without a grant', () => {
    const entry = endHold(CHANNEL, ROLE_SENDER, ME);
    expect([senders(), endRetire(entry, CHANNEL, ROLE_SENDER, ME), senders()]).toEqual([1, true, 0]);
  });

  test('is adopted once', () => {
    const entry = endGrant(CHANNEL, ROLE_SENDER);
    expect([endAdopt(entry, CHANNEL, ROLE_SENDER, ME), endAdopt(entry, CHANNEL, ROLE_SENDER, YOU)]).toEqual([
      true,
      false,
    ]);
    expect(senders()).toBe(1);
  });

  test('is retired by its holder alone, once', () => {
    const entry = endHold(CHANNEL, ROLE_SENDER, ME);
    expect(endRetire(entry, CHANNEL, ROLE_SENDER, YOU)).toBe(false);
    expect(endRetire(entry, CHANNEL, ROLE_RECEIVER, ME)).toBe(false);
    expect(endRetire(entry, CHANNEL + 1, ROLE_SENDER, ME)).toBe(false);
    expect([endRetire(entry, CHANNEL, ROLE_SENDER, ME), endRetire(entry, CHANNEL, ROLE_SENDER, ME)]).toEqual([
      true,
      false,
    ]);
  });

  test('is revoked only while nobody has adopted it', () => {
    const first = endGrant(CHANNEL, ROLE_SENDER);
    const second = endGrant(CHANNEL, ROLE_SENDER);
    endAdopt(second, CHANNEL, ROLE_SENDER, YOU);
    expect([endRevoke(first, CHANNEL, ROLE_SENDER), endRevoke(second, CHANNEL, ROLE_SENDER)]).toEqual([true, false]);
    expect(senders()).toBe(1);
  });

  test('counts for its own channel and role alone', () => {
    endHold(CHANNEL, ROLE_SENDER, ME);
    endGrant(CHANNEL, ROLE_RECEIVER);
    endGrant(0, ROLE_SENDER);
    endHold(HIGHEST_CHANNEL, ROLE_RECEIVER, HIGHEST_THREAD);
    const counts = [CHANNEL, 0, HIGHEST_CHANNEL].map((channel) => [
      endCount(channel, ROLE_SENDER),
      endCount(channel, ROLE_RECEIVER),
    ]);
    expect(counts).toEqual([
      [1, 1],
      [1, 0],
      [0, 1],
    ]);
  });
});

describe('a grant', () => {
  test('that is given up late does not give up another’s, nor what somebody holds in the same place by now', () => {
    const first = endGrant(CHANNEL, ROLE_SENDER);
    expect(endRevoke(first, CHANNEL, ROLE_SENDER)).toBe(true);
    const second = endGrant(CHANNEL, ROLE_SENDER);
    expect([grantEntry(second), second === first]).toEqual([grantEntry(first), false]);
    expect([endRevoke(first, CHANNEL, ROLE_SENDER), endAdopt(first, CHANNEL, ROLE_SENDER, ME), senders()]).toEqual([
      false,
      false,
      1,
    ]);
    expect(endAdopt(second, CHANNEL, ROLE_SENDER, ME)).toBe(true);
    expect([endRevoke(first, CHANNEL, ROLE_SENDER), endRevoke(second, CHANNEL, ROLE_SENDER), senders()]).toEqual([
      false,
      false,
      1,
    ]);
  });

  test('has a ticket of its own, for as many grants in a row as there are tickets', () => {
    const grants = new Set<number>();
    for (let i = 0; i < 2 ** 14; i++) {
      const grant = endGrant(CHANNEL, ROLE_SENDER);
      grants.add(grant);
      endRevoke(grant, CHANNEL, ROLE_SENDER);
    }
    expect(grants.size).toBe(2 ** 14);
    expect(grants.has(endGrant(CHANNEL, ROLE_SENDER))).toBe(true);
  });

  test('is told by a count of placings, so that a scan it slips past is done again', () => {
    const before = endsPlaced();
    const held = endHold(CHANNEL, ROLE_SENDER, ME);
    const grant = endGrant(CHANNEL, ROLE_SENDER);
    endRetire(held, CHANNEL, ROLE_SENDER, ME);
    expect([endsPlaced() - before, senders(), endLive(held), endLive(grantEntry(grant))]).toEqual([2, 1, false, true]);
    endAdopt(grant, CHANNEL, ROLE_SENDER, YOU);
    expect(endsPlaced() - before).toBe(2);
  });
});

test('the ends of a thread are found, one after the other, and no pending ones', () => {
  const held = [
    endHold(CHANNEL, ROLE_SENDER, HIGHEST_THREAD),
    endHold(HIGHEST_CHANNEL, ROLE_RECEIVER, HIGHEST_THREAD),
    endHold(CHANNEL, ROLE_SENDER, HIGHEST_THREAD),
  ];
  endGrant(CHANNEL, ROLE_SENDER);
  endHold(CHANNEL, ROLE_SENDER, 0);
  const found: number[] = [];
  for (let entry = endNextHeld(HIGHEST_THREAD, 0); entry >= 0; entry = endNextHeld(HIGHEST_THREAD, entry + 1)) {
    found.push(entry);
  }
  expect(found).toEqual(held);
  expect(held.map((entry) => [endChannelAt(entry), endRoleAt(entry)])).toEqual([
    [CHANNEL, ROLE_SENDER],
    [HIGHEST_CHANNEL, ROLE_RECEIVER],
    [CHANNEL, ROLE_SENDER],
  ]);
});

test('the table takes so many ends and no more, and an entry that was retired is used again', () => {
  // Filled by hand, because looking for a free entry begins at the first each time.
  const held = peek(peek(HEADER_END_TABLE) + endHold(CHANNEL, ROLE_SENDER, ME));
  for (let entry = 0; entry < ENDS_MAX - 1; entry++) poke(peek(HEADER_END_TABLE) + entry, held);
  expect(endHold(CHANNEL, ROLE_SENDER, ME)).toBe(ENDS_MAX - 1);
  expect([endHold(CHANNEL, ROLE_SENDER, ME), endGrant(CHANNEL, ROLE_SENDER)]).toEqual([BLOCKED, BLOCKED]);
  expect(senders()).toBe(ENDS_MAX);
  endRetire(100, CHANNEL, ROLE_SENDER, ME);
  expect([senders(), grantEntry(endGrant(CHANNEL, ROLE_SENDER)), senders()]).toEqual([ENDS_MAX - 1, 100, ENDS_MAX]);
});
