/** Words of a segment's header are overwritten before a thread attaches. */

import fc from 'fast-check';
import { HEADER_CLOSING, HEADER_POOL_WAITERS, SET_WORDS } from '../../src/memory/layout.ts';
import { Observer } from '../../src/supervisor/snapshot.ts';
import { Bench, CALLS, type Use } from './bench.ts';
import type { Fuzzer } from './fuzzer.ts';
import { word } from './junk.ts';
import { Rig } from './rig.ts';
import { settle } from './verdict.ts';

interface Case {
  readonly corrupted: readonly { readonly at: number; readonly value: number }[];
  readonly uses: readonly Use[];
}

// What is fixed for good, and what changes while the segment lives.
const at = fc.oneof(fc.nat(HEADER_CLOSING - 1), fc.nat(HEADER_POOL_WAITERS + SET_WORDS - 1));

const rig = new Rig();

export const header: Fuzzer<Case> = {
  cases: fc.record({
    corrupted: fc.array(fc.record({ at, value: word }), { minLength: 1, maxLength: 3 }),
    uses: fc.array(fc.record({ call: fc.nat(CALLS.length - 1), channel: fc.nat(9), size: fc.nat(70_000) }), {
      maxLength: 5,
    }),
  }),
  run: async ({ corrupted, uses }) => {
    const prepare = (words: Int32Array) => {
      for (const each of corrupted) words[each.at] = each.value;
    };
    await settle(() =>
      rig.with(async (attachment) => {
        const bench = new Bench(attachment, (lease) => rig.assertInPool(lease));
        for (const each of uses) await bench.use(each);
        await bench.finish();
        await settle(() => new Observer(attachment.thread, attachment.pool).snapshot());
      }, prepare),
    );
  },
};
