import type { Row, Scenario } from '../harness.ts';
import { goSelect } from '../peers/native.ts';
import { alongRows } from '../plots.ts';
import { measuredByScript } from '../programs.ts';

const CHANNELS = [2, 8, 64];

const row = (channels: number, ready: 'all' | 'one'): Row => ({
  name: `${channels}-${ready}`,
  ours: measuredByScript('ours/select.mjs', channels, ready, 16_000_000 / (channels + 8)),
  peers: [
    {
      name: 'messageport',
      measure: measuredByScript('peers/messageport/select.mjs', channels, ready, 160_000 / (channels + 8)),
    },
    goSelect(channels, ready, 16_000_000 / (channels + 8)),
  ],
});

const all = CHANNELS.map((channels): Row => ({ ...row(channels, 'all'), ...(channels === 8 && { main: true }) }));
const one = CHANNELS.map((channels) => row(channels, 'one'));

const along = (rows: readonly Row[], name: string, title: string) =>
  alongRows({
    name,
    title,
    figure: 'nsPerMessage',
    unit: 'nanoseconds',
    rows: rows.map((each) => each.name!),
    along: 'channels, and how many are ready',
  });

export const select: Scenario = {
  name: 'select',
  description: 'receiving from whichever of 2, 8 or 64 channels is ready, within one thread',
  notes: [
    'all: every channel has messages; the figure is the time of a select. one: channel after channel gets a message; ' +
      'the figure is the time of a send and a select. Figures without a row, in the JSON, are those of 8-all.',
    'nsReceive is the same with one channel and a plain receive.',
    'Ours is selectSync of onReceive() cases that are written down anew each time, go a select statement. messageport ' +
      'awaits Promise.race over promises of each port’s next message, which takes the first that is ready, not any.',
  ],
  mainFigure: 'nsPerMessage',
  rows: [...all, ...one],
  plots: [
    along(all, 'all', 'A select, all channels ready'),
    along(one, 'one', 'A send and a select, one channel ready'),
  ],
};
