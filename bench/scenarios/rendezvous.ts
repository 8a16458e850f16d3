import type { Scenario } from '../harness.ts';
import { cpp, go, rust } from '../peers/native.ts';
import { sideBySide } from '../plots.ts';
import { byBothKernels } from '../programs.ts';

export const rendezvous: Scenario = {
  name: 'rendezvous',
  description: 'messages of 8 bytes one by one, from one thread to another, capacity 0',
  notes: [
    'A send is over when the receiver has the message. Ours waits as it does by default: a short spin, then sleep.',
    'go is chan int without a buffer, whose two goroutines its scheduler may serve on one thread, with no message ' +
      'between cores; rust is std::sync::mpsc::sync_channel(0), whose threads park.',
    'cpp has no rendezvous in its standard library. Its figure is one word there and back between two threads, the least ' +
      'that a rendezvous of threads on two cores can take.',
  ],
  mainFigure: 'nsPerMessage',
  rows: [
    {
      ...byBothKernels('ours/stream.mjs', 300_000, '--capacity', 0),
      peers: [cpp('word', 2_000_000), rust('small', 30_000, 0), go('small', 2_000_000, 0)],
    },
  ],
  plots: [sideBySide({ title: 'Messages from hand to hand', figure: 'nsPerMessage', unit: 'nanoseconds a message' })],
  absent: {
    messageport: 'a port never waits for whoever receives',
  },
};
