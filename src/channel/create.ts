/** Making a channel: laid out in a pool block, entered in the table, and opened. */

import type { Codec } from '../codec/codec.ts';
import { carriesLeases, codecsIn, wireOf } from '../codec/wire.ts';
import { ChannelClosedError, IncompatibleSegmentError, LimitError } from '../errors.ts';
import { BLOCKED } from '../kernel/codes.ts';
import { describe } from '../memory/describe.ts';
import { CHANNEL_OVERFLOW_TO, CHANNELS_MAX, PAGE_BYTES, WORD_BYTES } from '../memory/layout.ts';
import { encodeName } from '../memory/text.ts';
import type { i32 } from '../memory/words.ts';
import { peek } from '../memory/words.ts';
import type { Attachment } from './attachment.ts';
import { SharedChannel } from './channel.ts';
import { type ChannelPlace, GONE } from './core.ts';
import { checkLaid, layChannel, nameAt, planOf } from './lay.ts';
import { checkOptions } from './options.ts';
import type { Fallback } from './overflow.ts';
import type { ChannelOptions } from './types.ts';

/** Makes a channel in the segment of `attachment`. Throws LimitError or CodecError for options that cannot be kept. */
export function createChannel<T>(
  attachment: Attachment,
  name: string | undefined,
  options: ChannelOptions<T>,
): SharedChannel<T> {
  const { pool } = attachment;
  const checked = checkOptions(options, attachment);
  learn(options.codec, attachment);
  const wire = wireOf(options.codec, attachment);
  if (checked.keeping?.ackTimeout && carriesLeases(options.codec)) {
    throw new LimitError('ackTimeout: expected a codec without leases, as a late receiver may still write to one');
  }
  const nameBytes = encodeName(name ?? '');
  const plan = planOf({ ...checked, threads: attachment.segment.threads }, wire);
  attachment.holdings.look();
  const block = takeBlock(attachment, plan.words * WORD_BYTES, checked.capacity);
  const address = pool.byteOffset(block) / WORD_BYTES;
  layChannel(attachment, address, checked, plan, nameBytes);

  const { kernel, id } = attachment.thread;
  const overflowTo = checked.overflowTo ? checked.overflowTo.index + 1 : 0;
  const deadLetters = checked.keeping?.deadLetter ? checked.keeping.deadLetter.index + 1 : 0;
  const index = kernel.channelEnter(block, overflowTo, deadLetters, id);
  if (index === BLOCKED) {
    pool.giveBack(block);
    throw new LimitError(`expected at most ${CHANNELS_MAX} channels in a segment, met one more`);
  }
  const { onOverflow } = checked;
  const fallback = onOverflow && ((value: T) => taken(onOverflow, value));
  const place = { index, generation: kernel.channelGeneration(index), address, name: name ?? `channel-${index}` };
  return openChannel(attachment, { ...place, codec: options.codec, fallback });
}

/**
 * What a channel is called on its way to another thread: a channel that was disposed of meanwhile is not found by it.
 * What it was named stands in the segment, too.
 */
export interface ChannelName<T> {
  readonly index: number;
  readonly generation: number;
  readonly name?: string;
  readonly codec: Codec<T>;
}

/**
 * This thread's object for a channel that it heard of, which it holds from here on; for one that was disposed of, an
 * object that says so whatever is done with it. Throws as `openChannel` does, and when there was never such a channel.
 */
export function takeUp<T>(attachment: Attachment, name: ChannelName<T>): SharedChannel<T> {
  const { holdings, thread, segment } = attachment;
  const { index, generation, codec } = name;
  segment.enter();
  const possible = Number.isInteger(index) && index >= 0 && index < thread.kernel.channelsUsed();
  if (!possible || !Number.isInteger(generation) || (name.name !== undefined && typeof name.name !== 'string')) {
    throw new IncompatibleSegmentError(
      `expected channel ${describe(name.name)} at number ${describe(index)} of the segment, met none there`,
    );
  }
  if (!holdings.hold(index, generation)) {
    const place = { index, generation, address: GONE, name: name.name ?? `channel-${index}`, codec };
    return new SharedChannel<T>(attachment, place, wireOf(codec, attachment));
  }
  try {
    const address = thread.kernel.channelAddress(index);
    const known = name.name ?? (nameAt(segment, address) || `channel-${index}`);
    const channel = openChannel<T>(attachment, { index, generation, address, name: known, codec });
    holdings.listen();
    return channel;
  } catch (error) {
    segment.enter();
    if (!attachment.channels.has(index)) thread.kernel.channelLeave(index, thread.id);
    throw error;
  }
}

/**
 * This thread's object for a channel that it holds. Throws CodecError when it has no such codec, IncompatibleSegmentError
 * when the channel was laid out for another.
 */
export function openChannel<T>(attachment: Attachment, place: ChannelPlace<T>): SharedChannel<T> {
  const known = attachment.channels.get(place.index);
  if (known) return known;
  attachment.segment.enter();
  const wire = wireOf(place.codec, attachment);
  checkLaid(attachment.segment, place.address, place.name, wire);
  const fallback = place.fallback ?? overflowChannel(attachment, place);
  const channel = new SharedChannel<T>(attachment, { ...place, fallback }, wire);
  attachment.channels.set(place.index, channel);
  return channel;
}

function taken<T>(onOverflow: (value: T) => void, value: T): boolean {
  onOverflow(value);
  return true;
}

/** What hands messages to the channel that was named for those without room; its codec is the same. */
function overflowChannel<T>(attachment: Attachment, { address, codec }: ChannelPlace<T>): Fallback<T> | undefined {
  const index = peek(address + CHANNEL_OVERFLOW_TO) - 1;
  if (index < 0 || index >= CHANNELS_MAX) return undefined;
  return (value) => {
    attachment.segment.enter();
    // It is there for as long as it is named, and so for as long as this thread holds the channel that names it.
    const generation = attachment.thread.kernel.channelGeneration(index);
    const channel = takeUp<T>(attachment, { index, generation, codec });
    return !channel.closed && sentAtOnce(channel, value);
  };
}

/** It may be closed at this very moment. */
function sentAtOnce<T>(channel: SharedChannel<T>, value: T): boolean {
  try {
    return channel.trySend(value);
  } catch (error) {
    if (error instanceof ChannelClosedError) return false;
    throw error;
  }
}

function learn(codec: Codec<any>, attachment: Attachment): void {
  for (const each of codecsIn(codec)) {
    const known = each as { kind?: string; name?: string; encode?: unknown } | undefined;
    if (known?.kind === 'custom' && known.encode) attachment.customs.set(known.name!, each as never);
  }
}

function takeBlock(attachment: Attachment, bytes: number, capacity: number): i32 {
  const { pool, segment } = attachment;
  const most = segment.pages * PAGE_BYTES;
  segment.enter();
  const block = bytes <= most && bytes < 2 ** 31 ? pool.take(bytes) : BLOCKED;
  if (block >= 0) return block;
  throw new LimitError(
    `capacity ${capacity}: expected a channel that fits into what is left of the segment's ${most} bytes, ` +
      `met one of ${bytes} bytes (see the Supervisor option "memory")`,
  );
}
