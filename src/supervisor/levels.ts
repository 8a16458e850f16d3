/** How full a channel is, in three colours, without flicker. */

export type Level = 'green' | 'yellow' | 'red';

/** How far the occupancy must fall below a threshold before the level goes down again. */
const HYSTERESIS = 0.05;

/** Shares of the capacity: from `yellow` on a channel is yellow, above `red` it is red. */
export interface Thresholds {
  readonly yellow: number;
  readonly red: number;
}

/** The level of a channel that was at `level` and is now full to the share `occupancy`. */
export function nextLevel(level: Level, occupancy: number, { yellow, red }: Thresholds): Level {
  if (occupancy > red || (level === 'red' && occupancy > red - HYSTERESIS)) return 'red';
  if (occupancy >= yellow || (level !== 'green' && occupancy >= yellow - HYSTERESIS && occupancy > 0)) return 'yellow';
  return 'green';
}
