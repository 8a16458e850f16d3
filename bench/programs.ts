// Contestants are programs of their own, ours and every peer's alike: this file starts one and reads its figures.

import { spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Figures, Measure, Row } from './harness.ts';

const TIMEOUT_MS = 120_000;

/** A word of a command line. */
type Word = string | number;

interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** A file descriptor that takes the program's output instead. */
  readonly stdout?: number;
}

/** Runs a program to its end and answers what it printed. Throws, with its complaint, unless it succeeded. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): string {
  const { error, status, signal, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: options.env ?? process.env,
    stdio: ['ignore', options.stdout ?? 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    maxBuffer: 1 << 26,
  });
  if (error) throw new Error(unrunnable(command, error));
  if (status === 0) return stdout ?? '';
  const line = [command, ...args].map((word) => basename(word)).join(' ');
  throw new Error(`${line}: ${complaint(stderr) || `ended with ${status ?? signal}`}`);
}

function unrunnable(command: string, error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return `${command} is not installed`;
  if (error.code === 'ETIMEDOUT') return `${basename(command)} did not end within ${TIMEOUT_MS / 1000} s`;
  return `${basename(command)}: ${error.message}`;
}

/** One line of what a failing program wrote: the one that names the error, or else the first. */
function complaint(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.trim());
  return lines.find((line) => /error( ?\[\w+\])?:/i.test(line)) ?? lines.find((line) => line !== '') ?? '';
}

/** Measures with a program, as {@link figuresOf} does. */
export function measuredBy(command: string, ...args: Word[]): Measure {
  return () => figuresOf(command, args);
}

/** Measures with a JavaScript program of this folder, on the Node that runs the benchmarks. */
export function measuredByScript(name: string, ...args: Word[]): Measure {
  return () => figuresOf(process.execPath, [script(name), ...args]);
}

/** Measures with a JavaScript program of this folder that is told first how many seconds to run. */
export function timedByScript(name: string, ...args: Word[]): Measure {
  return (seconds = NaN) => figuresOf(process.execPath, [script(name), seconds, ...args]);
}

/** Our side by a program of this folder, once as it comes and once by the kernel that tsc compiled. */
export function byBothKernels(name: string, ...args: Word[]): Pick<Row, 'ours' | 'variants'> {
  const env = { ...process.env, SLUICE_KERNEL: 'js' };
  const onJs = () => figuresOf(process.execPath, [script(name), ...args], { env });
  return { ours: measuredByScript(name, ...args), variants: [{ name: 'js', measure: onJs }] };
}

/** Where a file of this folder is. */
export function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** Runs a program that prints its figures as one line of JSON, the last on its standard output. */
export function figuresOf(command: string, args: readonly Word[], options?: RunOptions): Figures {
  const line = run(command, args.map(String), options).trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line) as Figures;
  } catch {
    throw new Error(`${basename(command)} ${args.join(' ')}: expected figures as JSON, got "${line}"`);
  }
}

/** Adds the rate to the figures of a row's contestants, which have the time of one message. */
export function withRates(row: Row): Row {
  const rated =
    (measure: Measure): Measure =>
    (seconds) => {
      const figures = measure(seconds);
      return { ...figures, messagesPerSecond: 1e9 / (figures.nsPerMessage ?? NaN) };
    };
  const all = <C extends { readonly measure: Measure }>(contestants: readonly C[] = []) =>
    contestants.map((contestant) => ({ ...contestant, measure: rated(contestant.measure) }));
  return { ...row, ours: rated(row.ours), variants: all(row.variants), peers: all(row.peers) };
}
