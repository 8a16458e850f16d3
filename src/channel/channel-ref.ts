/** The codec whose values are channels. */

import type { RefCodec } from '../codec/channel-ref.ts';
import type { Codec } from '../codec/codec.ts';
import { refuse } from '../codec/scalars.ts';
import type { Channel } from './types.ts';

export type ChannelRefCodec<T> = RefCodec<Channel<T>>;

/**
 * A codec for channels. Its values are channels of the same supervisor, so they can be sent through channels: Go's
 * `chan chan T`. The receiver gets the channel itself, live, as `attach` would give it. Ends that count, `channel.sender`
 * and `channel.receiver`, travel in ports and not in messages; a Channel keeps nothing open.
 *
 * ```ts
 * const request = struct({ id: u32, reply: channelRef(f64) });
 *
 * // who asks
 * const reply = channel({ codec: f64, capacity: 1 });
 * requests.sendSync({ id: 7, reply });
 * const answer = reply.receiveSync().value;
 * reply.dispose();
 *
 * // who answers
 * for (const { id, reply } of requests) reply.sendSync(work(id));
 * ```
 */
export function channelRef<T>(codec: Codec<T>): ChannelRefCodec<T> {
  if (typeof codec?.kind !== 'string') refuse('the codec of the channels', codec);
  return { kind: 'channelRef', codec };
}
