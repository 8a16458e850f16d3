/** Where the compressed bytes go: what every output does, and which one a path needs. */

import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { CommandError, systemFailure, UsageError } from '../errors.ts';
import { openDevice, openPipe, StreamOutput } from './output-direct.ts';
import { ReplacingOutput } from './output-replacing.ts';

/** Whether what was written could be read back, and was the same. */
export type ReadBack = 'agreed' | 'not possible';

export interface Output {
  readonly name: string;
  /** Bytes written so far. */
  readonly byteLength: number;
  /** Writes all of `bytes`; they must not change meanwhile. Throws CommandError. */
  write(bytes: Uint8Array): Promise<void>;
  /** Reads back what was written, if that can be, and ends the output. Throws CommandError when it is not the same. */
  complete(signal: AbortSignal): Promise<ReadBack>;
  /** Leaves nothing behind, as far as that can be. Does nothing once the output is complete. */
  discard(): Promise<void>;
}

/**
 * Opens a path, or standard output for `-`, for what `input` is compressed to. Throws CommandError, and UsageError for
 * an output that nobody can mean.
 */
export async function openOutput(path: string, input: Stats): Promise<Output> {
  if (path === '-') {
    if (process.stdout.isTTY)
      throw new UsageError('-o: expected a file or a pipe for compressed bytes, met a terminal');
    return new StreamOutput('standard output', process.stdout);
  }
  const there = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw systemFailure(path, 'a place to write to', error);
  });
  if (there?.isDirectory()) throw new CommandError(`${path}: expected a file to write, met a directory`);
  if (there?.isFIFO()) return openPipe(path);
  if (there && !there.isFile()) return openDevice(path);
  if (there && there.dev === input.dev && there.ino === input.ino) {
    throw new UsageError(`${path}: expected an output other than the input, met the same file`);
  }
  // A link stays a link; what it leads to is replaced.
  const place = there ? await realpath(path) : path;
  return ReplacingOutput.open(path, place, input);
}
