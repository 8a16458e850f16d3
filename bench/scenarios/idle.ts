import type { Row, Scenario } from '../harness.ts';
import { timedByScript } from '../programs.ts';

const row = (name: string): Row => ({
  name,
  ours: timedByScript('ours/idle.mjs', name),
  peers: [{ name: 'messageport', measure: timedByScript('peers/messageport/idle.mjs') }],
});

export const idle: Scenario = {
  name: 'idle',
  description: 'processor time of a process whose threads, the main one and four workers, all wait',
  notes: [
    'blocked: the workers block. awaiting: they await in their event loops. The main thread awaits in both. ' +
      'messageport listens, everywhere.',
    'cpuMs is milliseconds of processor time, user and system, within the seconds that the command gives.',
  ],
  mainFigure: 'cpuMs',
  seconds: 5,
  rows: [row('blocked'), row('awaiting')],
};
