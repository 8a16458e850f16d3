/** What the tests of Go's runtime check of channels and select, written anew. */

import assert from 'node:assert/strict';
import { type Channel, json, type SelectCase, trySelect } from '../../../src/index.ts';
import { ANY_CAPACITY, BUFFERED, between, type Case, conform } from '../case.ts';
import { all, endOf, type Form, soon, turn, upTo, valueFrom } from '../form.ts';

/** Channels of one round each, for races that need fresh ones. */
const ROUNDS = 40;
const rounds = { many: ROUNDS, capacity: 1 } as const;

export const goRuntime: readonly Case[] = [
  conform('receivers of an empty channel wait, each until a message of its own comes', {
    from: 'Go, runtime/chan_test.go, TestChan',
    rules: ['R2', 'R4', 'R6', 'R19'],
    channels: { channel: between(['sender'], ['receiver', 'sender']), done: { capacity: 2 } },
    cast: { receiver: 2 },
    programs: {
      async sender(form, { channel, done }) {
        await soon();
        assert.equal(done.length, 0);
        assert.equal(channel.tryReceive(), undefined);
        assert.equal(trySelect({ in: channel.onReceive() }), undefined);
        assert.equal(done.length, 0);
        await form.send(channel, 1);
        await form.send(channel, 2);
        assert.equal((await valueFrom(form, done)) + (await valueFrom(form, done)), 3);
      },
      async receiver(form, { channel, done }) {
        await form.send(done, await valueFrom(form, channel));
      },
    },
  }),

  conform('a sender of a full channel waits, and is through once there is room', {
    from: 'Go, runtime/chan_test.go, TestChan',
    rules: ['R4', 'R5', 'R6', 'R19'],
    channels: { channel: between(['sender'], ['receiver']), filled: { capacity: 1 }, through: { capacity: 1 } },
    programs: {
      async receiver(form, { channel, filled, through }, { capacity }) {
        await valueFrom(form, filled);
        await soon();
        assert.equal(through.length, 0);
        assert.equal(channel.length, capacity);
        assert.equal(await valueFrom(form, channel), 0);
        await valueFrom(form, through);
        assert.deepEqual(await all(form, channel), upTo(capacity + 1).slice(1));
      },
      async sender(form, { channel, filled, through }, { capacity }) {
        for (const n of upTo(capacity)) await form.send(channel, n);
        await form.send(filled, 1);
        await form.send(channel, capacity);
        await form.send(through, 1);
        channel.close();
      },
    },
  }),

  conform('a try to send to a full channel is refused while another one waits to', {
    from: 'Go, runtime/chan_test.go, TestChan',
    rules: ['R4', 'R19'],
    channels: { channel: between(['sender', 'tries'], ['tries']) },
    programs: {
      async tries(form, { channel }, { capacity }) {
        while (channel.length < capacity) await turn();
        await soon();
        assert.equal(channel.trySend(99), false);
        assert.equal(trySelect({ out: channel.onSend(99) }), undefined);
        for (const n of upTo(capacity + 1)) assert.equal(await valueFrom(form, channel), n);
      },
      async sender(form, { channel }, { capacity }) {
        for (const n of upTo(capacity + 1)) await form.send(channel, n);
      },
    },
  }),

  conform('a closed channel gives what it holds, and then the end, for ever', {
    from: 'Go, runtime/chan_test.go, TestChan',
    rules: ['R1', 'R9', 'R11'],
    channels: { channel: between(['sender'], ['receiver']) },
    programs: {
      async receiver(form, { channel }, { capacity }) {
        while (!channel.closed) await turn();
        for (const n of upTo(capacity)) assert.equal(await valueFrom(form, channel), n);
        for (const _ of upTo(3)) {
          assert.deepEqual(await form.receive(channel), { done: true, value: undefined });
          assert.deepEqual(await form.receiveMany(channel, 5), []);
        }
        assert.deepEqual(await all(form, channel), []);
      },
      async sender(form, { channel }, { capacity }) {
        for (const n of upTo(capacity)) await form.send(channel, n);
        channel.close();
      },
    },
  }),

  conform('a close wakes every receiver that waits', {
    from: 'Go, runtime/chan_test.go, TestChan',
    rules: ['R10'],
    channels: { channel: between(['closes'], ['receiver']) },
    cast: { receiver: (setting) => (setting === 'async' ? 50 : 4) },
    programs: {
      async closes(_form, { channel }) {
        await soon();
        channel.close();
      },
      async receiver(form, { channel }, { index }) {
        if (index % 2) assert.deepEqual(await form.receive(channel), { done: true, value: undefined });
        else
          assert.deepEqual(await form.select({ in: channel.onReceive() }), { key: 'in', done: true, value: undefined });
      },
    },
  }),

  conform('a close wakes every sender that waits, and none of their messages was accepted', {
    from: 'Go, runtime/chan_test.go, TestChan',
    rules: ['R7', 'R10'],
    channels: { channel: between(['sender'], ['closes']) },
    cast: { sender: (setting) => (setting === 'async' ? 50 : 4) },
    programs: {
      async closes(form, { channel }, { capacity }) {
        while (channel.length < capacity) await turn();
        await soon();
        channel.close();
        return (await all(form, channel)).length;
      },
      async sender(form, { channel }, { index }) {
        for (let sent = 0; ; sent++) {
          const send = index % 2 ? () => form.send(channel, 1) : () => form.select({ out: channel.onSend(1) });
          const end = await endOf(send);
          if (end === 'done') continue;
          assert.equal(end, 'ERR_CHANNEL_CLOSED');
          return sent;
        }
      },
    },
    check({ closes, sender }, { capacity }) {
      assert.equal(closes[0], capacity);
      assert.equal(
        sender.reduce((sum, sent) => sum + sent, 0),
        capacity,
      );
    },
  }),

  conform('a hundred numbers arrive whole and in order, twice', {
    from: 'Go, runtime/chan_test.go, TestChan',
    rules: ['R1', 'R2'],
    channels: { channel: between(['sender'], ['receiver']) },
    programs: {
      async receiver(form, { channel }) {
        for (const n of upTo(100)) assert.equal(await valueFrom(form, channel), n);
        for (const n of upTo(100)) assert.deepEqual(await form.receive(channel), { done: false, value: n });
      },
      async sender(form, { channel }) {
        for (const _ of upTo(2)) for (const n of upTo(100)) await form.send(channel, n);
      },
    },
  }),

  conform('what several send, several receive: every number as often as it was sent', {
    from: 'Go, runtime/chan_test.go, TestChan',
    rules: ['R2', 'R6'],
    channels: { channel: between(['sender'], ['receiver']) },
    cast: { sender: (setting) => (setting === 'async' ? 4 : 3), receiver: (setting) => (setting === 'async' ? 4 : 3) },
    programs: {
      async receiver(form, { channel }) {
        const received: number[] = [];
        for (const _ of upTo(150)) received.push(await valueFrom(form, channel));
        return received;
      },
      async sender(form, { channel }) {
        for (const n of upTo(150)) await form.send(channel, n);
      },
    },
    check({ receiver, sender }) {
      const counts = new Array(150).fill(0);
      for (const n of receiver.flat()) counts[n]++;
      assert.deepEqual(counts, new Array(150).fill(sender.length));
    },
  }),

  conform('length and capacity tell how full a channel is', {
    from: 'Go, runtime/chan_test.go, TestChan',
    rules: ['R3'],
    channels: { channel: between(['alone'], ['alone']) },
    programs: {
      async alone(form, { channel }, { capacity }) {
        assert.deepEqual([channel.length, channel.capacity], [0, capacity]);
        for (const n of upTo(capacity)) {
          await form.send(channel, n);
          assert.equal(channel.length, n + 1);
        }
        assert.deepEqual([channel.length, channel.capacity], [capacity, capacity]);
        for (const n of upTo(capacity)) {
          await form.receive(channel);
          assert.equal(channel.length, capacity - n - 1);
        }
      },
    },
  }),

  conform('a try to receive finds the message of a channel that is being closed', {
    from: 'Go, runtime/chan_test.go, TestNonblockRecvRace',
    rules: ['R11'],
    channels: { rounds, ready: { capacity: 0 } },
    programs: {
      async closes(form, { rounds, ready }) {
        for (const round of rounds) {
          await form.send(round, 1);
          await form.send(ready, 1);
          round.close();
        }
      },
      async receiver(form, { rounds, ready }) {
        for (const round of rounds) {
          await valueFrom(form, ready);
          assert.deepEqual(trySelect({ in: round.onReceive() }), { key: 'in', done: false, value: 1 });
        }
      },
    },
  }),

  conform('a try to receive finds the message of a channel that is being closed, told by a buffered one', {
    from: 'Go, runtime/chan_test.go, TestNonblockRecvRace',
    rules: ['R11'],
    channels: { rounds, ready: { capacity: 1 } },
    programs: {
      async closes(form, { rounds, ready }) {
        for (const round of rounds) {
          await form.send(round, 1);
          await form.send(ready, 1);
          round.close();
        }
      },
      async receiver(form, { rounds, ready }) {
        for (const round of rounds) {
          await valueFrom(form, ready);
          assert.deepEqual(round.tryReceive(), { done: false, value: 1 });
        }
      },
    },
  }),

  ...(['send', 'close'] as const).map((second) =>
    conform(`a try among two finds one, if one is ready by a ${second} before the other ceases to be`, {
      from: `Go, runtime/chan_test.go, TestNonblockSelectRace${second === 'close' ? '2' : ''}`,
      rules: ['R16', 'R19'],
      channels: { first: rounds, other: rounds, ready: { capacity: 1 }, done: { capacity: 1 } },
      programs: {
        async moves(form, { first, other, ready, done }) {
          for (const [at, one] of first.entries()) {
            await form.send(one, 1);
            await form.send(ready, 1);
            if (second === 'send') await form.send(other[at]!, 1);
            else other[at]!.close();
            trySelect({ in: one.onReceive() });
            await valueFrom(form, done);
          }
        },
        async tries(form, { first, other, ready, done }) {
          for (const [at, one] of first.entries()) {
            await valueFrom(form, ready);
            assert.notEqual(trySelect({ one: one.onReceive(), other: other[at]!.onReceive() }), undefined);
            await form.send(done, 1);
          }
        },
      },
    }),
  ),

  conform('two that both send to and receive from one channel never meet themselves', {
    from: 'Go, runtime/chan_test.go, TestSelfSelect',
    rules: ['R2', 'R14', 'R17'],
    capacities: [0, 1, 10],
    channels: { channel: between(['one', 'other'], ['one', 'other']) },
    programs: { one: selfSelects(1), other: selfSelects(2) },
    check({ one, other }, { capacity }) {
      const [mine, yours] = [one[0], other[0]];
      // What was sent was received, or is still there.
      const sent = mine.sent + yours.sent;
      const received = mine.received + yours.received;
      assert.ok(received <= sent && sent - received <= capacity, JSON.stringify([mine, yours]));
      assert.equal(sent + received, 600);
      if (capacity === 0) assert.deepEqual([mine.ofItself, yours.ofItself], [0, 0]);
    },
  }),

  conform('direct and selecting senders and receivers at four channels at once', {
    from: 'Go, runtime/chan_test.go, TestSelectStress',
    rules: ['R2', 'R6', 'R14', 'R20'],
    capacities: [0, 1, 3],
    channels: { channels: { many: 4 } },
    cast: { sender: (setting) => (setting === 'async' ? 4 : 2), receiver: (setting) => (setting === 'async' ? 4 : 2) },
    programs: {
      async sends(form, { channels }) {
        await stress(form, channels, (each) => each.onSend(0));
      },
      async receives(form, { channels }) {
        await stress(form, channels, (each) => each.onReceive());
      },
      async sender(form, { channels }, { index, count }) {
        const mine = channels.filter((_, at) => at % count === index);
        for (const _ of upTo(STRESS)) for (const each of mine) await form.send(each, 0);
      },
      async receiver(form, { channels }, { index, count }) {
        const mine = channels.filter((_, at) => at % count === index);
        for (const _ of upTo(STRESS)) for (const each of mine) await valueFrom(form, each);
      },
    },
    check: (_answers, _instance, { channels }) => {
      for (const each of channels) assert.equal(each.length, 0);
    },
  }),

  conform('anything may be sent, the same thing twice as well', {
    from: 'Go, runtime/chan_test.go, TestChanSendInterface',
    rules: ['R14', 'R18', 'R19'],
    capacities: BUFFERED,
    channels: { channel: { ...between(['alone'], ['alone']), codec: json<unknown>() } },
    programs: {
      async alone(form, { channel }, { capacity }) {
        const thing = { some: ['thing'] };
        await form.send(channel, thing);
        const hit = trySelect({ out: channel.onSend(thing) });
        const again = trySelect({ out: channel.onSend(thing), other: channel.onSend({ other: 1 }) });
        assert.deepEqual([hit !== undefined, again !== undefined], [capacity > 1, capacity > 2]);
        assert.deepEqual(await valueFrom(form, channel), thing);
      },
    },
  }),

  conform('of two values for one channel a select sends now the one, now the other', {
    from: 'Go, runtime/chan_test.go, TestPseudoRandomSend',
    rules: ['R15', 'R17'],
    capacities: ANY_CAPACITY,
    channels: { channel: between(['sender'], ['receiver']) },
    programs: {
      async receiver(form, { channel }) {
        // Ten standard deviations from the middle: by chance in one of 10^23 runs.
        const ones = (await all(form, channel)).reduce((sum, bit) => sum + bit, 0);
        assert.ok(ones > 100 && ones < 300, `${ones} of 400`);
      },
      async sender(form, { channel }) {
        for (const _ of upTo(400)) await form.select({ zero: channel.onSend(0), one: channel.onSend(1) });
        channel.close();
      },
    },
  }),

  conform('many workers between two channels lose nothing, and whoever closes need not be the last', {
    from: 'Go, runtime/chan_test.go, TestMultiConsumer',
    rules: ['R2', 'R9', 'R10', 'R12'],
    channels: { jobs: between(['feeder'], ['worker']), results: between(['worker'], ['consumer']) },
    cast: { worker: (setting) => (setting === 'async' ? 23 : 4) },
    ports: ({ jobs, results }, program) => {
      if (program === 'feeder') return { jobs: jobs.sender };
      if (program === 'worker') return { jobs: jobs.receiver, results: results.sender };
      return { results: results.receiver };
    },
    programs: {
      async consumer(form, { results }) {
        const values = await all<number>(form, results);
        return [values.length, values.reduce((sum, value) => sum + value, 0)];
      },
      async feeder(form, { jobs }) {
        for (const n of upTo(600)) await form.send(jobs, PRIMES[n % 10]!);
        jobs.close();
      },
      async worker(form, { jobs, results }, { index }) {
        for await (const job of form.each(jobs)) {
          if (PRIMES[index % 10] === job) await turn();
          await form.send(results, job);
        }
        results.close();
      },
    },
    check({ consumer }) {
      const sum = PRIMES.reduce((total, prime) => total + prime, 0);
      assert.deepEqual(consumer[0], [600, 60 * sum]);
    },
  }),

  conform('one that waits at a channel twice, and is woken at another, leaves the next one there in peace', {
    from: 'Go, runtime/chan_test.go, TestSelectDuplicateChannel',
    rules: ['R6', 'R14', 'R17'],
    channels: { c: between(['drives'], ['selects', 'waits']), d: between(['drives'], ['selects']), e: { capacity: 1 } },
    programs: {
      async drives(form, { c, d, e }) {
        await soon();
        await form.send(d, 7);
        assert.equal(await valueFrom(form, e), 7);
        await form.send(c, 8);
      },
      async selects(form, { c, d, e }) {
        const hit = await form.select({ once: c.onReceive(), twice: c.onReceive(), d: d.onReceive() });
        assert.equal(hit.key, 'd');
        await form.send(e, hit.value!);
      },
      async waits(form, { c }) {
        await soon();
        assert.equal(await valueFrom(form, c), 8);
      },
    },
  }),

  conform('garbage that is made while sends are blocked takes nothing with it', {
    from: 'Go, runtime/chan_test.go, TestShrinkStackDuringBlockedSend, and chanbarrier_test.go',
    rules: ['R1', 'R2'],
    channels: { channel: { ...between(['sender'], ['receiver']), codec: json<{ n: number; text: string }>() } },
    programs: {
      async receiver(form, { channel }) {
        const garbage: string[] = [];
        for (const n of upTo(40)) {
          garbage[n % 3] = 'x'.repeat(100_000 + n);
          if (n % 10 === 0) await turn();
          assert.deepEqual(await valueFrom(form, channel), { n, text: 'y'.repeat(n * 50) });
        }
      },
      async sender(form, { channel }) {
        for (const n of upTo(40)) await form.send(channel, { n, text: 'y'.repeat(n * 50) });
      },
    },
  }),

  ...[false, true].map((useSelect) =>
    conform(`requests get their answers, by ${useSelect ? 'select' : 'send'}`, {
      from: `Go, runtime/chanbarrier_test.go, TestChanSend${useSelect ? 'Select' : ''}Barrier`,
      rules: ['R2', 'R5', 'R14'],
      channels: { asked: between(['asks'], ['answers']), answered: between(['answers'], ['asks']), stop: {} },
      programs: {
        async asks(form, { asked, answered, stop }) {
          for (const n of upTo(150)) {
            await form.send(asked, n);
            assert.equal(await valueFrom(form, answered), n + 1);
          }
          stop.close();
        },
        async answers(form, { asked, answered, stop }) {
          for (;;) {
            const hit = await form.select({ asked: asked.onReceive(), stop: stop.onReceive() });
            if (hit.key === 'stop') return;
            if (useSelect) await form.select({ out: answered.onSend(hit.value! + 1), stop: stop.onReceive() });
            else await form.send(answered, hit.value! + 1);
          }
        },
      },
    }),
  ),

  conform('what is written before a send is seen after the receive of it', {
    from: 'Go, runtime/race/testdata/chan_test.go, TestNoRaceChanSync and …Async',
    rules: ['R26'],
    channels: { channel: between(['writes'], ['reads']) },
    programs: {
      async reads(form, { channel }, { words }) {
        for (const n of upTo(300)) {
          assert.equal(await valueFrom(form, channel), n);
          assert.equal(words[n], n + 1);
        }
      },
      async writes(form, { channel }, { words }) {
        for (const n of upTo(300)) {
          words[n] = n + 1;
          await form.send(channel, n);
        }
      },
    },
  }),

  conform('what is written before a receive is seen after the send that it let through', {
    from: 'Go, runtime/race/testdata/chan_test.go, TestNoRaceChanSyncRev',
    rules: ['R5', 'R26'],
    channels: { channel: between(['sends'], ['receives']) },
    programs: {
      async sends(form, { channel }, { capacity, words }) {
        for (const n of upTo(300)) {
          await form.send(channel, n);
          // The (n − C)-th receive happened before this send was through.
          if (n >= capacity) assert.equal(words[n - capacity], n - capacity + 1);
        }
      },
      async receives(form, { channel }, { words }) {
        for (const n of upTo(300)) {
          words[n] = n + 1;
          assert.equal(await valueFrom(form, channel), n);
        }
      },
    },
  }),

  ...(['receive', 'range', 'select'] as const).map((how) =>
    conform(`what is written before a close is seen by who meets it in a ${how}`, {
      from: 'Go, runtime/race/testdata/chan_test.go, TestNoRaceChan…CloseRecv',
      rules: ['R10', 'R26'],
      channels: { rounds: { many: 10 } },
      programs: {
        async reads(form, { rounds }, { words }) {
          for (const [at, round] of rounds.entries()) {
            if (how === 'receive') assert.equal((await form.receive(round)).done, true);
            if (how === 'range') assert.deepEqual(await all(form, round), []);
            if (how === 'select') assert.equal((await form.select({ in: round.onReceive() })).done, true);
            assert.equal(words[at], at + 1);
          }
        },
        async writes(_form, { rounds }, { words }) {
          for (const [at, round] of rounds.entries()) {
            words[at] = at + 1;
            round.close();
            if (at % 3 === 0) await turn();
          }
        },
      },
    }),
  ),

  ...[false, true].map((bySelect) =>
    conform(`a channel of capacity 1 is a lock, taken by ${bySelect ? 'select' : 'send'}`, {
      from: `Go, runtime/race/testdata/chan_test.go, TestNoRace${bySelect ? 'Select' : 'Chan'}Mutex`,
      rules: ['R4', 'R26'],
      channels: { lock: { capacity: 1, senders: ['member'], receivers: ['member'] }, never: {} },
      cast: { member: (setting) => (setting === 'async' ? 10 : 3) },
      programs: {
        async member(form, { lock, never }, { words }) {
          for (const n of upTo(100)) {
            if (bySelect) await form.select({ lock: lock.onSend(1), never: never.onReceive() });
            else await form.send(lock, 1);
            assert.equal(words[0], 0);
            words[0] = 1;
            const count = words[1]!;
            if (n % 20 === 0) await turn();
            words[1] = count + 1;
            words[0] = 0;
            if (bySelect) await form.select({ lock: lock.onReceive(), never: never.onReceive() });
            else await valueFrom(form, lock);
          }
          return words[1];
        },
      },
      check: ({ member }) => assert.equal(Math.max(...member), 100 * member.length),
    }),
  ),

  conform('a channel that has room again tells that all are done', {
    from: 'Go, runtime/race/testdata/chan_test.go, TestNoRaceChanWaitGroup',
    rules: ['R4', 'R26'],
    channels: { permits: between(['waits'], ['member']) },
    cast: { member: 3 },
    programs: {
      async waits(form, { permits }, { capacity, words }) {
        // The last send is through when all receives but the last `capacity` were made; these more, when all were.
        for (const _ of upTo(30)) await form.send(permits, 1);
        const more = upTo(capacity).map(() => 0);
        if (capacity > 0) await form.sendMany(permits, more);
        assert.deepEqual([...words.slice(0, 30)], new Array(30).fill(42));
      },
      async member(form, { permits }, { words, index }) {
        for (const n of upTo(10)) {
          words[index * 10 + n] = 42;
          await valueFrom(form, permits);
        }
      },
    },
  }),

  conform('a sender that was blocked is in step with its receiver as well, by receive and by select', {
    from: 'Go, runtime/race/testdata/chan_test.go, TestNoRaceBlockedSendSync and …SelectSendSync',
    rules: ['R6', 'R26'],
    capacities: [1, 2, 4],
    channels: { channel: between(['sends'], ['receives']), never: {} },
    programs: {
      async receives(form, { channel, never }, { capacity, words }) {
        while (channel.length < capacity) await turn();
        await soon();
        for (const n of upTo(capacity + 20)) {
          const it =
            n % 2
              ? await form.receive(channel)
              : await form.select({ it: channel.onReceive(), never: never.onReceive() });
          assert.equal(words[it.value!], 42 + n);
          if (n % 5 === 0) await turn();
        }
      },
      async sends(form, { channel }, { capacity, words }) {
        for (const n of upTo(capacity + 20)) {
          words[n] = 42 + n;
          await form.send(channel, n);
        }
      },
    },
  }),

  conform('of two that try to send into one place, one succeeds', {
    from: 'Go, runtime/race/testdata/chan_test.go, TestRaceChanSendSend',
    rules: ['R3', 'R19'],
    channels: { rounds, ready: { capacity: 1 }, done: { capacity: 1 } },
    programs: {
      async one(form, { rounds, ready, done }) {
        let won = 0;
        for (const round of rounds) {
          await form.send(ready, 1);
          if (trySelect({ out: round.onSend(1) })) won++;
          await valueFrom(form, done);
        }
        return won;
      },
      async other(form, { rounds, ready, done }) {
        let won = 0;
        for (const round of rounds) {
          await valueFrom(form, ready);
          if (round.trySend(2)) won++;
          await form.send(done, 1);
        }
        return won;
      },
    },
    check({ one, other }, _instance, { rounds }) {
      assert.equal(one[0] + other[0], ROUNDS);
      assert.deepEqual(new Set(rounds.map(({ length }) => length)), new Set([1]));
    },
  }),

  conform('a send that races with a close is received or refused, and nothing else', {
    from: 'Go, runtime/race/testdata/chan_test.go, TestRaceChanSendClose and …SendSelectClose',
    rules: ['R2', 'R7', 'R10', 'R11'],
    channels: { rounds: { many: ROUNDS }, never: {}, ready: { capacity: 1 } },
    programs: {
      async closes(form, { rounds, ready }) {
        const received: number[] = [];
        for (const round of rounds) {
          await valueFrom(form, ready);
          const first = await form.receive(round);
          if (!first.done) received.push(first.value);
          round.close();
          received.push(...(await all(form, round)));
        }
        return received;
      },
      async sender(form, { rounds, never, ready }) {
        const accepted: number[] = [];
        for (const [at, round] of rounds.entries()) {
          await form.send(ready, 1);
          for (const n of upTo(10)) {
            const value = at * 100 + n;
            const send =
              n % 2
                ? () => form.send(round, value)
                : () => form.select({ out: round.onSend(value), never: never.onReceive() });
            const end = await endOf(send);
            if (end === 'done') accepted.push(value);
            else assert.equal(end, 'ERR_CHANNEL_CLOSED');
          }
        }
        return accepted;
      },
    },
    check: ({ closes, sender }) => assert.deepEqual(closes[0], sender[0]),
  }),

  conform('closing from two sides at once is one close', {
    from: 'Go, runtime/race/testdata/chan_test.go, TestRaceChanCloseClose',
    rules: ['R8', 'R10'],
    channels: { rounds: { many: ROUNDS }, ready: { capacity: 1 } },
    programs: {
      async one(form, { rounds, ready }) {
        for (const round of rounds) {
          await form.send(ready, 1);
          round.close();
          assert.equal((await form.receive(round)).done, true);
        }
      },
      async other(form, { rounds, ready }) {
        for (const round of rounds) {
          await valueFrom(form, ready);
          round.close();
          assert.equal(await endOf(() => form.send(round, 1)), 'ERR_CHANNEL_CLOSED');
        }
      },
    },
  }),

  conform('waiting for a channel to fill up, and to empty, by looking at its length', {
    from: 'Go, runtime/race/testdata/chan_test.go, TestRaceChanSendLen and …RecvLen',
    rules: ['R3'],
    capacities: BUFFERED,
    channels: { channel: between(['looks'], ['takes']) },
    programs: {
      async looks(form, { channel }) {
        for (const n of upTo(20)) {
          await form.send(channel, n);
          while (channel.length !== 0) await turn();
        }
        channel.close();
      },
      async takes(_form, { channel }) {
        for (const n of upTo(20)) {
          while (channel.length === 0) await turn();
          assert.deepEqual(channel.tryReceive(), { done: false, value: n });
        }
        while (!channel.closed) await turn();
      },
    },
  }),
];

const PRIMES = [2, 3, 7, 11, 13, 17, 19, 23, 27, 31];
const STRESS = 60;

function selfSelects(me: number) {
  return async (form: Form, { channel }: { channel: Channel<number> }) => {
    const met = { sent: 0, received: 0, ofItself: 0 };
    for (const n of upTo(300)) {
      const [first, second] = [() => channel.onSend(me), () => channel.onReceive()];
      const hit: any =
        me === 1 || n % 2 === 0
          ? await form.select({ out: first(), in: second() })
          : await form.select({ in: second(), out: first() });
      if (hit.key === 'out') met.sent++;
      else {
        met.received++;
        if (hit.value === me) met.ofItself++;
      }
    }
    return met;
  };
}

/** Chooses among the channels until each had its share. */
async function stress(
  form: Form,
  channels: readonly Channel<number>[],
  as: (each: Channel<number>) => SelectCase<any>,
) {
  const counts = channels.map(() => 0);
  for (let left = channels.length * STRESS; left > 0; left--) {
    const cases: Record<string, SelectCase<any> | undefined> = {};
    for (const [at, each] of channels.entries()) cases[at] = counts[at]! < STRESS ? as(each) : undefined;
    const { key } = await form.select(cases);
    counts[Number(key)]!++;
  }
}
