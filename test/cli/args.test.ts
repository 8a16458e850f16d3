import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/cli/errors.ts';
import { type GzipArgs, parseGzipArgs } from '../../src/cli/gzip/args.ts';

const DEFAULTS: GzipArgs = {
  file: undefined,
  output: undefined,
  threads: undefined,
  blockSize: 2 ** 20,
  level: 6,
  json: false,
  help: false,
};

describe('the command line of sluice gzip', () => {
  test.each<[string, Partial<GzipArgs>]>([
    ['', {}],
    ['FILE', { file: 'FILE' }],
    ['-', { file: '-' }],
    ['FILE -o -', { file: 'FILE', output: '-' }],
    ['-o OUT FILE', { file: 'FILE', output: 'OUT' }],
    ['--output=OUT', { output: 'OUT' }],
    ['-j 8', { threads: 8 }],
    ['-j8', { threads: 8 }],
    ['--threads 1', { threads: 1 }],
    ['-l 12', { level: 12 }],
    ['--level=1', { level: 1 }],
    ['--block-size 65536', { blockSize: 65_536 }],
    ['-b 512k', { blockSize: 2 ** 19 }],
    ['-b 2M', { blockSize: 2 ** 21 }],
    ['-b 3MiB', { blockSize: 3 * 2 ** 20 }],
    ['--json', { json: true }],
    ['-h', { help: true }],
    ['-- -o', { file: '-o' }],
  ])('%s', (line, expected) => {
    expect(parseGzipArgs(line.split(' ').filter(Boolean))).toEqual({ ...DEFAULTS, ...expected });
  });

  test.each([
    ['-x', 'expected one of the options in "sluice gzip --help", met -x'],
    ['--toString', 'met --toString'],
    ['a b', 'expected at most one FILE, met 2: a, b'],
    ['-o', '-o: expected a value, met none'],
    ['--output=', '-o: expected a path, met an empty one'],
    ['-j', '-j: expected a value, met none'],
    ['-j 0', '-j: expected a whole number from 1 to 256, met 0'],
    ['-j x', 'met x'],
    ['-j -3', 'met -3'],
    ['-j 1.5', 'met 1.5'],
    ['-j 1e1', 'met 1e1'],
    ['-j 257', 'met 257'],
    ['--threads=', 'met nothing'],
    ['-l 0', '--level: expected a whole number from 1 to 12, met 0'],
    ['-l 13', 'met 13'],
    ['-b 1023', '--block-size: expected 1 KiB to 64 MiB, as in 1048576, 512k or 1M, met 1023'],
    ['-b 65M', 'met 65M'],
    ['-b big', 'met big'],
    ['--json=yes', '--json: expected no value, met yes'],
  ])('%s is refused', (line, message) => {
    const parse = () => parseGzipArgs(line.split(' '));
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
  });
});
