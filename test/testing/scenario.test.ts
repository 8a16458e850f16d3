/** sluice/testing: a program under load while things break, and the report of that. */

import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../src/index.ts';
import { runScenario } from '../../src/testing/index.ts';

/** A program that stands still while it is told to. */
class Program {
  #standing: Promise<void> = Promise.resolve();

  async serve(): Promise<void> {
    await this.#standing;
  }

  standStill(ms: number): Promise<void> {
    this.#standing = sleep(ms);
    return this.#standing;
  }
}

describe('runScenario', () => {
  test('counts latency from when an operation was due, also for those that a standstill delayed', async () => {
    // The operations come one after the other here, as if to a program with one hand.
    let last: Promise<void> = Promise.resolve();
    const program = new Program();
    const operation = () => {
      last = last.then(() => program.serve());
      return last;
    };
    const report = await runScenario({
      name: 'a standstill',
      load: { rate: 500, operation },
      faults: [{ name: 'standstill', at: 50, inject: () => program.standStill(100) }],
      calm: 100,
      duration: 300,
    });
    expect(report.faulty.succeeded).toBe(150);
    // Of 300 ms, 100 stood still: of the operations due in them, some were late by nearly all of it.
    expect(report.faulty.latency.p99).toBeGreaterThan(50);
    expect(report.faults).toEqual([{ name: 'standstill', times: 1, failures: [] }]);
    expect(report.met).toBe(true);
  });

  test('a load whose start was held up counts that, and tells what a waiting load would have told', async () => {
    const { faulty } = await runScenario({
      name: 'a blocked event loop',
      load: { rate: 200, operation: async () => {} },
      faults: [
        {
          name: 'block',
          at: 50,
          inject: () => {
            const until = performance.now() + 80;
            while (performance.now() < until);
          },
        },
      ],
      calm: 20,
      duration: 200,
    });
    expect(faulty.latency.max).toBeGreaterThan(50);
    expect(faulty.uncorrected.max).toBeLessThan(faulty.latency.max);
  });

  test('tells errors by code, and which objectives were met', async () => {
    const report = await runScenario({
      name: 'half of it fails',
      load: {
        rate: 200,
        operation: async (number) => {
          if (number % 2 === 0) throw new SluiceError('ERR_TEST', 'as ordered');
        },
      },
      faults: [],
      calm: 50,
      duration: 200,
      objectives: { errors: 0.1, p50: 10_000, throughput: 1 },
    });
    expect(report.faulty.errors).toEqual({ ERR_TEST: 20 });
    expect(report.objectives.map(({ objective, met }) => [objective, met])).toEqual([
      ['p50', true],
      ['throughput', true],
      ['errors', false],
    ]);
    expect(report.met).toBe(false);
    const table = String(report);
    expect(table).toContain('half of it fails: NOT as promised');
    expect(table).toContain('20 × ERR_TEST');
    expect(table).toMatch(/✗ errors: expected 0.1, met 0.5/);
  });

  test('a fault that cannot be injected fails the report', async () => {
    const report = await runScenario({
      name: 'no fault',
      load: { rate: 100, operation: async () => {} },
      faults: [{ name: 'broken', every: 20, inject: () => Promise.reject(new Error('no')) }],
      calm: 10,
      duration: 100,
    });
    expect(report.met).toBe(false);
    expect(report.faults[0]!.times).toBeGreaterThan(1);
    expect(String(report)).toContain('failed: Error: no');
  });
});
