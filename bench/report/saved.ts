// Results kept beside the report, so that it can be written anew without measuring: one entry a scenario.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import type { Result } from '../harness.ts';
import { type Environment, environment } from './environment.ts';

const FOLDER = new URL('../../docs/benchmarks/', import.meta.url);
const FILE = new URL('results.json', FOLDER);

/** What is known at the start of a measurement. */
export interface Circumstances {
  /** ISO 8601. */
  readonly at: string;
  /** Over the last 1, 5 and 15 minutes. */
  readonly loadAverage: readonly number[];
  /** The exact command. */
  readonly command: string;
  readonly environment: Environment;
}

export interface Entry extends Circumstances {
  readonly result: Result;
}

export type Saved = Readonly<Record<string, Entry>>;

/** Takes down how things are now. */
export function circumstances(command: string): Circumstances {
  return {
    at: new Date().toISOString(),
    loadAverage: os.loadavg().map((load) => Number(load.toFixed(2))),
    command,
    environment: environment(),
  };
}

export function load(): Saved {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Saved) : {};
}

/** Puts a scenario's result in the place of its last one, at once, so that a long measurement may be broken off. */
export function save(entry: Entry): void {
  mkdirSync(FOLDER, { recursive: true });
  const saved = { ...load(), [entry.result.scenario]: entry };
  writeFileSync(FILE, `${JSON.stringify(saved, null, 2)}\n`);
}
