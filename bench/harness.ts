// What a benchmark is, and how one is measured: our side and every peer by turns, in one call, each run in processes
// of its own, so that no figure inherits another's heap, compiled code or weather.

import os from 'node:os';
import type { Plot } from './plots.ts';

/** One run's figures by name, for example `{ nsPerMessage: 31.2 }`. */
export type Figures = Record<string, number>;

/**
 * Performs one run. Throws when that cannot be done; the message says why. `seconds` is for those that run for a time
 * rather than for a number of messages.
 */
export type Measure = (seconds?: number) => Figures;

export interface Peer {
  readonly name: string;
  /** Does what must be done once, such as compiling. Throws when this machine cannot have the peer. */
  readonly prepare?: () => void;
  readonly measure: Measure;
}

/** Our side another way, such as by the other compilation of the kernel. */
export interface Variant {
  readonly name: string;
  readonly measure: Measure;
}

/** One comparison of a scenario: all its contestants do the same work. */
export interface Row {
  /** Marks this row's figures, as in `usRoundTrip@64`. Absent where a scenario has one row only. */
  readonly name?: string;
  /** The row that a scenario of several is known by: its figures and ratios stand without a mark as well. */
  readonly main?: true;
  readonly ours: Measure;
  /** Their figures stand among ours, marked as in `nsPerMessage@js` or, in a row, `usRoundTrip@spin-js`. */
  readonly variants?: readonly Variant[];
  readonly peers: readonly Peer[];
}

export interface Scenario {
  readonly name: string;
  /** One line for `--list`. */
  readonly description: string;
  /** What to know before comparing the figures; one sentence or more each. */
  readonly notes: readonly string[];
  /** The figure by which peers are compared. Smaller is better. */
  readonly mainFigure: string;
  readonly rows: readonly Row[];
  /** How long one run takes unless told otherwise, in a scenario that runs for a time. */
  readonly seconds?: number;
  /** What to draw of the result, each into a file of its own. */
  readonly plots?: readonly Plot[];
  /** Peers left out on any machine, each with the reason. */
  readonly absent?: Readonly<Record<string, string>>;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export type Spreads = Record<string, Spread>;

/** What `--json` prints. `ratios` says how many times faster than that peer we are: 1 is level, larger is better. */
export interface Result {
  readonly scenario: string;
  readonly node: string;
  readonly cpu: string;
  readonly runs: number;
  readonly ours: Spreads;
  readonly peers: Record<string, Spreads>;
  readonly ratios: Record<string, number>;
  readonly skipped: Record<string, string>;
}

export interface MeasureOptions {
  readonly runs: number;
  /** How long one run takes, in a scenario that runs for a time. Absent: as long as the scenario says. */
  readonly seconds?: number | undefined;
  /** Told before each run, so that a person can watch. */
  readonly onRun?: (row: string, contestant: string, run: number) => void;
}

/**
 * Runs a scenario, every contestant `runs` times by turns: ours, peer A, peer B, ours, peer A, …
 *
 * A peer that cannot be prepared, or fails in a run, is left out and named in `skipped`. When our own side fails
 * there is nothing to compare, and the failure is thrown.
 */
export function measure(scenario: Scenario, options: MeasureOptions): Result {
  const result: Result = {
    scenario: scenario.name,
    node: process.version,
    cpu: cpu(),
    runs: options.runs,
    ours: {},
    peers: {},
    ratios: {},
    skipped: { ...scenario.absent },
  };
  for (const row of scenario.rows) {
    const taken = takeTurns(scenario, row, options, result);
    if (row.main) record(scenario.mainFigure, undefined, taken, result);
    record(scenario.mainFigure, row.name, taken, result);
  }
  return result;
}

/** The end of a figure's name: `@ROW`, `@VARIANT`, `@ROW-VARIANT`, or nothing. */
export function mark(row: string | undefined, variant?: string): string {
  const parts = [row, variant].filter((part) => part !== undefined);
  return parts.length === 0 ? '' : `@${parts.join('-')}`;
}

/** The figures of a row's runs: ours by variant (the one without a name is `undefined`), the peers' by their names. */
interface Taken {
  readonly ours: ReadonlyMap<string | undefined, Figures[]>;
  readonly peers: ReadonlyMap<string, Figures[]>;
}

function takeTurns(scenario: Scenario, row: Row, options: MeasureOptions, result: Result): Taken {
  const { runs, seconds = scenario.seconds, onRun } = options;
  const skip = (peer: Peer, error: unknown) => {
    result.skipped[peer.name + mark(row.name)] = error instanceof Error ? error.message : String(error);
  };
  const here: { name?: string; measure: Measure }[] = [{ measure: row.ours }, ...(row.variants ?? [])];
  const ours = new Map(here.map(({ name }) => [name, [] as Figures[]]));
  const peers = new Map<string, Figures[]>();
  for (const peer of row.peers) {
    try {
      peer.prepare?.();
      peers.set(peer.name, []);
    } catch (error) {
      skip(peer, error);
    }
  }
  for (let run = 1; run <= runs; run++) {
    for (const { name, measure } of here) {
      onRun?.(scenario.name + mark(row.name, name), 'ours', run);
      ours.get(name)!.push(measure(seconds));
    }
    for (const peer of row.peers) {
      const taken = peers.get(peer.name);
      if (!taken) continue;
      try {
        onRun?.(scenario.name + mark(row.name), peer.name, run);
        taken.push(peer.measure(seconds));
      } catch (error) {
        skip(peer, error);
        peers.delete(peer.name);
      }
    }
  }
  return { ours, peers };
}

function record(figure: string, row: string | undefined, { ours, peers }: Taken, result: Result): void {
  for (const [variant, taken] of ours) Object.assign(result.ours, spreads(taken, mark(row, variant)));
  const mainFigure = figure + mark(row);
  for (const [name, taken] of peers) {
    const theirs = spreads(taken, mark(row));
    result.peers[name] = { ...result.peers[name], ...theirs };
    const [ourSpread, theirSpread] = [result.ours[mainFigure], theirs[mainFigure]];
    if (!ourSpread || !theirSpread)
      throw new Error(`${result.scenario}: no figure ${mainFigure} to compare with ${name}`);
    result.ratios[name + mark(row)] = significant(theirSpread.median / ourSpread.median);
  }
}

function spreads(taken: readonly Figures[], suffix: string): Spreads {
  const names = Object.keys(taken[0] ?? {});
  return Object.fromEntries(names.map((name) => [name + suffix, spread(taken.map((figures) => figures[name] ?? NaN))]));
}

function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median: significant(median), min: significant(sorted[0]!), max: significant(sorted.at(-1)!) };
}

/** Keeps six digits of a fraction: more than any run repeats, few enough to read. */
function significant(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(6));
}

function cpu(): string {
  const cpus = os.cpus();
  return `${cpus[0]?.model.trim() ?? os.arch()} × ${cpus.length}`;
}
