/** What ends a command early, and how it is told: one line, saying what was expected and what was met. */

import { getSystemErrorMap } from 'node:util';

export const EXIT_FAILURE = 1;
export const EXIT_USAGE = 2;

/** A command that could not do its work. */
export class CommandError extends Error {
  readonly exitCode: number = EXIT_FAILURE;
}

/** A command line that says nothing this command could do. */
export class UsageError extends CommandError {
  override readonly exitCode = EXIT_USAGE;
}

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
export type EndingSignal = keyof typeof SIGNAL_NUMBERS;
export const ENDING_SIGNALS = Object.keys(SIGNAL_NUMBERS) as EndingSignal[];

/** The user, or the system, called the command off. Its exit code is the one that a shell reports for the signal. */
export class InterruptedError extends CommandError {
  override readonly exitCode: number;

  constructor(signal: EndingSignal) {
    super(`expected to finish, met ${signal}`);
    this.exitCode = 128 + SIGNAL_NUMBERS[signal];
  }
}

/** The failure of a call to the operating system on `name`, for which `expected` is what the command needed. */
export function systemFailure(name: string, expected: string, error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  const { errno, code, message } = error as NodeJS.ErrnoException;
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno);
  const met = known ? `${known[1]} (${known[0]})` : `${message}${code ? ` (${code})` : ''}`;
  return new CommandError(`${name}: expected ${expected}, met ${met}`, { cause: error });
}

/** The optional package whose absence an import failed for, in words; undefined if it failed for another reason. */
export function missingPackage(error: unknown): string | undefined {
  const { code, message } = error as NodeJS.ErrnoException;
  const name = code === 'ERR_MODULE_NOT_FOUND' ? /package '([^']+)'/.exec(message)?.[1] : undefined;
  return name && `expected the package ${name} to be installed, met none (npm install ${name})`;
}

/** One line for whatever was thrown. */
export function lineOf(error: unknown): string {
  const message = error instanceof Error ? (missingPackage(error) ?? error.message) : String(error);
  return message.replaceAll(/\s*\n\s*/g, ' ');
}

export function exitCodeOf(error: unknown): number {
  return error instanceof CommandError ? error.exitCode : EXIT_FAILURE;
}
