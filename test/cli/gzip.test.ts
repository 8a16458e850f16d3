import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Ended, SLUICE, sluice, start } from './support/sluice.ts';

const BLOCK = 4096;
const SMALL_BLOCKS = ['--block-size', '4k'];

/** Some of it can be compressed, and some cannot. */
const mixture = Buffer.concat([randomBytes(100_000), Buffer.from('go with the flow, '.repeat(10_000))]);

let folder: string;

function write(name: string, bytes: Uint8Array | string): string {
  writeFileSync(join(folder, name), bytes);
  return name;
}

function read(name: string): Buffer {
  return readFileSync(join(folder, name));
}

/** Whatever lies in the folder. */
function files(): string[] {
  return readdirSync(folder).sort();
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-gzip-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('sluice gzip', () => {
  test.each([
    ['an empty file', 0],
    ['one byte', 1],
    ['exactly one block', BLOCK],
    ['exactly seven blocks', 7 * BLOCK],
    ['many blocks and a part of one', mixture.length],
  ])('makes one valid gzip file of %s', async (_, size) => {
    write('in', mixture.subarray(0, size));
    const { code, stderr } = await sluice(folder, ['gzip', 'in', ...SMALL_BLOCKS]);
    expect(stderr).toContain('in → in.gz');
    expect(code).toBe(0);
    expect(gunzipSync(read('in.gz')).equals(mixture.subarray(0, size))).toBe(true);
    expect(files()).toEqual(['in', 'in.gz']);
  });

  test('compresses the running Node binary when nothing is named, into the current directory', async () => {
    const { code, stdout } = await sluice(folder, ['gzip', '--level', '1', '--json']);
    expect(code).toBe(0);
    const { input, output, inputBytes } = JSON.parse(stdout.toString());
    expect({ input, output, inputBytes }).toEqual({
      input: process.execPath,
      output: 'node.gz',
      inputBytes: statSync(process.execPath).size,
    });
    expect(gunzipSync(read('node.gz')).equals(readFileSync(process.execPath))).toBe(true);
  });

  test('reads standard input and writes standard output for -', async () => {
    const { code, stdout, stderr } = await sluice(folder, ['gzip', '-', ...SMALL_BLOCKS], mixture);
    expect(code).toBe(0);
    expect(gunzipSync(stdout).equals(mixture)).toBe(true);
    expect(stderr).toContain('standard input → standard output');
    expect(files()).toEqual([]);
  });

  test('reads a file that is its standard input, from where it stands', async () => {
    write('in', mixture);
    const { ended } = start(folder, ['sh', '-c', '(head -c 1000 >&2; exec "$0" "$1" gzip -) < in', ...SLUICE]);
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(mixture.subarray(-gunzipSync(stdout).length).equals(gunzipSync(stdout))).toBe(true);
  });

  test('compresses more at higher levels', async () => {
    write('in', mixture);
    for (const level of ['1', '12']) await sluice(folder, ['gzip', 'in', '-l', level, '-o', `${level}.gz`]);
    expect(read('12.gz').length).toBeLessThan(read('1.gz').length);
    expect(gunzipSync(read('12.gz')).equals(mixture)).toBe(true);
  });

  test('replaces the output that was there, through a link as well, and keeps who may read it', async () => {
    writeFileSync(join(folder, 'in'), mixture, { mode: 0o600 });
    write('old.gz', 'something else');
    symlinkSync('old.gz', join(folder, 'link.gz'));
    const { code } = await sluice(folder, ['gzip', 'in', '-o', 'link.gz']);
    expect(code).toBe(0);
    expect(gunzipSync(read('old.gz')).equals(mixture)).toBe(true);
    expect(statSync(join(folder, 'old.gz')).mode & 0o777).toBe(0o600);
    expect(files()).toEqual(['in', 'link.gz', 'old.gz']);
  });

  test('writes to a device directly, and says that it could not be read back', async () => {
    write('in', mixture);
    const { code, stdout } = await sluice(folder, ['gzip', 'in', '-o', '/dev/null', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString())).toMatchObject({
      verified: false,
      verification: { members: 'agreed', output: 'not possible' },
    });
  });
});

describe('what is said of the result', () => {
  test('one JSON object on standard output, and nothing else anywhere', async () => {
    write('in', mixture);
    const { code, stdout, stderr } = await sluice(folder, ['gzip', 'in', '--json', '-j', '3', ...SMALL_BLOCKS]);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    const blocks = Math.ceil(mixture.length / BLOCK);
    const outputBytes = statSync(join(folder, 'in.gz')).size;
    expect(JSON.parse(stdout.toString())).toEqual({
      input: 'in',
      output: 'in.gz',
      inputBytes: mixture.length,
      outputBytes,
      ratio: outputBytes / mixture.length,
      seconds: expect.any(Number),
      threads: 3,
      level: 6,
      blockSize: BLOCK,
      verified: true,
      verification: { members: 'agreed', output: 'agreed' },
      channels: [
        expect.objectContaining({ name: 'blocks', topology: 'spmc', sent: blocks, received: blocks, closed: true }),
        expect.objectContaining({ name: 'members', topology: 'mpsc', sent: blocks, received: blocks, closed: true }),
      ],
    });
  });

  test('on standard error when the compressed bytes are on standard output', async () => {
    const { stdout, stderr } = await sluice(folder, ['gzip', '-', '--json'], mixture);
    expect(gunzipSync(stdout).equals(mixture)).toBe(true);
    expect(JSON.parse(stderr)).toMatchObject({ input: '-', output: '-', verified: false });
  });

  test('for people: what, where, how much, how long, with what, and whether it was verified', async () => {
    write('in', mixture);
    const { stdout } = await sluice(folder, ['gzip', 'in', '-j', '2']);
    expect(stdout.toString().split('\n')).toEqual([
      'input     in, 280 kB',
      expect.stringMatching(/^output {4}in\.gz, \d+ kB \(\d+\.\d %\)$/),
      expect.stringMatching(/^time {6}\d\.\d\d s, .+B\/s$/),
      'with      2 threads, level 6, blocks of 1 MiB',
      'verified  yes: every block inflated again and compared, the file read back and compared',
      '',
    ]);
  });

  test('--help and --version', async () => {
    expect((await sluice(folder, ['--help'])).stdout.toString()).toContain('Usage: sluice COMMAND');
    expect((await sluice(folder, ['gzip', '--help'])).stdout.toString()).toContain('Usage: sluice gzip [FILE]');
    expect((await sluice(folder, ['--version'])).stdout.toString()).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('what cannot be done is one line on standard error, an exit code, and no output', () => {
  /** The one line that tells what went wrong; what comes before it tells what was begun. */
  const lastLine = ({ stderr }: Ended) => stderr.trimEnd().split('\n').at(-1);

  test.each([
    ['no such command', ['gunzip'], 'sluice: expected a command (gzip), --help or --version, met gunzip'],
    ['an unknown option', ['gzip', '--fast'], 'expected one of the options in "sluice gzip --help", met --fast'],
    ['its input as its output', ['gzip', 'in', '-o', './in'], 'expected an output other than the input'],
  ])('2: %s', async (_, args, message) => {
    write('in', mixture);
    const ended = await sluice(folder, args);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).toMatch(/^sluice.*\n$/);
    expect(read('in').equals(mixture)).toBe(true);
    expect(files()).toEqual(['in']);
  });

  test.each([
    ['an input that is not there', ['none'], 'none: expected a file to read, met no such file or directory (ENOENT)'],
    ['a directory as input', ['.'], '.: expected a file to read, met a directory'],
    ['a directory as output', ['in', '-o', '.'], '.: expected a file to write, met a directory'],
    [
      'a place that is not there',
      ['in', '-o', 'no/out'],
      'no/out: expected a place to write to, met no such file or directory (ENOENT)',
    ],
    ['a place in what is no directory', ['in', '-o', 'in/out'], 'met not a directory (ENOTDIR)'],
  ])('1: %s', async (_, args, message) => {
    write('in', mixture);
    const ended = await sluice(folder, ['gzip', ...args]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).toMatch(/^sluice gzip: .*\n$/);
    expect(files()).toEqual(['in']);
  });

  // Skipped for root, who may read everything; `.ci/run` knows.
  test.skipIf(process.getuid?.() === 0)('1: an input that may not be read', async () => {
    writeFileSync(join(folder, 'secret'), mixture, { mode: 0o000 });
    const ended = await sluice(folder, ['gzip', 'secret']);
    expect(ended.code).toBe(1);
    expect(lastLine(ended)).toContain('secret: expected a file to read, met permission denied (EACCES)');
  });

  test.skipIf(!existsSync('/dev/full'))('1: a full device', async () => {
    write('in', mixture);
    const ended = await sluice(folder, ['gzip', 'in', '-o', '/dev/full']);
    expect(ended.code).toBe(1);
    expect(lastLine(ended)).toBe('sluice gzip: /dev/full: expected to write on, met no space left on device (ENOSPC)');
  });

  test('1: a disk that is full half-way', async () => {
    write('in', mixture);
    write('out.gz', 'what was there before');
    // Files of this shell's may have 8 blocks of 512 bytes.
    const { ended } = start(folder, [
      'sh',
      '-c',
      'ulimit -f 8; exec "$0" "$@"',
      ...SLUICE,
      'gzip',
      'in',
      '-o',
      'out.gz',
    ]);
    const { code, stderr } = await ended;
    expect(code).toBe(1);
    expect(stderr).toContain('out.gz: expected to write on, met file too large (EFBIG)');
    expect(files()).toEqual(['in', 'out.gz']);
    expect(read('out.gz').toString()).toBe('what was there before');
  });

  test('1: standard output that nobody reads any more', async () => {
    const { child, ended } = start(folder, [...SLUICE, 'gzip', '-o', '-', '--level', '1']);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const done = await ended;
    expect(done.code).toBe(1);
    expect(lastLine(done)).toBe('sluice gzip: standard output: expected to write on, met broken pipe (EPIPE)');
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('interrupted by %s: %i, whatever it is waiting for', async (signal, exitCode) => {
    const { child, ended } = start(folder, [...SLUICE, 'gzip', '-', '-o', 'out.gz', ...SMALL_BLOCKS]);
    // The rest never comes.
    child.stdin.write(mixture);
    while (!files().some((name) => name.endsWith('.partial') && statSync(join(folder, name)).size > 0)) await delay(10);
    child.kill(signal);
    const done = await ended;
    expect(done.code).toBe(exitCode);
    expect(lastLine(done)).toBe(`sluice gzip: expected to finish, met ${signal}`);
    expect(files()).toEqual([]);
  });
});

describe('a named pipe', () => {
  test('is waited for, read to its end, and no reason to miss a signal', async () => {
    const { ended: made } = start(folder, ['mkfifo', 'pipe']);
    expect((await made).code).toBe(0);

    const { child: waiting, ended: interrupted } = start(folder, [...SLUICE, 'gzip', 'pipe', '-o', 'out.gz']);
    await once(waiting.stderr, 'data');
    waiting.kill('SIGINT');
    expect((await interrupted).code).toBe(130);

    const { ended } = start(folder, [...SLUICE, 'gzip', 'pipe', '-o', 'out.gz']);
    const pipe = openSync(join(folder, 'pipe'), 'w');
    writeFileSync(pipe, mixture.subarray(0, 50_000));
    closeSync(pipe);
    expect((await ended).code).toBe(0);
    expect(gunzipSync(read('out.gz')).equals(mixture.subarray(0, 50_000))).toBe(true);
  });
});
