/** What crossbeam-channel's `array.rs`, `zero.rs`, `mpsc.rs` and `iter.rs` check of a channel, written anew. */

import assert from 'node:assert/strict';
import { type Lease, lease, type Receiver, type Sender, utf8 } from '../../../src/index.ts';
import { randomFrom } from '../../support/random.ts';
import { BUFFERED, between, type Case, conform } from '../case.ts';
import { all, endOf, insist, persist, sleep, soon, turn, upTo, valueFrom } from '../form.ts';

interface SendingEnd {
  readonly out: Sender<number>;
}

interface ReceivingEnd {
  readonly from: Receiver<number>;
}

/** Ends that count: a sender for those programs that send, a receiver for the others. */
const ends =
  (...senders: string[]) =>
  ({ channel }: any, program: string) =>
    senders.includes(program) ? { out: channel.sender } : { from: channel.receiver };

const CLOSED = 'ERR_CHANNEL_CLOSED';
const TIMEOUT = 'ERR_TIMEOUT';

export const crossbeam: readonly Case[] = [
  conform('one message in, one message out', {
    from: 'crossbeam, array.rs and mpsc.rs, smoke',
    rules: ['R2', 'R4'],
    channels: { channel: between(['sends'], ['receives']) },
    programs: {
      async receives(form, { channel }) {
        assert.equal(await valueFrom(form, channel), 7);
        assert.equal(await valueFrom(form, channel), 8);
        assert.equal(channel.tryReceive(), undefined);
        assert.equal(await endOf(() => form.receive(channel, { timeout: 1 })), TIMEOUT);
      },
      async sends(form, { channel }) {
        await form.send(channel, 7);
        await insist(channel, 8);
      },
    },
  }),

  conform('length moves with every message, on both ends', {
    from: 'crossbeam, array.rs, len_empty_full',
    rules: ['R3'],
    channels: { channel: between(['alone'], ['alone']) },
    programs: {
      async alone(form, { channel }, { capacity }) {
        const { sender, receiver } = channel;
        const lengths = () => [sender.length, receiver.length, channel.length, sender.capacity, receiver.capacity];
        const full = (length: number) => [length, length, length, capacity, capacity];
        assert.deepEqual(lengths(), full(0));
        for (const n of upTo(capacity)) {
          await form.send(sender, n);
          assert.deepEqual(lengths(), full(n + 1));
        }
        if (capacity === 0) return;
        await form.receive(receiver);
        assert.deepEqual(lengths(), full(capacity - 1));
      },
    },
  }),

  conform('a try to receive finds nothing, then a message, then the end', {
    from: 'crossbeam, array.rs and zero.rs, try_recv; mpsc.rs, try_recv_states',
    rules: ['R4', 'R9', 'R11', 'R12'],
    channels: { channel: between(['sends'], ['tries']), go: { capacity: 1 }, went: { capacity: 1 } },
    ports: ({ channel, go, went }, program) =>
      program === 'sends' ? { out: channel.sender, go, went } : { from: channel.receiver, go, went },
    programs: {
      async tries(form, { from, go, went }: any, { capacity }) {
        assert.equal(from.tryReceive(), undefined);
        await form.send(go, 1);
        if (capacity > 0) await valueFrom(form, went);
        assert.equal(await persist(from), 7);
        assert.equal(from.tryReceive(), undefined);
        await form.send(go, 1);
        await valueFrom(form, went);
        assert.deepEqual(from.tryReceive(), { done: true, value: undefined });
      },
      async sends(form, { out, go, went }: any, { capacity }) {
        await valueFrom(form, go);
        await form.send(out, 7);
        if (capacity > 0) await form.send(went, 1);
        await valueFrom(form, go);
        out.close();
        await form.send(went, 1);
      },
    },
  }),

  conform('receives wait for messages, find those that wait for them, and meet the end', {
    from: 'crossbeam, array.rs and zero.rs, recv',
    rules: ['R1', 'R4', 'R9', 'R12'],
    channels: { channel: between(['sends'], ['receives']) },
    ports: ends('sends'),
    programs: {
      async receives(form, { from }: ReceivingEnd) {
        for (const value of [7, 8, 9]) {
          assert.equal(await valueFrom(form, from), value);
          await soon();
        }
        assert.equal((await form.receive(from)).done, true);
      },
      async sends(form, { out }: SendingEnd) {
        await soon();
        for (const value of [7, 8, 9]) await form.send(out, value);
        out.close();
      },
    },
  }),

  conform('a receive with a limit times out, receives, or meets the end', {
    from: 'crossbeam, array.rs and zero.rs, recv_timeout',
    rules: ['R9', 'R22', 'R23'],
    channels: { channel: between(['sends'], ['receives']), go: { capacity: 1 } },
    programs: {
      async receives(form, { channel, go }) {
        assert.equal(await endOf(() => form.receive(channel, { timeout: 2 })), TIMEOUT);
        await form.send(go, 1);
        assert.equal((await form.receive(channel, { timeout: 10_000 })).value, 7);
        assert.equal((await form.receive(channel, { timeout: 10_000 })).done, true);
        assert.equal((await form.receive(channel, { timeout: 0 })).done, true);
      },
      async sends(form, { channel, go }) {
        await valueFrom(form, go);
        await form.send(channel, 7);
        channel.close();
      },
    },
  }),

  conform('a try to send succeeds, is refused by a full channel, and throws at a closed one', {
    from: 'crossbeam, array.rs and zero.rs, try_send',
    rules: ['R3', 'R4', 'R7', 'R13'],
    channels: { channel: between(['tries'], ['receives']), go: { capacity: 1 }, went: { capacity: 1 } },
    ports: ({ channel, go, went }, program) =>
      program === 'tries' ? { out: channel.sender, go, went } : { from: channel.receiver, go, went },
    programs: {
      async tries(form, { out, go, went }: any, { capacity }) {
        for (const n of upTo(capacity)) assert.equal(out.trySend(n), true);
        assert.equal(out.trySend(99), false);
        await form.send(go, 1);
        await insist(out, capacity);
        await valueFrom(form, went);
        assert.equal(await endOf(() => out.trySend(1)), CLOSED);
      },
      async receives(form, { from, go, went }: any, { capacity }) {
        await valueFrom(form, go);
        for (const n of upTo(capacity + 1)) assert.equal(await valueFrom(form, from), n);
        from.cancel();
        await form.send(went, 1);
      },
    },
  }),

  conform('a send with a limit times out, sends, or is refused', {
    from: 'crossbeam, array.rs and zero.rs, send_timeout',
    rules: ['R7', 'R10', 'R13', 'R22', 'R23'],
    channels: { channel: between(['sends'], ['receives']), go: { capacity: 1 } },
    ports: ({ channel, go }, program) =>
      program === 'sends' ? { out: channel.sender, go } : { from: channel.receiver, go },
    programs: {
      async sends(form, { out, go }: any, { capacity }) {
        for (const n of upTo(capacity)) await form.send(out, n, { timeout: 10_000 });
        assert.equal(await endOf(() => form.send(out, 99, { timeout: 2 })), TIMEOUT);
        assert.equal(await endOf(() => form.send(out, 99, { timeout: 0 })), TIMEOUT);
        await form.send(go, 1);
        await form.send(out, capacity, { timeout: 10_000 });
        // Whether it waits already when the last receiver goes, or comes later.
        for (;;) {
          const end = await endOf(() => form.send(out, 99, { timeout: 10_000 }));
          if (end === CLOSED) return;
          assert.equal(end, 'done');
        }
      },
      async receives(form, { from, go }: any, { capacity }) {
        await valueFrom(form, go);
        for (const n of upTo(capacity + 1)) assert.equal(await valueFrom(form, from), n);
        await soon();
        from.cancel();
      },
    },
  }),

  conform('every way of sending is refused once the last receiver is gone', {
    from: 'crossbeam, array.rs, send_after_disconnect; mpsc.rs, smoke_port_gone and issue_32114',
    rules: ['R7', 'R13'],
    channels: { channel: between(['sends'], ['receives']), gone: { capacity: 1 } },
    ports: ({ channel, gone }, program) =>
      program === 'sends' ? { out: channel.sender, gone } : { from: channel.receiver, gone },
    programs: {
      async sends(form, { out, gone }: any, { capacity }) {
        for (const n of upTo(capacity)) await form.send(out, n);
        await valueFrom(form, gone);
        for (const _ of upTo(2)) {
          assert.equal(await endOf(() => form.send(out, 1)), CLOSED);
          assert.equal(await endOf(() => out.trySend(1)), CLOSED);
          assert.equal(await endOf(() => form.send(out, 1, { timeout: 5 })), CLOSED);
          assert.equal(await endOf(() => form.sendMany(out, [1, 2])), CLOSED);
          assert.equal(await endOf(() => form.select({ out: out.onSend(1) })), CLOSED);
        }
      },
      async receives(form, { from, gone }: any, { capacity }) {
        while (from.length < capacity) await turn();
        from.cancel();
        await form.send(gone, 1);
      },
    },
  }),

  conform('what was sent before the last sender went is received, then the end', {
    from: 'crossbeam, array.rs, recv_after_disconnect; mpsc.rs, smoke_chan_gone',
    rules: ['R9', 'R12'],
    channels: { channel: between(['sends'], ['receives']) },
    ports: ends('sends'),
    programs: {
      async receives(form, { from }: ReceivingEnd) {
        while (!from.closed) await turn();
        assert.deepEqual(await all(form, from), upTo(from.capacity));
        assert.equal((await form.receive(from)).done, true);
      },
      async sends(form, { out }: SendingEnd) {
        for (const n of upTo(out.capacity)) await form.send(out, n);
        out.close();
      },
    },
  }),

  conform('length is never more than capacity while others send and receive', {
    from: 'crossbeam, array.rs and zero.rs, len',
    rules: ['R1', 'R3'],
    channels: { channel: between(['sends'], ['receives']) },
    programs: {
      async receives(form, { channel }, { capacity }) {
        for (const n of upTo(300)) {
          assert.equal(await valueFrom(form, channel), n);
          assert.ok(channel.length >= 0 && channel.length <= capacity);
        }
        assert.equal(channel.length, 0);
      },
      async sends(form, { channel }, { capacity }) {
        for (const n of upTo(300)) {
          await form.send(channel, n);
          assert.ok(channel.length >= 0 && channel.length <= capacity);
        }
      },
    },
  }),

  conform('a sender that waits is woken when the last receiver goes', {
    from: 'crossbeam, array.rs and zero.rs, disconnect_wakes_sender',
    rules: ['R10', 'R13'],
    channels: { channel: between(['sends'], ['goes']) },
    ports: ends('sends'),
    cast: { sends: 2 },
    programs: {
      async goes(_form, { from }: ReceivingEnd) {
        while (from.length < from.capacity) await turn();
        await soon();
        from.cancel();
      },
      async sends(form, { out }: SendingEnd) {
        let end = 'done';
        while (end === 'done') end = await endOf(() => form.send(out, 1));
        assert.equal(end, CLOSED);
      },
    },
  }),

  conform('a receiver that waits is woken when the last sender goes', {
    from: 'crossbeam, array.rs and zero.rs, disconnect_wakes_receiver; mpsc.rs, oneshot_multi_task_recv_then_close',
    rules: ['R10', 'R12'],
    channels: { channel: between(['goes'], ['receives']) },
    ports: ends('goes'),
    cast: { receives: 2, goes: 2 },
    programs: {
      async receives(form, { from }: ReceivingEnd) {
        assert.equal((await form.receive(from)).done, true);
      },
      async goes(_form, { out }: SendingEnd, { index }) {
        await sleep(1 + index);
        out.close();
      },
    },
  }),

  conform('one sends, one receives, and the end comes last', {
    from: 'crossbeam, array.rs and zero.rs, spsc; mpsc.rs, stress',
    rules: ['R1', 'R2', 'R9', 'R12'],
    channels: { channel: between(['sends'], ['receives']) },
    ports: ends('sends'),
    programs: {
      async receives(form, { from }: ReceivingEnd) {
        for (const n of upTo(1000)) assert.equal(await valueFrom(form, from), n);
        assert.equal((await form.receive(from)).done, true);
      },
      async sends(form, { out }: SendingEnd) {
        for (const n of upTo(1000)) await form.send(out, n);
        out.close();
      },
    },
  }),

  conform('several send the same numbers, several receive, and each number comes once from each', {
    from: 'crossbeam, array.rs and zero.rs, mpmc',
    rules: ['R2', 'R6', 'R26'],
    channels: { channel: between(['sends'], ['receives']) },
    cast: { sends: 3, receives: 3 },
    programs: {
      async receives(form, { channel }, { words }) {
        for (const _ of upTo(200)) Atomics.add(words, await valueFrom(form, channel), 1);
        return words;
      },
      async sends(form, { channel }) {
        for (const n of upTo(200)) await form.send(channel, n);
      },
    },
    check({ receives }) {
      assert.deepEqual([...receives[0].slice(0, 200)], new Array(200).fill(3));
    },
  }),

  conform('one message each, over and over, of fresh channels', {
    from: 'crossbeam, array.rs and zero.rs, stress_oneshot; mpsc.rs, oneshot_multi_thread_send_recv_stress',
    rules: ['R2', 'R4'],
    channels: { shots: { many: 25 } },
    programs: {
      async receives(form, { shots }) {
        for (const [n, shot] of shots.entries()) assert.equal(await valueFrom(form, shot), n);
      },
      async sends(form, { shots }) {
        for (const [n, shot] of shots.entries()) {
          if (n % 4 === 0) await turn();
          await form.send(shot, n);
        }
      },
    },
  }),

  conform('requests are answered by trying, until enough was had and the asker goes', {
    from: 'crossbeam, array.rs and zero.rs, stress_iter; iter.rs and mpsc.rs, recv_try_iter',
    rules: ['R9', 'R11', 'R13'],
    channels: { requests: between(['asks'], ['answers']), responses: between(['answers'], ['asks']) },
    ports: ({ requests, responses }, program) =>
      program === 'asks'
        ? { requests: requests.sender, responses: responses.receiver }
        : { requests: requests.receiver, responses: responses.sender },
    programs: {
      async answers(form, { requests, responses }: any) {
        for await (const _ of form.each(requests)) if ((await endOf(() => form.send(responses, 1))) === CLOSED) break;
      },
      async asks(_form, { requests, responses }: any) {
        for (let count = 0; count < 200; ) {
          for (let next = responses.tryReceive(); next; next = responses.tryReceive()) count += next.value;
          requests.trySend(1);
          await turn();
        }
        requests.close();
        responses.cancel();
      },
    },
  }),

  conform('limits that run out on both sides lose nothing and double nothing', {
    from: 'crossbeam, array.rs and zero.rs, stress_timeout_two_threads; mpsc.rs, stress_recv_timeout_two_threads',
    rules: ['R1', 'R2', 'R22', 'R24'],
    channels: { channel: between(['sends'], ['receives']) },
    programs: {
      async receives(form, { channel }, { seed }) {
        const random = randomFrom(seed);
        for (const n of upTo(60)) {
          if (n % 8 === 0) await sleep(1);
          for (;;) {
            const met: { value?: number } = {};
            const end = await endOf(async () => Object.assign(met, await form.receive(channel, limit(random))));
            if (end === TIMEOUT) continue;
            assert.deepEqual([end, met.value], ['done', n]);
            break;
          }
        }
        assert.equal((await form.receive(channel)).done, true);
      },
      async sends(form, { channel }, { seed }) {
        const random = randomFrom(seed + 1);
        for (const n of upTo(60)) {
          if (n % 10 === 0) await sleep(1);
          while ((await endOf(() => form.send(channel, n, limit(random)))) === TIMEOUT);
        }
        channel.close();
      },
    },
  }),

  conform('every message that nobody received goes back to the pool, whatever went before', {
    from: 'crossbeam, array.rs and zero.rs, drops and drop_unreceived; mpsc.rs, drop_full',
    rules: ['R13', 'R27'],
    channels: { channel: { ...between(['sends'], ['receives']), codec: lease() } },
    ports: ({ channel }, _program, _index, pool) => ({ channel, pool }),
    programs: {
      async receives(form, { channel, pool }, { capacity, words }) {
        const before = pool.stats().leases;
        words[0] = 1;
        for (const n of upTo(50)) {
          const held = await valueFrom<Lease>(form, channel);
          assert.equal(held.bytes[0], n);
          held.release();
        }
        while (channel.length < capacity) await turn();
        channel.cancel();
        assert.deepEqual([channel.length, pool.stats().leases], [0, before]);
      },
      async sends(form, { channel, pool }, { capacity, words }) {
        while (Atomics.load(words, 0) === 0) await turn();
        for (const n of upTo(50 + capacity)) {
          const held = pool.leaseSync(100);
          held.bytes[0] = n;
          await form.send(channel, held);
          assert.throws(() => held.bytes, { code: 'ERR_LEASE_RELEASED' });
        }
      },
    },
  }),

  conform('who sends first always finds something to receive', {
    from: 'crossbeam, array.rs, linearizable',
    rules: ['R2', 'R11', 'R16'],
    capacities: [4, 100],
    channels: { channel: between(['member'], ['member']) },
    cast: { member: 4 },
    programs: {
      async member(form, { channel }) {
        for (const n of upTo(250)) {
          await form.send(channel, n);
          assert.notEqual(channel.tryReceive(), undefined);
          if (n % 16 === 0) await turn();
        }
      },
    },
  }),

  conform('of two channels that are full a select drains both alike', {
    from: 'crossbeam, array.rs, fairness',
    rules: ['R15'],
    capacities: [1000],
    channels: { one: between(['alone'], ['alone']), other: between(['alone'], ['alone']) },
    programs: {
      async alone(form, { one, other }) {
        await form.sendMany(one, upTo(1000));
        await form.sendMany(other, upTo(1000));
        const hits = { one: 0, other: 0 };
        for (const _ of upTo(1000)) hits[(await form.select({ one: one.onReceive(), other: other.onReceive() })).key]++;
        // Sixteen standard deviations.
        assert.ok(hits.one > 250 && hits.other > 250, JSON.stringify(hits));
      },
    },
  }),

  conform('of several cases of one channel none is preferred', {
    from: 'crossbeam, array.rs, fairness_duplicates',
    rules: ['R15', 'R17'],
    capacities: [1000],
    channels: { channel: between(['alone'], ['alone']) },
    programs: {
      async alone(form, { channel }) {
        await form.sendMany(channel, upTo(1000));
        const hits = new Array(5).fill(0);
        const cases = Object.fromEntries(hits.map((_, at) => [at, channel.onReceive()]));
        for (const _ of upTo(1000)) hits[Number((await form.select(cases)).key)]++;
        // Eight standard deviations.
        assert.ok(
          hits.every((count) => count > 100),
          String(hits),
        );
      },
    },
  }),

  conform('two that meet by select, over two channels, prefer neither', {
    from: 'crossbeam, zero.rs, fairness',
    rules: ['R14', 'R15'],
    channels: { one: between(['sends'], ['receives']), other: between(['sends'], ['receives']) },
    programs: {
      async receives(form, { one, other }) {
        const hits = { one: 0, other: 0 };
        for (const _ of upTo(400)) hits[(await form.select({ one: one.onReceive(), other: other.onReceive() })).key]++;
        return hits;
      },
      async sends(form, { one, other }) {
        const hits = { one: 0, other: 0 };
        for (const n of upTo(400)) hits[(await form.select({ one: one.onSend(n), other: other.onSend(n) })).key]++;
        return hits;
      },
    },
    check({ receives, sends }) {
      assert.deepEqual(receives[0], sends[0]);
      assert.ok(sends[0].one > 100 && sends[0].other > 100, JSON.stringify(sends[0]));
    },
  }),

  conform('two that meet by select, each with several cases of one channel, prefer none', {
    from: 'crossbeam, zero.rs, fairness_duplicates',
    rules: ['R14', 'R15', 'R17'],
    channels: { channel: between(['sends'], ['receives']) },
    programs: {
      async receives(form, { channel }) {
        const hits = new Array(5).fill(0);
        const cases = Object.fromEntries(hits.map((_, at) => [at, channel.onReceive()]));
        for (const _ of upTo(400)) hits[Number((await form.select(cases)).key)]++;
        return hits;
      },
      async sends(form, { channel }) {
        const hits = new Array(5).fill(0);
        for (const n of upTo(400)) {
          const cases = Object.fromEntries(hits.map((_, at) => [at, channel.onSend(n)]));
          hits[Number((await form.select(cases)).key)]++;
        }
        return hits;
      },
    },
    check({ receives, sends }) {
      // Seven standard deviations.
      for (const hits of [receives[0], sends[0]]) assert.ok(Math.min(...hits) > 24, String(hits));
    },
  }),

  conform('a value that is received for a send is received before anything is tried', {
    from: 'crossbeam, array.rs and zero.rs, recv_in_send',
    rules: ['R18'],
    capacities: [1, 2],
    channels: { channel: between(['alone'], ['alone']) },
    programs: {
      async alone(form, { channel }, { capacity }) {
        for (const n of upTo(capacity)) await form.send(channel, n);
        // It is full, and has room by the time it is tried.
        const hit = await form.select({ out: channel.onSend(channel.tryReceive()!.value!) });
        assert.deepEqual([hit.key, channel.length], ['out', capacity]);
      },
    },
  }),

  conform('a channel stays open while one of its senders does', {
    from: 'crossbeam, mpsc.rs, smoke_shared, smoke_chan_gone_shared and destroy_upgraded_shared_port…',
    rules: ['R9', 'R12'],
    channels: { channel: between(['sends'], ['receives']) },
    ports: ends('sends'),
    cast: { sends: 3 },
    programs: {
      async receives(form, { from }: ReceivingEnd) {
        const got = await all(form, from);
        assert.equal(got.length, 30);
        assert.equal(from.closed, true);
      },
      async sends(form, { out }: SendingEnd, { index }) {
        for (const n of upTo(10)) await form.send(out, n);
        await sleep(index);
        out.close();
        assert.equal(await endOf(() => form.send(out, 1)), CLOSED);
      },
    },
  }),

  conform('senders go on until the receiver goes', {
    from: 'crossbeam, mpsc.rs, port_gone_concurrent and port_gone_concurrent_shared',
    rules: ['R7', 'R10', 'R13'],
    channels: { channel: between(['sends'], ['receives']) },
    ports: ends('sends'),
    cast: { sends: 2 },
    programs: {
      async receives(form, { from }: ReceivingEnd) {
        for (const _ of upTo(5)) await form.receive(from);
        from.cancel();
      },
      async sends(form, { out }: SendingEnd) {
        for (let sent = 0; ; sent++) if ((await endOf(() => form.send(out, 1))) === CLOSED) return sent;
      },
    },
    check({ sends }, { capacity }) {
      const sent = sends[0] + sends[1];
      assert.ok(sent >= 5, `${sent} sent through a channel of capacity ${capacity}`);
    },
  }),

  conform('a receiver goes on until the senders go', {
    from: 'crossbeam, mpsc.rs, chan_gone_concurrent and stress_shared',
    rules: ['R2', 'R9', 'R12'],
    channels: { channel: between(['sends'], ['receives']) },
    ports: ends('sends'),
    cast: { sends: (setting) => (setting === 'async' ? 20 : 4) },
    programs: {
      async receives(form, { from }: ReceivingEnd) {
        let count = 0;
        while (!(await form.receive(from)).done) count++;
        return count;
      },
      async sends(form, { out }: SendingEnd) {
        for (const n of upTo(50)) await form.send(out, n);
        out.close();
      },
    },
    check: ({ receives, sends }) => assert.equal(receives[0], 50 * sends.length),
  }),

  conform('an end that closes at once is met by whoever comes, and by who waits', {
    from: 'crossbeam, mpsc.rs, oneshot_multi_thread_close_stress and …_send_close_stress and …_recv_close_stress',
    rules: ['R7', 'R9', 'R10', 'R12', 'R13'],
    channels: { shots: { many: 24 } },
    ports: ({ shots }, program) =>
      program === 'sends' ? { shots: shots.map((shot) => shot.sender) } : { shots: shots.map((shot) => shot.receiver) },
    programs: {
      async receives(form, { shots }: any) {
        const got: (number | undefined)[] = [];
        for (const [n, shot] of shots.entries()) {
          // Some go at once, some receive.
          if (n % 3 === 0) shot.cancel();
          else got[n] = (await form.receive<number>(shot)).value;
          if (n % 5 === 0) await turn();
        }
        return got;
      },
      async sends(form, { shots }: any) {
        const sent: (number | undefined)[] = [];
        for (const [n, shot] of shots.entries()) {
          if (n % 2 === 0 && (await endOf(() => form.send(shot, n))) === 'done') sent[n] = n;
          shot.close();
        }
        return sent;
      },
    },
    check({ receives, sends }) {
      for (const n of upTo(24)) {
        if (n % 3 !== 0) assert.equal(receives[0][n], sends[0][n]);
        if (n % 3 !== 0) assert.equal(sends[0][n], n % 2 === 0 ? n : undefined);
      }
    },
  }),

  conform('many numbers that wait in a channel are all received', {
    from: 'crossbeam, mpsc.rs, recv_a_lot',
    rules: ['R1', 'R2'],
    capacities: [10_000],
    channels: { channel: between(['alone'], ['alone']) },
    programs: {
      async alone(form, { channel }) {
        for (const n of upTo(10_000)) channel.trySend(n);
        assert.equal(channel.length, 10_000);
        for (const n of upTo(5000)) assert.equal(await valueFrom(form, channel), n);
        channel.close();
        let n = 5000;
        for await (const value of form.each(channel)) assert.equal(value, n++);
        assert.equal(n, 10_000);
      },
    },
  }),

  conform('a limit that ran out once is no limit to what comes later', {
    from: 'crossbeam, mpsc.rs, recv_timeout_upgrade, shared_recv_timeout and stress_recv_timeout_shared',
    rules: ['R2', 'R9', 'R12', 'R22'],
    channels: { channel: between(['sends'], ['receives']) },
    ports: ends('sends'),
    cast: { sends: 3 },
    programs: {
      async receives(form, { from }: ReceivingEnd) {
        let count = 0;
        for (;;) {
          const met: { done?: boolean } = {};
          const end = await endOf(async () => Object.assign(met, await form.receive(from, { timeout: 1 })));
          if (end === TIMEOUT) continue;
          if (met.done) break;
          count++;
        }
        assert.equal(count, 9);
      },
      async sends(form, { out }: SendingEnd, { index }) {
        for (const n of upTo(3)) {
          await sleep(index + 1);
          await form.send(out, n);
        }
        out.close();
      },
    },
  }),

  conform('a loop over a channel ends with it, and its sum is passed on', {
    from: 'crossbeam, iter.rs and mpsc.rs, nested_recv_iter, recv_into_iter_owned and …_borrowed',
    rules: ['R9', 'R12'],
    channels: { channel: between(['drives'], ['sums']), total: between(['sums'], ['drives']) },
    ports: ({ channel, total }, program) =>
      program === 'drives'
        ? { out: channel.sender, total: total.receiver }
        : { from: channel.receiver, total: total.sender },
    programs: {
      async drives(form, { out, total }: any) {
        for (const n of [3, 1, 2]) await form.send(out, n);
        out.close();
        assert.deepEqual(await all(form, total), [6]);
      },
      async sums(form, { from, total }: any) {
        let sum = 0;
        for await (const n of form.each<number>(from)) sum += n;
        await form.send(total, sum);
        total.close();
      },
    },
  }),

  conform('a loop that is left takes no message more than it had, and can be taken up again', {
    from: 'crossbeam, iter.rs and mpsc.rs, recv_iter_break',
    rules: ['R2', 'R9'],
    channels: { channel: between(['sends'], ['breaks']) },
    programs: {
      async breaks(form, { channel }) {
        let sum = 0;
        for await (const n of form.each(channel)) {
          sum += n;
          if (sum >= 6) break;
        }
        assert.equal(sum, 6);
        assert.deepEqual(await all(form, channel), [4, 5, 6, 7, 8]);
      },
      async sends(form, { channel }) {
        for (let n = 1; n <= 8; n++) await form.send(channel, n);
        channel.close();
      },
    },
  }),

  conform('batches are the same as one by one', {
    from: 'crossbeam, iter.rs, recv_try_iter, for what is received at once',
    rules: ['R1', 'R2', 'R3', 'R9'],
    channels: { channel: between(['sends'], ['receives']) },
    programs: {
      async receives(form, { channel }, { seed, capacity }) {
        const random = randomFrom(seed);
        const got: number[] = [];
        for (;;) {
          const most = random.int(1, 20);
          const batch = await form.receiveMany(channel, most);
          if (batch.length === 0) break;
          assert.ok(batch.length <= Math.max(1, Math.min(most, capacity + most)));
          got.push(...batch);
        }
        assert.deepEqual(got, upTo(500));
      },
      async sends(form, { channel }, { seed }) {
        const random = randomFrom(seed + 7);
        for (let n = 0; n < 500; ) {
          const count = Math.min(500 - n, random.int(1, 30));
          await form.sendMany(
            channel,
            upTo(count).map((each) => n + each),
          );
          n += count;
        }
        channel.close();
      },
    },
  }),

  conform('long texts and short ones arrive whole', {
    from: 'crossbeam, mpsc.rs, stream_send_recv_stress (boxed messages)',
    rules: ['R1', 'R2', 'R26'],
    channels: { channel: { ...between(['sends'], ['receives']), codec: utf8() } },
    programs: {
      async receives(form, { channel }) {
        for (const n of upTo(60)) assert.equal(await valueFrom(form, channel), 'ü'.repeat((n * n * 7) % 5000));
      },
      async sends(form, { channel }) {
        for (const n of upTo(60)) await form.send(channel, 'ü'.repeat((n * n * 7) % 5000));
      },
    },
  }),

  conform('two that wait for each other in turn never miss their turn', {
    from: 'crossbeam, mpsc.rs, sync_channel_tests (send1 to send4, issue_15761)',
    rules: ['R4', 'R5', 'R6'],
    channels: { there: between(['one'], ['other']), back: between(['other'], ['one']) },
    programs: {
      async one(form, { there, back }) {
        for (const n of upTo(200)) {
          await form.send(there, n);
          assert.equal(await valueFrom(form, back), n);
        }
      },
      async other(form, { there, back }) {
        for (const n of upTo(200)) {
          assert.equal(await valueFrom(form, there), n);
          await form.send(back, n);
        }
      },
    },
  }),

  conform('a send is through only when somebody has the message', {
    from: 'crossbeam, zero.rs, send; mpsc.rs, sync_channel_tests smoke',
    rules: ['R5', 'R26'],
    capacities: [0],
    channels: { channel: between(['sends'], ['receives']) },
    programs: {
      async sends(form, { channel }, { words }) {
        for (const n of upTo(100)) {
          await form.send(channel, n);
          // The receiver came as far as this message at least.
          assert.ok(words[0]! >= n + 1, `${words[0]} after ${n + 1} sends`);
        }
      },
      async receives(form, { channel }, { words }) {
        for (const n of upTo(100)) {
          if (n % 10 === 0) await soon();
          words[0] = n + 1;
          assert.equal(await valueFrom(form, channel), n);
        }
      },
    },
  }),

  conform('what was received while a program ends is received, and what it sent last is sent', {
    from: 'crossbeam, thread_locals.rs, use_while_exiting',
    rules: ['R2', 'R22'],
    capacities: BUFFERED,
    channels: { channel: between(['ends'], ['receives']) },
    programs: {
      async receives(form, { channel }) {
        assert.deepEqual([await valueFrom(form, channel), await valueFrom(form, channel)], [1, 2]);
        assert.equal(await endOf(() => form.receive(channel, { timeout: 2 })), TIMEOUT);
      },
      async ends(form, { channel }) {
        try {
          await form.send(channel, 1);
        } finally {
          await form.send(channel, 2);
        }
      },
    },
  }),
];

const LIMITS = [0, 0.02, 0.1, 1, 3];
const limit = (random: { pick<T>(choices: readonly T[]): T }) => ({ timeout: random.pick(LIMITS) });
