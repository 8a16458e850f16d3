/** Making a channel: checking what was asked for, and laying it out in a pool block. */

import type { Codec } from '../codec/codec.ts';
import { wireOf } from '../codec/wire.ts';
import { LimitError } from '../errors.ts';
import { channelEnter } from '../kernel/channels.ts';
import { BLOCKED } from '../kernel/codes.ts';
import { MPMC_SLOT_HEADER, mpmcInit } from '../kernel/mpmc.ts';
import { spscInit } from '../kernel/spsc.ts';
import {
  CAPACITY_MAX,
  CHANNEL_CAPACITY,
  CHANNEL_INDEX,
  CHANNEL_NAME,
  CHANNEL_NAME_BYTES,
  CHANNEL_RED,
  CHANNEL_REFS,
  CHANNEL_REFS_AT,
  CHANNEL_SHIFT,
  CHANNEL_SLOTS,
  CHANNEL_STRIDE,
  CHANNEL_TOPOLOGY,
  CHANNEL_WORDS,
  CHANNEL_YELLOW,
  CHANNELS_MAX,
  LINE,
  NAME_MAX_BYTES,
  PAGE_BYTES,
  SLOTS_MIN_SHIFT,
  TOPOLOGY_MPMC,
  TOPOLOGY_MPSC,
  TOPOLOGY_SPMC,
  TOPOLOGY_SPSC,
  WORD_BYTES,
} from '../memory/layout.ts';
import type { i32 } from '../memory/words.ts';
import { poke } from '../memory/words.ts';
import type { Attachment } from './attachment.ts';
import { SharedChannel } from './channel.ts';
import type { ChannelOptions, Levels, Topology } from './types.ts';

export const TOPOLOGIES: Record<Topology, i32> = {
  mpmc: TOPOLOGY_MPMC,
  mpsc: TOPOLOGY_MPSC,
  spmc: TOPOLOGY_SPMC,
  spsc: TOPOLOGY_SPSC,
};

const LEVELS_DEFAULT: Levels = { yellow: 0.6, red: 0.85 };

/** Makes a channel in the segment of `attachment`. Throws LimitError or CodecError for options that cannot be kept. */
export function createChannel<T>(
  attachment: Attachment,
  name: string | undefined,
  options: ChannelOptions<T>,
): SharedChannel<T> {
  const { segment, pool } = attachment;
  const { capacity, topology, levels } = checked(options);
  learn(options.codec, attachment);
  const wire = wireOf(options.codec, attachment);
  const nameBytes = new TextEncoder().encode(name ?? '');
  if (nameBytes.length > NAME_MAX_BYTES) {
    throw new LimitError(`name: expected at most ${NAME_MAX_BYTES} bytes of UTF-8, met ${nameBytes.length}`);
  }

  const shift = Math.max(SLOTS_MIN_SHIFT, 32 - Math.clz32(capacity - 1));
  const header = topology === TOPOLOGY_SPSC ? 0 : MPMC_SLOT_HEADER;
  const stride = header + wire.slotBytes / WORD_BYTES;
  const refs = wire.staged ? wire.refs : [];
  const slotWords = 2 ** shift * stride;
  // A line behind the last slot keeps the neighbour's words off it.
  const bytes = (CHANNEL_WORDS + slotWords + LINE + refs.length) * WORD_BYTES;
  const block = takeBlock(attachment, bytes, capacity);

  segment.enter();
  const address = pool.byteOffset(block) / WORD_BYTES;
  segment.words.fill(0, address, address + CHANNEL_WORDS);
  poke(address + CHANNEL_TOPOLOGY, topology);
  poke(address + CHANNEL_CAPACITY, capacity);
  poke(address + CHANNEL_SHIFT, shift);
  poke(address + CHANNEL_STRIDE, stride);
  poke(address + CHANNEL_SLOTS, address + CHANNEL_WORDS);
  poke(address + CHANNEL_YELLOW, Math.round(levels.yellow * 1000));
  poke(address + CHANNEL_RED, Math.round(levels.red * 1000));
  poke(address + CHANNEL_NAME_BYTES, nameBytes.length);
  const refsAt = address + CHANNEL_WORDS + slotWords + LINE;
  poke(address + CHANNEL_REFS, refs.length);
  poke(address + CHANNEL_REFS_AT, refsAt);
  refs.forEach((offset, i) => {
    poke(refsAt + i, offset);
  });
  segment.bytes.set(nameBytes, (address + CHANNEL_NAME) * WORD_BYTES);
  if (topology === TOPOLOGY_SPSC) spscInit(address, 0);
  else mpmcInit(address, 0);

  // Until it is donated it is this thread's: should the thread die here, recovery takes the channel out again.
  const index = channelEnter(block);
  if (index === BLOCKED) {
    pool.giveBack(block);
    throw new LimitError(`expected at most ${CHANNELS_MAX} channels in a segment, met one more`);
  }
  poke(address + CHANNEL_INDEX, index);
  pool.donate(block);
  return openChannel(attachment, { index, address, name: name ?? `channel-${index}`, codec: options.codec });
}

/** What it takes to use a channel from a thread. */
export interface ChannelPlace<T> {
  readonly index: number;
  readonly address: i32;
  readonly name: string;
  readonly codec: Codec<T>;
}

/** This thread's object for a channel that exists. */
export function openChannel<T>(attachment: Attachment, place: ChannelPlace<T>): SharedChannel<T> {
  const known = attachment.channels.get(place.index);
  if (known) return known;
  attachment.segment.enter();
  const channel = new SharedChannel<T>(attachment, place, wireOf(place.codec, attachment));
  attachment.channels.set(place.index, channel);
  return channel;
}

function learn(codec: Codec<any>, attachment: Attachment): void {
  const known = codec as { kind?: string; name?: string; encode?: unknown } | undefined;
  if (known?.kind === 'custom' && known.encode) attachment.customs.set(known.name!, codec as never);
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

function checked<T>(options: ChannelOptions<T>): { capacity: number; topology: i32; levels: Levels } {
  if (options === null || typeof options !== 'object') {
    throw new LimitError(`expected channel options { codec, capacity, … }, met ${String(options)}`);
  }
  const {
    capacity,
    topology = 'mpmc',
    overflow = 'block',
    delivery = 'at-most-once',
    levels = LEVELS_DEFAULT,
  } = options;
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > CAPACITY_MAX) {
    const hint = capacity === 0 ? ' (rendezvous channels are not built yet)' : '';
    throw new LimitError(`capacity: expected an integer from 1 to ${CAPACITY_MAX}, met ${String(capacity)}${hint}`);
  }
  if (!Object.hasOwn(TOPOLOGIES, topology)) {
    throw new LimitError(`topology: expected ${Object.keys(TOPOLOGIES).join(', ')}, met ${String(topology)}`);
  }
  if (overflow !== 'block') {
    throw new LimitError(`overflow: expected 'block' (other policies are not built yet), met '${String(overflow)}'`);
  }
  if (delivery !== 'at-most-once') {
    throw new LimitError(`delivery: expected 'at-most-once' (no other is built yet), met '${String(delivery)}'`);
  }
  const { yellow, red } = levels;
  if (!(yellow >= 0 && yellow <= red && red <= 1)) {
    throw new LimitError(`levels: expected 0 ≤ yellow ≤ red ≤ 1, met ${yellow} and ${red}`);
  }
  return { capacity, topology: TOPOLOGIES[topology], levels };
}
