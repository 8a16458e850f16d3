/** What crossbeam-channel's `select.rs`, `after.rs`, `tick.rs` and `never.rs` check of select, written anew. */

import assert from 'node:assert/strict';
import { after, at, type Channel, never, type SelectCase, tick, trySelect } from '../../../src/index.ts';
import { randomFrom } from '../../support/random.ts';
import { BUFFERED, between, type Case, conform, type Setting } from '../case.ts';
import { all, endOf, type Form, sleep, soon, turn, upTo, valueFrom } from '../form.ts';

const TIMEOUT = 'ERR_TIMEOUT';
const CLOSED = 'ERR_CHANNEL_CLOSED';
/** Far beyond anything that happens here. */
const LATE = 60_000;
const members = (setting: Setting) => (setting === 'async' ? 44 : 4);

export const crossbeamSelect: readonly Case[] = [
  conform('of five channels it is the one with the message', {
    from: 'crossbeam, select.rs, smoke1, smoke2 and preflight1',
    rules: ['R14', 'R4'],
    channels: { channels: { many: 5 }, ask: { capacity: 1 } },
    programs: {
      async selects(form, { channels, ask }, { capacity }) {
        for (const n of upTo(30)) {
          await form.send(ask, 1);
          const ready = channels[n % 5]!;
          // Half of them find it there, half wait for it.
          if (n % 2 && capacity > 0) while (ready.length === 0) await turn();
          const cases = Object.fromEntries(channels.map((each, key) => [key, each.onReceive()]));
          assert.deepEqual(await form.select(cases), { key: String(n % 5), done: false, value: n });
        }
      },
      async sends(form, { channels, ask }) {
        for (const n of upTo(30)) {
          await valueFrom(form, ask);
          if (n % 4 === 0) await soon();
          await form.send(channels[n % 5]!, n);
        }
      },
    },
  }),

  conform('a closed channel is ready, and an open one beside it is still there', {
    from: 'crossbeam, select.rs, disconnected',
    rules: ['R9', 'R10', 'R14'],
    channels: { one: between(['closes'], ['selects']), other: between(['closes'], ['selects']), go: { capacity: 1 } },
    programs: {
      async selects(form, { one, other, go }) {
        const cases = () => ({ one: one.onReceive(), other: other.onReceive() });
        assert.deepEqual(await form.select(cases(), { timeout: LATE }), { key: 'one', done: true, value: undefined });
        await form.send(go, 1);
        assert.equal(await valueFrom(form, other), 5);
        assert.equal((await form.select(cases(), { timeout: LATE })).key, 'one');
        await form.send(go, 1);
        const last = await form.select({ other: other.onReceive() }, { timeout: LATE });
        assert.deepEqual(last, { key: 'other', done: true, value: undefined });
      },
      async closes(form, { one, other, go }) {
        one.close();
        await valueFrom(form, go);
        await form.send(other, 5);
        await valueFrom(form, go);
        await soon();
        other.close();
      },
    },
  }),

  conform('a try finds nothing, the end of a channel, a message, and nothing again', {
    from: 'crossbeam, select.rs, default and default_only',
    rules: ['R14', 'R19'],
    capacities: BUFFERED,
    channels: { one: between(['alone'], ['alone']), other: between(['alone'], ['alone']) },
    programs: {
      async alone(form, { one, other }) {
        const cases = () => ({ one: one.onReceive(), other: other.onReceive() });
        assert.equal(trySelect(cases()), undefined);
        one.close();
        assert.deepEqual(trySelect(cases()), { key: 'one', done: true, value: undefined });
        await form.send(other, 2);
        assert.deepEqual(trySelect({ other: other.onReceive() }), { key: 'other', done: false, value: 2 });
        assert.equal(trySelect({ other: other.onReceive() }), undefined);
        assert.equal(trySelect({}), undefined);
      },
    },
  }),

  conform('a select with a limit times out, then finds what came, then the end', {
    from: 'crossbeam, select.rs, timeout and default_when_disconnected',
    rules: ['R9', 'R10', 'R22', 'R23'],
    channels: { one: between(['sends'], ['selects']), other: between(['sends'], ['selects']), go: { capacity: 1 } },
    programs: {
      async selects(form, { one, other, go }) {
        const cases = () => ({ one: one.onReceive(), other: other.onReceive() });
        for (const timeout of [0, 1, 3]) assert.equal(await endOf(() => form.select(cases(), { timeout })), TIMEOUT);
        assert.equal(await endOf(() => form.select({}, { timeout: 2 })), TIMEOUT);
        await form.send(go, 1);
        assert.deepEqual(await form.select(cases(), { timeout: LATE }), { key: 'other', done: false, value: 2 });
        await form.send(go, 1);
        assert.deepEqual(await form.select(cases(), { timeout: LATE }), { key: 'one', done: true, value: undefined });
        assert.equal((await form.select({ one: one.onReceive() }, { timeout: 0 })).done, true);
        assert.equal(await endOf(() => form.select({ one: one.onSend(1) }, { timeout: 0 })), CLOSED);
        assert.equal(await endOf(() => trySelect({ one: one.onSend(1) })), CLOSED);
      },
      async sends(form, { one, other, go }) {
        await valueFrom(form, go);
        await soon();
        await form.send(other, 2);
        await valueFrom(form, go);
        one.close();
      },
    },
  }),

  conform('a select that waits is woken by a message, and one that waits for room by a receive', {
    from: 'crossbeam, select.rs, unblocks',
    rules: ['R4', 'R6', 'R14'],
    channels: {
      a: between(['selects'], ['wakes']),
      b: between(['selects'], ['wakes']),
      c: between(['wakes'], ['selects']),
      d: between(['wakes'], ['selects']),
      filled: { capacity: 1 },
    },
    programs: {
      async selects(form, { a, b, c, d, filled }, { capacity }) {
        const hit = await form.select({ c: c.onReceive(), d: d.onReceive() });
        assert.deepEqual(hit, { key: 'd', done: false, value: 2 });
        for (const n of upTo(capacity)) {
          await form.send(a, n);
          await form.send(b, n);
        }
        await form.send(filled, 1);
        assert.deepEqual(await form.select({ a: a.onSend(7), b: b.onSend(8) }), { key: 'a' });
        assert.equal(b.length, capacity);
      },
      async wakes(form, { a, d, filled }, { capacity }) {
        await soon();
        await form.send(d, 2);
        await valueFrom(form, filled);
        await soon();
        for (const n of upTo(capacity)) assert.equal(await valueFrom(form, a), n);
        assert.equal(await valueFrom(form, a), 7);
      },
    },
  }),

  conform('two selects in a row take both of what becomes ready', {
    from: 'crossbeam, select.rs, both_ready',
    rules: ['R14', 'R16'],
    channels: { one: between(['other'], ['selects']), two: between(['selects'], ['other']) },
    programs: {
      async selects(form, { one, two }, { capacity }) {
        const keys = new Set<string>();
        const sent = { left: true };
        for (const _ of upTo(2)) {
          const hit = await form.select({ one: one.onReceive(), two: sent.left ? two.onSend(2) : undefined });
          if (hit.key === 'two') sent.left = false;
          else assert.equal(hit.value, 1);
          keys.add(hit.key);
        }
        assert.equal(keys.size, 2, `capacity ${capacity}`);
      },
      async other(form, { one, two }) {
        await soon();
        await form.send(one, 1);
        assert.equal(await valueFrom(form, two), 2);
      },
    },
  }),

  conform('one that tries again and again meets one that waits, until it is told to stop', {
    from: 'crossbeam, select.rs, loop_try',
    rules: ['R4', 'R9', 'R14', 'R19'],
    channels: { a: between(['sends'], ['selects']), b: between(['selects'], ['receives']), stop: {} },
    programs: {
      async selects(form, { a, b, stop }) {
        await soon();
        const hit = await form.select({ a: a.onReceive(), b: b.onSend(2) });
        stop.close();
        return hit.key;
      },
      async sends(_form, { a, stop }) {
        for (;;) {
          if (trySelect({ a: a.onSend(1) })) return 'met';
          if (trySelect({ stop: stop.onReceive() })) return 'stopped';
          await turn();
        }
      },
      async receives(_form, { b, stop }) {
        for (;;) {
          const next = b.tryReceive();
          if (next) return next.value;
          if (stop.tryReceive()?.done) return b.tryReceive()?.value ?? 'stopped';
          await turn();
        }
      },
    },
    check({ selects, sends, receives }, { capacity }) {
      if (capacity === 0) {
        assert.deepEqual([sends[0], receives[0]], selects[0] === 'a' ? ['met', 'stopped'] : ['stopped', 2]);
      } else {
        assert.equal(receives[0], selects[0] === 'b' ? 2 : 'stopped');
      }
    },
  }),

  conform('an end more, or an end less, wakes nobody and disturbs nobody', {
    from: 'crossbeam, select.rs, cloning1 and cloning2',
    rules: ['R4', 'R12', 'R14'],
    channels: { one: between(['sends'], ['selects']), other: between(['sends'], ['selects']), third: { capacity: 1 } },
    programs: {
      async selects(form, { one, other, third }) {
        const hit = await form.select({ one: one.onReceive(), other: other.onReceive(), third: third.onReceive() });
        assert.deepEqual(hit, { key: 'other', done: false, value: 1 });
      },
      async sends(form, { one, other }) {
        await soon();
        // Handed out and used by nobody; the first goes when the second is there.
        const [first] = [one.sender, other.sender];
        assert.equal(first.closed, false);
        await soon();
        await form.send(other, 1);
      },
    },
  }),

  conform('what was sent before the end is chosen before the end', {
    from: 'crossbeam, select.rs, preflight2 and preflight3',
    rules: ['R9', 'R11', 'R12', 'R14'],
    capacities: BUFFERED,
    channels: { channel: between(['sends'], ['selects']) },
    ports: ({ channel }, program) => (program === 'sends' ? { out: channel.sender } : { from: channel.receiver }),
    programs: {
      async selects(form, { from }: any) {
        while (!from.closed) await turn();
        const cases = () => ({ from: from.onReceive() });
        assert.deepEqual(await form.select(cases()), { key: 'from', done: false, value: 1 });
        for (const _ of upTo(2))
          assert.deepEqual(await form.select(cases()), { key: 'from', done: true, value: undefined });
        assert.deepEqual(from.tryReceive(), { done: true, value: undefined });
      },
      async sends(form, { out }: any) {
        await form.send(out, 1);
        out.close();
      },
    },
  }),

  conform('two sends and two receives of one channel are each chosen sooner or later', {
    from: 'crossbeam, select.rs, duplicate_operations',
    rules: ['R15', 'R17'],
    capacities: BUFFERED,
    channels: { channel: between(['alone'], ['alone']) },
    programs: {
      async alone(form, { channel }) {
        const hit = new Set<string>();
        for (let round = 0; hit.size < 4; round++) {
          // By chance this is the case in one of 10^26 runs.
          assert.ok(round < 1000, [...hit].join());
          const { key } = await form.select({
            a: channel.onReceive(),
            b: channel.onReceive(),
            c: channel.onSend(0),
            d: channel.onSend(0),
          });
          hit.add(key);
        }
      },
    },
  }),

  conform('a select may stand in the hands of a select', {
    from: 'crossbeam, select.rs, nesting',
    rules: ['R14', 'R17'],
    capacities: BUFFERED,
    channels: { channel: between(['alone'], ['alone']) },
    programs: {
      async alone(form, { channel }) {
        const nest = async (depth: number): Promise<void> => {
          if ((await form.select({ out: channel.onSend(depth) })).key !== 'out') assert.fail();
          const hit = await form.select({ in: channel.onReceive() });
          assert.equal(hit.value, depth);
          if (depth > 0) await nest(depth - 1);
        };
        await nest(20);
      },
    },
  }),

  conform('numbers that come by two ways in turn, each answered, come in order', {
    from: 'crossbeam, select.rs, stress_recv',
    rules: ['R1', 'R2', 'R14'],
    channels: {
      one: between(['sends'], ['selects']),
      other: between(['sends'], ['selects']),
      answers: { capacity: 1 },
    },
    programs: {
      async selects(form, { one, other, answers }) {
        for (const n of upTo(150)) {
          for (const _ of upTo(2)) {
            const hit = await form.select({ one: one.onReceive(), other: other.onReceive() });
            assert.equal(hit.value, n);
            await form.send(answers, 1);
          }
        }
      },
      async sends(form, { one, other, answers }) {
        for (const n of upTo(150)) {
          for (const each of [one, other]) {
            await form.send(each, n);
            await valueFrom(form, answers);
          }
        }
      },
    },
  }),

  conform('numbers that go by two ways come by both', {
    from: 'crossbeam, select.rs, stress_send',
    rules: ['R2', 'R6', 'R14'],
    channels: {
      one: between(['selects'], ['receives']),
      other: between(['selects'], ['receives']),
      round: { capacity: 100 },
    },
    programs: {
      async selects(form, { one, other, round }) {
        for (const n of upTo(150)) {
          const left: Record<string, typeof one | undefined> = { one, other };
          for (const _ of upTo(2)) {
            const hit = await form.select({ one: left.one?.onSend(n), other: left.other?.onSend(n) } as Cases);
            left[hit.key] = undefined;
          }
          await form.send(round, 1);
        }
      },
      async receives(form, { one, other, round }) {
        for (const n of upTo(150)) {
          assert.deepEqual([await valueFrom(form, one), await valueFrom(form, other)], [n, n]);
          await valueFrom(form, round);
        }
      },
    },
  }),

  conform('a select that receives and sends keeps step with one that sends and then receives, its cases made once', {
    from: 'crossbeam, select.rs, stress_mixed and reuse',
    rules: ['R2', 'R6', 'R14', 'R18'],
    channels: {
      there: between(['plain'], ['selects']),
      back: between(['selects'], ['plain']),
      round: { capacity: 100 },
    },
    programs: {
      async selects(form, { there, back, round }) {
        const fromThere = there.onReceive();
        for (const n of upTo(150)) {
          const left: Record<string, SelectCase<any> | undefined> = { in: fromThere, out: back.onSend(n) };
          for (const _ of upTo(2)) {
            const hit: any = await form.select(left as Cases);
            if (hit.key === 'in') assert.equal(hit.value, n);
            left[hit.key] = undefined;
          }
          await form.send(round, 1);
        }
      },
      async plain(form, { there, back, round }) {
        for (const n of upTo(150)) {
          await form.send(there, n);
          assert.equal(await valueFrom(form, back), n);
          await valueFrom(form, round);
        }
      },
    },
  }),

  conform('selects with limits that run out on both sides lose nothing and double nothing', {
    from: 'crossbeam, select.rs, stress_timeout_two_threads',
    rules: ['R1', 'R2', 'R22', 'R24'],
    channels: { channel: between(['sends'], ['receives']), never: {} },
    programs: {
      async receives(form, { channel, never }, { seed }) {
        const random = randomFrom(seed);
        for (const n of upTo(60)) {
          if (n % 10 === 0) await sleep(1);
          for (;;) {
            const cases = { in: channel.onReceive(), never: never.onReceive() };
            const met: { value?: number } = {};
            const choose = async () => Object.assign(met, await form.select(cases, limit(random.pick(LIMITS))));
            if ((await endOf(choose)) === TIMEOUT) continue;
            assert.equal(met.value, n);
            break;
          }
        }
      },
      async sends(form, { channel, never }, { seed }) {
        const random = randomFrom(seed + 3);
        for (const n of upTo(60)) {
          if (n % 7 === 0) await sleep(1);
          const cases = () => ({ out: channel.onSend(n), never: never.onReceive() });
          while ((await endOf(() => form.select(cases(), limit(random.pick(LIMITS))))) === TIMEOUT);
        }
      },
    },
  }),

  conform('a select of both directions of one channel sends when there is room, and waits when nobody else is there', {
    from: 'crossbeam, select.rs, send_recv_same_channel',
    rules: ['R3', 'R17', 'R22'],
    channels: { channel: between(['alone'], ['alone']) },
    programs: {
      async alone(form, { channel }, { capacity }) {
        const choose = () => form.select({ out: channel.onSend(1), in: channel.onReceive() }, { timeout: 3 });
        if (capacity > 0) assert.deepEqual(await choose(), { key: 'out' });
        else assert.equal(await endOf(choose), TIMEOUT);
        assert.equal(channel.length, Math.min(1, capacity));
      },
    },
  }),

  conform('of those that send or receive, whichever, all find a partner that is not themselves', {
    from: 'crossbeam, select.rs, matching and sync_and_clone',
    rules: ['R2', 'R14', 'R17'],
    capacities: [0],
    channels: { channel: between(['member'], ['member']) },
    cast: { member: members },
    programs: { member: (form, { channel }, { index }) => matches(form, channel, index) },
    check: ({ member }, _instance, { channel }) => {
      const received = member.filter((each) => each !== undefined);
      assert.equal(received.length, member.length / 2);
      assert.equal(new Set(received).size, received.length);
      assert.equal(channel.tryReceive(), undefined);
    },
  }),

  conform('one that is left over finds the one that comes last', {
    from: 'crossbeam, select.rs, matching_with_leftover',
    rules: ['R2', 'R14', 'R17'],
    capacities: [0],
    channels: { channel: between(['member', 'last'], ['member']) },
    cast: { member: (setting) => members(setting) - 1 },
    programs: {
      last: (form, { channel }) => form.send(channel, 9999),
      member: (form, { channel }, { index }) => matches(form, channel, index),
    },
    check: ({ member }) => {
      const received = member.filter((each) => each !== undefined);
      assert.equal(received.length, (member.length + 1) / 2);
      assert.ok(received.includes(9999));
    },
  }),

  ...(['by trying', 'with a limit of nothing'] as const).map((how) =>
    conform(`one of two channels is always found ready, ${how}`, {
      from: `crossbeam, select.rs, ${how === 'by trying' ? 'linearizable_try' : 'linearizable_timeout'}`,
      rules: ['R16', 'R19', 'R23'],
      capacities: [1, 2],
      channels: {
        one: between(['tries', 'moves'], ['tries', 'moves']),
        two: between(['tries', 'moves'], ['tries', 'moves']),
        start: { capacity: 1 },
        end: { capacity: 1 },
      },
      programs: {
        async tries(form, { one, two, start, end }) {
          for (const n of upTo(200)) {
            await form.send(one, n);
            await form.send(start, n);
            const cases = { one: one.onReceive(), two: two.onReceive() };
            const hit = how === 'by trying' ? trySelect(cases) : await form.select(cases, { timeout: 0 });
            assert.notEqual(hit, undefined);
            await valueFrom(form, end);
            // Whatever is left of this round.
            one.tryReceive();
            two.tryReceive();
          }
        },
        async moves(form, { one, two, start, end }) {
          for (const n of upTo(200)) {
            await valueFrom(form, start);
            await form.send(two, n);
            one.tryReceive();
            await form.send(end, n);
          }
        },
      },
    }),
  ),

  conform('channels and clocks that are ready are chosen alike', {
    from: 'crossbeam, select.rs, fairness1; after.rs and tick.rs, fairness',
    rules: ['R15'],
    capacities: [1000],
    channels: { one: between(['alone'], ['alone']), other: between(['alone'], ['alone']) },
    programs: {
      async alone(form, { one, other }) {
        await form.sendMany(one, upTo(1000));
        await form.sendMany(other, upTo(1000));
        const hits: Record<string, number> = { one: 0, other: 0, after: 0, at: 0 };
        for (const _ of upTo(1000)) {
          const cases = { one: one.onReceive(), other: other.onReceive(), after: after(0), at: at(0) };
          hits[(await form.select(cases)).key]!++;
        }
        // Nine standard deviations.
        assert.ok(
          Object.values(hits).every((count) => count > 125),
          JSON.stringify(hits),
        );
      },
    },
  }),

  conform('channels of several kinds starve nobody, whatever the other side prefers', {
    from: 'crossbeam, select.rs, fairness2',
    rules: ['R14', 'R15', 'R20'],
    capacities: [0, 1, 4],
    channels: {
      large: { capacity: 100, senders: ['sends'], receivers: ['receives'] },
      small: { capacity: 1, senders: ['sends'], receivers: ['receives'] },
      any: between(['sends'], ['receives']),
    },
    programs: {
      async receives(form, { large, small, any }) {
        const hits: Record<string, number> = { large: 0, small: 0, any: 0 };
        for (const _ of upTo(900)) {
          const cases = { large: large.onReceive(), small: small.onReceive(), any: any.onReceive() };
          hits[(await form.select(cases)).key]!++;
        }
        assert.ok(
          Object.values(hits).every((count) => count >= 6),
          JSON.stringify(hits),
        );
      },
      async sends(form, { large, small, any }, { setting }) {
        for (const n of upTo(900)) {
          // On one thread the two would take turns so evenly that neither ever had to wait for the other.
          if (setting === 'async' && n % 3 === 0) await turn();
          await form.select({
            large: large.length === 0 ? large.onSend(n) : undefined,
            small: small.length === 0 ? small.onSend(n) : undefined,
            any: any.onSend(n),
          } as Cases);
        }
      },
    },
  }),

  conform('a clock goes off once', {
    from: 'crossbeam, after.rs, fire, try_recv, recv and stress_default',
    rules: ['R14', 'R19', 'R22'],
    capacities: [1],
    channels: { never: {} },
    programs: {
      async alone(form) {
        const clock = after(5);
        const start = Date.now();
        const hit = await form.select({ clock });
        assert.ok(hit.at >= start + 4, `${hit.at - start} ms`);
        assert.equal(trySelect({ clock }), undefined);
        assert.equal(await endOf(() => form.select({ clock }, { timeout: 2 })), TIMEOUT);
        for (const _ of upTo(10)) {
          assert.equal(trySelect({ now: after(0) })?.key, 'now');
          assert.equal(trySelect({ later: after(LATE) }), undefined);
          assert.equal((await form.select({ late: after(LATE), now: after(-1) })).key, 'now');
        }
      },
    },
  }),

  conform('the sooner of two clocks goes off first, wherever it stands', {
    from: 'crossbeam, after.rs and tick.rs, recv_race and recv_two',
    rules: ['R14', 'R15'],
    capacities: [1],
    channels: { never: {} },
    programs: {
      async alone(form, { never }) {
        assert.equal((await form.select({ soon: after(2), late: after(LATE), never: never.onReceive() })).key, 'soon');
        assert.equal((await form.select({ late: after(LATE), soon: after(2) })).key, 'soon');
        assert.equal((await form.select({ late: tick(LATE), soon: tick(2) })).key, 'soon');
        assert.equal((await form.select({ date: at(Date.now() + 2), late: after(LATE) })).key, 'date');
        const both = { a: after(2), b: after(2) };
        const first = (await form.select(both)).key;
        assert.equal((await form.select(both)).key, first === 'a' ? 'b' : 'a');
      },
    },
  }),

  conform('a hundred clocks all go off, once each, and then there is only the limit', {
    from: 'crossbeam, after.rs, select',
    rules: ['R14', 'R22'],
    capacities: [1],
    channels: { never: {} },
    programs: {
      async alone(form) {
        const clocks = Object.fromEntries(upTo(100).map((n) => [n, after(n / 50)]));
        const gone = new Set<string>();
        for (const _ of upTo(100)) gone.add((await form.select(clocks, { timeout: LATE })).key);
        assert.equal(gone.size, 100);
        assert.equal(await endOf(() => form.select(clocks, { timeout: 2 })), TIMEOUT);
      },
    },
  }),

  conform('a tick comes again and again, and those that nobody looked for do not pile up', {
    from: 'crossbeam, tick.rs, fire, intervals and recv',
    rules: ['R14', 'R19'],
    capacities: [1],
    channels: { never: {} },
    programs: {
      async alone(form) {
        const ticks = tick(4);
        const first = (await form.select({ ticks })).at;
        await sleep(20);
        const stale = trySelect({ ticks });
        assert.ok(stale && stale.at >= first + 15, String(stale && stale.at - first));
        // One stood for all that went by; each is due a multiple of 4 ms after the first.
        const next = (await form.select({ ticks })).at;
        assert.ok(next > stale.at);
        for (const due of [stale.at, next]) {
          const over = (due - first) % 4;
          assert.ok(Math.min(over, 4 - over) < 0.01, `${due - first}`);
        }
      },
    },
  }),

  conform('ten ticks and then never: what stands in a select may be changed between two', {
    from: 'crossbeam, never.rs, smoke, optional and tick_n',
    rules: ['R14', 'R19', 'R20'],
    capacities: [1],
    channels: { channel: {} },
    programs: {
      async alone(form, { channel }) {
        assert.equal(trySelect({ never: never() }), undefined);
        await form.send(channel, 1);
        assert.equal(trySelect({ maybe: channel.onReceive() })?.key, 'maybe');
        assert.equal(trySelect({ maybe: never() }), undefined);
        let ticks: SelectCase<any> = tick(1);
        let steps = 0;
        while ((await endOf(() => form.select({ ticks }, { timeout: 30 }))) === 'done')
          if (++steps === 10) ticks = never();
        assert.equal(steps, 10);
      },
    },
  }),

  conform('two threads wait for the clock and for each other', {
    from: 'crossbeam, after.rs, recv_two and select, in two programs',
    rules: ['R10', 'R14', 'R22', 'R24'],
    channels: { channel: between(['sends'], ['receives']) },
    programs: {
      async receives(form, { channel }) {
        const got: number[] = [];
        for (;;) {
          const hit = await form.select({ in: channel.onReceive(), late: after(0.3) });
          if (hit.key === 'late') continue;
          if (hit.done) return got;
          got.push(hit.value!);
        }
      },
      async sends(form, { channel }) {
        const sent: number[] = [];
        for (const n of upTo(100)) {
          if ((await form.select({ out: channel.onSend(n), late: after((n % 5) / 20) })).key === 'out') sent.push(n);
        }
        channel.close();
        return sent;
      },
    },
    check: ({ receives, sends }) => assert.deepEqual(receives[0], sends[0]),
  }),

  conform('a loop over what several select from ends for each of them', {
    from: 'crossbeam, select.rs, issue_1096 and cloning, with ends of their own',
    rules: ['R2', 'R9', 'R10', 'R12', 'R14'],
    channels: { channel: between(['sends'], ['selects']) },
    ports: ({ channel }, program) => (program === 'sends' ? { out: channel.sender } : { from: channel.receiver }),
    cast: { sends: 2, selects: 2 },
    programs: {
      async selects(form, { from }: any) {
        const got: number[] = [];
        for (let turn = 0; ; turn++) {
          if (turn % 4 === 0) {
            const next = await form.receive<number>(from);
            if (next.done) return got;
            got.push(next.value);
          } else {
            const hit: any = await form.select({ in: from.onReceive() });
            if (hit.done) return got;
            got.push(hit.value);
          }
        }
      },
      async sends(form, { out }: any, { index }) {
        for (const n of upTo(100)) await form.select({ out: out.onSend(index * 1000 + n) });
        out.close();
      },
    },
    check({ selects }) {
      const got = selects.flat();
      assert.deepEqual(
        got.toSorted((a, b) => a - b),
        [...upTo(100), ...upTo(100).map((n) => 1000 + n)],
      );
      // R1, from each sender to each receiver.
      for (const each of selects) {
        for (const from of [0, 1000]) {
          const ofOne = each.filter((n: number) => n >= from && n < from + 1000);
          assert.deepEqual(
            ofOne,
            ofOne.toSorted((a: number, b: number) => a - b),
          );
        }
      }
    },
  }),

  conform('what selects have left in a channel is what was not received', {
    from: 'crossbeam, select.rs, uncompleted_select and forget_select, which cannot be said here: a case is done or it is not',
    rules: ['R2', 'R14', 'R22'],
    channels: { channel: between(['sends'], ['receives']), stop: { capacity: 1 } },
    programs: {
      async receives(form, { channel, stop }) {
        const got: number[] = [];
        for (const _ of upTo(40)) got.push(await valueFrom(form, channel));
        await form.send(stop, 1);
        while (!channel.closed) await turn();
        got.push(...(await all(form, channel)));
        return got;
      },
      async sends(form, { channel, stop }) {
        for (let n = 0; ; n++) {
          const hit = await form.select({ out: channel.onSend(n), stop: stop.onReceive() });
          if (hit.key === 'out') continue;
          channel.close();
          return n;
        }
      },
    },
    check: ({ receives, sends }) => assert.deepEqual(receives[0], upTo(sends[0])),
  }),
];

type Cases = Record<string, SelectCase<any> | undefined>;

const LIMITS = [0, 0.02, 0.1, 1, 3];
const limit = (timeout: number) => ({ timeout });

/** Sends its number or receives another one, which it answers. */
async function matches(form: Form, channel: Channel<number>, index: number): Promise<number | undefined> {
  const hit = await form.select({ in: channel.onReceive(), out: channel.onSend(index) });
  if (hit.key === 'out') return undefined;
  assert.notEqual(hit.value, index);
  return hit.value;
}
