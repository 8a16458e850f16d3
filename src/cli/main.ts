#!/usr/bin/env node
/** `sluice`: finds the command, runs it, and says in one line what went wrong. */

import { createRequire } from 'node:module';
import { EXIT_USAGE, exitCodeOf, lineOf } from './errors.ts';

type Command = (argv: readonly string[]) => Promise<void>;

/** Loaded when called for, so that one command does not need what another is made of. */
const COMMANDS: Record<string, { readonly summary: string; readonly load: () => Promise<Command> }> = {
  gzip: {
    summary: 'compress a file on several threads',
    load: async () => (await import('./gzip/command.ts')).gzipCommand,
  },
};

const HELP = `\
Usage: sluice COMMAND [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(8)}  ${summary}\n`)
  .join('')}
  --help      print this; "sluice COMMAND --help" tells of one command
  --version   print the version
`;

async function main([name, ...argv]: readonly string[]): Promise<void> {
  if (name === '--help' || name === '-h') return print(HELP);
  if (name === '--version' || name === '-v') return print(`${version()}\n`);
  if (name === undefined || !Object.hasOwn(COMMANDS, name)) {
    const expected = `expected a command (${Object.keys(COMMANDS).join(', ')}), --help or --version`;
    return fail(`sluice: ${expected}, met ${name ?? 'nothing'}`, EXIT_USAGE);
  }
  try {
    const command = await COMMANDS[name]!.load();
    await command(argv);
  } catch (error) {
    fail(`sluice ${name}: ${lineOf(error)}`, exitCodeOf(error));
  }
}

function print(text: string): void {
  process.stdout.write(text);
}

function fail(line: string, exitCode: number): void {
  process.stderr.write(`${line}\n`);
  process.exitCode = exitCode;
}

function version(): string {
  return createRequire(import.meta.url)('sluice/package.json').version;
}

// With nobody left to tell, a command goes on, or comes to its end in good order.
process.stderr.on('error', () => {});
await main(process.argv.slice(2));
