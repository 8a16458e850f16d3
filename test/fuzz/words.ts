/** Words of channels, slots and tables are overwritten while the channels are in use. */

import fc from 'fast-check';
import { blockAddress } from '../../src/kernel/blocks.ts';
import { channelBlock } from '../../src/kernel/channels.ts';
import {
  CELL_WORDS,
  CHANNEL_WORDS,
  HEADER_CLOSING,
  HEADER_POOL_WAITERS,
  PAGE,
  PAGE_BITMAP,
  PAGE_ENTRY,
  PAGE_OWNERS,
  SET_WORDS,
} from '../../src/memory/layout.ts';
import { Observer } from '../../src/supervisor/snapshot.ts';
import { Bench, CALLS, type Use } from './bench.ts';
import type { Fuzzer } from './fuzzer.ts';
import { word } from './junk.ts';
import { Rig } from './rig.ts';
import { settle } from './verdict.ts';

const REGIONS = [
  'channel',
  'slots',
  'counters',
  'channels',
  'ends',
  'pages',
  'bitmaps',
  'owners',
  'cell',
  'blocks',
] as const;
type Region = (typeof REGIONS)[number];

interface Corruption {
  readonly region: Region;
  readonly channel: number;
  /** Where in the region, from 0 to 1. */
  readonly where: number;
  readonly how: 'set' | 'flip' | 'add';
  readonly value: number;
}

type Step = { readonly use: Use } | { readonly corrupt: Corruption };

const use = fc.record({
  call: fc.nat(CALLS.length - 1),
  channel: fc.nat(11),
  size: fc.nat(70_000),
});
const corruption = fc.record({
  region: fc.constantFrom(...REGIONS),
  channel: fc.nat(11),
  where: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  how: fc.constantFrom('set' as const, 'flip' as const, 'add' as const),
  value: word,
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: use.map((value) => ({ use: value })) },
  { weight: 1, arbitrary: corruption.map((value) => ({ corrupt: value })) },
);

const rig = new Rig();

export const words: Fuzzer<readonly Step[]> = {
  cases: fc.array(step, { minLength: 1, maxLength: 24 }),
  run: (steps) =>
    rig.with(async (attachment) => {
      const bench = new Bench(attachment, (lease) => rig.assertInPool(lease));
      const addresses = bench.channels.map((_, index) => blockAddress(channelBlock(index)));
      const observer = new Observer(attachment.thread, attachment.pool);
      for (const each of steps) {
        if ('use' in each) await bench.use(each.use);
        else corrupt(each.corrupt, addresses[each.corrupt.channel % addresses.length]!);
      }
      await settle(() => observer.snapshot());
      await bench.finish();
      await settle(() => observer.sample());
    }),
};

function corrupt({ region, where, how, value }: Corruption, channel: number): void {
  const [from, length] = extentOf(region, channel);
  const at = from + Math.floor(where * length);
  const before = rig.words[at]!;
  rig.words[at] = how === 'set' ? value : how === 'flip' ? before ^ (1 << (value & 31)) : before + value;
}

/** First word and number of words. */
function extentOf(region: Region, channel: number): readonly [number, number] {
  const { cells, channelTable, endTable, pageTable, bitmaps, owners, firstPage } = rig.layout;
  switch (region) {
    case 'channel':
      return [channel, CHANNEL_WORDS];
    case 'slots':
      return [channel + CHANNEL_WORDS, 400];
    case 'counters':
      return [HEADER_CLOSING, HEADER_POOL_WAITERS + SET_WORDS - HEADER_CLOSING];
    case 'channels':
      return [channelTable, 16];
    case 'ends':
      return [endTable, 32];
    case 'pages':
      return [pageTable, 8 * PAGE_ENTRY];
    case 'bitmaps':
      return [bitmaps, 8 * PAGE_BITMAP];
    case 'owners':
      return [owners, 4 * PAGE_OWNERS];
    case 'cell':
      return [cells, CELL_WORDS];
    case 'blocks':
      return [firstPage, 8 * PAGE];
  }
}
