/** How full a channel is, in three colours, without flicker. */

export type Level = 'green' | 'yellow' | 'red';

/** Part of the capacity that the length must fall below a threshold before the level goes down again. */
const HYSTERESIS = 0.05;

export interface Thresholds {
  readonly capacity: number;
  /** From this many messages on a channel is yellow. */
  readonly yellow: number;
  /** Above this many it is red. */
  readonly red: number;
}

/** The level of a channel that was at `level` and now holds `length` messages. */
export function nextLevel(level: Level, length: number, { capacity, yellow, red }: Thresholds): Level {
  const slack = capacity * HYSTERESIS;
  if (length > red || (level === 'red' && length > red - slack)) return 'red';
  if (length >= yellow || (level !== 'green' && length >= yellow - slack)) return 'yellow';
  return 'green';
}
