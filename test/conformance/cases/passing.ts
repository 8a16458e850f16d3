/** R28: what Go and crossbeam check of channels that pass through channels, written anew. */

import assert from 'node:assert/strict';
import { type Channel, type Codec, channel, channelRef, type Receiver, struct, u32 } from '../../../src/index.ts';
import { ANY_CAPACITY, between, type Case, conform } from '../case.ts';
import { type Form, turn, upTo, valueFrom } from '../form.ts';

const disposed = (used: any) => used.dispose?.();

/** Channels of channels of …, so deep. */
const nested = (depth: number): Codec<any> => (depth === 0 ? u32 : channelRef(nested(depth - 1)));

async function serve(form: Form, asked: Receiver<any>, bySelect: boolean): Promise<number> {
  for (let count = 0; ; count++) {
    const { done, value } = bySelect ? await form.select({ asked: asked.onReceive() }) : await form.receive(asked);
    if (done) return count;
    const { n, reply } = value;
    if (bySelect) await form.select({ out: reply.onSend(n + 1) });
    else await form.send(reply, n + 1);
  }
}

const reply = struct({ n: u32, reply: channelRef(u32) });

export const passing: readonly Case[] = [
  ...[false, true].map((bySelect) =>
    conform(`requests that bring the channel for their reply, by ${bySelect ? 'select' : 'send'}`, {
      from: 'Go, race/testdata/chan_test.go, TestNoRaceProducerConsumerUnbuffered; chanbarrier_test.go',
      rules: ['R2', 'R28'],
      channels: { asked: { ...between(['asks'], ['serves']), codec: reply } },
      cast: { asks: 2 },
      programs: {
        async asks(form, { asked }, { capacity, index, words, count }) {
          for (const n of upTo(20)) {
            const answer = channel<number>({ codec: u32, capacity: Math.min(capacity, 1) });
            const request = { n: n + index * 100, reply: answer };
            if (bySelect) await form.select({ out: asked.onSend(request) });
            else await form.send(asked, request);
            assert.equal(await valueFrom(form, answer), n + 1 + index * 100);
            disposed(answer);
          }
          if (Atomics.add(words, 0, 1) + 1 === count) asked.close();
        },
        serves: (form, { asked }) => serve(form, asked, bySelect),
      },
      check: ({ serves }) => assert.equal(serves[0], 40),
    }),
  ),

  ...(['send', 'select'] as const).map((how) =>
    conform(`each channel brings the next one, by ${how}`, {
      from: `crossbeam, ${how === 'send' ? 'array.rs, zero.rs and list.rs' : 'select.rs'}, channel_through_channel`,
      rules: ['R1', 'R2', 'R28'],
      capacities: ANY_CAPACITY,
      channels: { first: { ...between(['makes'], ['follows']), codec: nested(6) } },
      programs: {
        async makes(form, { first }, { capacity }) {
          let at: Channel<any> = first;
          for (let depth = 5; depth >= 0; depth--) {
            const next: Channel<any> = channel({ codec: nested(depth), capacity });
            if (how === 'send') await form.send(at, next);
            else await form.select({ out: at.onSend(next) });
            at = next;
          }
          for (const n of upTo(20)) await form.send(at, n);
          at.close();
        },
        async follows(form, { first }) {
          let at: Channel<any> = first;
          for (const _ of upTo(6)) {
            at = how === 'send' ? await valueFrom(form, at) : (await form.select({ in: at.onReceive() })).value;
          }
          for (const n of upTo(20)) assert.equal(await valueFrom(form, at), n);
          assert.equal((await form.receive(at)).done, true);
        },
      },
    }),
  ),

  conform('a sieve in which each prime hands the next one its channel', {
    from: 'Go, test/chan/sieve1.go, with a program more for each prime',
    rules: ['R1', 'R2', 'R9', 'R28'],
    channels: { starts: { many: 4, capacity: 1, codec: channelRef(u32) }, primes: between(['filter'], ['reader']) },
    cast: { filter: 3 },
    ports: ({ starts, primes }, program, index) =>
      program === 'filter'
        ? { mine: starts[index], next: starts[index + 1], primes }
        : { first: starts[0], last: starts[3], primes },
    programs: {
      async reader(form, { primes, last }) {
        for (const prime of [2, 3, 5]) assert.equal(await valueFrom(form, primes), prime);
        const rest = await valueFrom<any>(form, last);
        const through: number[] = [];
        for await (const n of form.each<number>(rest)) through.push(n);
        assert.deepEqual(through, [7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 49]);
      },
      async numbers(form, { first }, { capacity }) {
        const out = channel<number>({ codec: u32, capacity });
        await form.send<any>(first, out);
        for (let n = 2; n <= 50; n++) await form.send(out, n);
        out.close();
      },
      async filter(form, { mine, next, primes }, { capacity }) {
        const from = await valueFrom<any>(form, mine);
        const out = channel<number>({ codec: u32, capacity });
        await form.send<any>(next, out);
        const prime = await valueFrom<number>(form, from);
        await form.send(primes, prime);
        for await (const n of form.each<number>(from)) if (n % prime !== 0) await form.send(out, n);
        out.close();
        await turn();
      },
    },
  }),
];
