/** What Go's programs under `test/chan/`, and the ones beside that folder, check of channels, written anew. */

import assert from 'node:assert/strict';
import {
  bool,
  bytes,
  type Channel,
  type Codec,
  i32,
  i64,
  json,
  never,
  type Receiver,
  type SelectCase,
  type Sender,
  trySelect,
  utf8,
} from '../../../src/index.ts';
import { BUFFERED, between, type Case, conform, type Setting } from '../case.ts';
import { all, endOf, type Form, insist, persist, turn, upTo, valueFrom } from '../form.ts';

/** Programs cost nothing on one thread; a thread of its own for each is dear. */
const links = (setting: Setting) => (setting === 'async' ? 300 : 5);

const typed: readonly [name: string, codec: Codec<any>, values: readonly unknown[]][] = [
  ['small integers', i32, [-123, 0, 2 ** 31 - 1]],
  ['large integers', i64, [-(2n ** 63n), 0n, 2n ** 63n - 1n]],
  ['truths', bool, [true, false]],
  ['texts', utf8(), ['hello', '', '水'.repeat(2000)]],
];

const nothings: readonly [name: string, codec: Codec<any>, nothing: unknown][] = [
  ['bytes', bytes(), new Uint8Array(0)],
  ['texts', utf8(), ''],
  ['objects', json<object>(), {}],
  ['null', json(), null],
];

/** The ways a send or a receive can be said beside a select of it alone. */
const phrasings: readonly Record<string, 'send' | 'receive' | 'absent' | 'never'>[] = [
  {},
  { other: 'receive' },
  { other: 'send' },
  { other: 'receive', more: 'send' },
  { other: 'absent' },
  { other: 'never' },
  { other: 'absent', more: 'never', most: 'receive' },
];

type Any = SelectCase<any> | undefined;

function among(name: string, real: Any, others: (typeof phrasings)[number], empty: Channel<any>, full: Channel<any>) {
  const cases: Record<string, Any> = {};
  const kinds = { send: () => full.onSend(1), receive: () => empty.onReceive(), absent: () => undefined, never };
  const around = Object.entries(others);
  // Some before it, some behind it.
  for (const [key, kind] of around.slice(1)) cases[key] = kinds[kind]() as Any;
  cases[name] = real;
  for (const [key, kind] of around.slice(0, 1)) cases[key] = kinds[kind]() as Any;
  return cases;
}

/** Send and receive in each of Go's three phrasings: plain, as the only case of a select, as one of two. */
const sayings: readonly {
  readonly send: (form: Form, to: Sender<number>, value: number, dummy: Receiver<number>) => unknown;
  readonly receive: (form: Form, from: Receiver<number>, dummy: Receiver<number>) => any;
  readonly trySend: (to: Sender<number>, value: number, dummy: Receiver<number>) => boolean;
  readonly tryReceive: (from: Receiver<number>, dummy: Receiver<number>) => any;
}[] = [
  {
    send: (form, to, value) => form.send(to, value),
    receive: (form, from) => form.receive(from),
    trySend: (to, value) => to.trySend(value),
    tryReceive: (from) => from.tryReceive(),
  },
  {
    send: (form, to, value) => form.select({ it: to.onSend(value) }),
    receive: (form, from) => form.select({ it: from.onReceive() }),
    trySend: (to, value) => trySelect({ it: to.onSend(value) }) !== undefined,
    tryReceive: (from) => trySelect({ it: from.onReceive() }),
  },
  {
    send: (form, to, value, dummy) => form.select({ dummy: dummy.onReceive(), it: to.onSend(value) }),
    receive: (form, from, dummy) => form.select({ it: from.onReceive(), dummy: dummy.onReceive() }),
    trySend: (to, value, dummy) => trySelect({ it: to.onSend(value), dummy: dummy.onReceive() }) !== undefined,
    tryReceive: (from, dummy) => trySelect({ dummy: dummy.onReceive(), it: from.onReceive() }),
  },
];

export const goChan: readonly Case[] = [
  conform('what a select sends to one of four channels comes out once', {
    from: 'Go, test/chan/doubleselect.go',
    rules: ['R2', 'R14'],
    channels: {
      a: between(['sender'], ['mux']),
      b: between(['sender'], ['mux']),
      c: between(['sender'], ['mux']),
      d: between(['sender'], ['mux']),
      out: between(['mux'], ['receiver']),
    },
    programs: {
      async receiver(form, { out }) {
        const seen = await all(form, out);
        assert.deepEqual(
          seen.toSorted((x, y) => x - y),
          upTo(200),
        );
      },
      async sender(form, { a, b, c, d }) {
        for (const n of upTo(200)) {
          await form.select({ a: a.onSend(n), b: b.onSend(n), c: c.onSend(n), d: d.onSend(n) });
        }
        for (const each of [a, b, c, d]) each.close();
      },
      async mux(form, { a, b, c, d, out }) {
        const open: Record<string, typeof a | undefined> = { a, b, c, d };
        while (Object.values(open).some((each) => each)) {
          const cases: Record<string, SelectCase<number> | undefined> = {};
          for (const [name, each] of Object.entries(open)) cases[name] = each?.onReceive();
          const hit = await form.select(cases);
          if (hit.done) open[hit.key] = undefined;
          else await form.send(out, hit.value);
        }
        out.close();
      },
    },
  }),

  conform('numbers come out in the order they went in', {
    from: 'Go, test/chan/fifo.go',
    rules: ['R1', 'R2', 'R3'],
    channels: { numbers: between(['sender'], ['receiver']) },
    programs: {
      async receiver(form, { numbers }) {
        for (const n of upTo(300)) assert.equal(await valueFrom(form, numbers), n);
        assert.equal((await form.receive(numbers)).done, true);
      },
      async sender(form, { numbers }) {
        for (const n of upTo(300)) await form.send(numbers, n);
        numbers.close();
      },
    },
  }),

  conform('what is buffered before anybody receives comes out in order', {
    from: 'Go, test/chan/fifo.go',
    rules: ['R1', 'R3', 'R4', 'R9'],
    capacities: BUFFERED,
    channels: { numbers: between(['alone'], ['alone']) },
    programs: {
      async alone(form, { numbers }) {
        for (const n of upTo(numbers.capacity)) await form.send(numbers, n);
        assert.equal(numbers.length, numbers.capacity);
        assert.equal(numbers.trySend(1), false);
        numbers.close();
        assert.deepEqual(await all(form, numbers), upTo(numbers.capacity));
        assert.equal(numbers.length, 0);
      },
    },
  }),

  conform('links of a chain that take turns each get the number of their turn', {
    from: 'Go, test/chan/fifo.go',
    rules: ['R1', 'R4', 'R6'],
    channels: { numbers: between(['first'], ['link']), turns: { many: (setting) => links(setting) + 1 } },
    cast: { link: links },
    ports: ({ numbers, turns }, program, index) =>
      program === 'first'
        ? { numbers, turns: [turns[0], turns.at(-1)] }
        : { numbers, turns: turns.slice(index, index + 2) },
    programs: {
      async first(form, { numbers, turns }, { setting }) {
        await form.send(turns[0]!, 1);
        for (const n of upTo(links(setting))) await form.send(numbers, n);
        await valueFrom(form, turns[1]!);
      },
      async link(form, { numbers, turns }, { index }) {
        await valueFrom(form, turns[0]!);
        assert.equal(await valueFrom(form, numbers), index);
        await form.send(turns[1]!, 1);
      },
    },
  }),

  conform('senders that wait on one thread are served first come, first served', {
    from: 'Go, runtime/chan.go, whose queues are first in, first out',
    rules: ['R1', 'R6'],
    channels: { channel: between(['sender'], ['receiver']) },
    cast: { sender: 20 },
    programs: {
      sender: (form, { channel }, { index }) => form.send(channel, index),
      async receiver(form, { channel }) {
        await turn();
        for (const n of upTo(20)) assert.equal(await valueFrom(form, channel), n);
      },
    },
    not: {
      threads: 'between threads turns rotate, and nobody says who comes first',
      mixed: 'between threads turns rotate, and nobody says who comes first',
    },
  }),

  conform('receivers that wait on one thread are served first come, first served', {
    from: 'Go, runtime/chan.go, whose queues are first in, first out',
    rules: ['R1', 'R6'],
    channels: { channel: between(['sender'], ['receiver']) },
    cast: { receiver: 20 },
    programs: {
      async receiver(form, { channel }, { index }) {
        const met = index % 2 ? await form.receive(channel) : await form.select({ in: channel.onReceive() });
        assert.equal(met.value, index);
      },
      async sender(form, { channel }) {
        await turn();
        for (const n of upTo(20)) await form.send(channel, n);
      },
    },
    not: {
      threads: 'between threads turns rotate, and nobody says who comes first',
      mixed: 'between threads turns rotate, and nobody says who comes first',
    },
  }),

  conform('a number that passes through a chain of programs counts them', {
    from: 'Go, test/chan/goroutines.go',
    rules: ['R2', 'R4', 'R10'],
    channels: { hops: { many: (setting) => links(setting) + 1 } },
    cast: { link: links },
    ports: ({ hops }, program, index) =>
      program === 'ends' ? { hops: [hops[0], hops.at(-1)] } : { hops: hops.slice(index, index + 2) },
    programs: {
      async ends(form, { hops }, { setting }) {
        for (const first of [0, 1000]) {
          await form.send(hops[0]!, first);
          assert.equal(await valueFrom(form, hops[1]!), first + links(setting));
        }
        hops[0]!.close();
        assert.equal((await form.receive(hops[1]!)).done, true);
      },
      async link(form, { hops }) {
        for await (const value of form.each<number>(hops[0]!)) await form.send(hops[1]!, value + 1);
        hops[1]!.close();
      },
    },
  }),

  ...typed.map(([name, codec, values]) =>
    conform(`what does not block takes and gives ${name}, or says that it cannot`, {
      from: 'Go, test/chan/nonblock.go',
      rules: ['R4', 'R11', 'R19'],
      channels: {
        there: { ...between(['tries'], ['waits']), codec },
        back: { ...between(['waits'], ['tries']), codec },
      },
      programs: {
        async tries(_form, { there, back }) {
          assert.equal(back.tryReceive(), undefined);
          assert.equal(trySelect({ back: back.onReceive() }), undefined);
          for (const value of values) {
            await insist(there, value);
            assert.deepEqual(await persist(back), value);
          }
          assert.equal(back.tryReceive(), undefined);
          there.close();
          assert.equal(await persist(back), undefined);
          assert.deepEqual(back.tryReceive(), { done: true, value: undefined });
          await assert.rejects(async () => there.trySend(values[0]), { code: 'ERR_CHANNEL_CLOSED' });
        },
        async waits(form, { there, back }) {
          for await (const value of form.each(there)) await form.send(back, value);
          back.close();
        },
      },
    }),
  ),

  conform('a try answers at once, and yes as often as there is room and as there are messages', {
    from: 'Go, test/chan/nonblock.go',
    rules: ['R3', 'R4', 'R19'],
    channels: { channel: between(['alone'], ['alone']) },
    programs: {
      alone(_form, { channel }, { capacity }) {
        for (const round of upTo(3)) {
          for (const n of upTo(capacity)) assert.equal(channel.trySend(round * 100 + n), true);
          assert.equal(channel.trySend(9999), false);
          assert.equal(trySelect({ out: channel.onSend(9999) }), undefined);
          for (const n of upTo(capacity)) {
            assert.deepEqual(channel.tryReceive(), { done: false, value: round * 100 + n });
          }
          assert.equal(channel.tryReceive(), undefined);
        }
      },
    },
  }),

  conform('cases that are taken out of a select once chosen leave the others, and values are evaluated once', {
    from: 'Go, test/chan/select.go',
    rules: ['R14', 'R18', 'R20'],
    capacities: BUFFERED,
    channels: { a: between(['alone'], ['alone']), b: between(['alone'], ['alone']) },
    programs: {
      async alone(form, { a, b }) {
        let evaluated = 0;
        const next = () => {
          evaluated++;
          return evaluated;
        };
        const sendToEach = async (...outs: (typeof a | undefined)[]) => {
          const left = [...outs];
          let sent = 0;
          for (;;) {
            const cases = Object.fromEntries(left.map((out, key) => [key, out?.onSend(next())]));
            const hit = trySelect(cases as Record<string, SelectCase | undefined>);
            if (!hit) return sent;
            sent++;
            left[Number(hit.key)] = undefined;
          }
        };
        assert.equal(await sendToEach(a, b), 2);
        // One of two in the first round, the other in the second: of 1 and 2 one, and 3.
        const met = [await valueFrom(form, a), await valueFrom(form, b)];
        assert.ok(met.includes(3) && (met.includes(1) || met.includes(2)), String(met));
        assert.equal(await sendToEach(a, undefined), 1);
        assert.equal(evaluated, 4);
        assert.equal(a.length + b.length, 1);
      },
    },
  }),

  conform('selects that are over leave nobody waiting where they did not take part', {
    from: 'Go, test/chan/select2.go',
    rules: ['R14', 'R21'],
    channels: { numbers: between(['sender'], ['receiver']), dummy: {} },
    programs: {
      async receiver(form, { numbers, dummy }) {
        for (const n of upTo(500)) {
          const hit = await form.select({ dummy: dummy.onReceive(), numbers: numbers.onReceive() });
          assert.deepEqual(hit, { key: 'numbers', done: false, value: n });
        }
        assert.equal(dummy.length, 0);
        // Whoever comes now is the only one that waits there.
        if (dummy.capacity === 0) assert.equal(dummy.trySend(1), false);
      },
      async sender(form, { numbers }) {
        for (const n of upTo(500)) await form.send(numbers, n);
      },
    },
  }),

  conform('what blocks, blocks: of channels that are empty, full, or not there at all', {
    from: 'Go, test/chan/select3.go',
    rules: ['R4', 'R17', 'R20', 'R22'],
    channels: { empty: between(['alone'], ['alone']), full: between(['alone'], ['alone']) },
    programs: {
      async alone(form, { empty, full }, { capacity }) {
        for (const n of upTo(capacity)) full.trySend(n);
        const absent = undefined as typeof empty | undefined;
        const blocks = async (what: string, operation: () => unknown) =>
          assert.equal(await endOf(operation), 'ERR_TIMEOUT', what);
        const limit = { timeout: 3 };
        await blocks('a receive', () => form.receive(empty, limit));
        await blocks('a send', () => form.send(full, 7, limit));
        await blocks('a select of nothing', () => form.select({}, limit));
        await blocks('of an absent receive', () => form.select({ in: absent?.onReceive() }, limit));
        await blocks('of an absent send', () => form.select({ out: absent?.onSend(7) }, limit));
        await blocks('of both', () => form.select({ in: absent?.onReceive(), out: null }, limit));
        await blocks('of never', () => form.select({ never: never() }, limit));
        await blocks('of an empty channel', () => form.select({ in: empty.onReceive() }, limit));
        await blocks('of a full one', () => form.select({ out: full.onSend(7) }, limit));
        await blocks('of both kinds', () => form.select({ in: empty.onReceive(), out: full.onSend(7) }, limit));
        if (capacity === 0) {
          // With nobody else there, it must not meet itself.
          await blocks('of one channel', () => form.select({ in: empty.onReceive(), out: empty.onSend(1) }, limit));
        }
        assert.deepEqual([empty.length, full.length], [0, capacity]);
      },
    },
  }),

  conform('what does not block, does not', {
    from: 'Go, test/chan/select3.go',
    rules: ['R4', 'R7', 'R9', 'R11', 'R19'],
    capacities: BUFFERED,
    channels: { open: between(['alone'], ['alone']), closed: between(['alone'], ['alone']) },
    programs: {
      async alone(form, { open, closed }) {
        closed.close();
        const absent = undefined as typeof open | undefined;
        assert.equal(trySelect({}), undefined);
        assert.equal(trySelect({ in: absent?.onReceive() }), undefined);
        assert.equal(trySelect({ out: absent?.onSend(7) }), undefined);
        await form.send(open, 7);
        assert.equal(await valueFrom(form, open), 7);
        assert.deepEqual(trySelect({ out: open.onSend(8) }), { key: 'out' });
        assert.deepEqual(trySelect({ in: open.onReceive() }), { key: 'in', done: false, value: 8 });
        for (const _ of upTo(5)) {
          assert.deepEqual(await form.receive(closed), { done: true, value: undefined });
          assert.deepEqual(closed.tryReceive(), { done: true, value: undefined });
          assert.deepEqual(await form.select({ in: closed.onReceive() }), { key: 'in', done: true, value: undefined });
          assert.equal(trySelect({ in: closed.onReceive(), other: open.onReceive() })?.key, 'in');
        }
        assert.equal(await endOf(() => form.send(closed, 7)), 'ERR_CHANNEL_CLOSED');
        assert.equal(await endOf(() => form.select({ out: closed.onSend(7) })), 'ERR_CHANNEL_CLOSED');
        assert.equal(await endOf(() => trySelect({ out: closed.onSend(7) })), 'ERR_CHANNEL_CLOSED');
        assert.equal(await endOf(() => closed.trySend(7)), 'ERR_CHANNEL_CLOSED');
      },
    },
  }),

  conform('a select takes from the channel that has something beside one with which nobody meets', {
    from: 'Go, test/chan/select4.go',
    rules: ['R4', 'R14'],
    capacities: BUFFERED,
    channels: { ready: between(['alone'], ['alone']), other: { capacity: 0 } },
    programs: {
      async alone(form, { ready, other }) {
        await form.send(ready, 42);
        const hit = await form.select({ other: other.onReceive(), ready: ready.onReceive(), out: other.onSend(1) });
        assert.deepEqual(hit, { key: 'ready', done: false, value: 42 });
      },
    },
  }),

  conform('a receive is a receive, however it is said', {
    from: 'Go, test/chan/select5.go',
    rules: ['R14', 'R18', 'R19', 'R20'],
    capacities: BUFFERED,
    channels: { channel: between(['alone'], ['alone']), empty: {}, full: {} },
    programs: {
      async alone(form, { channel, empty, full }, { capacity }) {
        for (const n of upTo(capacity)) full.trySend(n);
        let n = 0;
        for (const others of phrasings) {
          const cases = () => among('it', channel.onReceive(), others, empty, full);
          await form.send(channel, ++n);
          assert.deepEqual(await form.select(cases()), { key: 'it', done: false, value: n });
          await form.send(channel, ++n);
          assert.deepEqual(trySelect(cases()), { key: 'it', done: false, value: n });
          assert.equal(trySelect(cases()), undefined);
        }
        assert.deepEqual([empty.length, full.length], [0, capacity]);
      },
    },
  }),

  conform('a send is a send, however it is said', {
    from: 'Go, test/chan/select5.go',
    rules: ['R14', 'R18', 'R19', 'R20'],
    capacities: BUFFERED,
    channels: { channel: between(['alone'], ['alone']), empty: {}, full: {} },
    programs: {
      async alone(form, { channel, empty, full }, { capacity }) {
        for (const n of upTo(capacity)) full.trySend(n);
        let n = 0;
        for (const others of phrasings) {
          const cases = (value: number) => among('it', channel.onSend(value), others, empty, full);
          assert.deepEqual(await form.select(cases(++n)), { key: 'it' });
          assert.equal(await valueFrom(form, channel), n);
          assert.deepEqual(trySelect(cases(++n)), { key: 'it' });
          assert.equal(await valueFrom(form, channel), n);
        }
        assert.deepEqual([channel.length, empty.length, full.length], [0, 0, capacity]);
      },
    },
  }),

  conform('what is said in a select is evaluated in order, and before anything is tried', {
    from: 'Go, test/chan/select5.go',
    rules: ['R18'],
    capacities: BUFFERED,
    channels: { channel: { ...between(['alone'], ['alone']), codec: json<unknown>() } },
    programs: {
      async alone(form, { channel }) {
        const order: string[] = [];
        const noted = (name: string) => ({ toJSON: () => order.push(name) && channel.length });
        const cases = () => ({
          first: channel.onSend(noted('first')),
          second: channel.onSend(noted('second')),
          third: channel.onSend(noted('third')),
        });
        await form.select(cases());
        trySelect(cases());
        assert.deepEqual(order, ['first', 'second', 'third', 'first', 'second', 'third']);
        assert.equal(await valueFrom(form, channel), 0);
      },
    },
  }),

  conform('a select that went elsewhere does not swallow what comes for who waits behind it', {
    from: 'Go, test/chan/select6.go',
    rules: ['R6', 'R14'],
    channels: { one: { capacity: 0 }, two: { capacity: 0 }, done: { capacity: 0 } },
    programs: {
      async last(form, { one, done }) {
        await valueFrom(form, done);
        await form.send(one, 1);
        await form.send(one, 2);
      },
      receiver: (form, { one }) => valueFrom(form, one),
      async selects(form, { one, two, done }) {
        const hit = await form.select({ one: one.onReceive(), two: two.onReceive() });
        assert.equal(hit.key, 'two');
        await form.send(done, 1);
        return await valueFrom(form, one);
      },
      sender: (form, { two }) => form.send(two, 1),
    },
    check: ({ receiver, selects }) => assert.deepEqual([receiver[0], selects[0]].toSorted(), [1, 2]),
  }),

  conform('every way of sending meets every way of receiving', {
    from: 'Go, test/chan/select7.go',
    rules: ['R4', 'R5', 'R6', 'R14'],
    channels: {
      channel: between(['sender'], ['receiver']),
      other: { capacity: 1 },
      unsent: { capacity: 0 },
      unheard: { capacity: 0 },
    },
    programs: {
      async receiver(form, { channel, other, unsent, unheard }) {
        for (const n of upTo(10)) {
          const ways = [
            () => form.receive(channel),
            () => form.select({ it: channel.onReceive() }),
            () => form.select({ it: channel.onReceive(), other: other.onReceive() }),
            () => form.select({ never: unsent.onReceive(), it: channel.onReceive() }),
            () => form.select({ out: unheard.onSend(1), it: channel.onReceive() }),
          ];
          for (const [at, way] of ways.entries()) assert.equal(((await way()) as { value: number }).value, n * 5 + at);
        }
      },
      async sender(form, { channel, unsent }) {
        // Of three and five ways each meets each, in 15 of 50.
        for (const n of upTo(50)) {
          if (n % 7 === 0) await turn();
          if (n % 3 === 0) await form.send(channel, n);
          if (n % 3 === 1) await form.select({ it: channel.onSend(n) });
          if (n % 3 === 2) await form.select({ never: unsent.onReceive(), it: channel.onSend(n) });
        }
      },
    },
  }),

  conform('a sieve of programs finds the primes', {
    from: 'Go, test/chan/sieve1.go and sieve2.go',
    rules: ['R1', 'R2', 'R9', 'R10'],
    channels: {
      hops: { many: (setting) => (setting === 'async' ? 26 : 5) },
      primes: between(['filter'], ['reader']),
    },
    cast: { filter: (setting) => (setting === 'async' ? 25 : 4) },
    ports: ({ hops, primes }, program, index) =>
      program === 'filter' ? { hops: hops.slice(index, index + 2), primes } : { hops, primes },
    programs: {
      async reader(form, { primes }, { setting }) {
        const first = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97];
        for (const prime of first.slice(0, setting === 'async' ? 25 : 4)) {
          assert.equal(await valueFrom(form, primes), prime);
        }
      },
      async numbers(form, { hops }) {
        for (let n = 2; n <= 100; n++) await form.send(hops[0]!, n);
        hops[0]!.close();
      },
      async filter(form, { hops, primes }, { index, count }) {
        const prime = await valueFrom<number>(form, hops[0]!);
        // Before anything is let through, so they come in order.
        await form.send(primes, prime);
        for await (const n of form.each<number>(hops[0]!)) {
          if (n % prime !== 0 && index + 1 < count) await form.send(hops[1]!, n);
        }
        hops[1]!.close();
      },
    },
  }),

  ...nothings.map(([name, codec, nothing]) =>
    conform(`messages of no size are counted like any: ${name}`, {
      from: 'Go, test/chan/zerosize.go',
      rules: ['R2', 'R3'],
      channels: { nothings: { ...between(['sender'], ['receiver']), codec } },
      programs: {
        async receiver(form, { nothings }) {
          let count = 0;
          for await (const each of form.each(nothings)) {
            assert.deepEqual(each, nothing);
            count++;
          }
          assert.equal(count, 50);
        },
        async sender(form, { nothings }) {
          for (const _ of upTo(50)) await form.send(nothings, nothing);
          nothings.close();
        },
      },
    }),
  ),

  ...(['of a closed channel', 'of a closed channel with one message left'] as const).flatMap((what, left) =>
    sayings.map((say, saying) =>
      conform(`${what}, said the ${['first', 'second', 'third'][saying]} way`, {
        from: 'Go, test/closedchan.go',
        rules: left ? ['R7', 'R9', 'R11'] : ['R7', 'R8', 'R11'],
        capacities: left ? BUFFERED : [0, 1, 2, 4, 100],
        channels: { closed: between(['alone'], ['alone']), dummy: {} },
        programs: {
          async alone(form, { closed, dummy }) {
            if (left) await form.send(closed, 1);
            closed.close();
            const hit = ({ done, value }: any) => [done, value];
            if (left) assert.deepEqual(hit(await say.receive(form, closed, dummy)), [false, 1]);
            for (const _ of upTo(3)) {
              assert.deepEqual(hit(await say.receive(form, closed, dummy)), [true, undefined]);
              assert.deepEqual(hit(say.tryReceive(closed, dummy)), [true, undefined]);
              assert.equal(await endOf(() => say.send(form, closed, 2, dummy)), 'ERR_CHANNEL_CLOSED');
              assert.equal(await endOf(() => say.trySend(closed, 2, dummy)), 'ERR_CHANNEL_CLOSED');
              // Go panics here; closing again is nothing.
              closed.close();
            }
            assert.equal(closed.length, 0);
          },
        },
      }),
    ),
  ),

  conform('what is left in a closed channel comes out by a try as well', {
    from: 'Go, test/closedchan.go',
    rules: ['R9', 'R11'],
    capacities: BUFFERED,
    channels: { closed: between(['alone'], ['alone']) },
    programs: {
      alone(_form, { closed }, { capacity }) {
        for (const n of upTo(capacity)) closed.trySend(n);
        closed.close();
        for (const n of upTo(capacity)) assert.deepEqual(closed.tryReceive(), { done: false, value: n });
        assert.deepEqual(closed.tryReceive(), { done: true, value: undefined });
      },
    },
  }),

  conform('capacity is what was asked for', {
    from: 'Go, test/chancap.go',
    rules: ['R3'],
    capacities: [0, 1, 2, 3, 5, 7, 10, 100, 1000],
    channels: { channel: between(['alone'], ['alone']) },
    programs: {
      alone(_form, { channel }, { capacity }) {
        assert.equal(channel.capacity, capacity);
        let room = 0;
        while (channel.trySend(room)) room++;
        assert.equal(room, capacity);
        assert.equal(channel.length, capacity);
      },
    },
  }),

  conform('tokens that take turns count what is done one at a time', {
    from: 'Go, test/ken/chan1.go',
    rules: ['R2', 'R26'],
    channels: { numbers: between(['sender'], ['receiver']) },
    capacities: [1, 2, 4, 100],
    cast: { receiver: (setting) => (setting === 'async' ? 10 : 3) },
    programs: {
      async sender(form, { numbers }, { words }) {
        for (const n of upTo(400)) {
          assert.equal(words[n], 0);
          words[n] = 1;
          await form.send(numbers, n);
        }
        numbers.close();
      },
      async receiver(form, { numbers }, { words }) {
        for (;;) {
          const hit = await form.select({ numbers: numbers.onReceive() });
          if (hit.done) return;
          assert.equal(words[hit.value], 1);
          words[hit.value] = 2;
        }
      },
    },
  }),

  ...kens(),
];

/** Go's `test/ken/chan.go`: direct and selecting programs in every pairing; each channel has a range of numbers. */
function kens(): Case[] {
  const LENGTH = 60;
  const many = { many: 4 } as const;

  const sendsTo = async (form: Form, out: Sender<number>, base: number) => {
    for (const n of upTo(LENGTH)) {
      if (n % 11 === 0) await turn();
      await form.send(out, base + n);
    }
  };
  const receivesFrom = async (form: Form, from: Receiver<number>, base: number) => {
    for (const n of upTo(LENGTH)) {
      if (n % 13 === 0) await turn();
      assert.equal(await valueFrom(form, from), base + n);
    }
  };
  /** Sends to the ones and receives from the others until each has seen its whole range. */
  const selects = async (form: Form, outs: readonly Channel<number>[], froms: readonly Channel<number>[]) => {
    const sent = outs.map(() => 0);
    const received = froms.map(() => 0);
    for (let left = (outs.length + froms.length) * LENGTH; left > 0; left--) {
      const cases: Record<string, SelectCase<any> | undefined> = {};
      for (const [at, out] of outs.entries())
        cases[`out ${at}`] = sent[at]! < LENGTH ? out.onSend(sent[at]!) : undefined;
      for (const [at, from] of froms.entries())
        cases[`in ${at}`] = received[at]! < LENGTH ? from.onReceive() : undefined;
      const hit: any = await form.select(cases);
      const [kind, at] = hit.key.split(' ');
      if (kind === 'out') sent[Number(at)]!++;
      else assert.equal(hit.value, received[Number(at)]!++);
    }
  };

  return [
    conform('four programs send directly, one receives by select', {
      from: 'Go, test/ken/chan.go',
      rules: ['R1', 'R2', 'R14'],
      channels: { all: many },
      cast: { sender: 4 },
      programs: {
        selects: (form, { all }) => selects(form, [], all),
        sender: (form, { all }, { index }) => sendsTo(form, all[index]!, 0),
      },
    }),
    conform('one program sends by select, four receive directly', {
      from: 'Go, test/ken/chan.go',
      rules: ['R1', 'R2', 'R14'],
      channels: { all: many },
      cast: { receiver: 4 },
      programs: {
        selects: (form, { all }) => selects(form, all, []),
        receiver: (form, { all }, { index }) => receivesFrom(form, all[index]!, 0),
      },
    }),
    conform('a select that sends meets a select that receives', {
      from: 'Go, test/ken/chan.go',
      rules: ['R1', 'R2', 'R14', 'R16'],
      channels: { all: many },
      programs: {
        sends: (form, { all }) => selects(form, all, []),
        receives: (form, { all }) => selects(form, [], all),
      },
    }),
    conform('two selects send to each other', {
      from: 'Go, test/ken/chan.go',
      rules: ['R1', 'R2', 'R14', 'R16'],
      channels: { there: many, back: many },
      programs: {
        one: (form, { there, back }) => selects(form, there, back),
        other: (form, { there, back }) => selects(form, back, there),
      },
    }),
    conform('direct and selecting programs, all at once', {
      from: 'Go, test/ken/chan.go',
      rules: ['R1', 'R2', 'R6', 'R14', 'R16'],
      channels: { there: many, back: many, ins: many, outs: many },
      programs: {
        one: (form, { there, back, ins }) => selects(form, there, [...back, ...ins]),
        other: (form, { there, back, outs }) => selects(form, [...back, ...outs], there),
        async direct(form, { ins }) {
          // The same numbers for each in turn: nobody may wait for one that the select takes later.
          for (const n of upTo(LENGTH)) for (const each of ins) await form.send(each, n);
        },
        async drains(form, { outs }) {
          for (const n of upTo(LENGTH)) for (const each of outs) assert.equal(await valueFrom(form, each), n);
        },
      },
    }),
  ];
}
