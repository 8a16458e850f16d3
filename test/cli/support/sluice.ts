/** Runs the built command as a user does. */

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));

/** The start of a command line. */
export const SLUICE = [process.execPath, MAIN] as const;

export interface Ended {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface Run {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
}

/** Starts a program in `folder`. */
export function start(folder: string, [name, ...args]: readonly string[]): Run {
  const child = spawn(name!, args, { cwd: folder });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk) => stdout.push(chunk));
  child.stderr.on('data', (chunk) => stderr.push(chunk));
  // A command that ends early does not read all it is given.
  child.stdin.on('error', () => {});
  const ended = once(child, 'close').then(([code]) => ({
    code,
    stdout: Buffer.concat(stdout),
    stderr: Buffer.concat(stderr).toString(),
  }));
  return { child, ended };
}

/** Runs `sluice ARGS` in `folder`, with `input` on its standard input. */
export function sluice(folder: string, args: readonly string[], input: Uint8Array | string = ''): Promise<Ended> {
  const { child, ended } = start(folder, [...SLUICE, ...args]);
  child.stdin.end(input);
  return ended;
}
