// The machine and the programs that figures were measured on.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

/** What to know about a machine, as pairs to be shown. */
export type Environment = Readonly<Record<string, string>>;

const PROGRAMS: Readonly<Record<string, string>> = {
  'g++': 'g++ --version',
  rustc: 'rustc --version',
  Go: 'go version',
  pigz: 'pigz --version',
  gzip: 'gzip --version',
};
const PACKAGES = ['piscina', 'libdeflate'];

export function environment(): Environment {
  const [first] = os.cpus();
  const gib = (os.totalmem() / 2 ** 30).toFixed(1);
  return {
    Processor: `${first?.model.trim() ?? 'unknown'}, ${os.cpus().length} logical cores, ${gib} GiB of memory`,
    System: `${os.type()} ${os.release()} ${os.arch()}`,
    Node: `${process.version} (V8 ${process.versions.v8})`,
    ...Object.fromEntries(Object.entries(PROGRAMS).map(([name, command]) => [name, firstLine(command)])),
    ...Object.fromEntries(PACKAGES.map((name) => [name, packageVersion(name)])),
  };
}

function firstLine(command: string): string {
  const [name, ...args] = command.split(' ') as [string, ...string[]];
  try {
    return execFileSync(name, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n', 1)[0]!;
  } catch {
    return 'not found';
  }
}

function packageVersion(name: string): string {
  const manifest = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
