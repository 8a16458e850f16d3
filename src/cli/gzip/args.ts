/** The command line of `sluice gzip`. */

import { parseArgs } from 'node:util';
import { UsageError } from '../errors.ts';
import { formatBlockSize, parseSize } from '../units.ts';

export interface GzipArgs {
  /** A path, or `-` for standard input; undefined: the running Node binary. */
  readonly file: string | undefined;
  /** A path, or `-` for standard output; undefined: beside the input. */
  readonly output: string | undefined;
  /** Undefined: as many as the machine runs at once. */
  readonly threads: number | undefined;
  readonly blockSize: number;
  readonly level: number;
  readonly json: boolean;
  readonly help: boolean;
}

export const LEVEL_DEFAULT = 6;
export const LEVEL_MAX = 12;
export const THREADS_MAX = 256;
/** Why 1 MiB: `docs/decisions/0002-gzip-members-by-libdeflate.md`. */
export const BLOCK_SIZE_DEFAULT = 2 ** 20;
export const BLOCK_SIZE_MIN = 2 ** 10;
export const BLOCK_SIZE_MAX = 2 ** 26;

export const GZIP_HELP = `\
Usage: sluice gzip [FILE] [-o OUT] [options]

Compresses FILE on several threads into one valid gzip file, and checks what it wrote.

  FILE                what to compress; - is standard input. Default: the running Node binary
  -o, --output OUT    where to; - is standard output. Default: FILE.gz beside FILE, standard output
                      for standard input, and here in the current directory for the Node binary
  -j, --threads N     compressing threads, 1 to ${THREADS_MAX}. Default: as many as the machine runs at once
  -b, --block-size B  bytes each thread compresses at a time, from 1K to 64M. Default: 1M
  -l, --level L       1 (fast) to ${LEVEL_MAX} (small). Default: ${LEVEL_DEFAULT}
      --json          print one JSON object in place of the summary
  -h, --help          print this

The result is printed on standard output, or on standard error if the compressed bytes go there.
A file is there under its name only when it is complete. Exit codes: 0 done, 1 failed, 2 not understood,
128 + the number of the signal when interrupted.
`;

const OPTIONS = {
  output: { type: 'string', short: 'o' },
  threads: { type: 'string', short: 'j' },
  'block-size': { type: 'string', short: 'b' },
  level: { type: 'string', short: 'l' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Option = keyof typeof OPTIONS;

/** Throws UsageError. */
export function parseGzipArgs(argv: readonly string[]): GzipArgs {
  // Not strict: the checks are ours, so that what is said of a mistake is, too.
  const { tokens } = parseArgs({
    args: [...argv],
    options: OPTIONS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Partial<Record<Option, string>> = {};
  const flags = new Set<Option>();
  const files: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') files.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    if (!Object.hasOwn(OPTIONS, name)) {
      throw new UsageError(`expected one of the options in "sluice gzip --help", met ${rawName}`);
    }
    const option = name as Option;
    if (OPTIONS[option].type === 'boolean') {
      if (value !== undefined) throw new UsageError(`${rawName}: expected no value, met ${value}`);
      flags.add(option);
    } else {
      if (value === undefined) throw new UsageError(`${rawName}: expected a value, met none`);
      values[option] = value;
    }
  }
  if (files.length > 1) throw new UsageError(`expected at most one FILE, met ${files.length}: ${files.join(', ')}`);
  if (files[0] === '') throw new UsageError('FILE: expected a path, met an empty one');
  if (values.output === '') throw new UsageError('-o: expected a path, met an empty one');
  return {
    file: files[0],
    output: values.output,
    threads: values.threads === undefined ? undefined : wholeNumber('-j', values.threads, THREADS_MAX),
    blockSize: values['block-size'] === undefined ? BLOCK_SIZE_DEFAULT : blockSize(values['block-size']),
    level: values.level === undefined ? LEVEL_DEFAULT : wholeNumber('--level', values.level, LEVEL_MAX),
    json: flags.has('json'),
    help: flags.has('help'),
  };
}

function wholeNumber(option: string, text: string, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 && value <= max) return value;
  throw new UsageError(`${option}: expected a whole number from 1 to ${max}, met ${text || 'nothing'}`);
}

function blockSize(text: string): number {
  const bytes = parseSize(text);
  if (bytes !== undefined && bytes >= BLOCK_SIZE_MIN && bytes <= BLOCK_SIZE_MAX) return bytes;
  throw new UsageError(
    `--block-size: expected ${formatBlockSize(BLOCK_SIZE_MIN)} to ${formatBlockSize(BLOCK_SIZE_MAX)}, ` +
      `as in 1048576, 512k or 1M, met ${text || 'nothing'}`,
  );
}
