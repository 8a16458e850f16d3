/** Small programs in a process of their own: whether they end by themselves, and what they say. */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The library as a program in a checkout imports it, and as one imports the built package. */
export const SOURCE = pathToFileURL(`${root}src/index.ts`).href;
export const BUILT = pathToFileURL(`${root}dist/src/index.js`).href;

export interface Ending {
  /** Null if it had to be killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Arguments to node before the program. */
  readonly nodeArgs?: readonly string[];
  /** Arguments to the program. */
  readonly args?: readonly string[];
  /** The node binary; default: this one. */
  readonly node?: string;
  /** When to kill it. */
  readonly limitMs?: number;
}

/** Runs a module until it ends, or is killed at the limit. */
export function run(
  path: string,
  { nodeArgs = [], args = [], node = process.execPath, limitMs = 15_000 }: RunOptions = {},
) {
  return new Promise<Ending>((resolve, reject) => {
    const env = { ...process.env, NODE_OPTIONS: '', VITEST: '' };
    const child = spawn(node, [...nodeArgs, path, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => {
      output.stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output.stderr += chunk;
    });
    const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(limit);
      resolve({ code, ...output });
    });
  });
}

/** Programs in a folder of their own, by their file names; the folder is gone afterwards. */
export async function withPrograms<T>(
  programs: Record<string, string>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  // Inside the project, so that its dependencies are found from there; not among them, because node strips no types there.
  const folder = await mkdtemp(`${root}dist/test-`);
  try {
    for (const [name, text] of Object.entries(programs)) await writeFile(`${folder}/${name}`, text);
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The arguments that make node run TypeScript through tsx. */
export const TSX_ARGS = ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];

/** Another node to run things on, or why there is none. */
export function otherNode(): { readonly path: string } | { readonly missing: string } {
  const path = process.env.SLUICE_NODE24 ?? `${root}node_modules/node24/bin/node`;
  if (existsSync(path)) return { path };
  return { missing: `no second node: set SLUICE_NODE24, or install node24 next to the other modules` };
}
