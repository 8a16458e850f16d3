/**
 * Goes to meetings. In each it passes the barrier, waits until all are done, and does some things once, over and over,
 * until somebody dies in it or it is closed.
 */

import { setImmediate as turn } from 'node:timers/promises';
import { BroadcastChannel, receiveMessageOnPort } from 'node:worker_threads';
import { attach, BrokenError, ClosedError } from '../../../src/index.ts';
import { MeetingBook, ONCES } from '../meeting-book.ts';
import type { Invitation, Meeting, PartyTask } from '../meetings.ts';
import { HARDLY, lateIsNone } from './patience.ts';
import { takePlace } from './post.ts';

const { journal, duty, place, lives, task } = takePlace<object, PartyTask>();
const { index } = duty;
const book = MeetingBook.open(task.book);
const invitations = new BroadcastChannel(task.invitations);

/** Ways of waiting: blocking or not, patiently or over and over. */
const ways = [
  { blocks: true, options: undefined },
  { blocks: false, options: undefined },
  { blocks: true, options: HARDLY },
  { blocks: false, options: HARDLY },
] as const;
const { blocks, options } = ways[(place + lives) % ways.length]!;

/** Waits in one way or the other, again and again if it is late. */
async function wait<T>(blocking: () => T, awaiting: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return blocks ? blocking() : await awaiting();
    } catch (error) {
      lateIsNone(error);
    }
  }
}

/** Comes to the barrier for that time. Answers whether this was the last to come. */
async function meet({ barrier }: Meeting, time: number): Promise<boolean> {
  book.come(index, time);
  const last = await wait(
    () => barrier.waitSync(options),
    () => barrier.wait(options),
  );
  if (!book.allCame(time)) journal.complain('too early', place, time);
  if (last && !book.noteLast(time)) journal.complain('two last', place, time);
  return last;
}

async function doOnce({ onces }: Meeting, number: number): Promise<void> {
  const once = onces[number]!;
  const begin = () => {
    if (!book.beginOnce(number, index)) journal.complain('twice at once', place, number);
  };
  const ran = await wait(
    () => {
      return once.doSync(() => {
        begin();
        book.finishOnce(number);
      }, options);
    },
    () => {
      return once.do(async () => {
        begin();
        await turn();
        book.finishOnce(number);
      }, options);
    },
  );
  if (!book.onceRan(number)) journal.complain('not done', place, number);
  if (ran && !book.noteOnce(number)) journal.complain('done twice', place, number);
}

async function beDone({ group }: Meeting, time: number): Promise<void> {
  book.finish(index, time);
  group.done();
  await wait(
    () => group.waitSync(options),
    () => group.wait(options),
  );
  if (!book.allDone(time)) journal.complain('too early', place, time);
}

/** One round after the other, until the meeting breaks up. */
async function attend(meeting: Meeting): Promise<void> {
  for (let round = 1; ; round++) {
    journal.begin(place, 1);
    if (round <= ONCES) await doOnce(meeting, round - 1);
    if (await meet(meeting, 2 * round - 1)) meeting.group.add(task.parties);
    await meet(meeting, 2 * round);
    await beDone(meeting, round);
    journal.finish(place, 1);
  }
}

/** What this party was invited to that has just begun, if anything. */
function opened(): Invitation | undefined {
  let last: Invitation | undefined;
  for (;;) {
    const received = receiveMessageOnPort(invitations as never) as { readonly message: Invitation } | undefined;
    if (!received) return last?.number === book.number ? last : undefined;
    last = received.message;
  }
}

for (;;) {
  // Before it is known that there is work: whoever ends that changes the number afterwards.
  const seen = book.number;
  if (!journal.enter(duty)) break;
  book.waitAtDoor(index, seen);
  const invitation = opened();
  if (!invitation) continue;
  const meeting = attach(invitation.meeting);
  book.enter(index, invitation.number);
  try {
    await attend(meeting);
  } catch (error) {
    if (error instanceof BrokenError) {
      if (!book.bereaved) journal.complain('broken for nothing', place, invitation.number);
    } else if (!(error instanceof ClosedError)) throw error;
  }
  journal.finish(place, 0);
  book.leave(index);
}
invitations.close();
