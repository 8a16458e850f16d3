// What a benchmark is, and how one is measured: our side and every peer by turns, in one call, each run in processes
// of its own, so that no figure inherits another's heap, compiled code or weather.

import os from 'node:os';

/** One run's figures by name, for example `{ nsPerMessage: 31.2 }`. */
export type Figures = Record<string, number>;

/** Performs one run. Throws when that cannot be done; the message says why. */
export type Measure = () => Figures;

export interface Peer {
  readonly name: string;
  /** Does what must be done once, such as compiling. Throws when this machine cannot have the peer. */
  readonly prepare?: () => void;
  readonly measure: Measure;
}

/** One comparison of a scenario: all its contestants do the same work. */
export interface Row {
  /** Marks this row's figures, as in `usRoundTrip@64`. Absent where a scenario has one row only. */
  readonly name?: string;
  readonly ours: Measure;
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
  /** Told before each run, so that a person can watch. */
  readonly onRun?: (row: string, contestant: string, run: number) => void;
}

/**
 * Runs a scenario, every contestant `runs` times by turns: ours, peer A, peer B, ours, peer A, …
 *
 * A peer that cannot be prepared, or fails in a run, is left out and named in `skipped`. When our own side fails
 * there is nothing to compare, and the failure is thrown.
 */
export function measure(scenario: Scenario, { runs, onRun }: MeasureOptions): Result {
  const result: Result = {
    scenario: scenario.name,
    node: process.version,
    cpu: cpu(),
    runs,
    ours: {},
    peers: {},
    ratios: {},
    skipped: { ...scenario.absent },
  };
  for (const row of scenario.rows) measureRow(scenario, row, runs, result, onRun);
  return result;
}

function measureRow(scenario: Scenario, row: Row, runs: number, result: Result, onRun: MeasureOptions['onRun']): void {
  const suffix = row.name === undefined ? '' : `@${row.name}`;
  const skip = (peer: Peer, error: unknown) => {
    result.skipped[peer.name + suffix] = error instanceof Error ? error.message : String(error);
  };
  const peers = new Map<Peer, Figures[]>();
  for (const peer of row.peers) {
    try {
      peer.prepare?.();
      peers.set(peer, []);
    } catch (error) {
      skip(peer, error);
    }
  }

  const ours: Figures[] = [];
  for (let run = 1; run <= runs; run++) {
    onRun?.(scenario.name + suffix, 'ours', run);
    ours.push(row.ours());
    for (const [peer, taken] of peers) {
      try {
        onRun?.(scenario.name + suffix, peer.name, run);
        taken.push(peer.measure());
      } catch (error) {
        skip(peer, error);
        peers.delete(peer);
      }
    }
  }

  Object.assign(result.ours, spreads(ours, suffix));
  const mainFigure = scenario.mainFigure + suffix;
  for (const [{ name }, taken] of peers) {
    const theirs = spreads(taken, suffix);
    result.peers[name] = { ...result.peers[name], ...theirs };
    const [ourSpread, theirSpread] = [result.ours[mainFigure], theirs[mainFigure]];
    if (!ourSpread || !theirSpread)
      throw new Error(`${scenario.name}: no figure ${mainFigure} to compare with ${name}`);
    result.ratios[name + suffix] = significant(theirSpread.median / ourSpread.median);
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
