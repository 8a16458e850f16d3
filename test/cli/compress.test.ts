import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { compress, type Request } from '../../src/cli/gzip/compress.ts';
import { openOutput } from '../../src/cli/gzip/output.ts';
import type { Running } from '../../src/cli/gzip/pipeline.ts';
import type { GzipPorts } from '../../src/cli/gzip/ports.ts';
import { openSource } from '../../src/cli/gzip/source.ts';
import { Window } from '../../src/cli/gzip/window.ts';
import type * as worker from '../../workers/gzip.ts';

let folder: string;
const never = new AbortController().signal;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-compress-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A request for more than is done before a test has had its way. */
function large(): Request {
  return { file: process.execPath, output: join(folder, 'out.gz'), threads: 2, level: 6, blockSize: 2 ** 18 };
}

/** Settles when a few members were written. */
async function underWay({ progress }: Running): Promise<void> {
  while (progress.members < 3) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a compression', () => {
  test('whose thread is killed half-way fails, and leaves nothing', async () => {
    const compressing = compress(large(), {
      signal: never,
      onRunning: async (running) => {
        await underWay(running);
        expect(readdirSync(folder)).toEqual([expect.stringMatching(/^\.sluice-.*\.partial$/)]);
        await running.pool.threads[0]!.terminate();
      },
    });
    await expect(compressing).rejects.toThrow(
      'compressing threads: expected all of them to work to the end, met one that ended early',
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test('that is called off ends with the reason, and leaves nothing', async () => {
    const calling = new AbortController();
    const compressing = compress(large(), {
      signal: calling.signal,
      onRunning: async (running) => {
        await underWay(running);
        calling.abort(new Error('second thoughts'));
      },
    });
    await expect(compressing).rejects.toThrow('second thoughts');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('never has more blocks in flight, or more leases, than its window has places', async () => {
    const file = join(folder, 'in');
    writeFileSync(file, readFileSync(process.execPath).subarray(0, 2 ** 23));
    let most = 0;
    let timer: NodeJS.Timeout | undefined;
    await compress(
      { ...large(), file, blockSize: 2 ** 16 },
      {
        signal: never,
        onRunning: ({ progress, supervisor }) => {
          timer = setInterval(() => {
            most = Math.max(most, progress.blocks - progress.members, supervisor.snapshot().pool.leases);
          }, 1);
        },
      },
    ).finally(() => clearInterval(timer));
    expect(most).toBeGreaterThan(2);
    expect(most).toBeLessThanOrEqual(4 * 2);
  });

  test('has the same idea of its ports on both sides', () => {
    expectTypeOf<worker.GzipPorts>().toEqualTypeOf<GzipPorts>();
  });
});

describe('a file as output', () => {
  test('that does not read back as it was written is refused and removed', async () => {
    writeFileSync(join(folder, 'in'), '');
    const { stats } = await openSource(join(folder, 'in'));
    const output = await openOutput(join(folder, 'out'), stats);
    await output.write(Buffer.from('as it was written'));
    const partial = readdirSync(folder).find((name) => name.endsWith('.partial'))!;
    writeFileSync(join(folder, partial), 'as it WAS written');
    await expect(output.complete(never)).rejects.toThrow(/expected to read back the 17 bytes .* met 17 bytes/);
    await output.discard();
    expect(readdirSync(folder)).toEqual(['in']);
  });
});

describe('a window', () => {
  test('lets in as many as it has places, and the others in turn as places are left', async () => {
    const window = new Window(2);
    const entered: string[] = [];
    const enter = (name: string) => window.enter().then(() => entered.push(name));
    const all = [enter('a'), enter('b'), enter('c'), enter('d')];
    await Promise.all(all.slice(0, 2));
    expect(entered).toEqual(['a', 'b']);
    window.leave();
    await all[2];
    expect(entered).toEqual(['a', 'b', 'c']);
    window.leave();
    window.leave();
    await all[3];
    expect(window.inside).toBe(1);
  });
});
