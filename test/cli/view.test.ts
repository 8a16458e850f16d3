import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Plan } from '../../src/cli/gzip/compress.ts';
import type { Running } from '../../src/cli/gzip/pipeline.ts';
import { viewFor } from '../../src/cli/gzip/view.ts';

const plan: Plan = {
  input: 'some/where/in',
  output: '-',
  size: 10_000_000,
  threads: 3,
  level: 6,
  blockSize: 2 ** 20,
};

function running(): Running {
  const channel = { capacity: 4, length: 0, level: 'green', receiveRate: 20.4 };
  return {
    progress: { readBytes: 5_000_000, doneBytes: 0, blocks: 5, members: 4 },
    output: { byteLength: 1_600_000 },
    supervisor: {
      snapshot: () => ({
        channels: [
          { ...channel, name: 'blocks', length: 4, level: 'red' },
          { ...channel, name: 'members', capacity: 12 },
        ],
        threads: [
          { name: 'main', state: 'running' },
          { name: 'worker-1', state: 'running' },
          { name: 'worker-2', state: 'running' },
          { name: 'worker-3', state: 'parked' },
        ],
      }),
    },
  } as unknown as Running;
}

/** Shows a job that has done 4 MB after a second, and answers all that was written by then. */
function shown({ isTTY, json = false, columns = 90 }: { isTTY: boolean; json?: boolean; columns?: number }) {
  const written: string[] = [];
  const stream = { isTTY, columns, write: (text: string) => written.push(text) };
  const view = viewFor(stream as never, json, {});
  const job = running();
  view.show(job, plan);
  vi.advanceTimersByTime(500);
  job.progress.doneBytes = 4_000_000;
  vi.advanceTimersByTime(500);
  view.end();
  vi.advanceTimersByTime(5000);
  return written;
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** The lines of a frame, without colours. */
function linesOf(frame: string): string[] {
  return stripVTControlCharacters(frame).replace('\r', '').split('\n');
}

describe('while sluice gzip runs', () => {
  test('a terminal shows how far it is, and how full each channel', () => {
    const frames = shown({ isTTY: true });
    expect(linesOf(frames.at(-2)!)).toEqual([
      '  some/where/in → standard output        3 threads · level 6 · blocks of 1 MiB',
      '',
      `  ${'━'.repeat(28)}${'─'.repeat(42)}  40 %`,
      '  4.0 MB of 10.0 MB · 4.0 MB/s · 2 s left                     packed to 40.0 %',
      '',
      '  ● blocks      4 of 4  ■■■■                                             20 /s',
      '  ● threads     2 of 3  ■■·                                            at work',
      '  ● members    0 of 12  ············                                     20 /s',
      '',
    ]);
  });

  test('a terminal shows the level of a channel by its colour', () => {
    const frame = shown({ isTTY: true }).at(-2)!;
    expect(frame).toContain('\x1b[31m●\x1b[0m blocks');
    expect(frame).toContain('\x1b[32m●\x1b[0m members');
  });

  test('a terminal that is narrow shows what there is room for', () => {
    const lines = linesOf(shown({ isTTY: true, columns: 40 }).at(-2)!);
    expect(lines[0]).toBe('  some/where/in → standard output');
    for (const line of lines) expect(line.length).toBeLessThan(40);
  });

  test('a terminal has its cursor back at the end, and nothing else is left', () => {
    const frames = shown({ isTTY: true });
    expect(frames[0]).toBe('\x1b[?25l');
    expect(frames.at(-1)).toBe('\x1b[8A\r\x1b[J\x1b[?25h');
  });

  test('what is no terminal gets a line at the start and one each second', () => {
    expect(shown({ isTTY: false })).toEqual([
      'sluice gzip: some/where/in → standard output, 3 threads, level 6, blocks of 1 MiB\n',
      'sluice gzip:  40 %, 4.0 MB of 10.0 MB, 4.0 MB/s, 2 s left\n',
    ]);
  });

  test('a machine that waits for JSON gets nothing', () => {
    expect(shown({ isTTY: false, json: true })).toEqual([]);
  });
});
