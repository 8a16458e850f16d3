import type { Figures, Measure, Scenario } from '../harness.ts';
import { timedByScript } from '../programs.ts';

const MANY = 32;

const pair = timedByScript('ours/crowd.mjs', 1, 1);
const crowded = timedByScript('ours/crowd.mjs', MANY, MANY);

/** Both in one run, as the figure of interest is what is left of the pair's throughput. */
const both: Measure = (seconds) => {
  const few = pair(seconds);
  const many = crowded(seconds);
  return {
    ...marked(few, '1+1', ['messagesPerSecond']),
    ...marked(many, `${MANY}+${MANY}`, Object.keys(many)),
    keptThroughput: many.messagesPerSecond! / few.messagesPerSecond!,
  };
};

function marked(figures: Figures, row: string, names: readonly string[]): Figures {
  return Object.fromEntries(names.map((name) => [`${name}@${row}`, figures[name]!]));
}

export const crowd: Scenario = {
  name: 'crowd',
  description: `${MANY} senders and ${MANY} receivers on one channel of capacity 1024, against one of each`,
  notes: [
    `Each runs for the seconds that the command gives. keptThroughput is what ${MANY}+${MANY} achieve of 1+1.`,
    'Before that it runs for a quarter longer, uncounted, on two other channels: each thread compiles its own code.',
    'sent, received: the messages of a run. It fails unless each came once.',
    'leastSent, mostSent: the messages of the thread that sent least, or most, as a share of the mean of all senders; ' +
      'leastReceived, mostReceived: the same of receivers. 1 is a fair share.',
  ],
  mainFigure: 'keptThroughput',
  seconds: 20,
  rows: [{ ours: both, peers: [] }],
};
