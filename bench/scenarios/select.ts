import type { Row, Scenario } from '../harness.ts';
import { goSelect } from '../peers/native.ts';
import { alongRows } from '../plots.ts';
import { measuredByScript } from '../programs.ts';

const CHANNELS = [2, 8, 64];

const row = (channels: number, ready: 'all' | 'one', count = Math.ceil(3_200_000 / (channels + 8))): Row => ({
  name: `${channels}-${ready}`,
  ours: measuredByScript('ours/select.mjs', channels, ready, count),
  variants: [{ name: 'anew', measure: measuredByScript('ours/select.mjs', channels, ready, count, '--anew') }],
  peers: [
    {
      name: 'messageport',
      measure: measuredByScript('peers/messageport/select.mjs', channels, ready, Math.ceil(count / 100)),
    },
    goSelect(channels, ready, count),
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
    'Ours is selectSync with an object of cases that is kept; anew: with one that is written down in each select, ' +
      'onReceive() and all. go is a select statement. messageport ' +
      'awaits Promise.race over promises of each port’s next message, which takes the first that is ready, not any.',
  ],
  mainFigure: 'nsPerMessage',
  rows: [...all, ...one],
  plots: [
    along(all, 'all', 'A select, all channels ready'),
    along(one, 'one', 'A send and a select, one channel ready'),
  ],
};
