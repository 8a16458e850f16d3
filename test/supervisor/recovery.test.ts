/**
 * R29: a thread may die at ANY instruction. Each operation here is begun over and over, by a thread that dies one write
 * to shared memory later each time; then it is recovered, and everything has to be as if it had died before or after the
 * operation, but never in between.
 */

import { describe, expect, test } from 'vitest';
import type { SharedChannel } from '../../src/channel/channel.ts';
import { createChannel } from '../../src/channel/create.ts';
import type { Delivery, Lease, Receiver, Sender } from '../../src/index.ts';
import { threadCell, threadFind } from '../../src/kernel/threads.ts';
import { CELL_STATE, CHANNEL_LOST, PAGE_BYTES, THREAD_GONE } from '../../src/memory/layout.ts';
import { load, store } from '../../src/memory/words.ts';
import { leaveSegment, recoverThread } from '../../src/supervisor/recovery.ts';
import { GUISES, type Guise, KINDS, MORTAL, MORTAL_NODE_THREAD, Stage } from '../support/stage.ts';

interface Plot {
  /** What the mortal does of which it dies. */
  act(): void;
  /** Looks at what channels had left, in the order they were made, and how many messages were lost. */
  check?(left: number[][], lost: number): void;
}

/** Prepares a stage, the mortal's part in safety included. */
type Scenario = (stage: Stage) => Plot;

/** Lets the mortal die at every access of an operation in turn. */
function atEveryWrite(scenario: Scenario, guise?: Guise): void {
  for (let writes = 0; ; writes++) {
    try {
      if (!diesAfter(writes, scenario, guise)) {
        expect(writes).toBeGreaterThan(0);
        return;
      }
    } catch (error) {
      if (error instanceof Error) error.message = `dead after ${writes} writes: ${error.message}`;
      throw error;
    }
  }
}

/** Returns whether it died before it was done. */
function diesAfter(writes: number, scenario: Scenario, guise: Guise | undefined): boolean {
  const stage = new Stage(guise);
  const { main, mortal } = stage;
  const { act, check } = scenario(stage);
  const asleep = stage.fallAsleep();
  const died = mortal.live(writes, act);

  main.segment.enter();
  const attached = threadFind(MORTAL_NODE_THREAD, 0) === MORTAL;
  if (attached) {
    const recovery = recoverThread(main.thread, MORTAL);
    expect(recoverThread(main.thread, MORTAL)).toBeUndefined();
    if (recovery) {
      // A recovery that was cut short is done again.
      store(threadCell(MORTAL) + CELL_STATE, (MORTAL_NODE_THREAD << 3) | THREAD_GONE);
      expect(recoverThread(main.thread, MORTAL)).toEqual({ blocks: 0, ends: 0, lost: 0, returned: 0, losses: [] });
    }
  }
  if (attached) expect(asleep()).toEqual([]);

  const lost = stage.channels.reduce((sum, channel) => sum + load(channel.address + CHANNEL_LOST), 0);
  const left = stage.channels.map((channel) => stage.drain(channel));
  check?.(left, lost);
  stage.expectSound();
  return died;
}

const oneOf = (outcomes: readonly number[][]) =>
  expect.toSatisfy(
    (met: number[]) => outcomes.some((outcome) => JSON.stringify(outcome) === JSON.stringify(met)),
    `one of ${JSON.stringify(outcomes)}`,
  );

/** The next message of a channel, by its number. */
function take(stage: Stage, channel: SharedChannel<any>): number {
  return stage.guise.valueOf(channel.receiveSync().value);
}

function nextDelivery(channel: SharedChannel<any>): Delivery<any> {
  return channel.deliveries()[Symbol.iterator]().next().value;
}

describe.each(Object.entries(KINDS))('%s', (kind, options) => {
  const keeps = kind === 'at-least-once';

  describe.each(Object.entries(GUISES))('of %s: a thread that dies', (name, guise) => {
    test('while it sends to an empty channel', () => {
      atEveryWrite((stage) => {
        const channel = stage.channel(options);
        const theirs = stage.theirs(channel);
        return {
          act: () => stage.send(theirs, 9),
          check: ([left]) => expect(left).toEqual(oneOf([[], [9]])),
        };
      }, guise);
    });

    test('while it sends to a channel with something in it, or blocks because it is full', () => {
      for (const values of [
        [1, 2],
        [1, 2, 3],
      ]) {
        atEveryWrite((stage) => {
          const channel = stage.channel(options);
          const theirs = stage.theirs(channel);
          const end = kind === 'spsc' ? theirs : channel;
          for (const value of values) stage.send(end, value);
          stage.main.segment.enter();
          return {
            act: () => theirs.sendSync(guise.of(9, theirs.attachment.pool)),
            check: ([left]) => expect(left).toEqual(oneOf([values, ...(values.length < 3 ? [[...values, 9]] : [])])),
          };
        }, guise);
      }
    });

    test('while it receives', () => {
      atEveryWrite((stage) => {
        const channel = stage.channel(options, [1, 2, 3]);
        const theirs = stage.theirs(channel);
        let done = false;
        return {
          act: () => {
            theirs.receiveSync();
            done = true;
          },
          check: ([left], lost) => {
            if (keeps || (!done && lost === 0))
              expect(left).toEqual(
                oneOf(
                  keeps
                    ? [[1, 2, 3]]
                    : [
                        [1, 2, 3],
                        [2, 3],
                      ],
                ),
              );
            else expect(left).toEqual([2, 3]);
          },
        };
      }, guise);
    });

    test('while it receives one after the other, and blocks at the end', () => {
      atEveryWrite((stage) => {
        const channel = stage.channel(options, [1, 2, 3]);
        const theirs = stage.theirs(channel);
        let seen = 0;
        return {
          act: () => {
            for (;;) seen = take(stage, theirs);
          },
          check: ([left], lost) => {
            const rest = [[1, 2, 3], [2, 3], [3], []];
            if (keeps) expect(left).toEqual(oneOf([rest[Math.max(0, seen - 1)]!, rest[seen]!]));
            else expect(left).toEqual(oneOf([rest[seen]!, rest[Math.min(3, seen + 1)]!]));
            expect(lost).toBeLessThanOrEqual(keeps ? 0 : 1);
          },
        };
      }, guise);
    });

    test('while it receives many at once', () => {
      atEveryWrite((stage) => {
        const channel = stage.channel(options, [1, 2, 3]);
        const theirs = stage.theirs(channel);
        return {
          act: () => theirs.receiveManySync(2),
          check: ([left], lost) => {
            expect(left).toEqual(oneOf(keeps ? [[1, 2, 3]] : [[1, 2, 3], [2, 3], [3]]));
            expect(left!.length + lost).toBeLessThanOrEqual(3);
          },
        };
      }, guise);
    });

    // What is in the channel makes no difference to it.
    if (name === 'numbers')
      test('while it closes the channel with an error', () => {
        atEveryWrite((stage) => {
          const channel = stage.channel(options, [1]);
          const theirs = stage.theirs(channel);
          return { act: () => theirs.close(new Error('as ordered')) };
        }, guise);
      });

    test('while it cancels', () => {
      atEveryWrite((stage) => {
        const channel = stage.channel(options, [1, 2, 3]);
        const theirs = stage.theirs(channel);
        return {
          act: () => theirs.cancel(),
          check: ([left]) => expect(left).toEqual(oneOf([[1, 2, 3], [2, 3], [3], []])),
        };
      }, guise);
    });

    test('while it disposes of the channel, or is the last to let go of it', () => {
      for (const values of [[], [1, 2]]) {
        for (const first of [true, false]) {
          atEveryWrite((stage) => {
            const channel = stage.channel(options, values);
            const theirs = stage.theirs(channel);
            if (!first) {
              channel.dispose();
              stage.channels.pop();
            }
            return {
              act: () => (first ? theirs.dispose() : stage.mortal.attachment.holdings.look()),
              check: () => {
                if (!first) return;
                stage.main.holdings.look();
                if (channel.gone) stage.channels.pop();
                else expect([channel.closed, channel.core.disposed]).toEqual([false, false]);
              },
            };
          }, guise);
        }
      }
    });

    test('while it makes such a channel', () => {
      atEveryWrite((stage) => {
        const { mortal } = stage;
        void mortal.attachment;
        return {
          act: () => createChannel(mortal.attachment, 'theirs', { codec: guise.codec, capacity: 3, ...options } as any),
        };
      }, guise);
    });

    if (name !== 'large bytes')
      test('while it leaves by itself, with its hands full', () => {
        atEveryWrite((stage) => {
          const channel = stage.channel(options);
          const theirs = stage.theirs(channel);
          const ends = stage.shared({ out: channel.sender, from: channel.receiver })();
          const sender = kind === 'spsc' ? theirs : channel;
          for (const value of [1, 2, 3]) stage.send(sender, value);
          ends.from.receiveSync();
          const { pool } = stage.mortal.attachment;
          pool.leaseSync(100);
          pool.leaseSync(2 * PAGE_BYTES);
          stage.main.segment.enter();
          return {
            act: () => leaveSegment(stage.mortal.attachment.thread, true),
            check: ([left], lost) => {
              expect([left, lost]).toEqual([keeps ? [1, 2, 3] : [2, 3], 0]);
              expect(channel.closed).toBe(true);
            },
          };
        }, guise);
      });

    if (!keeps) return;

    test('while it acknowledges', () => {
      atEveryWrite((stage) => {
        const channel = stage.channel(options, [1, 2, 3]);
        const delivery = nextDelivery(stage.theirs(channel));
        return {
          act: () => delivery.ack(),
          check: ([left]) =>
            expect(left).toEqual(
              oneOf([
                [1, 2, 3],
                [2, 3],
              ]),
            ),
        };
      }, guise);
    });

    test('while it hands a message back', () => {
      atEveryWrite((stage) => {
        const channel = stage.channel(options, [1, 2, 3]);
        const theirs = stage.theirs(channel);
        const deliveries = [nextDelivery(theirs), nextDelivery(theirs)];
        return {
          act: () => deliveries[1]!.nack(),
          check: ([left]) => expect(left).toEqual([1, 2, 3]),
        };
      }, guise);
    });

    test('while it receives again what was handed back', () => {
      atEveryWrite((stage) => {
        const channel = stage.channel(options, [1, 2, 3]);
        const theirs = stage.theirs(channel);
        nextDelivery(channel).nack();
        nextDelivery(channel).nack();
        return {
          act: () => nextDelivery(theirs),
          check: ([left]) => expect(left).toEqual([1, 2, 3]),
        };
      }, guise);
    });

    test('while it moves a message to the dead letters', () => {
      atEveryWrite((stage) => {
        const deadLetter = stage.channel({ topology: 'mpsc' });
        const channel = stage.channel({ ...options, maxAttempts: 1, deadLetter }, [1, 2, 3]);
        const theirs = stage.theirs(channel);
        const deliveries = [nextDelivery(theirs), nextDelivery(theirs)];
        return {
          act: () => deliveries[1]!.nack(),
          check: ([dead, left]) => {
            expect(dead!.toSorted()).toEqual([1, 2]);
            expect(left).toEqual([3]);
          },
        };
      }, guise);
    });

    test('while it drops a message for which there are no dead letters any more', () => {
      atEveryWrite((stage) => {
        const deadLetter = stage.channel({});
        const channel = stage.channel({ ...options, maxAttempts: 1, deadLetter }, [1, 2, 3]);
        deadLetter.close();
        const delivery = nextDelivery(stage.theirs(channel));
        return {
          act: () => delivery.nack(),
          check: ([dead, left]) => expect([dead, left]).toEqual([[], [2, 3]]),
        };
      }, guise);
    });
  });
});

describe('a thread that dies', () => {
  test('while it attaches', () => {
    atEveryWrite((stage) => ({ act: () => void stage.mortal.attachment }));
  });

  test('while it takes up ends and gives them up: the channel closes with the last', () => {
    for (const guarded of [true, false]) {
      atEveryWrite((stage) => {
        const channel = stage.channel({});
        if (guarded) void channel.sender;
        const revive = stage.shared<{ out: Sender<number>; from: Receiver<number> }>({
          out: channel.sender,
          from: channel.receiver,
        });
        stage.main.segment.enter();
        void stage.mortal.attachment;
        let adopted = false;
        return {
          act: () => {
            const ends = revive();
            adopted = true;
            ends.out.close();
          },
          check: () => {
            if (guarded) expect(channel.closed).toBe(false);
            else if (adopted) expect(channel.closed).toBe(true);
          },
        };
      });
    }
  });

  test('while it takes memory and gives it back', () => {
    atEveryWrite((stage) => {
      const { attachment } = stage.mortal;
      return {
        act: () => {
          const held: Lease[] = [];
          for (const size of [20_000, 40_000, 3 * PAGE_BYTES, 32_768]) held.push(attachment.pool.leaseSync(size));
          for (const each of held) each.release();
          // No room but for empty slabs: they are retired.
          attachment.pool.tryLease(attachment.segment.pages * PAGE_BYTES)?.release();
        },
      };
    });
  });
});
