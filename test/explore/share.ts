/** The work of a run, shared among processes: each takes every n-th model, and what they say comes together here. */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A part of the work: number `index` of `of`. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

export function shareOf(text: string): Share {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  if (!match) throw new Error(`expected a share such as 1/2, met "${text}"`);
  return { index: Number(match[1]), of: Number(match[2]) };
}

/** Runs this program once a share, with the same arguments; `say` gets every line it prints. Returns the worst status. */
export async function runShares(of: number, say: (line: string) => void): Promise<number> {
  const program = [...process.execArgv, ...process.argv.slice(1)];
  const statuses = Array.from({ length: of }, (_, index) => {
    const args = [...program, '--json', '--share', `${index}/${of}`];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: child.stdout }).on('line', say);
    return new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve(code ?? 2));
    });
  });
  return Math.max(...(await Promise.all(statuses)));
}
