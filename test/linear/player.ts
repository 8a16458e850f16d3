/** One thread's part of a plan, played on a channel and written down. */

import { type Channel, ChannelClosedError, type Receiver, type Sender, TimeoutError } from '../../src/index.ts';
import type { Answer, Call, Operation } from './call.ts';
import type { Part } from './plan.ts';

/** Instants, in an order that all threads agree on. */
export type Clock = () => number;

/** What calls are made of. */
export interface Subject {
  perform(call: Call): Answer | Promise<Answer>;
  /** Throws an error that is no answer. */
  answerOf(call: Call, error: unknown): Answer;
}

/** What a thread has of the channel. `sender` and `receiver` are there when ends are counted. */
export interface Ends {
  readonly channel: Channel<number>;
  readonly sender?: Sender<number> | undefined;
  readonly receiver?: Receiver<number> | undefined;
}

export class Player {
  readonly history: Operation[] = [];
  readonly #thread: number;
  readonly #clock: Clock;
  readonly #subject: Subject;

  constructor(thread: number, subject: Subject, clock: Clock) {
    this.#thread = thread;
    this.#subject = subject;
    this.#clock = clock;
  }

  /** Plays the part. A promise only if something of it was asynchronous. */
  async play({ calls, overlaps, untilDrained }: Part): Promise<void> {
    const pending: Promise<void>[] = [];
    for (const call of calls) {
      idle(call.delay);
      // An end that is given up must not take calls with it that are still under way.
      if (call.kind === 'retire' || call.kind === 'cancel') await Promise.all(pending);
      const running = this.make(call);
      if (!running) continue;
      if (overlaps) pending.push(running);
      else await running;
    }
    await Promise.all(pending);
    if (untilDrained) while (!this.#isOver()) this.make({ kind: 'receive', way: 'sync', max: 1 });
  }

  /** Receives what is left. */
  drain(): void {
    do this.make({ kind: 'receive', way: 'try', max: 1 });
    while (this.#moved());
  }

  /** Makes one call, and writes it down once it has been answered. */
  make(call: Call): Promise<void> | undefined {
    const invoked = this.#clock();
    const settle = (answer: Answer) => {
      this.history.push({ thread: this.#thread, call, invoked, returned: this.#clock(), answer });
    };
    let answer: Answer | Promise<Answer>;
    try {
      answer = this.#subject.perform(call);
    } catch (error) {
      answer = this.#subject.answerOf(call, error);
    }
    if (!(answer instanceof Promise)) {
      settle(answer);
      return undefined;
    }
    return answer.catch((error) => this.#subject.answerOf(call, error)).then(settle);
  }

  #moved(): boolean {
    return typeof this.history.at(-1)!.answer === 'object';
  }

  #isOver(): boolean {
    return this.history.some(
      ({ call, answer }) => call.kind === 'receive' && (answer === 'drained' || answer === 'failed'),
    );
  }
}

/** The channel, as a thread uses it. */
export const ofChannel = (ends: Ends): Subject => ({ perform: (call) => perform(call, ends), answerOf });

function perform(call: Call, { channel, sender, receiver }: Ends): Answer | Promise<Answer> {
  switch (call.kind) {
    case 'send':
      return send(call, sender ?? channel);
    case 'receive':
      return receive(call, receiver ?? channel);
    case 'close':
      channel.close(call.withError ? new Error('closed on purpose') : undefined);
      return 'done';
    case 'retire':
      sender!.close();
      return 'done';
    case 'cancel':
      receiver!.cancel();
      return 'done';
    case 'length':
      return { length: channel.length };
    default:
      throw new Error(`expected a call of a channel, met ${call.kind}`);
  }
}

function send({ values, way, timeout }: Call & { kind: 'send' }, sender: Sender<number>): Answer | Promise<Answer> {
  const value = values[0]!;
  const single = values.length === 1;
  switch (way) {
    case 'try':
      return sender.trySend(value) ? 'accepted' : 'full';
    case 'sync':
      if (single) sender.sendSync(value, { timeout });
      else sender.sendManySync(values, { timeout });
      return 'accepted';
    case 'async':
      return (single ? sender.send(value, { timeout }) : sender.sendMany(values, { timeout })).then(() => 'accepted');
  }
}

function receive({ max, way, timeout }: Call & { kind: 'receive' }, receiver: Receiver<number>) {
  switch (way) {
    case 'try': {
      const result = receiver.tryReceive();
      return result ? answerOfResult(result) : 'empty';
    }
    case 'sync':
      if (max === 1) return answerOfResult(receiver.receiveSync({ timeout }));
      return answerOfBatch(receiver.receiveManySync(max, { timeout }));
    case 'async':
      if (max === 1) return receiver.receive({ timeout }).then(answerOfResult);
      return receiver.receiveMany(max, { timeout }).then(answerOfBatch);
  }
}

function answerOfResult({ done, value }: IteratorResult<number, undefined>): Answer {
  return done ? 'drained' : { values: [value] };
}

function answerOfBatch(values: number[]): Answer {
  return values.length === 0 ? 'drained' : { values };
}

/** Any other error is no answer that a channel may give. */
function answerOf(call: Call, error: unknown): Answer {
  if (error instanceof TimeoutError) return 'late';
  if (error instanceof ChannelClosedError) return call.kind === 'send' ? 'closed' : 'failed';
  throw error;
}

let idled = 0;

function idle(turns: number): void {
  for (let turn = 0; turn < turns; turn++) idled = Math.imul(idled, 1_664_525) + turn;
}
