// What scenarios ask to have drawn: results arranged as charts, with nothing said about how a chart is drawn.

import { mark, type Result, type Spread, type Spreads } from './harness.ts';
import { OURS } from './table.ts';

export interface Point {
  /** A place along the chart's categories: a payload's size, a percentile, a row. */
  readonly at: string;
  readonly spread: Spread;
}

export interface Series {
  /** Whose figures these are; decides the colour. */
  readonly contestant: string;
  /** Tells apart several series of one contestant. */
  readonly variant?: string | undefined;
  readonly points: readonly Point[];
}

export interface Chart {
  /** `lines` runs along the categories from left to right; `dots` lists them from top to bottom. */
  readonly kind: 'lines' | 'dots';
  readonly title: string;
  readonly categories: readonly string[];
  /** What the categories are. */
  readonly along?: string;
  /** The unit of the values. */
  readonly unit: string;
  readonly series: readonly Series[];
}

export interface Plot {
  /** Names the file, beside the scenario's name, where a scenario has several. */
  readonly name?: string;
  readonly chart: (result: Result) => Chart;
}

interface Named {
  readonly name?: string;
  readonly title: string;
  readonly unit: string;
}

/** One figure along a scenario's rows. `convert` makes another unit of it. */
export function alongRows(
  options: Named & { figure: string; rows: readonly string[]; along: string; convert?: (value: number) => number },
): Plot {
  const { name, title, unit, figure, rows, along, convert = (value) => value } = options;
  return {
    ...(name === undefined ? {} : { name }),
    chart: (result) => ({
      kind: 'lines',
      title,
      unit,
      along,
      categories: rows,
      series: contestants(result).flatMap(([contestant, spreads]) =>
        variantsOf(spreads, figure, rows).map((variant) => ({
          contestant,
          variant,
          points: pointsOf(spreads, rows, (row) => figure + mark(row, variant), convert),
        })),
      ),
    }),
  };
}

/** Several figures of one row and one kind, such as percentiles. `figures` has them by what the chart calls them. */
export function alongFigures(
  options: Named & { figures: Readonly<Record<string, string>>; row: string; along: string },
): Plot {
  const { name, title, unit, figures, row, along } = options;
  const categories = Object.keys(figures);
  const first = Object.values(figures)[0] ?? '';
  return {
    ...(name === undefined ? {} : { name }),
    chart: (result) => ({
      kind: 'lines',
      title,
      unit,
      along,
      categories,
      series: contestants(result).flatMap(([contestant, spreads]) =>
        variantsOf(spreads, first, [row]).map((variant) => ({
          contestant,
          variant,
          points: pointsOf(spreads, categories, (label) => `${figures[label]}${mark(row, variant)}`),
        })),
      ),
    }),
  };
}

/** One figure of everybody, row by row. */
export function sideBySide(options: Named & { figure: string; rows?: readonly string[] }): Plot {
  const { name, title, unit, figure, rows } = options;
  return {
    ...(name === undefined ? {} : { name }),
    chart: (result) => {
      const series = contestants(result).flatMap(([contestant, spreads]) =>
        variantsOf(spreads, figure, rows).map((variant): Series => {
          const label = variant === undefined ? contestant : `${contestant}, ${variant}`;
          const points = rows
            ? rows.flatMap((row) => {
                const spread = spreads[figure + mark(row, variant)];
                return spread ? [{ at: `${row}: ${label}`, spread }] : [];
              })
            : pointsOf(spreads, [label], () => figure + mark(undefined, variant));
          return { contestant, variant, points };
        }),
      );
      const places = series.flatMap(({ points }) => points.map(({ at }) => at));
      const categories = rows ? rows.flatMap((row) => places.filter((at) => at.startsWith(`${row}: `))) : places;
      return { kind: 'dots', title, unit, categories, series };
    },
  };
}

/** Messages a second of nanoseconds a message. */
export function perSecond(nanoseconds: number): number {
  return 1e9 / nanoseconds;
}

function contestants(result: Result): [name: string, spreads: Spreads][] {
  return [[OURS, result.ours], ...Object.entries(result.peers)];
}

/** The variants that a figure has, the plain one, `undefined`, first. */
function variantsOf(spreads: Spreads, figure: string, rows?: readonly string[]): (string | undefined)[] {
  const starts = rows ? rows.map((row) => figure + mark(row)) : [figure];
  const separator = rows ? '-' : '@';
  const found = new Set<string | undefined>();
  for (const key of Object.keys(spreads)) {
    for (const start of starts) {
      if (key === start) found.add(undefined);
      else if (key.startsWith(start + separator)) found.add(key.slice(start.length + 1));
    }
  }
  return [...found];
}

function pointsOf(
  spreads: Spreads,
  places: readonly string[],
  key: (place: string) => string,
  convert: (value: number) => number = (value) => value,
): Point[] {
  return places.flatMap((at) => {
    const spread = spreads[key(at)];
    if (!spread) return [];
    const [min, max] = [convert(spread.min), convert(spread.max)].toSorted((a, b) => a - b) as [number, number];
    return [{ at, spread: { median: convert(spread.median), min, max } }];
  });
}
