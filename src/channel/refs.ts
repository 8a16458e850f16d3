/** Channels in messages, as this thread has them. What they are on the way is said in `codec/channel-ref.ts`. */

import type { ChannelNumbers, ChannelRefs, Codec } from '../codec/codec.ts';
import { sameCodec } from '../codec/wire.ts';
import { CodecError } from '../errors.ts';
import { describe } from '../memory/describe.ts';
import type { Attachment } from './attachment.ts';
import { SharedChannel } from './channel.ts';
import { takeUp } from './create.ts';

export class AttachedRefs implements ChannelRefs {
  readonly #attachment: Attachment;

  constructor(attachment: Attachment) {
    this.#attachment = attachment;
  }

  numbersOf(value: unknown): ChannelNumbers {
    if (!(value instanceof SharedChannel)) throw new CodecError(`expected a channel, met ${describe(value)}`);
    if (value.attachment !== this.#attachment) {
      throw new CodecError(`expected a channel of this supervisor, met "${value.name}" of another`);
    }
    value.assertThere();
    this.#attachment.holdings.listen();
    return value;
  }

  checkCodec(channel: ChannelNumbers, codec: Codec<any>): void {
    const { name, codec: met } = channel as SharedChannel<any>;
    if (sameCodec(met, codec)) return;
    throw new CodecError(`expected a channel of the codec ${describe(codec.kind)}, met "${name}" of another`);
  }

  channelOf({ index, generation }: ChannelNumbers, codec: Codec<any>): SharedChannel<any> {
    return takeUp(this.#attachment, { index, generation, codec });
  }
}
